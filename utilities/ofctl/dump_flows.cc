// dump-flows and dump-aggregate.
#include <algorithm>

#include <fmt/format.h>

#include "lib/flow/field_text.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/message_text.h"
#include "lib/openflow/text/sub_field_text.h"
#include "utilities/ofctl/command.h"
#include "utilities/ofctl/json_output.h"

namespace weft::ofctl {
namespace {

using openflow::FlowStats;

Result<openflow::FlowFilter, Failure> filter_of(Invocation& call) {
  const std::string text = call.argument(0);
  auto filter = openflow::parse_flow_filter(text, call.ports);
  if (!filter) {
    return Unexpected{bad_text(text, filter.error())};
  }
  return std::move(*filter);
}

// Flows that do not match on the field come last, as in ovs-ofctl.
Outcome sort_flows(std::vector<FlowStats>& flows, const Options& options) {
  const bool down = options.sort_descending;
  const auto in_order = [down](auto a, auto b) { return down ? b < a : a < b; };
  if (*options.sort_by == "priority") {
    std::stable_sort(flows.begin(), flows.end(),
                     [&](const FlowStats& a, const FlowStats& b) { return in_order(a.priority, b.priority); });
    return {};
  }
  const openflow::TextSource source{*options.sort_by};
  const auto f = openflow::parse_field_name(source, *options.sort_by, Match{});
  if (!f) {
    return Unexpected{bad_text(*options.sort_by, f.error())};
  }
  std::stable_sort(flows.begin(), flows.end(), [&](const FlowStats& a, const FlowStats& b) {
    const bool a_is_wild = a.match.is_wild(**f);
    const bool b_is_wild = b.match.is_wild(**f);
    if (a_is_wild || b_is_wild) {
      return !a_is_wild && b_is_wild;
    }
    return in_order(a.match.value(**f), b.match.value(**f));
  });
  return {};
}

void print_flow(const FlowStats& flow, const Invocation& call) {
  fmt::print(" {}\n", format_flow(flow, call.shown_ports(), {call.options.show_statistics}));
}

// As replies arrive, headed like them.
Outcome print_replies(Invocation& call, const openflow::FlowStatsRequest& request) {
  const auto parts = call.connection->request(request);
  if (!parts) {
    return Unexpected{parts.error()};
  }
  bool is_first = true;
  for (const openflow::Envelope& part : *parts) {
    const auto* reply = std::get_if<openflow::FlowStatsReply>(&part.message);
    if (is_first) {
      fmt::print("{}\n", format_title(part));
      is_first = false;
    }
    if (reply != nullptr) {
      std::for_each(reply->entries.begin(), reply->entries.end(),
                    [&](const FlowStats& flow) { print_flow(flow, call); });
    }
  }
  return {};
}

}  // namespace

Outcome dump_flows(Invocation& call) {
  auto filter = filter_of(call);
  if (!filter) {
    return Unexpected{filter.error()};
  }
  const openflow::FlowStatsRequest request{std::move(*filter)};
  const bool is_json = call.options.format == OutputFormat::json;
  if (!is_json && !call.options.sort_by && !call.options.show_names && call.options.show_statistics) {
    return print_replies(call, request);
  }
  auto flows = call.connection->ask_list<FlowStats>(request);
  if (!flows) {
    return Unexpected{flows.error()};
  }
  if (call.options.sort_by) {
    if (auto sorted = sort_flows(*flows, call.options); !sorted) {
      return sorted;
    }
  }
  if (is_json) {
    print_json(*flows, call.shown_ports());
    return {};
  }
  std::for_each(flows->begin(), flows->end(), [&](const FlowStats& flow) { print_flow(flow, call); });
  return {};
}

Outcome dump_aggregate(Invocation& call) {
  auto filter = filter_of(call);
  if (!filter) {
    return Unexpected{filter.error()};
  }
  const openflow::AggregateStatsRequest request{std::move(*filter)};
  if (call.options.format == OutputFormat::json) {
    return call.connection->ask<openflow::AggregateStatsReply>(request).transform(
        [](const auto& totals) { print_json(totals); });
  }
  const auto replies = call.connection->request(request);
  if (!replies) {
    return Unexpected{replies.error()};
  }
  fmt::print("{}", format_message(replies->front()));
  return {};
}

}  // namespace weft::ofctl
