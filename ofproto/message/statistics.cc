// Requests for counters. Each first collects what the workers have counted, so that an answer is exact.

#include "ofproto/message/list_reply.h"
#include "ofproto/message/version_10.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

constexpr size_t flows_per_step = 10;  // a flow may be nearly as long as a message

// Runs `answer(bridge)`, which finishes the request, with all counters in.
template <typename Answer>
Outcome when_collected(const RequestPtr& request, Answer answer) {
  request->session()->bridge().collect([request, answer = std::move(answer)] {
    if (const auto session = request->session()) {
      answer(session->bridge());
    }
  });
  return Progress::pending;
}

// For answers that one message always holds.
template <typename MakeReply>
Outcome reply_when_collected(const RequestPtr& request, MakeReply make_reply) {
  return when_collected(request, [request, make_reply = std::move(make_reply)](Bridge& bridge) {
    request->reply(make_reply(bridge));
    request->finish();
  });
}

ListReply::Step flows_of(std::unique_ptr<FlowDump> dump) {
  return [dump = std::shared_ptr<FlowDump>(std::move(dump))](Bridge&, MultipartEncoder& out) {
    if (dump->is_done()) {
      return false;
    }
    for (const auto& flow : dump->next(flows_per_step)) {
      out.add(flow);
    }
    return true;
  };
}

// Without what the flows do.
ListReply::Step counters_of(std::unique_ptr<FlowDump> dump) {
  return [dump = std::shared_ptr<FlowDump>(std::move(dump))](Bridge&, MultipartEncoder& out) {
    if (dump->is_done()) {
      return false;
    }
    for (const auto& flow : dump->next(flows_per_step)) {
      out.add(openflow::FlowCounters{flow.table_id, FlowCountersReason::stats_request, flow.priority, flow.duration,
                                     flow.idle_age, flow.packet_count, flow.byte_count, flow.match});
    }
    return true;
  };
}

// A slice at every turn of the loop.
void add_up(const RequestPtr& request, const std::shared_ptr<FlowDump>& dump, AggregateStatsReply sum) {
  const auto session = request->session();
  if (!session) {
    return;
  }
  dump->add_next(sum);
  if (dump->is_done()) {
    request->reply(sum);
    return request->finish();
  }
  session->when_writable([request, dump, sum] { add_up(request, dump, sum); });
}

OpenFlowError error(ErrorCode code) { return OpenFlowError(code); }

}  // namespace

Outcome on_flow_stats(const RequestPtr& request, const FlowStatsRequest& message) {
  return when_collected(request, [request, filter = message.filter](Bridge& bridge) {
    ListReply::start(request, MultipartType::flow, flows_of(bridge.flow_dump(filter)));
  });
}

Outcome on_flow_counters(const RequestPtr& request, const FlowCountersRequest& message) {
  return when_collected(request, [request, filter = message.filter](Bridge& bridge) {
    ListReply::start(request, MultipartType::flow_counters, counters_of(bridge.flow_dump(filter)));
  });
}

Outcome on_aggregate_stats(const RequestPtr& request, const AggregateStatsRequest& message) {
  return when_collected(
      request, [request, filter = message.filter](Bridge& bridge) { add_up(request, bridge.flow_dump(filter), {}); });
}

Outcome on_table_stats(const RequestPtr& request) {
  return reply_when_collected(request, [version = request->session()->version()](Bridge& bridge) {
    TableStatsReply reply{bridge.table_stats()};
    if (version == Version::v1_0) {
      describe_tables_10(reply.entries);
    }
    return Message(std::move(reply));
  });
}

Outcome on_port_stats(const RequestPtr& request, const PortStatsRequest& message) {
  if (message.port != of_port::any && !request->session()->bridge().port(message.port)) {
    return Unexpected{error(ErrorCode::ofpbrc_bad_port)};
  }
  return when_collected(request, [request, port = message.port](Bridge& bridge) {
    ListReply::start(request, MultipartType::port_stats,
                     one_by_one(port == of_port::any ? bridge.port_numbers() : std::vector{port},
                                [](Bridge& from, OfPort number) { return from.port_stats(number); }));
  });
}

Outcome on_group_stats(const RequestPtr& request, const GroupStatsRequest& message) {
  return when_collected(request, [request, group = message.group_id](Bridge& bridge) {
    ListReply::start(request, MultipartType::group,
                     one_by_one(group == all_groups ? bridge.group_numbers() : std::vector{group},
                                [](Bridge& from, uint32_t number) { return from.group_stats(number); }));
  });
}

}  // namespace weft::ofproto
