#include "ofproto/upcall/flow_record.h"

#include <algorithm>
#include <array>

#include "lib/base/big_endian.h"
#include "lib/base/hash.h"
#include "ofproto/translate/translator.h"

namespace weft::ofproto {
namespace {

constexpr uint64_t port_bits = 0xffffffff;
constexpr uint64_t recirc_id_bits = 0xffffffff;

std::optional<Snapshot::Place> place_of(const Snapshot& snapshot, const FrozenState& state) {
  const auto found = std::ranges::find(snapshot.bridges, state.bridge, [](const auto& view) { return view->id; });
  if (found == snapshot.bridges.end()) {
    return std::nullopt;
  }
  return Snapshot::Place{static_cast<size_t>(found - snapshot.bridges.begin()), state.in_port};
}

std::optional<Snapshot::Place> place_of(const Snapshot& snapshot, const FlowKey& key) {
  const Snapshot::Place* place = snapshot.place(port_id_of(key));
  return place == nullptr ? std::nullopt : std::optional(*place);
}

// One rule may lead to many masks, a group to many buckets.
uint64_t hash(const FlowRecord::Common& common) {
  uint64_t sum = common.ids.size();
  for (const DependencyId id : common.ids) {
    sum = hash_add(sum, id);
  }
  for (const MiniMatch::SharedMask& mask : common.masks) {
    sum = hash_add(sum, reinterpret_cast<uintptr_t>(mask.get()));
  }
  for (const Credits::Bucket& bucket : common.credits.buckets) {
    sum = hash_add(sum, bucket.bucket);
  }
  return sum;
}

}  // namespace

FlowRecord::FlowRecord(Dependencies dependencies, Credits credits, FrozenStatePtr resumed)
    : common_(share({std::move(dependencies.ids), std::move(dependencies.tables), std::move(dependencies.seen.masks),
                     std::move(credits)})),
      resumed_(std::move(resumed)) {
  const std::vector<uint64_t>& values = dependencies.seen.values;
  more_ = values.size() > inside ? std::make_unique_for_overwrite<uint64_t[]>(values.size()) : nullptr;
  std::ranges::copy(values, more_ != nullptr ? more_.get() : inside_.data());
}

std::shared_ptr<const FlowRecord::Common> FlowRecord::share(Common common) {
  constexpr size_t remembered = 64;
  thread_local std::array<std::weak_ptr<const Common>, remembered> recent;
  std::weak_ptr<const Common>& place = recent[hash(common) % remembered];
  if (std::shared_ptr<const Common> known = place.lock(); known != nullptr && *known == common) {
    return known;
  }
  auto made = std::make_shared<const Common>(std::move(common));
  place = made;
  return made;
}

PortId port_id_of(const FlowKey& key) {
  return PortId{static_cast<uint32_t>(swap_network_order(key.word(KeyWord::hash_port)) & port_bits)};
}

datapath::Decision make_decision(TranslationResult result, uint64_t sequence) {
  Flow mask(result.mask);
  mask.word(KeyWord::hash_port) |= swap_network_order(port_bits);
  mask.word(KeyWord::mark_recirc) |= swap_network_order(recirc_id_bits);
  datapath::Decision decision;
  decision.actions = std::move(result.actions);
  decision.mask = FlowMask(mask);
  decision.version = sequence;
  decision.is_cacheable = result.is_cacheable;
  decision.record = std::make_unique<FlowRecord>(std::move(result.dependencies), std::move(result.credits),
                                                 std::move(result.resumed));
  return decision;
}

std::optional<Translated> translate_key(const PublishedState& state, const FlowKey& key,
                                        const TranslateOptions& options) {
  Translated translated;
  translated.sequence = state.changes.sequence();
  const Snapshot* snapshot = state.snapshot.load();
  const uint64_t version = state.version.current();
  const auto recirc_id = static_cast<uint32_t>(get(key, FieldId::recirc_id).lo);
  const FrozenStatePtr resumed = recirc_id == 0 ? nullptr : state.frozen.find(recirc_id);
  if (recirc_id != 0 && resumed == nullptr) {
    return std::nullopt;
  }
  const auto place = resumed != nullptr ? place_of(*snapshot, *resumed) : place_of(*snapshot, key);
  if (!place) {
    return std::nullopt;
  }
  const TranslationInput input{*snapshot, place->bridge_index, version,          nullptr, nullptr, options.shared_bits,
                               resumed,   &state.frozen,       options.may_learn};
  translated.result = translate(input, place->of_port, key);
  return translated;
}

}  // namespace weft::ofproto
