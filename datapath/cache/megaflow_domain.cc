#include "datapath/cache/megaflow_domain.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

#include "datapath/cache/mask_rounding.h"
#include "lib/base/big_endian.h"
#include "lib/flow/field.h"

namespace weft::datapath {
namespace {

// Often enough that a new heavy flow's mask comes forward soon, seldom enough not to be noticed.
constexpr uint32_t lookups_between_sorts = 1024;

bool came_out_of_a_tunnel(const FlowKey& key) {
  return (key.word(KeyWord::tun_id) | key.word(KeyWord::tun_ipv4) | key.word(KeyWord::tun_ipv6_src) |
          key.word(index(KeyWord::tun_ipv6_src) + 1)) != 0;
}

// Up to how many masks there may be for a new one of this kind to be added. The last place is the exact mask's.
struct Places {
  explicit Places(size_t max)
      : for_any(std::min(max - max / 4, max - 1)), for_bytes(std::min(max - max / 8, max - 1)), for_fields(max - 1) {}
  size_t for_any, for_bytes, for_fields;
};

}  // namespace

DomainKey domain_key(const FlowKey& key) {
  const auto port = static_cast<uint32_t>(swap_network_order(key.word(KeyWord::hash_port)));
  return {DomainStatus::Kind::tunnel_id, PortId{port}, key.word(KeyWord::tun_id)};
}

FlowMask domain_mask(const FlowKey& key) {
  Flow mask;
  add_to_mask(mask, field(FieldId::in_port));
  if (came_out_of_a_tunnel(key)) {
    add_to_mask(mask, field(FieldId::tun_id));
  }
  return FlowMask(mask);
}

MegaflowDomain::MegaflowDomain(const DomainKey& key, uint64_t hash_seed)
    : key_(key), hash_seed_(hash_seed), lookups_until_sort_(lookups_between_sorts) {}

MegaflowEntry* MegaflowDomain::lookup(const FlowKey& key) {
  note_lookups(1);
  for (const std::unique_ptr<MaskTable>& table : masks_) {
    if (MegaflowEntry* entry = table->find(key, table->hash(key))) {
      ++table->usefulness;
      return entry;
    }
  }
  return nullptr;
}

size_t MegaflowDomain::lookup(std::span<const FlowKey> keys, std::span<uint8_t> waiting, std::span<Megaflow*> found) {
  size_t n_waiting = waiting.size();
  note_lookups(n_waiting);
  for (size_t m = 0; m < masks_.size() && n_waiting > 0; ++m) {
    n_waiting = lookup_mask(*masks_[m], keys, waiting.first(n_waiting), found);
  }
  return n_waiting;
}

size_t MegaflowDomain::lookup_mask(MaskTable& table, std::span<const FlowKey> keys, std::span<uint8_t> waiting,
                                   std::span<Megaflow*> found) {
  assert(waiting.size() <= max_batch);
  std::array<uint32_t, max_batch> hashes;
  for (size_t n = 0; n < waiting.size(); ++n) {
    hashes[n] = table.hash(keys[waiting[n]]);
    table.prefetch_slot(hashes[n]);
  }
  for (size_t n = 0; n < waiting.size(); ++n) {
    table.prefetch_entry(hashes[n]);
  }
  size_t n_left = 0;
  for (size_t n = 0; n < waiting.size(); ++n) {
    const uint8_t i = waiting[n];
    found[i] = table.find(keys[i], hashes[n]);
    waiting[n_left] = i;
    n_left += found[i] == nullptr ? 1 : 0;
  }
  table.usefulness += waiting.size() - n_left;
  return n_left;
}

void MegaflowDomain::note_lookups(size_t count) {
  if (count < lookups_until_sort_) {
    lookups_until_sort_ -= static_cast<uint32_t>(count);
    return;
  }
  lookups_until_sort_ = lookups_between_sorts;
  std::stable_sort(masks_.begin(), masks_.end(),
                   [](const auto& a, const auto& b) { return a->usefulness > b->usefulness; });
  for (const std::unique_ptr<MaskTable>& table : masks_) {
    table->usefulness /= 2;
  }
}

// From the widest choice to the narrowest: the mask itself, one that is there and is no narrower than the next
// rounding, the next rounding, and so on.
MaskTable& MegaflowDomain::table_for(const FlowMask& wanted, size_t max_masks) {
  if (MaskTable* same = find(wanted)) {
    return *same;
  }
  const Places places(std::max<size_t>(max_masks, 1));
  if (masks_.size() < places.for_any) {
    return add(wanted);
  }
  ++rounded;
  MaskTable* widest = widest_within(wanted);
  const auto take = [&](const FlowMask& rounding, size_t place_count) -> MaskTable* {
    if (widest != nullptr && bit_count(widest->mask()) <= bit_count(rounding)) {
      return widest;
    }
    return masks_.size() < place_count ? &add(rounding) : nullptr;
  };
  if (MaskTable* table = take(to_whole_bytes(wanted), places.for_bytes)) {
    return *table;
  }
  if (MaskTable* table = take(to_whole_fields(wanted), places.for_fields)) {
    return *table;
  }
  return widest != nullptr ? *widest : add(exact_mask());
}

MaskTable* MegaflowDomain::find(const FlowMask& mask) {
  const auto known =
      std::find_if(masks_.begin(), masks_.end(), [&](const auto& table) { return table->mask() == mask; });
  return known != masks_.end() ? known->get() : nullptr;
}

MaskTable* MegaflowDomain::widest_within(const FlowMask& wanted) {
  MaskTable* widest = nullptr;
  unsigned fewest = std::numeric_limits<unsigned>::max();
  for (const std::unique_ptr<MaskTable>& table : masks_) {
    const unsigned bits = bit_count(table->mask());
    if (bits < fewest && is_narrower_or_equal(table->mask(), wanted)) {
      widest = table.get();
      fewest = bits;
    }
  }
  return widest;
}

MaskTable& MegaflowDomain::add(const FlowMask& mask) {
  masks_.push_back(std::make_unique<MaskTable>(mask, hash_seed_, *this));
  return *masks_.back();
}

void MegaflowDomain::insert(MegaflowEntry& entry) {
  entry.masked->insert(entry);
  ++megaflow_count_;
}

void MegaflowDomain::erase(MegaflowEntry& entry) {
  MaskTable& table = *entry.masked;
  table.erase(entry);
  --megaflow_count_;
  if (table.size() == 0) {
    std::erase_if(masks_, [&](const auto& known) { return known.get() == &table; });
  }
}

}  // namespace weft::datapath
