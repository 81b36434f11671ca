// Bridge: one OpenFlow switch: numbered ports, tables, groups, the MACs it has learned, its listeners.
//
// Message handlers call it with version-neutral messages; the daemon's reconciler adds ports and sets modes.
// A call that changes something has published the change when it returns, or when its turn has come (in_turn, commit,
// flush_flows): packets that miss from then on meet the new state. Cached decisions follow in the background; barrier() says when they all have. Counters read from
// here are exact right after collect():
//
//     bridge.collect([&] { reply(bridge.table_stats()); });
//
// Threads:   control thread only, callbacks too.
// Ownership: the Switch owns bridges; a bridge its tables and ports. Listeners are not owned.
// Cost:      a flow-mod is a classifier insert; a port change copies the bridge's port map (small, seldom).
// Not here:  connections and roles (ofproto/controller), messages' bytes (lib/openflow), translation.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "datapath/api/port_spec.h"
#include "lib/base/clock.h"
#include "lib/base/host_addresses.h"
#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/classifier/prefix_tracker.h"
#include "lib/openflow/error.h"
#include "lib/openflow/message.h"
#include "ofproto/bridge/bridge_listener.h"
#include "ofproto/bridge/flow_monitors.h"
#include "ofproto/bridge/qos_config.h"
#include "ofproto/bridge/vlan_config.h"
#include "ofproto/overlay/segment.h"
#include "ofproto/table/flow_mod_rules.h"
#include "ofproto/translate/neighbour_table.h"

namespace weft::ofproto {

enum class FailMode : uint8_t { standalone, secure };

struct BridgeOptions {
  uint64_t datapath_id = 0;
  FailMode fail_mode = FailMode::standalone;
  Duration mac_aging = std::chrono::seconds(300);
  size_t mac_limit = 8192;
  bool forward_bpdu = false;
  // Fields of whose prefixes the tables keep tries, so that masks are wide: read when the bridge is made.
  std::vector<FieldId> prefix_fields{default_prefix_fields.begin(), default_prefix_fields.end()};
};

// One end of a pair of patch ports; `peer` is the other port's name, on this or another bridge.
struct PatchSpec {
  std::string peer;
  friend bool operator==(const PatchSpec&, const PatchSpec&) = default;
};

struct PortRequest {
  std::string name;  // the bridge's own name: this is its LOCAL port
  std::variant<datapath::PortSpec, PatchSpec> attachment;
  std::optional<uint16_t> ofport_request{};  // honoured when it is free
  VlanConfig vlan{};
  std::optional<QosConfig> qos{};  // of a patch port: without effect
  // What its guest may send from; an empty list: nothing. Absent: anything, as from patch ports always.
  std::optional<std::vector<HostAddresses>> port_security{};
};

// What becomes of a packet-out's actions for headers that its packet has not: OFPBAC_MATCH_INCONSISTENT, or, as 1.0 has it,
// nothing.
enum class Misfits : uint8_t { refused, passed_over };

struct PortInfo {
  std::string name;
  OfPort of_port{};
  PortId port_id = port_id::none;  // none: a patch port, or its device is gone
  openflow::PortDesc desc;
  uint32_t mtu = 0;
  std::optional<PatchSpec> patch;
  VlanConfig vlan;
  std::optional<QosConfig> qos;
};

// What many rules have counted, in parts, so that no handler takes long: the rules are chosen when it begins, their
// counters read when their part is made.
class FlowDump {
 public:
  virtual ~FlowDump() = default;
  virtual bool is_done() const = 0;
  virtual std::vector<openflow::FlowStats> next(size_t limit) = 0;  // may be empty when many are passed over
  virtual void add_next(openflow::AggregateStatsReply& sum) = 0;    // instead: as many as one handler may look at
};

// Who asked for a change: he may be told of it otherwise than the others. `by` is compared, nothing more.
struct ChangeOrigin {
  const void* by = nullptr;
  uint32_t xid = 0;
};

struct TableNaming {
  std::string name;
  uint32_t max_entries = 0;
};

// Messages that are to take effect at one instant, or not at all. Made by the bridge that it is for, kept by whoever
// collects them.
class Bundle {
 public:
  virtual ~Bundle() = default;

