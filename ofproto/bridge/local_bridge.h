// LocalBridge: the Bridge of this process (bridge.h says what it does; this is how).
//
// A change runs: wait for its turn, prepare in the tables, publish, append what it touches to the change log, wake the
// revalidator. One message is prepared at once, a bundle in slices (ChangeRun). Whatever prepares in `tables_` does so
// from in_turn() or from a call that is only made in its turn.
// What must wait until the last packet of the old state is counted (flow-removed, giving a PortId back) waits in a
// barrier. Events are posted, so that no listener runs inside a call into the bridge.
//
// Threads:   control thread; translations read `tables` and `macs` through the snapshot.
// Ownership: tables and MACs; ports in the datapath. Retired by RCU, after the revalidator let go of it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ofproto/bridge/bridge.h"
#include "ofproto/bridge/bridge_host.h"
#include "ofproto/bridge/change_run.h"
#include "ofproto/bridge/local_flow_monitors.h"
#include "ofproto/bridge/port_map.h"
#include "ofproto/bridge/storm_limits.h"
#include "ofproto/bridge/tlv_table.h"
#include "ofproto/overlay/segment.h"
#include "ofproto/table/eviction_build.h"
#include "ofproto/table/flow_selection.h"
#include "ofproto/table/table_set.h"
#include "ofproto/translate/mac_table.h"
#include "ofproto/translate/neighbour_table.h"

namespace weft::ofproto {

class LocalBridge final : public Bridge {
 public:
  LocalBridge(BridgeHost& host, BridgeId id, std::string name, const BridgeOptions& options);
  ~LocalBridge() override;

  BridgeId id() const { return id_; }
  const PortMap& port_map() const { return ports_; }
  std::shared_ptr<BridgeView> view() const;  // peers of patch ports are the switch's to fill in

  // Takes everything away before the bridge goes: ports, flows.
  void close();
  void deliver(PuntedPacket packet);
  void learn(const LearnedFlow& learned);  // in its turn
  void port_changed(PortId port_id);       // its device may have changed
  void device_changed(uint32_t ifindex);   // the same, for the ports of that device
  void underlay_changed();                 // it may have, somewhere
  // A worker has learned that the address, which was behind a tunnel, is on this port now.
  void announce_address(const MacTable::Key& key, OfPort of_port);

  // When something may expire: cheap for flows, a walk over all of them for addresses.
  std::optional<TimePoint> next_flow_due() const { return tables_->timeouts().next_due(); }
  std::optional<TimePoint> next_mac_due() const { return macs_.next_due(); }
  // Counters have been collected: removes what expired, as much as one handler may; true when there is more. With a rule
  // that takes along what it has learned they go in slices, when their turn comes.
  bool expire(TimePoint collected);

  // --- for changes on their way (change_run.h)
  TableSet& tables() { return *tables_; }
  TimePoint now() const { return host_.clock().now(); }
  Result<void, openflow::OpenFlowError> check_packet_out(const openflow::PacketOut& packet_out) const;
  // That it also fits its packet, which packet_out() says when it is alone.
  Result<void, openflow::OpenFlowError> check_bundled(const openflow::PacketOut& packet_out) const;
  // The tables' new version is published: whoever must know is told. `is_quiet`: but for flow-removed.
  void published(std::vector<Change> parts, Touches touches, const void* by, bool is_quiet);

  // --- Bridge
  const std::string& name() const override { return name_; }
  uint64_t datapath_id() const override { return options_.datapath_id; }
  void set_datapath_id(uint64_t id) override { options_.datapath_id = id; }
  const BridgeOptions& options() const override { return options_; }
  void set_options(const BridgeOptions& options) override;

  Result<OfPort, datapath::PortError> add_port(const PortRequest& request) override;
  bool remove_port(std::string_view name) override;
  Result<void, datapath::PortError> reattach_port(std::string_view name) override;
  Result<void, datapath::PortError> configure_port(std::string_view name, const datapath::PortSpec& spec) override;
  bool set_vlan(std::string_view name, const VlanConfig& vlan) override;
  bool set_qos(std::string_view name, const std::optional<QosConfig>& qos) override;
  bool set_port_security(std::string_view name, const std::optional<std::vector<HostAddresses>>& allowed) override;
  void update_segments(const SegmentChanges& changes) override;
  std::string group_problem(Encap encap) const override;
  std::vector<PortInfo> ports() const override;
  std::vector<OfPort> port_numbers() const override;
  std::optional<PortInfo> port(OfPort of_port) const override;
  std::optional<PortInfo> port(std::string_view name) const override;
  Result<void, openflow::OpenFlowError> set_port_config(OfPort of_port, uint32_t config, uint32_t mask,
                                                        const ChangeOrigin& origin) override;

  void set_has_controllers(bool has_controllers) override;
  void set_controllers_lost(bool lost) override;
  void set_invalid_ttl_to_controller(bool enabled) override;
  void set_miss_to_controller(bool enabled) override;
  openflow::FragmentHandling fragments() const override { return fragments_; }
  void set_fragments(openflow::FragmentHandling mode) override;
  void add_listener(BridgeListener& listener) override;
  void remove_listener(BridgeListener& listener) override;

