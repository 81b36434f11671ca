#include "ofproto/translate/neighbour_table.h"

#include <algorithm>

#include "lib/base/big_endian.h"
#include "lib/base/hash.h"
#include "lib/base/rcu.h"

namespace weft::ofproto {

NeighbourTable::NeighbourTable(BridgeId bridge_id, size_t limit)
    : bridge_id_(bridge_id),
      seed_(random_hash_seed()),
      lists_(std::make_unique<std::atomic<const List*>[]>(list_count)),
      limit_(limit) {}

NeighbourTable::~NeighbourTable() {
  for (size_t i = 0; i < list_count; ++i) {
    delete lists_[i].load();
  }
}

// --- looking

// Keyed whole: who may choose addresses cannot fill one list with them.
size_t NeighbourTable::place_of(const Key& key) const {
  const uint64_t hash = hash_add(seed_, key.domain.bits());
  if (key.address.is_v4()) {
    return hash_add(hash, key.address.v4().host()) % list_count;
  }
  const uint8_t* bytes = key.address.v6().bytes.data();
  return hash_add(hash, load_be64(bytes), load_be64(bytes + 8)) % list_count;
}

const NeighbourTable::Entry* NeighbourTable::find_in(const List* list, const Key& key) {
  if (list == nullptr) {
    return nullptr;
  }
  const auto found = std::ranges::lower_bound(*list, key, {}, &Entry::key);
  return found != list->end() && found->key == key ? &*found : nullptr;
}

const NeighbourTable::Entry* NeighbourTable::find(const Key& key) const {
  return find_in(lists_[place_of(key)].load(std::memory_order_acquire), key);
}

std::optional<NeighbourTable::Entry> NeighbourTable::lookup(const Key& key) const {
  const Entry* entry = find(key);
  return entry == nullptr ? std::nullopt : std::optional(*entry);
}

// --- bounds

bool NeighbourTable::has_room(Domain domain) const {
  const size_t limit = limit_.load(std::memory_order_relaxed);
  const auto counted = counts_.find(domain.bits());
  const size_t in_domain = counted == counts_.end() ? 0 : counted->second.entries;
  return size_ < limit && in_domain < std::max<size_t>(limit / 2, 1);
}

bool NeighbourTable::may_claim_more(OfPort teller) const {
  const auto told = told_by_port_.find(number(teller));
  return told == told_by_port_.end() || told->second < std::max<size_t>(limit_.load(std::memory_order_relaxed) / 8, 1);
}

void NeighbourTable::count(const Entry& entry, bool is_added) {
  const auto change = [&](size_t& count) { count += is_added ? size_t{1} : ~size_t{0}; };
  change(size_);
  Counts& counts = counts_[entry.key.domain.bits()];
  change(counts.entries);
  if (entry.is_disputed) {
    change(counts.disputed);
  }
  if (!entry.is_fixed && entry.teller != of_port::none) {
    size_t& told = told_by_port_[number(entry.teller)];
    change(told);
    if (told == 0) {
      told_by_port_.erase(number(entry.teller));
    }
  }
}

// --- changing

// In place of one of the same key.
void NeighbourTable::put(const Entry& entry) {
  std::atomic<const List*>& place = lists_[place_of(entry.key)];
  const List* before = place.load(std::memory_order_relaxed);
  auto after = before == nullptr ? std::make_unique<List>() : std::make_unique<List>(*before);
  const auto at = std::ranges::lower_bound(*after, entry.key, {}, &Entry::key);
  if (at != after->end() && at->key == entry.key) {
    count(*at, false);
    *at = entry;
  } else {
    after->insert(at, entry);
  }
  count(entry, true);
  place.store(after.release(), std::memory_order_release);
  rcu::retire(const_cast<List*>(before));
}

std::optional<DependencyId> NeighbourTable::learn(const Key& key, const Neighbour& neighbour, OfPort teller,
                                                  TimePoint now) {
  MutexLock lock(mutex_);
  const Entry* known = find(key);
  if (known == nullptr) {
    if (!has_room(key.domain) || !may_claim_more(teller)) {
      ++counts_[key.domain.bits()].refused;
      return std::nullopt;
    }
    put({.key = key, .neighbour = neighbour, .teller = teller, .since = now});
    return id_of(key);
  }
  const bool is_quiet_over = now - known->since >= quiet_time;
  if (known->is_fixed || (known->is_disputed && !is_quiet_over)) {
    return std::nullopt;
  }
  const bool is_other = known->neighbour != neighbour;
  const bool has_moved = known->neighbour.mac != neighbour.mac;
  const bool settles = !known->is_settled && !has_moved && now - known->moved >= settle_time;
  if (!is_other && known->teller == teller && !known->is_disputed && !settles) {
    return std::nullopt;
  }
  Entry entry = *known;
  entry.neighbour = neighbour;
  // Its guest has moved, and the claim goes with it; a port that has no room for it leaves it where it was.
  entry.teller = teller == known->teller || may_claim_more(teller) ? teller : known->teller;
  if (is_quiet_over) {
    entry.is_disputed = false;
    entry.move_count = 0;
    entry.since = now;
  }
  if (has_moved) {
    entry.moved = now;
  }
  entry.is_settled = !has_moved && (entry.is_settled || settles);
  entry.move_count += is_other ? 1 : 0;
  entry.is_disputed = entry.move_count >= max_moves;
  const bool is_news = is_other || settles || entry.is_disputed != known->is_disputed;
  put(entry);
  return is_news ? std::optional(id_of(key)) : std::nullopt;
}

std::optional<DependencyId> NeighbourTable::fix(const Key& key, const Neighbour& neighbour, TimePoint now) {
  MutexLock lock(mutex_);
  if (find(key) == nullptr && size_ >= limit_.load(std::memory_order_relaxed)) {
    return std::nullopt;
  }
  put({.key = key, .neighbour = neighbour, .teller = of_port::none, .is_fixed = true, .since = now});
  return id_of(key);
}

// --- removing

template <class Drop>
void NeighbourTable::remove_if(size_t place, Drop&& drop, std::vector<DependencyId>& removed) {
  const List* before = lists_[place].load(std::memory_order_relaxed);
  if (before == nullptr || std::ranges::none_of(*before, drop)) {
    return;
  }
  auto after = std::make_unique<List>();
  for (const Entry& entry : *before) {
    if (drop(entry)) {
      count(entry, false);
      removed.push_back(id_of(entry.key));
    } else {
      after->push_back(entry);
    }
  }
  lists_[place].store(after->empty() ? nullptr : after.release(), std::memory_order_release);
  rcu::retire(const_cast<List*>(before));
}

std::optional<DependencyId> NeighbourTable::remove(const Key& key) {
  MutexLock lock(mutex_);
  std::vector<DependencyId> removed;
  remove_if(
      place_of(key), [&](const Entry& entry) { return entry.key == key; }, removed);
  return removed.empty() ? std::nullopt : std::optional(removed.front());
}

template <class Drop>
std::vector<DependencyId> NeighbourTable::remove_if(Domain domain, Drop&& drop) {
  std::vector<DependencyId> removed;
  const auto counted = counts_.find(domain.bits());
  if (counted != counts_.end() && counted->second.entries != 0) {
    for (size_t place = 0; place < list_count; ++place) {
      remove_if(
          place, [&](const Entry& entry) { return entry.key.domain == domain && drop(entry); }, removed);
    }
  }
  return removed;
}

std::vector<DependencyId> NeighbourTable::flush(Domain domain) {
  MutexLock lock(mutex_);
  std::vector<DependencyId> removed = remove_if(domain, [](const Entry&) { return true; });
  counts_.erase(domain.bits());
  return removed;
}

std::vector<DependencyId> NeighbourTable::flush_learned(Domain domain) {
  MutexLock lock(mutex_);
  return remove_if(domain, [](const Entry& entry) { return !entry.is_fixed; });
}

std::vector<DependencyId> NeighbourTable::sweep(const MacTable& macs) {
  MutexLock lock(mutex_);
  std::vector<DependencyId> removed;
  const auto is_left = [&](const Entry& entry) {
    return !entry.is_fixed && !macs.lookup({entry.key.domain, entry.neighbour.mac});
  };
  for (size_t n = 0; n < lists_a_sweep; ++n, ++next_swept_) {
    remove_if(next_swept_, is_left, removed);
  }
  next_swept_ %= list_count;
  return removed;
}

// --- counting and showing

void NeighbourTable::count_answers(Domain domain, uint64_t count) const {
  MutexLock lock(mutex_);
  // Of a segment that went meanwhile nobody asks any more.
  if (const auto found = counts_.find(domain.bits()); found != counts_.end()) {
    found->second.answers += count;
  }
}

NeighbourTable::Counts NeighbourTable::counts_of(Domain domain) const {
  MutexLock lock(mutex_);
  const auto found = counts_.find(domain.bits());
  return found == counts_.end() ? Counts{} : found->second;
}

size_t NeighbourTable::size() const {
  MutexLock lock(mutex_);
  return size_;
}

std::vector<NeighbourTable::Entry> NeighbourTable::entries() const {
  MutexLock lock(mutex_);
  std::vector<Entry> entries;
  for (size_t place = 0; place < list_count; ++place) {
    if (const List* list = lists_[place].load(std::memory_order_relaxed)) {
      entries.insert(entries.end(), list->begin(), list->end());
    }
  }
  std::ranges::sort(entries, {}, &Entry::key);
  return entries;
}

}  // namespace weft::ofproto