  // `bytes` is the message as it came, for the error that may name it later. Refused: what cannot be executed whatever
  // the bridge has by then. The bundle is as it was.
  virtual Result<void, openflow::OpenFlowError> add(const openflow::Message& message, uint32_t xid,
                                                    std::span<const uint8_t> bytes) = 0;
  virtual size_t message_count() const = 0;
  virtual size_t byte_count() const = 0;  // of memory, about
};

// The first message of a bundle that could not be executed.
struct BundleFailure {
  openflow::OpenFlowError error;
  uint32_t xid = 0;
  std::vector<uint8_t> bytes;  // its first ones, as many as an error carries
};

// A limit of an operator on addresses, and what it came to.
struct MacLimitInfo {
  MacLimit limit;
  size_t count = 0;
  uint64_t refused = 0;  // decisions whose packets would have taught an address more
  uint64_t evicted = 0;  // addresses
};

// The table of addresses, and the limits in it: of ports in the order of their numbers, of segments by name.
struct FdbStats {
  size_t count = 0;
  size_t limit = 0;
  uint64_t refused = 0;
  std::vector<std::pair<std::string, MacLimitInfo>> limits{};
};

// What a segment knows. Remotes: those of its list, and those that addresses are behind.
struct SegmentInfo {
  struct Remote {
    IpAddress address;
    size_t count = 0;  // of addresses behind it
  };
  SegmentPtr segment;
  std::string tunnel_port;  // empty: there is none
  size_t local_count = 0;
  size_t remote_count = 0;
  std::vector<Remote> remotes;
  std::optional<MacLimitInfo> limit;
  NeighbourTable::Counts neighbours;
};

class Bridge {
 public:
  virtual ~Bridge() = default;

  virtual const std::string& name() const = 0;
  virtual uint64_t datapath_id() const = 0;
  virtual void set_datapath_id(uint64_t id) = 0;
  virtual const BridgeOptions& options() const = 0;
  virtual void set_options(const BridgeOptions& options) = 0;  // all of them, fail-mode and MAC ageing included

  // --- ports
  virtual Result<OfPort, datapath::PortError> add_port(const PortRequest& request) = 0;
  virtual bool remove_port(std::string_view name) = 0;
  // Tries again to attach a port whose device had gone; its number is the old one.
  virtual Result<void, datapath::PortError> reattach_port(std::string_view name) = 0;
  // Gives the port's device the MTU and the address of `spec`, where it has them; the port stays as it is.
  virtual Result<void, datapath::PortError> configure_port(std::string_view name, const datapath::PortSpec& spec) = 0;
  virtual bool set_vlan(std::string_view name, const VlanConfig& vlan) = 0;
  // Queues whose numbers stay go on counting.
  virtual bool set_qos(std::string_view name, const std::optional<QosConfig>& qos) = 0;
  virtual bool set_port_security(std::string_view name, const std::optional<std::vector<HostAddresses>>& allowed) = 0;
  // Segments, which ports are in by their VlanConfig. One publication, however many.
  virtual void update_segments(const SegmentChanges& changes) = 0;
  // What of the multicast groups of this encapsulation could not be joined; empty: nothing.
  virtual std::string group_problem(Encap encap) const = 0;
  virtual std::vector<PortInfo> ports() const = 0;  // by number
  virtual std::vector<OfPort> port_numbers() const = 0;
  virtual std::optional<PortInfo> port(OfPort of_port) const = 0;
  virtual std::optional<PortInfo> port(std::string_view name) const = 0;
  // OFPT_PORT_MOD: bits of openflow::port_config.
  virtual Result<void, openflow::OpenFlowError> set_port_config(OfPort of_port, uint32_t config, uint32_t mask,
                                                                const ChangeOrigin& origin = {}) = 0;

