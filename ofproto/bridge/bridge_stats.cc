// What a bridge tells when asked: statistics of flows, tables, ports, queues and groups, and dumps for operators.
#include <algorithm>

#include <fmt/format.h>

#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/flow_text.h"
#include "ofproto/bridge/local_bridge.h"
#include "ofproto/bridge/port_qos.h"
#include "ofproto/translate/decision_text.h"

namespace weft::ofproto {
namespace {

constexpr size_t whole_slice = 1000;
constexpr size_t slice_budget = 10000;

openflow::Duration since(TimePoint then, TimePoint now) { return to_openflow(now - then); }

template <class Visit>
void for_each_rule(TableSet& tables, Visit visit) {
  constexpr bool include_hidden = true;
  FlowSelection selection(tables, openflow::FlowFilter(), tables.version().current(), include_hidden);
  while (!selection.is_done()) {
    for (const FlowRulePtr& rule : selection.next(whole_slice, slice_budget)) {
      visit(*rule);
    }
  }
}

class LocalFlowDump final : public FlowDump {
 public:
  LocalFlowDump(TableSet& tables, const openflow::FlowFilter& filter, const Clock& clock)
      : selection_(tables, filter, tables.version().current()), clock_(clock) {}

  bool is_done() const override { return selection_.is_done(); }
  std::vector<openflow::FlowStats> next(size_t limit) override {
    std::vector<openflow::FlowStats> part;
    for (const FlowRulePtr& rule : selection_.next(limit, slice_budget)) {
      part.push_back(rule->stats(clock_.now()));
    }
    return part;
  }
  void add_next(openflow::AggregateStatsReply& sum) override {
    for (const FlowRulePtr& rule : selection_.next(slice_budget, slice_budget)) {
      ++sum.flow_count;
      sum.packet_count += rule->counters().packet_count();
      sum.byte_count += rule->counters().byte_count();
    }
  }

 private:
  FlowSelection selection_;
  const Clock& clock_;
};

openflow::PortStats stats_of(const BridgePort& port, const datapath::Datapath& datapath, TimePoint now) {
  openflow::PortStats stats;
  stats.port = port.of_port;
  stats.duration = since(port.created, now);
  stats.rx_frame_errors = stats.rx_over_errors = stats.rx_crc_errors = stats.collisions = openflow::unknown_count;
  if (port.patch_counters) {
    stats.rx_packets = port.patch_counters->rx_packets;
    stats.rx_bytes = port.patch_counters->rx_bytes;
    stats.tx_packets = port.patch_counters->tx_packets;
    stats.tx_bytes = port.patch_counters->tx_bytes;
  } else if (port.port_id != port_id::none) {
    const datapath::PortCounters counters = datapath.port_counters(port.port_id);
    stats.rx_packets = counters.rx_packets;
    stats.rx_bytes = counters.rx_bytes;
    stats.tx_packets = counters.tx_packets;
    stats.tx_bytes = counters.tx_bytes;
    stats.rx_dropped = counters.rx_dropped;
    stats.tx_dropped = counters.tx_dropped;
    stats.rx_errors = counters.rx_errors;
    stats.tx_errors = counters.tx_errors;
  }
  return stats;
}

}  // namespace

std::unique_ptr<FlowDump> LocalBridge::flow_dump(const openflow::FlowFilter& filter) const {
  return std::make_unique<LocalFlowDump>(*tables_, filter, host_.clock());
}

std::vector<openflow::TableStats> LocalBridge::table_stats() const {
  std::vector<openflow::TableStats> stats;
  for (unsigned id = 0; id < table_count; ++id) {
    openflow::TableStats table;
    table.table_id = static_cast<uint8_t>(id);
    if (const FlowTable* found = tables_->find_table(table.table_id)) {
      table.active_count = static_cast<uint32_t>(found->active_count());
      table.lookup_count = found->lookup_count();
      table.matched_count = found->matched_count();
    }
    stats.push_back(table);
  }
  return stats;
}

std::optional<openflow::PortStats> LocalBridge::port_stats(OfPort of_port) const {
  const BridgePort* port = ports_.find(of_port);
  return port == nullptr ? std::nullopt : std::optional(stats_of(*port, host_.datapath(), host_.clock().now()));
}

std::vector<uint32_t> LocalBridge::queue_numbers(OfPort of_port) const {
  std::vector<uint32_t> numbers;
  const BridgePort* port = ports_.find(of_port);
  if (port != nullptr && port->queues != nullptr) {
    for (const auto& [id, queue] : port->queues->queues) {
      numbers.push_back(id);
    }
  }
  return numbers;
}

const PortQueue* LocalBridge::find_queue(OfPort of_port, uint32_t queue_id) const {
  const BridgePort* port = ports_.find(of_port);
  if (port == nullptr || port->queues == nullptr) {
    return nullptr;
  }
  const auto found = port->queues->queues.find(queue_id);
  return found == port->queues->queues.end() ? nullptr : &found->second;
}

std::optional<openflow::QueueStats> LocalBridge::queue_stats(OfPort of_port, uint32_t queue_id) const {
  const PortQueue* queue = find_queue(of_port, queue_id);
  return queue == nullptr ? std::nullopt : std::optional(stats_of(of_port, queue_id, *queue, host_.clock().now()));
}

std::optional<openflow::QueueDesc> LocalBridge::queue_desc(OfPort of_port, uint32_t queue_id) const {
  const PortQueue* queue = find_queue(of_port, queue_id);
  return queue == nullptr ? std::nullopt
                          : std::optional(desc_of(of_port, queue_id, *queue, ports_.find(of_port)->status.speed_bps));
}

std::optional<openflow::GroupStats> LocalBridge::group_stats(uint32_t group_id) const {
  const auto& groups = tables_->groups().current();
  const auto found = groups.find(group_id);
  if (found == groups.end()) {
    return std::nullopt;
  }
  openflow::GroupStats stats = found->second->stats(host_.clock().now());
  stats.ref_count = tables_->groups().ref_count(group_id);
  return stats;
}

std::optional<openflow::GroupDesc> LocalBridge::group_desc(uint32_t group_id) const {
  const auto& groups = tables_->groups().current();
  const auto found = groups.find(group_id);
  return found == groups.end() ? std::nullopt : std::optional(found->second->desc());
}

openflow::GroupFeaturesReply LocalBridge::group_features() const { return tables_->groups().features(); }

std::vector<uint32_t> LocalBridge::group_numbers() const {
  std::vector<uint32_t> numbers;
  for (const auto& [number, group] : tables_->groups().current()) {
    numbers.push_back(number);
  }
  return numbers;
}

bool LocalBridge::has_group(uint32_t group_id) const { return tables_->groups().has(group_id); }

std::string LocalBridge::dump_all_flows() const {
  const std::shared_ptr<BridgeView> ports = view();
  const BridgePortNames names(*ports);
  const TimePoint now = host_.clock().now();
  std::string text;
  for_each_rule(*tables_, [&](const FlowRule& rule) {
    if (rule.is_hidden()) {
      text += fmt::format("duration={}, table={}, n_packets={}, n_bytes={}, priority={}{}{} actions={}\n",
                          openflow::format_duration(since(rule.created(), now)), rule.table_id(),
                          rule.counters().packet_count(), rule.counters().byte_count(), rule.priority(),
                          rule.match().set().empty() ? "" : ",", format_match(rule.match().expand(), &names),
                          openflow::format_instructions(rule.instructions(), &names));
    } else {
      text += openflow::format_flow(rule.stats(now), &names) + "\n";
    }
  });
  return text;
}

}  // namespace weft::ofproto
