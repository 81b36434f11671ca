// Requests that change tables or send packets.

#include "ofproto/bridge/port_mod.h"
#include "ofproto/message/handlers.h"
#include "ofproto/message/version_10.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

Outcome done_unless(Result<void, OpenFlowError> result) {
  return result ? Outcome(Progress::done) : Outcome(Unexpected{result.error()});
}

ChangeOrigin origin_of(const RequestPtr& request) { return {request->session().get(), request->xid()}; }

Result<void, OpenFlowError> apply_now(const RequestPtr& request, const FlowMod& message) {
  return request->session()->bridge().apply(message, {}, origin_of(request));
}
Result<void, OpenFlowError> apply_now(const RequestPtr& request, const GroupMod& message) {
  auto applied = request->session()->bridge().apply(message, origin_of(request));
  if (applied) {
    request->forward(message);
  }
  return applied;
}

template <class Message>
void apply_later(const RequestPtr& request, const Message& message) {
  request->session()->bridge().in_turn([request, message] {
    if (request->session()) {
      if (const auto applied = apply_now(request, message); !applied) {
        request->refuse(applied.error());
      }
      request->finish();
    }
  });
}

// At once, unless somebody else is changing tables.
template <class Message>
Outcome apply(const RequestPtr& request, const Message& message) {
  if (request->session()->bridge().may_change()) {
    return done_unless(apply_now(request, message));
  }
  apply_later(request, message);
  return Progress::pending;
}

// What may touch many flows goes in slices, as a bundle of one message.
template <class Message>
Outcome apply_sliced(const RequestPtr& request, const Message& message, const std::function<void()>& applied = {}) {
  Bridge& bridge = request->session()->bridge();
  auto bundle = bridge.make_bundle();
  if (auto added = bundle->add(message, request->xid(), {}); !added) {
    return Unexpected{added.error()};
  }
  const auto done = [request, applied](const std::optional<BundleFailure>& failure) {
    if (failure) {
      request->refuse(failure->error);
    } else if (applied) {
      applied();
    }
    request->finish();
  };
  bridge.commit(std::move(bundle), done, request->session().get());
  return Progress::pending;
}

}  // namespace

Outcome on_flow_mod(const RequestPtr& request, const FlowMod& said) {
  const auto message = as_meant(*request->session(), said);
  if (!message) {
    return Unexpected{message.error()};
  }
  return request->session()->bridge().may_touch_many(*message) ? apply_sliced(request, *message)
                                                               : apply(request, *message);
}

// A removal takes the flows along that use the group.
Outcome on_group_mod(const RequestPtr& request, const GroupMod& message) {
  return message.command == GroupModCommand::remove
             ? apply_sliced(request, message, [request, message] { request->forward(message); })
             : apply(request, message);
}

Outcome on_port_mod(const RequestPtr& request, const PortMod& said) {
  const PortMod message = as_meant(*request->session(), said);
  Bridge& bridge = request->session()->bridge();
  if (auto checked = check_port_mod(bridge, message); !checked) {
    return Unexpected{checked.error()};
  }
  return done_unless(bridge.set_port_config(message.port, message.config, message.mask, origin_of(request)));
}

Outcome on_resume(const RequestPtr& request, const Resume& message) {
  return done_unless(request->session()->bridge().resume(message.packet_in));
}

Outcome on_packet_out(const RequestPtr& request, const PacketOut& message) {
  const auto session = request->session();
  const bool is_old = session->version() == Version::v1_0;
  return done_unless(session->bridge().packet_out(message, is_old ? Misfits::passed_over : Misfits::refused));
}

}  // namespace weft::ofproto
