#include "datapath/cache/megaflow_slabs.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "lib/base/rcu.h"

namespace weft::datapath {

MegaflowSlabs::MegaflowSlabs(size_t limit)
    : limit_(limit), slabs_(std::make_unique<std::atomic<Slab*>[]>((limit + slab_entries - 1) / slab_entries)) {}

// No reader is left, and grace periods that still ran held a share of this.
MegaflowSlabs::~MegaflowSlabs() {
  for (size_t n = 0; n < slab_count_.load(); ++n) {
    Slab* slab = slabs_[n].load();
    for (MegaflowEntry& entry : *slab) {
      delete entry.installed.load();
    }
    delete slab;
  }
}

MegaflowEntry* MegaflowSlabs::allocate() {
  if (free_ == nullptr) {
    free_ = returned_.exchange(nullptr, std::memory_order_acquire);
  }
  if (free_ == nullptr && entry_count_ < limit_) {
    add_slab();
  }
  if (free_ == nullptr) {
    return nullptr;
  }
  return std::exchange(free_, free_->next_free);
}

bool MegaflowSlabs::is_full() const {
  return free_ == nullptr && entry_count_ >= limit_ && returned_.load(std::memory_order_relaxed) == nullptr;
}

// Entries that the last slab has beyond the limit are never used.
void MegaflowSlabs::add_slab() {
  auto slab = std::make_unique<Slab>();
  const size_t n_usable = std::min(slab_entries, limit_ - entry_count_);
  for (size_t i = n_usable; i-- > 0;) {
    (*slab)[i].next_free = std::exchange(free_, &(*slab)[i]);
  }
  entry_count_ += n_usable;
  const size_t n = slab_count_.load(std::memory_order_relaxed);
  slabs_[n].store(slab.release(), std::memory_order_relaxed);
  slab_count_.store(n + 1, std::memory_order_release);
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
  const size_t count = slab_count_.load(std::memory_order_acquire);
  for (size_t n = 0; n < count; ++n) {
    for (MegaflowEntry& entry : *slabs_[n].load(std::memory_order_relaxed)) {
      // Sequentially consistent, as insert's store: see UpcallSink, "Order of events for a miss".
      if (entry.state.load(std::memory_order_seq_cst) == MegaflowEntry::State::live) {
        visit(entry);
      }
    }
  }
}

}  // namespace weft::datapath
