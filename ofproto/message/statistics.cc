// Requests for counters. Each first collects what the workers have counted, so that an answer is exact.

#include "ofproto/message/handlers.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

constexpr size_t dump_slice = 200;  // flows encoded at a time: well below 5 ms

// Runs `answer(bridge)` with all counters in, then finishes the request.
template <typename MakeReply>
Outcome reply_when_collected(const RequestPtr& request, MakeReply make_reply) {
  request->session()->bridge().collect([request, make_reply = std::move(make_reply)] {
    if (const auto session = request->session()) {
      request->reply(make_reply(session->bridge()));
      request->finish();
    }
  });
  return Progress::pending;
}

// A flow dump that leaves in slices, each when the peer has taken the one before.
class Dump : public std::enable_shared_from_this<Dump> {
 public:
  Dump(RequestPtr request, std::unique_ptr<FlowDump> flows, Version version)
      : request_(std::move(request)),
        flows_(std::move(flows)),
        encoder_(version, request_->xid(), MultipartType::flow, [this](Bytes part) { send(std::move(part)); }) {}

  void next_slice() {
    const auto session = request_->session();
    if (!session) {
      return;
    }
    const auto entries = flows_->next(dump_slice);
    for (const auto& entry : entries) {
      encoder_.add(entry);
    }
    if (entries.empty()) {
      encoder_.finish();
      request_->finish();
      return;
    }
    session->when_writable([self = shared_from_this()] { self->next_slice(); });
  }

 private:
  void send(Bytes part) {
    if (const auto session = request_->session()) {
      session->send(std::move(part));
    }
  }

  RequestPtr request_;
  std::unique_ptr<FlowDump> flows_;
  MultipartEncoder encoder_;
};

OpenFlowError error(ErrorCode code) { return OpenFlowError(code); }

}  // namespace

Outcome on_flow_stats(const RequestPtr& request, const FlowStatsRequest& message) {
  request->session()->bridge().collect([request, filter = message.filter] {
    if (const auto session = request->session()) {
      std::make_shared<Dump>(request, session->bridge().flow_dump(filter), session->version())->next_slice();
    }
  });
  return Progress::pending;
}

Outcome on_aggregate_stats(const RequestPtr& request, const AggregateStatsRequest& message) {
  return reply_when_collected(
      request, [filter = message.filter](Bridge& bridge) { return Message(bridge.aggregate_stats(filter)); });
}

Outcome on_table_stats(const RequestPtr& request) {
  return reply_when_collected(request, [](Bridge& bridge) { return Message(TableStatsReply{bridge.table_stats()}); });
}

Outcome on_port_stats(const RequestPtr& request, const PortStatsRequest& message) {
  if (message.port != of_port::any && !request->session()->bridge().port(message.port)) {
    return Unexpected{error(ErrorCode::ofpbrc_bad_port)};
  }
  return reply_when_collected(
      request, [port = message.port](Bridge& bridge) { return Message(PortStatsReply{bridge.port_stats(port)}); });
}

Outcome on_group_stats(const RequestPtr& request, const GroupStatsRequest& message) {
  return reply_when_collected(request, [group = message.group_id](Bridge& bridge) {
    return Message(GroupStatsReply{bridge.group_stats(group)});
  });
}

}  // namespace weft::ofproto
