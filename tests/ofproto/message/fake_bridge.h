// A bridge that remembers what it is asked and answers when the test says so.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "ofproto/bridge/bridge.h"

namespace weft::ofproto {

class FakeBridge : public Bridge {
 public:
  // What was asked, in words; flow-mods by cookie.
  std::vector<std::string> asked;
  const void* asked_by = nullptr;              // for the last port-mod
  std::deque<std::function<void()>> barriers;  // not answered yet
  std::deque<std::function<void()>> collects;
  bool collects_at_once = true;
  std::optional<openflow::OpenFlowError> refusal;         // of the next change
  std::optional<openflow::OpenFlowError> bundle_refusal;  // of the next message that is added to one
  std::deque<std::function<void()>> turns;                // of changes that wait
  bool is_changing = false;                               // somebody else is at it
  std::vector<openflow::FlowStats> flows;
  std::map<uint32_t, openflow::GroupDesc> groups;
  std::vector<uint32_t> meters;
  std::vector<uint32_t> queues;  // of port 1
  std::vector<openflow::TlvMap> tlv_table;
  std::shared_ptr<int> dumps_in_progress = std::make_shared<int>();  // each holds a share
  std::vector<BridgeListener*> listeners;
  std::vector<bool> has_controllers;  // as told
  std::vector<bool> lost;
  bool wants_invalid_ttl = false;
  bool wants_misses = false;

  void answer_barrier() {
    const auto done = std::move(barriers.front());
    barriers.pop_front();
    done();
  }
  void answer_collect() {
    const auto done = std::move(collects.front());
    collects.pop_front();
    done();
  }