  // --- controllers, as far as flows depend on them
  // Whether any is configured (service connections do not count). A change flushes all flows; without
  // controllers and in standalone mode the flow priority=0,actions=NORMAL is there.
  virtual void set_has_controllers(bool has_controllers) = 0;
  // Whether a standalone bridge that has controllers lost them all (the caller times that): a hidden NORMAL rule
  // above every priority serves meanwhile.
  virtual void set_controllers_lost(bool lost) = 0;
  // Packets whose TTL ran out go to the controller instead of being dropped.
  virtual void set_invalid_ttl_to_controller(bool enabled) = 0;
  // So do packets that no rule matches, for controllers of OpenFlow 1.0 (PacketInEvent::is_implicit).
  virtual void set_miss_to_controller(bool enabled) = 0;
  // How lookups see IP fragments (ofproto/translate/fragment.h): one mode, whoever sets it. Never `reassemble`.
  virtual openflow::FragmentHandling fragments() const = 0;
  virtual void set_fragments(openflow::FragmentHandling mode) = 0;
  virtual void add_listener(BridgeListener& listener) = 0;
  virtual void remove_listener(BridgeListener& listener) = 0;

  // --- requests
  // Tables are changed by one at a time, on all bridges. apply() is for whoever's turn it is: call it only while
  // may_change(), or from in_turn(). `change` runs now if nobody else is at it, else when all who came before are through.
  virtual bool may_change() const = 0;
  virtual void in_turn(std::function<void()> change) = 0;
  virtual Result<void, openflow::OpenFlowError> apply(const openflow::FlowMod& flow_mod, const FlowModRules& rules = {},
                                                      const ChangeOrigin& origin = {}) = 0;
  virtual Result<void, openflow::OpenFlowError> apply(const openflow::GroupMod& group_mod,
                                                      const ChangeOrigin& origin = {}) = 0;
  // Whether the message may touch many rules: it does not name one exactly, or the one that it replaces or removes may take
  // along what it has learned (delete_learned).
  virtual bool may_touch_many(const openflow::FlowMod& flow_mod) const = 0;
  // What may touch many rules: several messages, or one that does not name its rules exactly. In its turn the bundle is
  // prepared in slices, then published at one version; `done` is called when it is, or nothing has changed. That may be
  // before commit() returns. A bridge that goes calls nobody.
  virtual std::unique_ptr<Bundle> make_bundle(const FlowModRules& rules = {}) = 0;
  virtual void commit(std::unique_ptr<Bundle> bundle, std::function<void(std::optional<BundleFailure>)> done,
                      const void* by = nullptr) = 0;
  // Adding, modifying or deleting a meter, in its turn; deleting removes the flows that use it, in slices. Refused
  // (OFPMMFC_*), or `done` is called when it is in force, which may be before this returns.
  virtual Result<void, openflow::OpenFlowError> apply(const openflow::MeterMod& meter_mod,
                                                      std::function<void()> done) = 0;
  // Eviction and vacancy events of a table, or of all. Refused (OFPTMFC_*), or `done` is called when it is in force, which
  // may be before this returns.
  virtual Result<void, openflow::OpenFlowError> apply(const openflow::TableMod& table_mod,
                                                      std::function<void()> done) = 0;
  // Names and max_entries of tables as a table-features request wants them, and which is the first egress table from now
  // on; the rest of it has been checked. Refused (OFPTFFC_*) as a whole. In its turn, as apply().
  virtual Result<void, openflow::OpenFlowError> set_table_features(const std::vector<openflow::TableFeatures>& features,
                                                                   std::optional<uint8_t> first_egress) = 0;
  // The first egress table; nothing: there is none (ofproto/table/table_stages.h).
  virtual std::optional<uint8_t> first_egress_table() const = 0;
  virtual openflow::TableDesc table_desc(uint8_t table_id) const = 0;
  // What may differ between tables of otherwise equal features.
  virtual TableNaming table_naming(uint8_t table_id) const = 0;
  // The map from Geneve options to tun_metadata (tlv_table.h).
  virtual Result<void, openflow::OpenFlowError> apply(const openflow::TlvTableMod& tlv_table_mod) = 0;
  virtual std::vector<openflow::TlvMap> tlv_maps() const = 0;
  // Removes every flow and group without flow-removed messages, and the first egress table's mark, then puts back the
  // default flow if one is due. In its turn: later changes find it done.
  virtual void flush_flows() = 0;
  virtual Result<void, openflow::OpenFlowError> packet_out(const openflow::PacketOut& packet_out, Misfits misfits) = 0;
  // A packet that a `controller(pause)` sent comes back: with the bytes and the metadata that it has now, it goes on where
  // its continuation says. NXR_STALE: not a continuation of this bridge.
  virtual Result<void, openflow::OpenFlowError> resume(const openflow::PacketIn& packet_in) = 0;
  // Runs `done` when every change made before is published, the decisions cached under the old state are gone, and
  // every packet-out sent before has been executed. That may be before it returns.
  virtual void barrier(std::function<void()> done) = 0;
  // Runs `done` when every packet that has left, and all that came with it, is in the counters below; the same holds.
  virtual void collect(std::function<void()> done) = 0;

