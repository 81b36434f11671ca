#include "ofproto/upcall/flow_record.h"

#include "lib/base/big_endian.h"
#include "ofproto/translate/translator.h"

namespace weft::ofproto {
namespace {

constexpr uint64_t port_bits = 0xffffffff;

}  // namespace

PortId port_id_of(const FlowKey& key) {
  return PortId{static_cast<uint32_t>(swap_network_order(key.word(KeyWord::hash_port)) & port_bits)};
}

datapath::Decision make_decision(TranslationResult result, uint64_t sequence) {
  Flow mask(result.mask);
  mask.word(KeyWord::hash_port) |= swap_network_order(port_bits);
  datapath::Decision decision;
  decision.actions = std::move(result.actions);
  decision.mask = FlowMask(mask);
  decision.version = sequence;
  decision.record = std::make_unique<FlowRecord>(std::move(result.dependencies), std::move(result.credits));
  return decision;
}

std::optional<Translated> translate_key(const PublishedState& state, const FlowKey& key, const FlowMask* shared_bits) {
  Translated translated;
  translated.sequence = state.changes.sequence();
  const Snapshot* snapshot = state.snapshot.load();
  const uint64_t version = state.version.current();
  const Snapshot::Place* place = snapshot->place(port_id_of(key));
  if (place == nullptr) {
    return std::nullopt;
  }
  const TranslationInput input{*snapshot, place->bridge_index, version, nullptr, nullptr, shared_bits};
  translated.result = translate(input, place->of_port, key);
  return translated;
}

}  // namespace weft::ofproto
