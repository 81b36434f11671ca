// Requests by which a controller says who it is and what it wants to be told.

#include "ofproto/message/handlers.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

struct ChangesSwitch {
  bool operator()(const PacketOut&) const { return true; }
  bool operator()(const FlowMod&) const { return true; }
  bool operator()(const GroupMod&) const { return true; }
  bool operator()(const PortMod&) const { return true; }
  bool operator()(const TableMod&) const { return true; }
  bool operator()(const MeterMod&) const { return true; }
  bool operator()(const BundleControl&) const { return true; }
  bool operator()(const BundleAdd&) const { return true; }
  bool operator()(const TlvTableMod&) const { return true; }
  bool operator()(const Resume&) const { return true; }
  bool operator()(const CtFlushZone&) const { return true; }
  bool operator()(const TableFeaturesRequest& m) const { return !m.entries.empty(); }

  template <typename Other>
  bool operator()(const Other&) const {
    return false;
  }
};

void merge(std::array<uint32_t, async_kind_count>& masks, const SetAsync::Masks& changes) {
  for (size_t kind = 0; kind < async_kind_count; ++kind) {
    masks[kind] = changes[kind].value_or(masks[kind]);
  }
}

}  // namespace

bool changes_switch(const Message& message) { return std::visit(ChangesSwitch{}, message); }

Outcome on_role_request(const RequestPtr& request, const RoleRequest& message) {
  const bool has_generation = request->form() != Form::nicira;
  const auto reply = request->session()->request_role(message, has_generation);
  if (!reply) {
    return Unexpected{reply.error()};
  }
  request->reply(*reply);
  return Progress::done;
}

Outcome on_get_async(const RequestPtr& request) {
  request->reply(GetAsyncReply{request->session()->async});
  return Progress::done;
}

Outcome on_set_async(const RequestPtr& request, const SetAsync& message) {
  const auto session = request->session();
  merge(session->async.primary, message.primary);
  merge(session->async.secondary, message.secondary);
  session->settings_changed();
  return Progress::done;
}

Outcome on_set_packet_in_format(const RequestPtr& request, const SetPacketInFormat& message) {
  request->session()->packet_in_format = message.format;
  return Progress::done;
}

Outcome on_set_controller_id(const RequestPtr& request, const SetControllerId& message) {
  request->session()->controller_id = message.controller_id;
  request->session()->settings_changed();
  return Progress::done;
}

Outcome on_controller_status(const RequestPtr& request) {
  request->reply(ControllerStatusReply{request->session()->controllers()});
  return Progress::done;
}

}  // namespace weft::ofproto
