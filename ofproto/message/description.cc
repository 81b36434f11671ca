// Requests for what the switch has: ports and groups. Tables are in tables.cc.

#include "ofproto/message/list_reply.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

// One port can be named since 1.5.
Outcome on_port_desc(const RequestPtr& request, const PortDescRequest& message) {
  Bridge& bridge = request->session()->bridge();
  if (message.port != of_port::any && !bridge.port(message.port)) {
    return Unexpected{OpenFlowError(ErrorCode::ofpbrc_bad_port)};
  }
  ListReply::start(request, MultipartType::port_desc,
                   one_by_one(message.port == of_port::any ? bridge.port_numbers() : std::vector{message.port},
                              [](Bridge& from, OfPort number) {
                                const auto port = from.port(number);
                                return port ? std::optional(port->desc) : std::nullopt;
                              }));
  return Progress::pending;
}

// Before 1.5 the request names all groups.
Outcome on_group_desc(const RequestPtr& request, const GroupDescRequest& message) {
  const uint32_t group = message.group_id;
  ListReply::start(request, MultipartType::group_desc,
                   one_by_one(group == all_groups ? request->session()->bridge().group_numbers() : std::vector{group},
                              [](Bridge& from, uint32_t number) { return from.group_desc(number); }));
  return Progress::pending;
}

Outcome on_group_features(const RequestPtr& request) {
  request->reply(request->session()->bridge().group_features());
  return Progress::done;
}

}  // namespace weft::ofproto
