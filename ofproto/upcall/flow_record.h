// FlowRecord: what ofproto keeps beside a datapath decision: what it relied on and whom to credit.
//
// Threads: immutable once made. Ownership: the decision's; freed with it.
#pragma once

#include <optional>
#include <typeinfo>

#include "datapath/api/upcall.h"
#include "ofproto/translate/translation_result.h"
#include "ofproto/upcall/published_state.h"

namespace weft::ofproto {

class FlowRecord final : public datapath::DecisionRecord {
 public:
  FlowRecord(Dependencies dependencies, Credits credits, FrozenStatePtr resumed)
      : dependencies_(std::move(dependencies)), credits_(std::move(credits)), resumed_(std::move(resumed)) {}

  const Dependencies& dependencies() const { return dependencies_; }
  const Credits& credits() const { return credits_; }

 private:
  const Dependencies dependencies_;
  const Credits credits_;
  const FrozenStatePtr resumed_;  // kept, so that its number means it for as long as a megaflow matches on that
};

// Null for a decision that ofproto did not make.
inline const FlowRecord* record_of(const datapath::Decision& decision) {
  const datapath::DecisionRecord* record = decision.record.get();
  // A comparison where dynamic_cast is a call: revalidation asks this of every megaflow.
  return record != nullptr && typeid(*record) == typeid(FlowRecord) ? static_cast<const FlowRecord*>(record) : nullptr;
}

// The PortId in a datapath key's in_port.
PortId port_id_of(const FlowKey& key);

// Turns a translation into a decision for the datapath: in_port becomes the PortId again, all of it, and recirc_id exact,
// so that a packet which comes back is never taken for a new one.
datapath::Decision make_decision(TranslationResult result, uint64_t sequence);

// Translates a datapath key, from the beginning or from where its recirc_id says; nothing when the port belongs to no
// bridge, or the bridge or the state are gone. Effects are left to the caller.
struct Translated {
  TranslationResult result;
  uint64_t sequence = 0;  // current before the translation began
};
struct TranslateOptions {
  const FlowMask* shared_bits = nullptr;  // the mask of a megaflow that is translated again
  bool may_learn = true;
};
std::optional<Translated> translate_key(const PublishedState& state, const FlowKey& key,
                                        const TranslateOptions& options = {});

}  // namespace weft::ofproto