  const std::string& name() const override { return name_; }
  uint64_t datapath_id() const override { return options_.datapath_id; }
  void set_datapath_id(uint64_t id) override { options_.datapath_id = id; }
  const BridgeOptions& options() const override { return options_; }
  void set_options(const BridgeOptions& options) override { options_ = options; }
  Result<OfPort, datapath::PortError> add_port(const PortRequest&) override { return OfPort{1}; }
  bool remove_port(std::string_view) override { return true; }
  Result<void, datapath::PortError> reattach_port(std::string_view) override { return {}; }
  Result<void, datapath::PortError> configure_port(std::string_view, const datapath::PortSpec&) override { return {}; }
  bool set_vlan(std::string_view, const VlanConfig&) override { return true; }
  bool set_qos(std::string_view, const std::optional<QosConfig>&) override { return true; }
  bool set_port_security(std::string_view, const std::optional<std::vector<HostAddresses>>&) override { return true; }
  static constexpr MacAddress port_mac{{0x02, 0, 0, 0, 0, 0x01}};
  std::vector<PortInfo> ports() const override {
    PortInfo info;
    info.name = "p1";
    info.of_port = OfPort{1};
    info.desc.port = OfPort{1};
    info.desc.name = "p1";
    info.desc.hw_addr = port_mac;
    return {info};
  }
  std::optional<PortInfo> port(OfPort of_port) const override {
    return of_port == OfPort{1} ? std::optional(ports().front()) : std::nullopt;
  }
  std::optional<PortInfo> port(std::string_view) const override { return std::nullopt; }
  Result<void, openflow::OpenFlowError> set_port_config(OfPort of_port, uint32_t config, uint32_t mask,
                                                        const ChangeOrigin& origin) override {
    asked_by = origin.by;
    return change("port_mod " + std::to_string(number(of_port)) + " " + std::to_string(config) + "/" +
                  std::to_string(mask));
  }
  void set_has_controllers(bool has) override { has_controllers.push_back(has); }
  void set_controllers_lost(bool is_lost) override { lost.push_back(is_lost); }
  void set_invalid_ttl_to_controller(bool is_wanted) override { wants_invalid_ttl = is_wanted; }
  openflow::FragmentHandling fragments() const override { return fragments_; }
  void set_fragments(openflow::FragmentHandling mode) override { fragments_ = mode; }
  void set_miss_to_controller(bool is_wanted) override { wants_misses = is_wanted; }
  void add_listener(BridgeListener& listener) override { listeners.push_back(&listener); }
  void remove_listener(BridgeListener& listener) override { std::erase(listeners, &listener); }
  bool may_change() const override { return !is_changing; }
  void in_turn(std::function<void()> turn) override {
    if (!is_changing) {
      return turn();
    }
    turns.push_back(std::move(turn));
  }
  void take_turn() {
    const auto turn = std::move(turns.front());
    turns.pop_front();
    turn();
  }
  Result<void, openflow::OpenFlowError> apply(const openflow::FlowMod& m, const FlowModRules&,
                                              const ChangeOrigin&) override {
    return change("flow_mod " + std::to_string(m.cookie));
  }
  Result<void, openflow::OpenFlowError> apply(const openflow::GroupMod& m, const ChangeOrigin&) override {
    return change("group_mod " + std::to_string(m.group_id));
  }
  Result<void, openflow::OpenFlowError> apply(const openflow::MeterMod& m, std::function<void()> done) override {
    auto changed = change("meter_mod " + std::to_string(m.meter));
    if (changed) {
      done();
    }
    return changed;
  }
  std::unique_ptr<Bundle> make_bundle(const FlowModRules&) override { return std::make_unique<FakeBundle>(*this); }
  void commit(std::unique_ptr<Bundle> bundle, std::function<void(std::optional<BundleFailure>)> done,
              const void*) override {
    in_turn([this, kept = std::shared_ptr<Bundle>(std::move(bundle)), done = std::move(done)] {
      done(static_cast<FakeBundle&>(*kept).apply(*this));
    });
  }
  Result<void, openflow::OpenFlowError> apply(const openflow::TableMod& m, std::function<void()> done) override {
    auto applied = change("table_mod " + std::to_string(m.table_id));
    if (applied) {
      done();
    }
    return applied;
  }
  Result<void, openflow::OpenFlowError> set_table_features(const std::vector<openflow::TableFeatures>& all,
                                                           std::optional<uint8_t> first) override {
    auto applied = change("table_features " + std::to_string(all.size()));
    first_egress = applied ? first : first_egress;
    for (const openflow::TableFeatures& wanted : applied ? all : std::vector<openflow::TableFeatures>()) {
      naming[wanted.table_id] = {wanted.name, wanted.max_entries};
    }
    return applied;
  }
  openflow::TableDesc table_desc(uint8_t id) const override {
    openflow::TableDesc desc;
    desc.table_id = id;
    return desc;
  }
  TableNaming table_naming(uint8_t id) const override {
    const auto found = naming.find(id);
    return found != naming.end() ? found->second : TableNaming{"table" + std::to_string(id), 1'000'000};
  }
  std::map<uint8_t, TableNaming> naming;
  std::optional<uint8_t> first_egress_table() const override { return first_egress; }
  std::optional<uint8_t> first_egress;
  Result<void, openflow::OpenFlowError> apply(const openflow::TlvTableMod& mod) override {
    if (!refusal) {
      tlv_table = mod.maps;
    }
    return change("tlv_table_mod " + std::to_string(mod.maps.size()));
  }
  std::vector<openflow::TlvMap> tlv_maps() const override { return tlv_table; }
  bool may_touch_many(const openflow::FlowMod& flow_mod) const override {
    return flow_mod.command == openflow::FlowModCommand::modify || flow_mod.command == openflow::FlowModCommand::remove;
  }
  void flush_flows() override {}
  Result<void, openflow::OpenFlowError> resume(const openflow::PacketIn&) override { return change("resume"); }
  Result<void, openflow::OpenFlowError> packet_out(const openflow::PacketOut&, Misfits misfits) override {
    return change(misfits == Misfits::refused ? "packet_out" : "packet_out passing over misfits");
  }
  void barrier(std::function<void()> done) override {
    asked.emplace_back("barrier");
    barriers.push_back(std::move(done));
  }
  void collect(std::function<void()> done) override {
    asked.emplace_back("collect");
    if (collects_at_once) {
      return done();
    }
    collects.push_back(std::move(done));
  }
  struct FakeMonitors : FlowMonitors {
    explicit FakeMonitors(FakeBridge& of) : bridge(of) {}
    Result<void, openflow::OpenFlowError> change(const std::vector<openflow::FlowMonitor>& wanted) override {
      auto changed = bridge.change("monitors " + std::to_string(wanted.size()));
      watched += changed ? wanted.size() : 0;
      bridge.monitors = wanted;
      return changed;
    }
    bool empty() const override { return watched == 0; }
    bool is_behind() const override { return !bridge.missed_updates.empty(); }
    bool next_initial(Updates& updates) override {
      updates.swap(bridge.initial_updates);
      return !updates.empty();
    }
    bool catch_up(Updates& updates) override {
      updates.swap(bridge.missed_updates);
      return !updates.empty();
    }
    FakeBridge& bridge;
    size_t watched = 0;
  };
  std::unique_ptr<FlowMonitors> make_monitors(const void*, FlowMonitors::Tell tell) override {
    tell_monitors = std::move(tell);
    return std::make_unique<FakeMonitors>(*this);
  }
  FlowMonitors::Tell tell_monitors;
  std::vector<openflow::FlowMonitor> monitors;  // as asked for last
  FlowMonitors::Updates initial_updates;
  FlowMonitors::Updates missed_updates;
  std::unique_ptr<FlowDump> flow_dump(const openflow::FlowFilter&) const override {
    return std::make_unique<Dump>(flows, dumps_in_progress);
  }
  std::vector<openflow::TableStats> table_stats() const override { return {}; }
  std::optional<openflow::PortStats> port_stats(OfPort of_port) const override {
    openflow::PortStats stats;
    stats.port = of_port;
    return stats;
  }
  std::optional<openflow::GroupStats> group_stats(uint32_t number) const override {
    const auto group = group_desc(number);
    if (!group) {
      return std::nullopt;
    }
    openflow::GroupStats stats;
    stats.group_id = number;
    stats.buckets.resize(group->buckets.size());
    return stats;
  }
  std::optional<openflow::GroupDesc> group_desc(uint32_t number) const override {
    const auto found = groups.find(number);
    return found == groups.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<uint32_t> group_numbers() const override {
    std::vector<uint32_t> numbers;
    for (const auto& [number, group] : groups) {
      numbers.push_back(number);
    }
    return numbers;
  }
  std::vector<uint32_t> meter_numbers() const override { return meters; }
  std::optional<openflow::MeterStats> meter_stats(uint32_t number) const override {
    openflow::MeterStats stats;
    stats.meter = number;
    stats.bands.resize(1);
    return stats;
  }
  std::optional<openflow::MeterConfig> meter_config(uint32_t number) const override {
    return openflow::MeterConfig{openflow::meter_flag::kbps, number, {{.rate = number}}};
  }
  openflow::MeterFeaturesReply meter_features() const override { return {.max_meters = 5}; }
  std::vector<OfPort> port_numbers() const override { return {OfPort{1}}; }
  std::vector<uint32_t> queue_numbers(OfPort of_port) const override {
    return of_port == OfPort{1} ? queues : std::vector<uint32_t>();
  }
  std::optional<openflow::QueueStats> queue_stats(OfPort of_port, uint32_t queue_id) const override {
    return openflow::QueueStats{.port = of_port, .queue_id = queue_id, .tx_packets = 5, .duration = {7, 0}};
  }
  std::optional<openflow::QueueDesc> queue_desc(OfPort of_port, uint32_t queue_id) const override {
    return openflow::QueueDesc{
        .port = of_port, .queue_id = queue_id, .min_rate = uint16_t{5}, .max_rate = uint16_t{10}};
  }
  openflow::GroupFeaturesReply group_features() const override { return {}; }
  bool has_group(uint32_t number) const override { return groups.contains(number); }
  std::string dump_all_flows() const override { return {}; }
  std::string fdb_show() const override { return {}; }
  ofproto::FdbStats fdb_stats() const override { return {}; }
  void fdb_flush() override {}
  Result<void, std::string> fdb_add(std::string_view, std::string_view, MacAddress,
                                    const std::optional<IpAddress>&) override {
    return {};
  }
  Result<void, std::string> fdb_remove(std::string_view, MacAddress) override { return {}; }
  size_t fdb_flush(const IpAddress&) override { return 0; }
  std::optional<SegmentInfo> segment_info(std::string_view) const override { return std::nullopt; }
  Result<std::string, std::string> neighbours_show(std::string_view) const override { return std::string(); }
  Result<void, std::string> neighbour_add(std::string_view, const IpAddress&, MacAddress, bool) override { return {}; }
  Result<void, std::string> neighbour_remove(std::string_view, const IpAddress&) override { return {}; }
  void update_segments(const SegmentChanges&) override {}
  std::string group_problem(Encap) const override { return {}; }

 private:
  struct Dump : FlowDump {
    Dump(const std::vector<openflow::FlowStats>& all, std::shared_ptr<int> token)
        : flows(all.begin(), all.end()), held(std::move(token)) {}
    bool is_done() const override { return flows.empty(); }
    std::vector<openflow::FlowStats> next(size_t limit) override {
      std::vector<openflow::FlowStats> part;
      while (!flows.empty() && part.size() < limit) {
        part.push_back(std::move(flows.front()));
        flows.pop_front();
      }
      return part;
    }
    void add_next(openflow::AggregateStatsReply& sum) override { sum.flow_count += next(100).size(); }
    std::deque<openflow::FlowStats> flows;
    std::shared_ptr<int> held;
  };

  struct FakeBundle : Bundle {
    explicit FakeBundle(FakeBridge& of) : bridge(of) {}
    Result<void, openflow::OpenFlowError> add(const openflow::Message& message, uint32_t xid,
                                              std::span<const uint8_t> bytes) override {
      if (auto error = std::exchange(bridge.bundle_refusal, std::nullopt)) {
        return Unexpected{*error};
      }
      kept.push_back({message, {{}, xid, {bytes.begin(), bytes.end()}}});
      return {};
    }
    size_t message_count() const override { return kept.size(); }
    size_t byte_count() const override { return kept.size() * 100; }
    std::optional<BundleFailure> apply(FakeBridge& to) {
      for (auto& [message, failure] : kept) {
        const auto* flow_mod = std::get_if<openflow::FlowMod>(&message);
        const auto applied =
            flow_mod != nullptr ? to.apply(*flow_mod, {}, {}) : to.apply(std::get<openflow::GroupMod>(message), {});
        if (!applied) {
          failure.error = applied.error();
          return failure;
        }
      }
      return std::nullopt;
    }
    FakeBridge& bridge;
    std::vector<std::pair<openflow::Message, BundleFailure>> kept;
  };

  Result<void, openflow::OpenFlowError> change(std::string what) {
    asked.push_back(std::move(what));
    if (auto error = std::exchange(refusal, std::nullopt)) {
      return Unexpected{*error};
    }
    return {};
  }

  std::string name_ = "br0";
  openflow::FragmentHandling fragments_ = openflow::FragmentHandling::normal;
  BridgeOptions options_{.datapath_id = 0x1234};
};

// One flow with this cookie, output to port 1.
inline openflow::FlowMod flow_with_cookie(uint64_t cookie) {
  openflow::FlowMod flow;
  flow.cookie = cookie;
  flow.instructions.apply = openflow::ActionList{openflow::OutputAction{.port = OfPort{1}}};
  return flow;
}

}  // namespace weft::ofproto
