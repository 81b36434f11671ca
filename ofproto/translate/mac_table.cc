#include "ofproto/translate/mac_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <tuple>

#include "lib/base/rcu.h"

namespace weft::ofproto {
namespace {

constexpr Duration::rep never = std::numeric_limits<Duration::rep>::max();

// Of the time in a slot, whose 34 bits last for five years of uptime.
constexpr Duration::rep tick = Duration(std::chrono::milliseconds(10)).count();

// A slot's id is the address above the lower half of its domain; that it is taken is said by the bit that would make it
// a group's address, which none is. Empty slots end a run, removed ones do not.
constexpr uint64_t taken = uint64_t{1} << 56;
constexpr uint64_t removed_id = 1;

constexpr bool is_taken(uint64_t id) { return (id & taken) != 0; }

// Bits of a slot's state, from the lowest on.
constexpr unsigned used_bits = 34, place_bits = 20, fixed_bits = 1;
constexpr unsigned place_at = used_bits, fixed_at = place_at + place_bits, domain_at = fixed_at + fixed_bits;
constexpr uint64_t used_mask = (uint64_t{1} << used_bits) - 1;
constexpr uint64_t place_mask = (uint64_t{1} << place_bits) - 1;

constexpr uint32_t place_of(uint64_t state) { return static_cast<uint32_t>(state >> place_at & place_mask); }
constexpr bool is_fixed(uint64_t state) { return (state >> fixed_at & 1) != 0; }
constexpr Duration::rep used_of(uint64_t state) { return static_cast<Duration::rep>(state & used_mask); }
constexpr uint64_t with_used(uint64_t state, Duration::rep used) {
  return (state & ~used_mask) | (static_cast<uint64_t>(used) & used_mask);
}
constexpr uint64_t with_place(uint64_t state, uint32_t place) {
  return (state & ~(place_mask << place_at)) | uint64_t{place} << place_at;
}
// Bit 31 of a domain and eight of a VNI are what it has above its lower half.
constexpr uint64_t domain_above(uint32_t bits) { return uint64_t{bits >> 31} << 8 | (bits >> 16 & 0xff); }

Duration::rep ticks(TimePoint time) { return time.time_since_epoch().count() / tick; }
TimePoint time_of(Duration::rep ticks_since_epoch) { return TimePoint(Duration(ticks_since_epoch * tick)); }

}  // namespace

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

bool MacTable::move(Slot& slot, const Key& key, const MacLocation& location) {
  uint64_t state = slot.state.load(std::memory_order_relaxed);
  if (location_of(state) == location) {
    return false;
  }
  const Place* after = reserve(key.domain, location, is_fixed(state) ? Why::fixed_anew : Why::moved);
  if (after == nullptr) {
    return false;
  }
  const uint32_t before = place_of(state);
  // Others note uses meanwhile.
  while (!slot.state.compare_exchange_weak(state, with_place(state, after->number), std::memory_order_acq_rel)) {
  }
  release(key.domain, before);
  return true;
}

std::optional<DependencyId> MacTable::learn(const Key& key, const MacLocation& location, TimePoint now) {
  if (key.mac.is_multicast()) {
    return std::nullopt;
  }
  const uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  MutexLock lock(shard.mutex);
  if (Slot* slot = find_in(*shard.slots.load(std::memory_order_relaxed), hash, key)) {
    uint64_t state = slot->state.load(std::memory_order_relaxed);
    if (is_fixed(state)) {
      return std::nullopt;
    }
    while (!slot->state.compare_exchange_weak(state, with_used(state, ticks(now)), std::memory_order_acq_rel)) {
    }
    return move(*slot, key, location) ? std::optional(id_of(key)) : std::nullopt;
  }
  const Place* place = reserve(key.domain, location, Why::learned);
  if (place == nullptr) {
    return std::nullopt;
  }
  insert(shard, hash, key, place->number, false, now);
  return id_of(key);
}

std::optional<DependencyId> MacTable::fix(const Key& key, const MacLocation& location, TimePoint now) {
  if (key.mac.is_multicast()) {
    return std::nullopt;
  }
  const uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  MutexLock lock(shard.mutex);
  if (Slot* slot = find_in(*shard.slots.load(std::memory_order_relaxed), hash, key)) {
    slot->state.fetch_or(uint64_t{1} << fixed_at, std::memory_order_acq_rel);
    move(*slot, key, location);
    return id_of(key);
  }
  const Place* place = reserve(key.domain, location, Why::fixed);
  if (place == nullptr) {
    return std::nullopt;
  }
  insert(shard, hash, key, place->number, true, now);
  return id_of(key);
}

// --- bounds

// One port may fill three quarters of the table, and so may one segment from its tunnels, where all remotes share a
// port: the rest is for the others. What moves has its place in the table and the domain already.
bool MacTable::has_room(Domain domain, const MacLocation& location, Why why) const {
  const size_t limit = limit_.load(std::memory_order_relaxed);
  const size_t share = std::max<size_t>(limit - limit / 4, 1);
  if ((why == Why::learned || why == Why::fixed) && size() >= limit) {
    return false;
  }
  if (why == Why::fixed || why == Why::fixed_anew || (why == Why::moved && location.is_remote())) {
    return true;
  }
  if (location.is_remote()) {
    const auto found = domain_counts_.find(domain.bits());
    return found == domain_counts_.end() || found->second < share;
  }
  const auto found = places_.find(location);
  return found == places_.end() || found->second->count < share;
}

const MacTable::Place* MacTable::reserve(Domain domain, const MacLocation& location, Why why) {
  MutexLock lock(counts_mutex_);
  if (!has_room(domain, location, why)) {
    refused_count_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  auto& place = places_[location];
  if (!place) {
    const auto number = places_by_number_->take();
    if (!number) {
      places_.erase(location);
      refused_count_.fetch_add(1, std::memory_order_relaxed);
      return nullptr;
    }
    place = std::make_unique<Place>(Place{location, 0, *number});
    places_by_number_->set(*place);
  }
  ++place->count;
  ++domain_counts_[domain.bits()];
  size_.fetch_add(1, std::memory_order_relaxed);
  return place.get();
}

void MacTable::release(Domain domain, uint32_t number) {
  MutexLock lock(counts_mutex_);
  size_.fetch_sub(1, std::memory_order_relaxed);
  const auto counted = domain_counts_.find(domain.bits());
  if (--counted->second == 0) {
    domain_counts_.erase(counted);
  }
  const auto found = places_.find(places_by_number_->at(number)->location);
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
void MacTable::remove_from(Shard& shard, Slot& slot, const Key& key) {
  const uint32_t place = place_of(slot.state.load(std::memory_order_relaxed));
  slot.id.store(removed_id, std::memory_order_release);
  --shard.entry_count;
  release(key.domain, place);
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
      remove_from(shard, slot, key);
      removed.push_back(id_of(key));
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

std::optional<DependencyId> MacTable::remove(const Key& key) {
  const uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  MutexLock lock(shard.mutex);
  Slot* slot = find_in(*shard.slots.load(std::memory_order_relaxed), hash, key);
  if (slot == nullptr) {
    return std::nullopt;
  }
  remove_from(shard, *slot, key);
  return id_of(key);
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
