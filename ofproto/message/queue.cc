// Requests about queues. No port has any yet: a list of all of them is empty, one that is named is unknown.
#include "ofproto/message/list_reply.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

// OFPP_ANY and OFPQ_ALL name whatever there is.
Result<void, OpenFlowError> check(const RequestPtr& request, OfPort port, uint32_t queue_id) {
  if (port != of_port::any && !request->session()->bridge().port(port)) {
    return Unexpected{OpenFlowError(ErrorCode::ofpqofc_bad_port)};
  }
  if (queue_id != all_queues) {
    return Unexpected{OpenFlowError(ErrorCode::ofpqofc_bad_queue)};
  }
  return {};
}

}  // namespace

Outcome on_queue_stats(const RequestPtr& request, const QueueStatsRequest& message) {
  if (auto checked = check(request, message.port, message.queue_id); !checked) {
    return Unexpected{checked.error()};
  }
  request->reply(QueueStatsReply{});
  return Progress::done;
}

Outcome on_queue_desc(const RequestPtr& request, const QueueDescRequest& message) {
  if (auto checked = check(request, message.port, message.queue_id); !checked) {
    return Unexpected{checked.error()};
  }
  request->reply(QueueDescReply{message.port, {}});
  return Progress::done;
}

}  // namespace weft::ofproto