  bool may_change() const override;
  void in_turn(std::function<void()> change) override;
  Result<void, openflow::OpenFlowError> apply(const openflow::FlowMod& flow_mod, const FlowModRules& rules = {},
                                              const ChangeOrigin& origin = {}) override;
  Result<void, openflow::OpenFlowError> apply(const openflow::GroupMod& group_mod,
                                              const ChangeOrigin& origin = {}) override;
  Result<void, openflow::OpenFlowError> apply(const openflow::MeterMod& meter_mod, std::function<void()> done) override;
  std::unique_ptr<Bundle> make_bundle(const FlowModRules& rules = {}) override;
  void commit(std::unique_ptr<Bundle> bundle, std::function<void(std::optional<BundleFailure>)> done,
              const void* by = nullptr) override;
  Result<void, openflow::OpenFlowError> apply(const openflow::TableMod& table_mod, std::function<void()> done) override;
  Result<void, openflow::OpenFlowError> set_table_features(const std::vector<openflow::TableFeatures>& features,
                                                           std::optional<uint8_t> first_egress) override;
  std::optional<uint8_t> first_egress_table() const override { return tables_->stages().first_egress(); }
  openflow::TableDesc table_desc(uint8_t table_id) const override;
  TableNaming table_naming(uint8_t table_id) const override;
  Result<void, openflow::OpenFlowError> apply(const openflow::TlvTableMod& tlv_table_mod) override;
  std::vector<openflow::TlvMap> tlv_maps() const override { return tlv_table_.maps(); }
  bool may_touch_many(const openflow::FlowMod& flow_mod) const override;
  void flush_flows() override;
  Result<void, openflow::OpenFlowError> packet_out(const openflow::PacketOut& packet_out, Misfits misfits) override;
  Result<void, openflow::OpenFlowError> resume(const openflow::PacketIn& packet_in) override;
  void barrier(std::function<void()> done) override;
  void collect(std::function<void()> done) override;

  std::unique_ptr<FlowMonitors> make_monitors(const void* owner, FlowMonitors::Tell tell) override;
  std::unique_ptr<FlowDump> flow_dump(const openflow::FlowFilter& filter) const override;
  std::vector<openflow::TableStats> table_stats() const override;
  std::optional<openflow::PortStats> port_stats(OfPort of_port) const override;
  std::vector<uint32_t> queue_numbers(OfPort of_port) const override;
  std::optional<openflow::QueueStats> queue_stats(OfPort of_port, uint32_t queue_id) const override;
  std::optional<openflow::QueueDesc> queue_desc(OfPort of_port, uint32_t queue_id) const override;
  std::optional<openflow::GroupStats> group_stats(uint32_t group_id) const override;
  std::optional<openflow::GroupDesc> group_desc(uint32_t group_id) const override;
  openflow::GroupFeaturesReply group_features() const override;
  bool has_group(uint32_t group_id) const override;
  std::vector<uint32_t> group_numbers() const override;
  std::vector<uint32_t> meter_numbers() const override;
  std::optional<openflow::MeterStats> meter_stats(uint32_t meter_id) const override;
  std::optional<openflow::MeterConfig> meter_config(uint32_t meter_id) const override;
  openflow::MeterFeaturesReply meter_features() const override;

  std::string dump_all_flows() const override;
  std::string fdb_show() const override;
  FdbStats fdb_stats() const override;
  void fdb_flush() override;
  size_t fdb_flush(const IpAddress& remote) override;
  Result<void, std::string> fdb_add(std::string_view port, std::string_view domain, MacAddress mac,
                                    const std::optional<IpAddress>& remote) override;
  Result<void, std::string> fdb_remove(std::string_view domain, MacAddress mac) override;
  std::optional<SegmentInfo> segment_info(std::string_view name) const override;
  Result<std::string, std::string> neighbours_show(std::string_view segment) const override;
  Result<void, std::string> neighbour_add(std::string_view segment, const IpAddress& address, MacAddress mac,
                                          bool is_router) override;
  Result<void, std::string> neighbour_remove(std::string_view segment, const IpAddress& address) override;

 private:
  // Rules that went and whose flow-removed are told when the last packets are counted, a slice at a time.
  struct Announcement {
    std::vector<Change> parts;
    TimePoint at;
    size_t part = 0;  // the next rule
    size_t rule = 0;
  };

  // Null: there is no such port, or it has no such queue.
  const PortQueue* find_queue(OfPort of_port, uint32_t queue_id) const;

