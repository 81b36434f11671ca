#include "datapath/cache/megaflow_slabs.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include "lib/base/rcu.h"

namespace weft::datapath {
namespace {

constexpr size_t made_at_once = 64;

}  // namespace

MegaflowSlabs::MegaflowSlabs(size_t limit)
    : limit_(limit), slabs_(std::make_unique<Slab[]>((limit + slab_entries - 1) / slab_entries)) {}

// No reader is left, and grace periods that still ran held a share of this.
MegaflowSlabs::~MegaflowSlabs() {
  for (size_t n = 0; n < entry_count_.load(); ++n) {
    delete entry(n).installed.load();
    entry(n).~MegaflowEntry();
  }
}

void* MegaflowSlabs::place_of(size_t number) const {
  return &slabs_[number / slab_entries][number % slab_entries * sizeof(MegaflowEntry)];
}

MegaflowEntry& MegaflowSlabs::entry(size_t number) const {
  return *std::launder(reinterpret_cast<MegaflowEntry*>(place_of(number)));
}

MegaflowEntry* MegaflowSlabs::allocate() {
  if (free_ == nullptr) {
    free_ = returned_.exchange(nullptr, std::memory_order_acquire);
  }
  if (free_ == nullptr) {
    make_entries();
  }
  if (free_ == nullptr) {
    return nullptr;
  }
  return std::exchange(free_, free_->next_free);
}

bool MegaflowSlabs::is_full() const {
  return free_ == nullptr && entry_count_.load(std::memory_order_relaxed) >= limit_ &&
         returned_.load(std::memory_order_relaxed) == nullptr;
}

// As many as fit into the slab, or as there may be.
void MegaflowSlabs::make_entries() {
  const size_t made = entry_count_.load(std::memory_order_relaxed);
  const size_t count = std::min({made_at_once, limit_ - made, slab_entries - made % slab_entries});
  if (count == 0) {
    return;
  }
  Slab& slab = slabs_[made / slab_entries];
  if (slab.empty()) {
    slab = Slab(slab_bytes, Pages::large);
  }
  for (size_t i = count; i-- > 0;) {
    auto* const entry = new (place_of(made + i)) MegaflowEntry;
    entry->next_free = std::exchange(free_, entry);
  }
  entry_count_.store(made + count, std::memory_order_release);
}

void MegaflowSlabs::release(MegaflowEntry& entry) {
  assert(entry.state.load() == MegaflowEntry::State::dead && "an entry dies before it is released");
  rcu::defer([self = shared_from_this(), &entry] { self->reclaim(entry); });
}

void MegaflowSlabs::reclaim(MegaflowEntry& entry) {
  delete entry.installed.exchange(nullptr);
  entry.state.store(MegaflowEntry::State::free, std::memory_order_relaxed);
  entry.next_free = returned_.load(std::memory_order_relaxed);
  while (
      !returned_.compare_exchange_weak(entry.next_free, &entry, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

void MegaflowSlabs::for_each(const std::function<void(Megaflow&)>& visit) const {
  const size_t count = entry_count_.load(std::memory_order_acquire);
  for (size_t n = 0; n < count; ++n) {
    // Sequentially consistent, as insert's store: see UpcallSink, "Order of events for a miss".
    if (entry(n).state.load(std::memory_order_seq_cst) == MegaflowEntry::State::live) {
      visit(entry(n));
    }
  }
}

}  // namespace weft::datapath