  // What `owner` watches: changes by the same are its own (ChangeOrigin).
  virtual std::unique_ptr<FlowMonitors> make_monitors(const void* owner, FlowMonitors::Tell tell) = 0;
  virtual std::unique_ptr<FlowDump> flow_dump(const openflow::FlowFilter& filter) const = 0;
  virtual std::vector<openflow::TableStats> table_stats() const = 0;
  virtual std::optional<openflow::PortStats> port_stats(OfPort of_port) const = 0;
  virtual std::vector<uint32_t> queue_numbers(OfPort of_port) const = 0;  // none: it has no QoS
  virtual std::optional<openflow::QueueStats> queue_stats(OfPort of_port, uint32_t queue_id) const = 0;
  virtual std::optional<openflow::QueueDesc> queue_desc(OfPort of_port, uint32_t queue_id) const = 0;
  virtual std::optional<openflow::GroupStats> group_stats(uint32_t group_id) const = 0;
  virtual std::optional<openflow::GroupDesc> group_desc(uint32_t group_id) const = 0;
  virtual openflow::GroupFeaturesReply group_features() const = 0;
  virtual bool has_group(uint32_t group_id) const = 0;
  virtual std::vector<uint32_t> group_numbers() const = 0;
  virtual std::vector<uint32_t> meter_numbers() const = 0;
  virtual std::optional<openflow::MeterStats> meter_stats(uint32_t meter_id) const = 0;
  virtual std::optional<openflow::MeterConfig> meter_config(uint32_t meter_id) const = 0;
  virtual openflow::MeterFeaturesReply meter_features() const = 0;

  // --- for operators
  // Every rule, hidden ones included, a line each: `bridge/dump-flows`.
  virtual std::string dump_all_flows() const = 0;
  virtual std::string fdb_show() const = 0;  // as `ovs-appctl fdb/show` prints it
  virtual FdbStats fdb_stats() const = 0;
  virtual void fdb_flush() = 0;
  // An entry that stays, where `domain` is a VLAN or a segment's name; refused in words.
  virtual Result<void, std::string> fdb_add(std::string_view port, std::string_view domain, MacAddress mac,
                                            const std::optional<IpAddress>& remote) = 0;
  virtual Result<void, std::string> fdb_remove(std::string_view domain, MacAddress mac) = 0;
  virtual std::optional<SegmentInfo> segment_info(std::string_view name) const = 0;
  // Which MAC each IP address of a segment has, or of all segments (""); which stay until they are removed. `is_router`: of
  // IPv6, what its advertisements say.
  virtual Result<std::string, std::string> neighbours_show(std::string_view segment) const = 0;
  virtual Result<void, std::string> neighbour_add(std::string_view segment, const IpAddress& address, MacAddress mac,
                                                  bool is_router) = 0;
  virtual Result<void, std::string> neighbour_remove(std::string_view segment, const IpAddress& address) = 0;
  virtual size_t fdb_flush(const IpAddress& remote) = 0;  // what was learned from that VTEP; how many
};

}  // namespace weft::ofproto