  // --- changes (bridge_changes.cc)
  template <class Message, class... Rules>
  Result<void, openflow::OpenFlowError> apply_now(const ChangeOrigin& origin, const Message& message,
                                                  const Rules&... rules);
  void start(std::unique_ptr<LocalBundle> bundle, ChangeRun::Done done, const void* by, bool is_quiet);
  void take_back_ahead(const std::shared_ptr<const std::vector<FlowRulePtr>>& rules, size_t from);
  bool remove_flows_of_meters(uint32_t meter_id);
  void remove_meters(uint32_t meter_id);
  void finish(Change change, const void* by = nullptr);
  void tell_monitors(const std::vector<Change>& parts, const void* by);
  void announce_removed(const std::shared_ptr<Announcement>& announcement);
  void announce_some(const std::shared_ptr<Announcement>& announcement);
  void announce(const RuleChange& rule, TimePoint at);
  static void free_later(std::vector<Change> parts);
  void reclaim_when_settled();
  std::function<void()> reclaim_later();
  void reclaim_slice();
  void publish_addresses(std::vector<DependencyId> ids);
  void put_default_flow();
  void put_default_flow_now();
  void put_controllers_lost_rule();
  bool wants_default_flow() const { return !has_controllers_ && options_.fail_mode == FailMode::standalone; }

  // --- packets (bridge_packets.cc)
  Result<void, openflow::OpenFlowError> check_actions(const openflow::ActionList& actions) const;
  // Translates a packet that no port received, and has it executed.
  struct Injected {
    const openflow::ActionList* actions = nullptr;  // these, or
    FrozenStatePtr resumed;                         // what is left
    bool is_its_turn = false;                       // to change tables
    Misfits misfits = Misfits::passed_over;
  };
  Result<void, openflow::OpenFlowError> inject(std::span<const uint8_t> data, OfPort in_port, const Injected& what);
  void inject_in_turn(std::span<const uint8_t> data, OfPort in_port, const Injected& what);

  // --- tables (bridge_tables.cc)
  Result<void, openflow::OpenFlowError> check_features(const std::vector<openflow::TableFeatures>& features) const;
  void set_first_egress(std::optional<uint8_t> table_id);
  void set_policies(const openflow::TableMod& table_mod);
  bool order_for_eviction();
  void tell_vacancy();

  // --- segments (bridge_segments.cc)
  void connect_segments(BridgeView& view) const;
  void connect_gateway(BridgeView& view, PortView& port) const;
  void follow_mss_clamp();
  void limit_storms(BridgeView& view) const;
  void limit_segments(const SegmentChanges& changes, const std::vector<Domain>& gone);
  std::vector<DependencyId> forget_strangers(const SegmentTable& before, const SegmentChanges& changes);
  void limit_addresses(OfPort of_port, const std::optional<MacLimit>& limit);
  void forget_behind_gateways(const VlanConfig& vlan);
  void follow_groups();
  Result<Domain, std::string> find_domain(std::string_view text) const;

  // --- neighbours (bridge_neighbours.cc)
  Result<SegmentPtr, std::string> find_segment(std::string_view name) const;
  // What an error about a name adds: the segment that was probably meant, or nothing.
  std::string segment_hint(std::string_view name) const;
  std::string place_text(Domain domain, MacAddress mac) const;
  void sweep_neighbours();
  void sweep_some_neighbours_later();
  void sweep_some_neighbours();

  // --- ports (bridge_ports.cc)
  Result<void, datapath::PortError> attach(BridgePort& port);
  void detach(BridgePort& port);
  void follow_qos(BridgePort& port);
  void publish_port(const BridgePort& port, openflow::PortStatusReason reason, const void* by = nullptr);
  void announce(const BridgePort& port, openflow::PortStatusReason reason, const void* by);

  void tell(std::function<void(BridgeListener&)> event);
  void tell_now(const std::function<void(BridgeListener&)>& event);

  BridgeHost& host_;
  const BridgeId id_;
  const std::string name_;
  BridgeOptions options_;
  std::unique_ptr<TableSet> tables_;
  MacTable macs_;
  NeighbourTable neighbours_;
  bool is_sweeping_neighbours_ = false;
  bool must_sweep_neighbours_ = false;  // from the beginning
  // What a tunnel port receives from, and what of it could not be joined.
  struct Groups {
    std::set<IpAddress> joined;
    std::string problem;
  };
  std::map<OfPort, Groups> groups_;
  std::shared_ptr<FloodLists> flood_lists_ = std::make_shared<FloodLists>();
  const std::unique_ptr<StormLimits> storm_limits_;
  std::map<OfPort, std::set<uint32_t>> clamped_;  // tunnel ids, by tunnel port
  std::shared_ptr<const SegmentTable> segments_ = std::make_shared<SegmentTable>();
  PortMap ports_;
  TlvTable tlv_table_;
  std::vector<BridgeListener*> listeners_;
  bool has_controllers_ = false;
  bool has_lost_controllers_ = false;
  openflow::FragmentHandling fragments_ = openflow::FragmentHandling::normal;
  bool invalid_ttl_to_controller_ = false;
  bool miss_to_controller_ = false;
  bool is_reclaiming_ = false;
  std::vector<std::weak_ptr<ChangeRun>> runs_;  // on their way
  std::vector<LocalFlowMonitors*> monitors_;
  std::map<uint8_t, VacancyWatch> vacancy_watches_;
  std::set<uint8_t> unordered_tables_;  // while a table-mod is at work
  std::unique_ptr<EvictionBuild> eviction_build_;
  std::shared_ptr<TableSet*> monitored_;  // null inside when the bridge has closed
  std::shared_ptr<LocalBridge*> self_;    // posted calls hold it weakly
};

}  // namespace weft::ofproto
