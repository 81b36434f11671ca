// Megaflow table and flow cache against a list: random masks and packets; whatever is found must cover the packet and
// be alive, and something is found exactly when the list has something.
#include <gtest/gtest.h>

#include <vector>

#include "datapath/cache/flow_cache.h"
#include "datapath/cache/mask_rounding.h"
#include "datapath/cache/megaflow_domain.h"
#include "datapath/cache/megaflow_table.h"
#include "lib/base/rcu.h"
#include "lib/flow/flow_hash.h"
#include "tests/datapath/cache/cache_support.h"
#include "tests/reference/megaflow_table.h"
#include "tests/reference/random_flow.h"

namespace weft::datapath {
namespace {

// A megaflow is for packets of its port and tunnel id alone.
FlowMask within_domain(const FlowMask& mask) {
  Flow narrowed(mask);
  add_to_mask(narrowed, field(FieldId::in_port));
  add_to_mask(narrowed, field(FieldId::tun_id));
  return FlowMask(narrowed);
}

class MegaflowRandomTest : public testing::TestWithParam<uint32_t> {
 protected:
  ~MegaflowRandomTest() override {
    rcu::OfflineScope offline;
    rcu::barrier();
  }

  static constexpr size_t batch_size = 32;

  void run_batch() {
    keys_.clear();
    hashes_.clear();
    const bool is_expected = random_.one_in(2);
    for (size_t i = 0; i < batch_size; ++i) {
      keys_.push_back(FlowKey(random_.one_in(4) ? random_.packet() : flows_[random_.below(flows_.size())]));
      hashes_.push_back(hash(keys_.back(), GetParam()));
      if (is_expected) {
        cache_.expect(hashes_);
      }
    }
    std::vector<Megaflow*> found(batch_size);
    cache_.lookup(keys_, hashes_, found);
    const std::vector<Megaflow*> cached = found;
    table_.lookup(keys_, found);
    for (size_t i = 0; i < batch_size; ++i) {
      ASSERT_EQ(found[i] != nullptr, twin_.covers(keys_[i]));
      ASSERT_EQ(table_.lookup(keys_[i]) != nullptr, found[i] != nullptr);
      if (found[i] != nullptr) {
        ASSERT_TRUE(twin_.covers(*found[i], keys_[i]));
        ASSERT_LE(table_.domain_of(keys_[i]).mask_count(), max_masks);
      }
      cache_hits_ += cached[i] != nullptr ? 1 : 0;
    }
    for (size_t i = 0; i < batch_size; ++i) {
      learn(keys_[i], hashes_[i], cached[i], found[i]);
    }
  }

  void learn(const FlowKey& key, uint64_t hash, Megaflow* cached, Megaflow* found) {
    if (cached != nullptr) {
      return;
    }
    if (found == nullptr && (found = table_.lookup(key)) == nullptr) {
      const FlowMask mask(random_.match().mask());
      found = table_.insert(key, decision_under(mask), TimePoint());
      if (found == nullptr) {
        return;  // full
      }
      ASSERT_TRUE(is_narrower_or_equal(found->mask, mask));
      twin_.insert(*found, key, within_domain(found->mask));
    }
    cache_.admit(hash, *found);
  }

  void remove_some() {
    while (twin_.size() > 0 && !random_.one_in(4)) {
      const Megaflow& victim = twin_.at(random_.below(twin_.size()));
      twin_.remove(victim);
      table_.remove(const_cast<Megaflow&>(victim));
    }
    rcu::quiescent();
  }

  rcu::ThreadScope rcu_;
  reference::RandomFlow random_{GetParam()};
  std::vector<Flow> flows_;
  static constexpr unsigned max_masks = 6;  // so that most are rounded

  MegaflowTable table_{{.worker = 0, .limit = 60, .hash_seed = GetParam(), .domains = {.max_masks = max_masks}}};
  FlowCache cache_{{.initial_slots = 16, .max_slots = 64}};
  reference::MegaflowTable twin_;
  std::vector<FlowKey> keys_;
  std::vector<uint64_t> hashes_;
  size_t cache_hits_ = 0;
};

TEST_P(MegaflowRandomTest, FindsWhatTheTwinFinds) {
  for (int i = 0; i < 50; ++i) {
    flows_.push_back(random_.packet());
  }
  for (int round = 0; round < 2000 && !HasFatalFailure(); ++round) {
    run_batch();
    remove_some();
  }
  EXPECT_GT(cache_hits_, 1000u) << "the cache was hardly tested";
}

INSTANTIATE_TEST_SUITE_P(Seeds, MegaflowRandomTest, testing::Range(1u, 6u));

}  // namespace
}  // namespace weft::datapath
