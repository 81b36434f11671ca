#include "ofproto/translate/mac_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>

#include "lib/base/rcu.h"
#include "ofproto/translate/mac_slot.h"

namespace weft::ofproto {

using namespace mac_slot;

// Places by number, which readers look up under RCU. A number that is given back is free after a grace period: until
// then somebody may hold it.
class MacTable::PlaceNumbers : public std::enable_shared_from_this<PlaceNumbers> {
 public:
  ~PlaceNumbers() {
    for (auto& page : pages_) {
      delete[] page.load();
    }
  }

  const Place* at(uint32_t number) const {
    return pages_[number / page_size].load(std::memory_order_acquire)[number % page_size].load(
        std::memory_order_acquire);
  }
  // Nothing: there are a million.
  std::optional<uint32_t> take() {
    MutexLock lock(mutex_);
    if (!free_.empty()) {
      const uint32_t number = free_.back();
      free_.pop_back();
      return number;
    }
    if (next_ > place_mask) {
      return std::nullopt;
    }
    if (next_ % page_size == 0) {
      pages_[next_ / page_size].store(
          new std::atomic<const Place*>[page_size] {}, std::memory_order_release);
    }
    return next_++;
  }
  void set(const Place& place) {
    pages_[place.number / page_size].load()[place.number % page_size].store(&place, std::memory_order_release);
  }
  void retire(std::unique_ptr<Place> place) {
    rcu::retire(std::make_unique<Return>(Return{shared_from_this(), std::move(place)}));
  }

 private:
  static constexpr size_t page_size = 4096;

  struct Return {
    std::shared_ptr<PlaceNumbers> numbers;
    std::unique_ptr<Place> place;

    Return(std::shared_ptr<PlaceNumbers> of, std::unique_ptr<Place> gone)
        : numbers(std::move(of)), place(std::move(gone)) {}
    Return(Return&&) = default;
    Return& operator=(Return&&) = delete;
    ~Return() {
      if (place != nullptr) {
        MutexLock lock(numbers->mutex_);
        numbers->free_.push_back(place->number);
      }
    }
  };

