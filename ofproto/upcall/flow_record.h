// FlowRecord: what ofproto keeps beside a datapath decision: what it relied on and whom to credit.
//
// Of the decisions that one rule makes most rely on the same things and credit the same: they share that, and each has only
// the packet that it was made for. So a hundred thousand of them take little memory, and a walk over them finds most of
// what it reads in a cache.
//
// Threads: immutable once made. Ownership: the decision's; freed with it. Cost: to make, a look at what the thread made
// last of the same ids; what no decision has any more is not kept.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <typeinfo>
#include <utility>
#include <vector>

#include "datapath/api/upcall.h"
#include "lib/base/small_blocks.h"
#include "ofproto/translate/translation_result.h"
#include "ofproto/upcall/published_state.h"

namespace weft::ofproto {

class FlowRecord final : public datapath::DecisionRecord, public InSmallBlocks {
 public:
  FlowRecord(Dependencies dependencies, Credits credits, FrozenStatePtr resumed);

  DependencyView dependencies() const { return {common_->ids, common_->tables, common_->masks, values()}; }
  const Credits& credits() const { return common_->credits; }

  // What may be shared.
  struct Common {
    std::vector<DependencyId> ids;
    std::vector<TableDependency> tables;
    std::vector<MiniMatch::SharedMask> masks;
    Credits credits;
    friend bool operator==(const Common&, const Common&) = default;
  };
  const Common* common() const { return common_.get(); }

 private:
  static std::shared_ptr<const Common> share(Common common);
  const uint64_t* values() const { return more_ != nullptr ? more_.get() : inside_.data(); }

  const std::shared_ptr<const Common> common_;
  // Of the packets that tables saw: what lies here, or all of it elsewhere.
  static constexpr size_t inside = 10;
  std::unique_ptr<uint64_t[]> more_;
  std::array<uint64_t, inside> inside_;
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
