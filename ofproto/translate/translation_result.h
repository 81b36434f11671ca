// What a translation yields: actions and mask for the datapath, and what ofproto keeps beside them.
//
//   credits        what each later packet also counts for or refreshes
//   effects        what happens once, before the packet leaves: addresses to learn
//   dependencies   what the decision relied on, by which a change finds it again
//
// Threads: values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "datapath/api/action.h"
#include "lib/base/clock.h"
#include "lib/flow/flow_key.h"
#include "lib/flow/match.h"
#include "ofproto/table/flow_rule.h"
#include "ofproto/table/flow_table.h"
#include "ofproto/table/group.h"
#include "ofproto/table/table_set.h"
#include "ofproto/translate/dependency_id.h"
#include "ofproto/translate/frozen_state.h"
#include "ofproto/translate/learn.h"
#include "ofproto/translate/mac_table.h"
#include "ofproto/translate/neighbour_table.h"
#include "ofproto/translate/snapshot.h"

namespace weft::ofproto {

struct Credits {
  struct Table {
    const FlowTable* table;
    bool matched;
    friend bool operator==(const Table&, const Table&) = default;
  };
  struct Bucket {
    std::shared_ptr<const Group> group;
    size_t bucket;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };
  struct Patch {
    std::shared_ptr<PatchCounters> counters;
    bool is_receive;
    friend bool operator==(const Patch&, const Patch&) = default;
  };
  struct Mac {
    const MacTable* table;
    MacTable::Key key;
    MacLocation location;
    friend bool operator==(const Mac&, const Mac&) = default;
  };

  // Packets that are answered in somebody's stead.
  struct Answer {
    const NeighbourTable* table;
    Domain domain;
    friend bool operator==(const Answer&, const Answer&) = default;
  };

  // The rule's timeouts shrink.
  struct FinTimeout {
    std::shared_ptr<const FlowRule> rule;
    const TableSet* tables;
    openflow::FinTimeoutAction timeouts;
    friend bool operator==(const FinTimeout&, const FinTimeout&) = default;
  };

  std::vector<std::shared_ptr<FlowCounters>> rules;
  std::vector<Table> tables;
  std::vector<std::shared_ptr<const Group>> groups;
  std::vector<Bucket> buckets;
  std::vector<Patch> patches;
  std::vector<Mac> macs;
  std::vector<Answer> answers;
  // Flows that the packets would learn if they were not there: they stay.
  std::vector<std::shared_ptr<const FlowRule>> learned;
  std::vector<FinTimeout> fin_timeouts;

  // Tables, MACs and neighbours belong to bridges, which outlive every record (RCU).
  void apply(uint64_t packet_count, uint64_t byte_count, TimePoint used) const;

  // The same things are credited, not just equal ones.
  friend bool operator==(const Credits&, const Credits&) = default;
};

struct MacLearn {
  BridgeId bridge = 0;
  MacTable* table = nullptr;
  MacTable::Key key;
  MacLocation location;
  // It was behind a tunnel, and the packet goes to one place only: the others of its segment must be told.
  bool must_announce = false;
  bool has_room = true;  // as far as the translation could see
};

struct NeighbourLearn {
  BridgeId bridge = 0;
  NeighbourTable* table = nullptr;
  NeighbourTable::Key key;
  Neighbour neighbour;
  OfPort teller{};
};

struct Effects {
  std::vector<MacLearn> macs;  // in order: what is learned later stands
  std::vector<NeighbourLearn> neighbours;
  std::vector<LearnedFlow> learns;  // likewise; the packet waits until they are in force
  // An address was asked for before it was learned: the next packet like this one will fare otherwise.
  bool comes_late = false;
  bool empty() const { return macs.empty() && neighbours.empty() && learns.empty(); }
};

// One table that was asked, and which packet it saw: a rule that is added later touches the decision only if it could
// match that and beats what was found.
struct TableDependency {
  BridgeId bridge = 0;
  uint8_t table_id = 0;
  std::optional<int32_t> priority;  // of the rule found; nothing: a miss
  uint32_t seen = 0;                // its place among SeenPackets

  friend bool operator==(const TableDependency&, const TableDependency&) = default;
};

// The packet as tables saw it, as far as the decision fixes it: a mask for each time that it had changed, which decisions of
// one kind have in common, and the values under all of them.
struct SeenPackets {
  std::vector<MiniMatch::SharedMask> masks;
  std::vector<uint64_t> values;

  void add(const Match& packet) { masks.push_back(MiniMatch::take_apart(packet, values)); }
};

struct Dependencies {
  std::vector<DependencyId> ids;  // sorted, each once
  std::vector<TableDependency> tables;
  SeenPackets seen;
};

// The same, wherever it is kept.
struct DependencyView {
  DependencyView(std::span<const DependencyId> all_ids, std::span<const TableDependency> all_tables,
                 std::span<const MiniMatch::SharedMask> all_masks, const uint64_t* all_values)
      : ids(all_ids), tables(all_tables), masks(all_masks), values(all_values) {}
  DependencyView(const Dependencies& all)  // NOLINT(google-explicit-constructor): the same things
      : DependencyView(all.ids, all.tables, all.seen.masks, all.seen.values.data()) {}

  MiniMatch::View seen_by(const TableDependency& table) const;

  std::span<const DependencyId> ids;
  std::span<const TableDependency> tables;
  std::span<const MiniMatch::SharedMask> masks;
  const uint64_t* values;
};

struct TranslationResult {
  datapath::ActionList actions;
  FlowMask mask;  // over ofproto's key; in_port is exact
  Credits credits;
  Effects effects;
  Dependencies dependencies;
  FrozenStatePtr resumed;    // what it went on from: it lives as long as this decision does
  bool is_cacheable = true;  // false: says nothing of the next packet (what was to be learned was not)
};

}  // namespace weft::ofproto