  std::array<std::atomic<std::atomic<const Place*>*>, (place_mask + 1) / page_size> pages_{};
  Mutex mutex_;
  std::vector<uint32_t> free_ GUARDED_BY(mutex_);
  uint32_t next_ GUARDED_BY(mutex_) = 0;
};

MacTable::MacTable(BridgeId bridge_id, const MacTableOptions& options)
    : bridge_id_(bridge_id),
      seed_(random_hash_seed()),
      places_by_number_(std::make_shared<PlaceNumbers>()),
      shards_(std::make_unique<Shard[]>(shard_count)),
      aging_(options.aging.count()),
      limit_(options.limit) {
  for (size_t s = 0; s < shard_count; ++s) {
    shards_[s].slots.store(new Slots(first_slot_count));
    shards_[s].oldest = never;
  }
}

MacTable::~MacTable() {
  for (size_t s = 0; s < shard_count; ++s) {
    delete shards_[s].slots.load();
  }
}

uint64_t MacTable::slot_id(const Key& key) { return key.mac.to_uint64() << 16 | taken | (key.domain.bits() & 0xffff); }

MacTable::Key MacTable::key_of(uint64_t id, uint64_t state) {
  const auto above = static_cast<uint32_t>(state >> domain_at);
  const uint32_t domain = (above >> 8) << 31 | (above & 0xff) << 16 | (id & 0xffff);
  return {Domain::from_bits(domain), MacAddress::from_uint64((id & ~taken) >> 16)};
}

const MacLocation& MacTable::location_of(uint64_t state) const {
  return places_by_number_->at(place_of(state))->location;
}

// --- looking

MacTable::Slot* MacTable::find_in(const Slots& slots, uint64_t hash, const Key& key) {
  if (key.mac.is_multicast()) {
    return nullptr;
  }
  const uint64_t wanted = slot_id(key);
  const uint64_t above = domain_above(key.domain.bits());
  for (size_t i = hash / shard_count;; ++i) {
    Slot& slot = slots.slots[i & (slots.count - 1)];
    const uint64_t id = slot.id.load(std::memory_order_acquire);
    if (id == 0) {
      return nullptr;
    }
    if (id == wanted && slot.state.load(std::memory_order_acquire) >> domain_at == above) {
      return &slot;
    }
  }
}

const MacTable::Slot* MacTable::find(const Key& key) const {
  const uint64_t hash = hash_of(key);
  return find_in(*shard_of(hash).slots.load(std::memory_order_acquire), hash, key);
}

std::optional<MacLocation> MacTable::lookup(const Key& key) const {
  const Slot* slot = find(key);
  return slot == nullptr ? std::nullopt : std::optional(location_of(slot->state.load(std::memory_order_acquire)));
}

void MacTable::refresh(const Key& key, const MacLocation& location, TimePoint used) const {
  const Slot* slot = find(key);
  if (slot == nullptr) {
    return;
  }
  uint64_t state = slot->state.load(std::memory_order_acquire);
  while (used_of(state) < ticks(used) && location_of(state) == location &&
         !slot->state.compare_exchange_weak(state, with_used(state, ticks(used)), std::memory_order_acq_rel)) {
  }
}

// --- learning

void MacTable::put(Slots& slots, uint64_t hash, uint64_t id, uint64_t state) {
  size_t i = hash / shard_count & (slots.count - 1);
  while (slots.slots[i].id.load(std::memory_order_relaxed) != 0) {
    i = (i + 1) & (slots.count - 1);
  }
  slots.slots[i].state.store(state, std::memory_order_relaxed);
  slots.slots[i].id.store(id, std::memory_order_release);
}

// Under the shard's lock, as all that changes it.
void MacTable::insert(Shard& shard, uint64_t hash, const Key& key, uint32_t place, bool is_to_stay, TimePoint now) {
  if ((shard.marked_count + 1) * 4 > shard.slots.load(std::memory_order_relaxed)->count * 3) {
    rebuild(shard);
  }
  const uint64_t state = with_used(
      domain_above(key.domain.bits()) << domain_at | uint64_t{is_to_stay} << fixed_at | uint64_t{place} << place_at,
      ticks(now));
  put(*shard.slots.load(std::memory_order_relaxed), hash, slot_id(key), state);
  ++shard.entry_count;
  ++shard.marked_count;
  if (!is_to_stay && ticks(now) < shard.oldest.load(std::memory_order_relaxed)) {
    shard.oldest.store(ticks(now), std::memory_order_relaxed);
  }
}

// Into an array where what is there takes between a quarter and three eighths, without the marks of what is gone.
void MacTable::rebuild(Shard& shard) {
  Slots* old = shard.slots.load(std::memory_order_relaxed);
  const size_t count = std::max(first_slot_count, std::bit_ceil(shard.entry_count * 8 / 3 + 1));
  auto fresh = std::make_unique<Slots>(count);
  for (size_t i = 0; i < old->count; ++i) {
    const uint64_t id = old->slots[i].id.load(std::memory_order_relaxed);
    if (is_taken(id)) {
      const uint64_t state = old->slots[i].state.load(std::memory_order_relaxed);
      put(*fresh, hash_of(key_of(id, state)), id, state);
    }
  }
  shard.marked_count = shard.entry_count;
  shard.slots.store(fresh.release(), std::memory_order_release);
  rcu::retire(old);
}

// What it moves to counts it before what it leaves does not.
MacTable::Room MacTable::move(Slot& slot, const Claim& claim, std::vector<DependencyId>& changed) {
  const Room room = reserve(claim);
  if (room.place == nullptr) {
    return room;
  }
  uint64_t state = slot.state.load(std::memory_order_relaxed);
  const uint32_t before = place_of(state);
  // Others note uses meanwhile.
  while (!slot.state.compare_exchange_weak(state, with_place(state, room.place->number), std::memory_order_acq_rel)) {
  }
  release(claim.key, before, true, changed);
  return room;
}

MacTable::Learned MacTable::learn(const Key& key, const MacLocation& location, TimePoint now,
                                  std::vector<DependencyId>& changed) {
  if (key.mac.is_multicast()) {
    return Learned::known;
  }
  Claim claim{.key = key, .location = location, .now = now};
  for (unsigned attempt = 0; attempt < max_attempts; ++attempt) {
    MacBound* full = nullptr;
    const Learned learned = learn(claim, full, changed);
    if (full == nullptr) {
      return learned;
    }
    auto& ceiling = claim.ceilings[full->scope().is_port() ? 0 : 1];
    if (ceiling.first == nullptr) {
      ceiling = {full, full->count()};
    }
    if (!evict_from(*full, changed)) {
      full->note_refused();
      break;
    }
  }
  refused_count_.fetch_add(1, std::memory_order_relaxed);
  return Learned::refused;
}

// `must_evict`: the bound that has to make room first.
MacTable::Learned MacTable::learn(const Claim& wanted, MacBound*& must_evict, std::vector<DependencyId>& changed) {
  Claim claim = wanted;
  const uint64_t hash = hash_of(claim.key);
  Shard& shard = shard_of(hash);
  MutexLock lock(shard.mutex);
  Slot* slot = find_in(*shard.slots.load(std::memory_order_relaxed), hash, claim.key);
  if (slot != nullptr) {
    uint64_t state = slot->state.load(std::memory_order_relaxed);
    if (is_fixed(state)) {
      return Learned::known;
    }
    while (!slot->state.compare_exchange_weak(state, with_used(state, ticks(claim.now)), std::memory_order_acq_rel)) {
    }
    if (location_of(state) == claim.location) {
      return Learned::known;
    }
    claim.why = Why::moved;
  }
  const Room room = slot != nullptr ? move(*slot, claim, changed) : reserve(claim);
  must_evict = room.must_evict;
  if (room.place == nullptr) {
    return Learned::refused;
  }
  if (slot == nullptr) {
    insert(shard, hash, claim.key, room.place->number, false, claim.now);
  }
  changed.push_back(id_of(claim.key));
  return Learned::changed;
}

std::vector<DependencyId> MacTable::fix(const Key& key, const MacLocation& location, TimePoint now) {
  std::vector<DependencyId> changed;
  if (key.mac.is_multicast()) {
    return changed;
  }
  const uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  MutexLock lock(shard.mutex);
  if (Slot* slot = find_in(*shard.slots.load(std::memory_order_relaxed), hash, key)) {
    slot->state.fetch_or(uint64_t{1} << fixed_at, std::memory_order_acq_rel);
    const MacLocation before = location_of(slot->state.load(std::memory_order_relaxed));
    keep_for_ever(key, before);
    if (before != location) {
      move(*slot, {.key = key, .location = location, .why = Why::fixed_anew, .now = now}, changed);
    }
    changed.push_back(id_of(key));
    return changed;
  }
  const Room room = reserve({.key = key, .location = location, .why = Why::fixed, .now = now});
  if (room.place != nullptr) {
    insert(shard, hash, key, room.place->number, true, now);
    changed.push_back(id_of(key));
  }
  return changed;
}

// --- counts

MacTable::Place* MacTable::place_for(const MacLocation& location) {
  auto& place = places_[location];
  if (!place) {
    const auto number = places_by_number_->take();
    if (!number) {
      places_.erase(location);
      return nullptr;
    }
    place = std::make_unique<Place>(Place{location, 0, *number});
    places_by_number_->set(*place);
  }
  return place.get();
}

MacTable::Room MacTable::reserve(const Claim& claim) {
  MutexLock lock(counts_mutex_);
  Room room = find_room(claim);
  if (room.must_evict != nullptr) {
    return room;
  }
  Place* place = room.place == nullptr ? nullptr : place_for(claim.location);
  if (place == nullptr) {
    refused_count_.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  ++place->count;
  const bool is_move = claim.why == Why::moved || claim.why == Why::fixed_anew;
  const bool is_fixed = claim.why == Why::fixed || claim.why == Why::fixed_anew;
  const Bounds bounds = bounds_of(claim.key.domain, claim.location);
  if (bounds.port != nullptr) {
    bounds.port->enter(claim.key, ticks(claim.now), is_fixed);
  }
  if (!is_move) {
    ++domain_counts_[claim.key.domain.bits()];
    size_.fetch_add(1, std::memory_order_relaxed);
    if (bounds.domain != nullptr) {
      bounds.domain->enter(claim.key, ticks(claim.now), is_fixed);
    }
  }
  return {.place = place};
}

void MacTable::leave(MacBound* bound, const Key& key, std::vector<DependencyId>& changed) {
  if (bound != nullptr && bound->leave(key)) {
    changed.push_back(dependency::mac_room(bridge_id_, bound->scope()));
  }
}

void MacTable::release(const Key& key, uint32_t number, bool is_move, std::vector<DependencyId>& changed) {
  MutexLock lock(counts_mutex_);
  const auto found = places_.find(places_by_number_->at(number)->location);
  const Bounds bounds = bounds_of(key.domain, found->first);
  leave(bounds.port, key, changed);
  if (!is_move) {
    leave(bounds.domain, key, changed);
    size_.fetch_sub(1, std::memory_order_relaxed);
    const auto counted = domain_counts_.find(key.domain.bits());
    if (--counted->second == 0) {
      domain_counts_.erase(counted);
    }
  }
  if (--found->second->count == 0) {
    places_by_number_->retire(std::move(found->second));
    places_.erase(found);
  }
}

size_t MacTable::count_of(Domain domain) const {
  MutexLock lock(counts_mutex_);
  const auto found = domain_counts_.find(domain.bits());
  return found == domain_counts_.end() ? 0 : found->second;
}

std::vector<std::pair<MacLocation, size_t>> MacTable::places() const {
  MutexLock lock(counts_mutex_);
  std::vector<std::pair<MacLocation, size_t>> places;
  for (const auto& [location, place] : places_) {
    places.emplace_back(location, place->count);
  }
  return places;
}

// --- removing

// Under the shard's lock.
void MacTable::remove_from(Shard& shard, Slot& slot, const Key& key, std::vector<DependencyId>& changed) {
  const uint32_t place = place_of(slot.state.load(std::memory_order_relaxed));
  slot.id.store(removed_id, std::memory_order_release);
  --shard.entry_count;
  release(key, place, false, changed);
  changed.push_back(id_of(key));
}

// Under the shard's lock. Also finds anew how old the oldest one left is.
template <class Drop>
void MacTable::sweep(Shard& shard, Drop&& drop, std::vector<DependencyId>& removed) {
  const Slots& slots = *shard.slots.load(std::memory_order_relaxed);
  Duration::rep oldest = never;
  for (size_t i = 0; i < slots.count; ++i) {
    Slot& slot = slots.slots[i];
    const uint64_t id = slot.id.load(std::memory_order_relaxed);
    if (!is_taken(id)) {
      continue;
    }
    const uint64_t state = slot.state.load(std::memory_order_relaxed);
    const Key key = key_of(id, state);
    if (drop(key, state)) {
      remove_from(shard, slot, key, removed);
    } else if (!is_fixed(state)) {
      oldest = std::min(oldest, used_of(state));
    }
  }
  shard.oldest.store(oldest, std::memory_order_relaxed);
}

template <class Drop>
std::vector<DependencyId> MacTable::remove_if(Drop&& drop) {
  std::vector<DependencyId> removed;
  for (size_t s = 0; s < shard_count; ++s) {
    MutexLock lock(shards_[s].mutex);
    if (shards_[s].entry_count != 0) {
      sweep(shards_[s], drop, removed);
    }
  }
  return removed;
}

std::vector<DependencyId> MacTable::remove(const Key& key) {
  std::vector<DependencyId> removed;
  const uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  MutexLock lock(shard.mutex);
  Slot* slot = find_in(*shard.slots.load(std::memory_order_relaxed), hash, key);
  if (slot != nullptr) {
    remove_from(shard, *slot, key, removed);
  }
  return removed;
}

std::vector<DependencyId> MacTable::expire(TimePoint now) {
  const Duration::rep oldest = ticks(now - Duration(aging_.load(std::memory_order_relaxed)));
  std::vector<DependencyId> removed;
  size_t looked_at = 0;
  for (; next_swept_ < shard_count && looked_at < sweep_count; ++next_swept_) {
    Shard& shard = shards_[next_swept_];
    MutexLock lock(shard.mutex);
    if (shard.oldest.load(std::memory_order_relaxed) <= oldest) {
      looked_at += shard.slots.load(std::memory_order_relaxed)->count;
      sweep(
          shard, [&](const Key&, uint64_t state) { return !is_fixed(state) && used_of(state) <= oldest; }, removed);
    }
  }
  next_swept_ = next_swept_ == shard_count ? 0 : next_swept_;
  return removed;
}

std::vector<DependencyId> MacTable::flush() {
  return remove_if([](const Key&, uint64_t state) { return !is_fixed(state); });
}

std::vector<DependencyId> MacTable::flush(OfPort port) {
  return remove_if([&](const Key&, uint64_t state) { return location_of(state).port == port; });
}

std::vector<DependencyId> MacTable::flush(Domain domain) {
  return remove_if([&](const Key& key, uint64_t) { return key.domain == domain; });
}

std::vector<DependencyId> MacTable::flush(const IpAddress& remote) {
  return remove_if([&](const Key&, uint64_t state) { return !is_fixed(state) && location_of(state).remote == remote; });
}

std::vector<DependencyId> MacTable::flush_if(const std::function<bool(const Key&, const MacLocation&)>& is_unwanted) {
  return remove_if(
      [&](const Key& key, uint64_t state) { return !is_fixed(state) && is_unwanted(key, location_of(state)); });
}

std::optional<TimePoint> MacTable::next_due() const {
  Duration::rep oldest = never;
  for (size_t s = 0; s < shard_count; ++s) {
    oldest = std::min(oldest, shards_[s].oldest.load(std::memory_order_relaxed));
  }
  return oldest == never ? std::nullopt
                         : std::optional(time_of(oldest) + Duration(aging_.load(std::memory_order_relaxed)));
}

void MacTable::set_options(const MacTableOptions& options) {
  aging_.store(options.aging.count(), std::memory_order_relaxed);
  limit_.store(options.limit, std::memory_order_relaxed);
}

// --- showing

template <class Visit>
void MacTable::for_each(Visit&& visit) const {
  for (size_t s = 0; s < shard_count; ++s) {
    MutexLock lock(shards_[s].mutex);
    const Slots& slots = *shards_[s].slots.load(std::memory_order_relaxed);
    for (size_t i = 0; i < slots.count; ++i) {
      const uint64_t id = slots.slots[i].id.load(std::memory_order_relaxed);
      if (is_taken(id)) {
        const uint64_t state = slots.slots[i].state.load(std::memory_order_relaxed);
        visit(Entry{key_of(id, state), location_of(state), time_of(used_of(state)), is_fixed(state)});
      }
    }
  }
}

std::vector<MacTable::Entry> MacTable::entries() const {
  std::vector<Entry> entries;
  for_each([&](const Entry& entry) { entries.push_back(entry); });
  std::ranges::sort(entries, {},
                    [](const Entry& entry) { return std::tuple(entry.key.domain, entry.key.mac.to_uint64()); });
  return entries;
}

std::vector<MacTable::Entry> MacTable::entries(Domain domain) const {
  std::vector<Entry> entries;
  for_each([&](const Entry& entry) {
    if (entry.key.domain == domain) {
      entries.push_back(entry);
    }
  });
  std::ranges::sort(entries, {}, [](const Entry& entry) { return entry.key.mac.to_uint64(); });
  return entries;
}

}  // namespace weft::ofproto
