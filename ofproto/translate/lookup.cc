// Asking a table: what of the packet it sees (fragments hide some), and what its answer rests on.
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/recycler.h"
#include "ofproto/translate/fragment.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {

// Not inlined: `looked` must not stand on the stack at every level of a recursion.
[[gnu::noinline]] const FlowRule* Translation::lookup(uint8_t table_id) {
  // What is known already proves for nothing what it can.
  Flow looked = packet_.known(looked_at_);
  ConjunctionTrail trail;
  // Whether the packet is a fragment matters only to who looks at what a fragment hides.
  const bool may_hide = !knows_fragment(looked);
  if (may_hide) {
    clear_hideable_bits(looked);
  }
  const FlowRule* rule = find_rule(table_id, looked, trail);
  if (may_hide && has_hideable_bits(looked) && is_hidden_fragment()) {
    looked = packet_.known(looked_at_);
    trail = {};
    rule = find_rule(table_id, looked, trail);
  }
  packet_.look_at(looked, looked_at_);
  note_lookup(table_id, rule, trail);
  return rule;
}

// Adds the bits that were looked at to `looked`.
const FlowRule* Translation::find_rule(uint8_t table_id, Flow& looked, ConjunctionTrail& trail) const {
  const auto find = [&](const Flow& flow) {
    const FlowRule* rule = place_.bridge->tables->lookup(table_id, flow, in_.version, &looked, &trail);
    return overlay_.empty() ? rule : overlay_.lookup(place_.bridge->id, table_id, flow, rule, looked);
  };
  if (!knows_fragment(looked) || !is_hidden(packet_.flow(), place_.bridge->fragments)) {
    return find(packet_.flow());
  }
  Flow seen = packet_.flow();
  hide_fragment(seen, looked, place_.bridge->fragments);
  const FlowRule* rule = find(seen);
  clear_hideable_bits(looked);
  return rule;
}

bool Translation::is_hidden_fragment() {
  packet_.look_at(field(FieldId::ip_frag), looked_at_);
  return is_hidden(packet_.flow(), place_.bridge->fragments);
}

// A fragment that the bridge does not want.
bool Translation::drops_fragment() {
  if (place_.bridge->fragments != openflow::FragmentHandling::drop || !is_hidden_fragment()) {
    return false;
  }
  note(explain(DropReason::fragment));
  note_drop(DropReason::fragment);
  return true;
}

void Translation::note_lookup(uint8_t table_id, const FlowRule* rule, const ConjunctionTrail& trail) {
  Lookup lookup{place_.bridge->id, table_id, std::nullopt, nullptr, place_.bridge->fragments};
  if (rule != nullptr) {
    lookup.priority = rule->priority();
    depend_on(dependency::rule(rule));
    out_.credits.rules.push_back(rule->shared_counters());
  }
  if (!lookups_.empty() && lookups_.back().packet->looks_like(packet_)) {
    lookup.packet = lookups_.back().packet;
  } else {
    lookup.packet = std::allocate_shared<PacketState>(Recycler<PacketState>(), packet_);
  }
  if (!trail.empty()) {
    note_conjunctions(lookup, trail);
    // A rule between the clauses and the one found goes before the latter.
    lookup.priority = lookup.priority ? std::min(*lookup.priority, trail.lowest_priority) : lookup.priority;
  }
  lookups_.push_back(std::move(lookup));
  if (const FlowTable* table = place_.bridge->tables->find_table(table_id)) {
    out_.credits.tables.push_back({table, rule != nullptr});
  }
}

// The answer rests on every clause, and on which rules ask for the conjunctions that were met.
void Translation::note_conjunctions(Lookup lookup, const ConjunctionTrail& trail) {
  for (const ClassifierRule* clause : trail.clauses) {
    depend_on(dependency::rule(static_cast<const FlowRule*>(clause)));
  }
  // A new rule that asks for one of them may win whatever its priority: that of the clauses counts.
  lookup.priority.reset();
  for (const uint32_t id : trail.ids) {
    if (in_.listener != nullptr) {
      note(fmt::format("all clauses of conjunction {} are met", id));
    }
    auto packet = std::make_shared<PacketState>(packet_);
    packet->set_conjunction(id);
    lookup.packet = std::move(packet);
    lookups_.push_back(lookup);
  }
}

}  // namespace weft::ofproto
