#include "datapath/cache/megaflow_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

#include "datapath/cache/domain_table.h"
#include "datapath/cache/mask_table.h"
#include "datapath/cache/megaflow_domain.h"
#include "datapath/cache/megaflow_entry.h"
#include "datapath/cache/megaflow_slabs.h"

namespace weft::datapath {

namespace {

// So that one domain leaves a quarter of the table to others, two leave a seventh, and nobody ever meets a full one.
constexpr size_t share_of_free = 3;

// All of both.
FlowMask joined(const FlowMask& a, const FlowMask& b) {
  FlowMask both;
  both.clear();
  (a.set() | b.set()).for_each([&](unsigned i) { both.append(i, a.word(i) | b.word(i)); });
  return both;
}

}  // namespace

MegaflowTable::MegaflowTable(const MegaflowTableOptions& options)
    : options_(options),
      slabs_(std::make_shared<MegaflowSlabs>(options.limit)),
      limits_(options.domains),
      domains_(std::make_unique<DomainTable>(limits_.max_domains, options.hash_seed)) {}

MegaflowTable::~MegaflowTable() = default;

MegaflowDomain& MegaflowTable::domain_of(const FlowKey& key) { return domains_->of(key); }

Megaflow* MegaflowTable::lookup(const FlowKey& key) { return domains_->find(key).lookup(key); }

void MegaflowTable::lookup(std::span<const FlowKey> keys, std::span<Megaflow*> found) {
  std::array<MegaflowDomain*, MegaflowDomain::max_batch> domains{};
  for (size_t i = 0; i < keys.size(); ++i) {
    domains[i] = found[i] == nullptr ? &domains_->find(keys[i]) : nullptr;
  }
  lookup(keys, {domains.data(), keys.size()}, found);
}

// A domain after the other: those of a batch are few.
void MegaflowTable::lookup(std::span<const FlowKey> keys, std::span<MegaflowDomain* const> domains,
                           std::span<Megaflow*> found) {
  assert(keys.size() <= MegaflowDomain::max_batch && found.size() >= keys.size() && domains.size() >= keys.size());
  uint64_t left = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    left |= uint64_t{domains[i] != nullptr} << i;
  }
  std::array<uint8_t, MegaflowDomain::max_batch> waiting;
  while (left != 0) {
    MegaflowDomain* domain = domains[static_cast<size_t>(std::countr_zero(left))];
    size_t n_waiting = 0;
    for (uint64_t rest = left; rest != 0; rest &= rest - 1) {
      const auto i = static_cast<size_t>(std::countr_zero(rest));
      if (domains[i] == domain) {
        waiting[n_waiting++] = static_cast<uint8_t>(i);
        left &= ~(uint64_t{1} << i);
      }
    }
    domain->lookup(keys, {waiting.data(), n_waiting}, found);
  }
}

bool MegaflowTable::is_full() const { return slabs_->is_full(); }

// How many the domain may have more.
size_t MegaflowTable::room_for(const MegaflowDomain& domain) const {
  const size_t of_free = share_of_free * (options_.limit - live_count_);
  const size_t most = limits_.max_megaflows == 0 ? of_free : std::min(of_free, limits_.max_megaflows);
  return most - std::min(most, domain.megaflow_count());
}

Megaflow* MegaflowTable::insert(const FlowKey& key, std::unique_ptr<Installed>&& installed, TimePoint now) {
  MegaflowDomain& domain = domains_->of(key);
  const size_t room = room_for(domain);
  MegaflowEntry* entry = room > 0 ? slabs_->allocate() : nullptr;
  if (entry == nullptr) {
    ++domain.refused;
    return nullptr;
  }
  const size_t masks_before = domain.mask_count();
  MaskTable& table = domain.table_for(joined(installed->decision.mask, domain_mask(key)), limits_.max_masks);
  mask_count_ += domain.mask_count() - masks_before;
  entry->masked = &table;
  entry->hash = table.hash(key);
  entry->key = table.masked(key);
  entry->mask = table.mask();
  entry->id = uint64_t{options_.worker} << 48 | ++last_id_;
  entry->worker = options_.worker;
  entry->is_crowded = domain.megaflow_count() > room;
  entry->created = now;
  entry->is_dead.store(false, std::memory_order_relaxed);
  entry->shaped_key.assign(key, entry->mask);
  entry->in_force = installed.release();
  entry->installed.store(entry->in_force, std::memory_order_relaxed);
  domain.insert(*entry);
  ++live_count_;
  // The worker asks next whether its version is still current: sequentially consistent with that load.
  entry->state.store(MegaflowEntry::State::live, std::memory_order_seq_cst);
  return entry;
}

void MegaflowTable::remove(Megaflow& megaflow) {
  MegaflowEntry& entry = entry_of(megaflow);
  if (entry.is_dead.load(std::memory_order_relaxed)) {
    return;
  }
  entry.in_force->withdraw_from_kernel();
  ++entry.generation;
  entry.is_dead.store(true, std::memory_order_release);
  entry.state.store(MegaflowEntry::State::dead, std::memory_order_release);
  MegaflowDomain& domain = entry.masked->domain();
  const size_t masks_before = domain.mask_count();
  domain.erase(entry);
  mask_count_ -= masks_before - domain.mask_count();
  --live_count_;
  slabs_->release(entry);
}

Installed* MegaflowTable::replace(Megaflow& megaflow, std::unique_ptr<Installed> replacement) {
  Installed* const in_force = replacement.release();
  entry_of(megaflow).in_force->withdraw_from_kernel();
  entry_of(megaflow).in_force = in_force;
  return megaflow.installed.exchange(in_force, std::memory_order_acq_rel);
}

void MegaflowTable::for_each(const std::function<void(Megaflow&)>& visit) const { slabs_->for_each(visit); }

size_t MegaflowTable::domain_count() const { return domains_->size(); }

void MegaflowTable::set_limits(const DomainLimits& limits) {
  limits_ = limits;
  domains_->set_limit(limits.max_domains);
}

void MegaflowTable::forget_port(PortId port) { domains_->forget_port(port); }

void MegaflowTable::for_each_domain(const std::function<void(MegaflowDomain&)>& visit) { domains_->for_each(visit); }

}  // namespace weft::datapath
