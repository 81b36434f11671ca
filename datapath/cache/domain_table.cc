#include "datapath/cache/domain_table.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "lib/base/hash.h"

namespace weft::datapath {
namespace {

constexpr size_t initial_domain_slots = 16;
constexpr size_t min_refusals_between_searches = 256;

uint64_t hash_of(const DomainKey& key, uint64_t seed) {
  const uint64_t place = uint64_t{number(key.port)} << 8 | static_cast<uint64_t>(key.kind);
  return hash_add(seed, place, key.tun_id);
}

}  // namespace

DomainTable::DomainTable(size_t max_domains, uint64_t hash_seed)
    : hash_seed_(hash_seed),
      max_domains_(std::max<size_t>(max_domains, 1)),
      slots_(initial_domain_slots),
      rest_({DomainStatus::Kind::rest, port_id::none, 0}, hash_seed) {}

void DomainTable::set_limit(size_t max_domains) { max_domains_ = std::max<size_t>(max_domains, 1); }

// Where the key's domain is, or the free slot where it would go.
size_t DomainTable::slot_of(const DomainKey& key) const {
  size_t i = hash_of(key, hash_seed_) & (slots_.size() - 1);
  while (slots_[i].domain != nullptr && slots_[i].domain->key() != key) {
    i = (i + 1) & (slots_.size() - 1);
  }
  return i;
}

MegaflowDomain* DomainTable::find(const DomainKey& key) const { return slots_[slot_of(key)].domain.get(); }

MegaflowDomain& DomainTable::find(const FlowKey& packet) {
  const DomainKey key = domain_key(packet);
  if (MegaflowDomain* own = find(key)) {
    return *own;
  }
  MegaflowDomain* shared = find({DomainStatus::Kind::rest_of_port, key.port, 0});
  return shared != nullptr ? *shared : rest_;
}

MegaflowDomain& DomainTable::of(const FlowKey& packet) {
  const DomainKey key = domain_key(packet);
  if (last_ != nullptr && last_->domain->key() == key) {
    return *last_->domain;
  }
  const DomainKey shared{DomainStatus::Kind::rest_of_port, key.port, 0};
  for (const DomainKey& wanted : {key, shared}) {
    Slot& slot = slots_[slot_of(wanted)];
    if (slot.domain != nullptr) {
      slot.was_asked_for = true;
      last_ = &slot;
      return *slot.domain;
    }
    if (has_room_for(wanted)) {
      return add(wanted);
    }
  }
  return rest_;
}

bool DomainTable::has_room_for(const DomainKey& key) {
  const auto is_full = [&] {
    const auto of_port = count_of_port_.find(key.port);
    const bool has_its_share = key.kind == DomainStatus::Kind::tunnel_id && of_port != count_of_port_.end() &&
                               of_port->second >= std::max<size_t>(max_domains_ / 2, 1);
    return count_ >= max_domains_ || has_its_share;
  };
  if (!is_full()) {
    return true;
  }
  if (++refusals_ < std::max(max_domains_, min_refusals_between_searches)) {
    return false;
  }
  make_room();
  return !is_full();
}

MegaflowDomain& DomainTable::add(const DomainKey& key) {
  if ((count_ + 1) * 2 > slots_.size()) {
    rebuild(std::vector<Slot>(slots_.size() * 2));
  }
  Slot& slot = slots_[slot_of(key)];
  slot = {std::make_unique<MegaflowDomain>(key, hash_seed_), true};
  ++count_;
  ++count_of_port_[key.port];
  return *slot.domain;
}

void DomainTable::make_room() {
  refusals_ = 0;
  erase_unused([](const Slot& slot) { return !slot.was_asked_for; });
  for (Slot& slot : slots_) {
    slot.was_asked_for = false;
  }
}

void DomainTable::forget_port(PortId port) {
  if (count_of_port_.contains(port)) {
    erase_unused([port](const Slot& slot) { return slot.domain->key().port == port; });
  }
}

// Of those that are meant, the ones without megaflows.
template <class Condition>
void DomainTable::erase_unused(Condition&& is_meant) {
  for (Slot& slot : slots_) {
    if (slot.domain != nullptr && slot.domain->megaflow_count() == 0 && is_meant(slot)) {
      const auto of_port = count_of_port_.find(slot.domain->key().port);
      if (--of_port->second == 0) {
        count_of_port_.erase(of_port);
      }
      slot.domain.reset();
      --count_;
    }
  }
  rebuild(std::vector<Slot>(std::max(initial_domain_slots, std::bit_ceil(count_ * 2))));
}

// Takes over into these, which are empty.
void DomainTable::rebuild(std::vector<Slot> slots) {
  last_ = nullptr;
  slots.swap(slots_);
  for (Slot& slot : slots) {
    if (slot.domain != nullptr) {
      slots_[slot_of(slot.domain->key())] = std::move(slot);
    }
  }
}

}  // namespace weft::datapath
