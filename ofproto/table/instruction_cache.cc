#include "ofproto/table/instruction_cache.h"

#include <cstdint>
#include <optional>
#include <variant>

#include "lib/base/hash.h"

namespace weft::ofproto {

namespace {

// What tells rules apart that differ only a little. An action that is not here counts by its kind alone.
struct Distinction {
  uint64_t operator()(const openflow::OutputAction& action) const { return number(action.port); }
  uint64_t operator()(const openflow::GroupAction& action) const { return action.group_id; }
  uint64_t operator()(const openflow::SetFieldAction& action) const {
    return hash_add(static_cast<uint64_t>(action.field), action.value.hi, action.value.lo);
  }
  uint64_t operator()(const openflow::ResubmitAction& action) const { return action.table.value_or(0xff); }
  template <class Other>
  uint64_t operator()(const Other&) const {
    return 0;
  }
};

uint64_t hash_of(const std::optional<openflow::ActionList>& actions, uint64_t hash) {
  if (!actions) {
    return hash_add(hash, ~uint64_t{0});
  }
  hash = hash_add(hash, actions->size());
  for (const openflow::Action& action : *actions) {
    hash = hash_add(hash, action.index(), std::visit(Distinction{}, action));
  }
  return hash;
}

uint64_t hash_of(const openflow::Instructions& instructions) {
  uint64_t hash = hash_of(instructions.apply, instructions.clear_actions ? 1 : 0);
  hash = hash_of(instructions.write, hash);
  if (instructions.write_metadata) {
    hash = hash_add(hash, instructions.write_metadata->value);
  }
  hash = hash_add(hash, instructions.meter.value_or(0), instructions.goto_table.value_or(0xff));
  return hash_finish(hash, 0);
}

}  // namespace

std::shared_ptr<const openflow::Instructions> InstructionCache::shared(const openflow::Instructions& instructions) {
  std::weak_ptr<const openflow::Instructions>& place = places_[hash_of(instructions) % place_count];
  auto known = place.lock();
  if (!known || *known != instructions) {
    known = std::make_shared<const openflow::Instructions>(instructions);
    place = known;
  }
  return known;
}

}  // namespace weft::ofproto
