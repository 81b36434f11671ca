// MeterTable: a bridge's meters by number, and the rules that use them.
//
// A meter is what OpenFlow said of it and a datapath meter that does it. Changing one changes that datapath meter's bands
// under the decisions that name it, so only adding and deleting concern translation. Two numbers are no rule's: those
// of packet-ins (meter_id::controller) and of packets that take the slow path (meter_id::slow_path).
//
// Meters are not versioned: a rule's meter exists as long as the rule does, for deleting it deletes its rules first.
//
// Threads:   find by any thread under RCU; the rest by the control thread.
// Ownership: of entries; freed a grace period after they are deleted. The datapath meter lives as long as a decision
//            names it.
// Cost:      find: a hash and a probe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "datapath/api/meter.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/classifier/rcu_hash_table.h"
#include "lib/openflow/error.h"
#include "lib/openflow/meter_message.h"
#include "ofproto/table/flow_rule.h"

namespace weft::ofproto {

// As Open vSwitch's users know them.
inline constexpr uint32_t max_meters = 0x40000;
inline constexpr uint8_t max_meter_bands = 8;

struct MeterEntry {
  openflow::MeterConfig config;  // what it was told last
  TimePoint created;
  std::shared_ptr<datapath::Meter> meter;
};

class MeterTable {
 public:
  using Maker = std::function<std::shared_ptr<datapath::Meter>(const datapath::MeterSpec&)>;

  MeterTable() = default;
  ~MeterTable();
  MeterTable(const MeterTable&) = delete;
  MeterTable& operator=(const MeterTable&) = delete;

  // --- readers
  const MeterEntry* find(uint32_t id) const;

  // --- control thread
  bool has(uint32_t id) const { return entries_.contains(id); }
  std::vector<uint32_t> numbers() const;

  // Whether the message may be executed (OFPMMFC_*). Deleting a meter that is not there is no error.
  Result<void, openflow::OpenFlowError> check(const openflow::MeterMod& meter_mod) const;
  // What check() allowed. True: translation is concerned.
  bool add_or_modify(const openflow::MeterMod& meter_mod, TimePoint now, const Maker& make);
  // When no rule uses it any more. True: it was there.
  bool remove(uint32_t id);

  // Notes that a rule's instructions name meters, or no longer do.
  void refer(FlowRule& rule);
  void release(FlowRule& rule);
  // Each once, up to `limit`; meter_id::all: those that use any.
  std::vector<FlowRulePtr> rules_using(uint32_t id, size_t limit) const;

  std::optional<openflow::MeterStats> stats(uint32_t id, TimePoint now) const;
  static openflow::MeterFeaturesReply features();

 private:
  static uint32_t hash_of(uint32_t id);

  RcuHashTable<MeterEntry> readable_;
  std::map<uint32_t, MeterEntry*> entries_;
  std::unordered_map<uint32_t, std::unordered_set<FlowRule*>> rules_;
};

}  // namespace weft::ofproto
