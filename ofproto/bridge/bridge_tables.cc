// What tables may hold and do when they are full: table-mod, the settable part of table-features, vacancy events.
#include <algorithm>
#include <limits>
#include <utility>

#include "lib/base/clock.h"
#include "ofproto/bridge/local_bridge.h"

namespace weft::ofproto {

using openflow::ErrorCode;
using openflow::OpenFlowError;
namespace table_config = openflow::table_config;

namespace {

constexpr uint32_t known_eviction_flags =
    openflow::eviction_flag::other | openflow::eviction_flag::importance | openflow::eviction_flag::lifetime;
constexpr uint32_t deprecated_config = 3;  // OFPTC_DEPRECATED_MASK: taken, and without meaning
constexpr size_t max_settable_entries = 16'000'000;

Result<void, OpenFlowError> check(const openflow::TableMod& table_mod) {
  if (table_mod.table_id >= table_count && table_mod.table_id != openflow::all_tables) {
    return refuse(ErrorCode::ofptmfc_bad_table, "there is no table " + std::to_string(table_mod.table_id));
  }
  constexpr uint32_t known = deprecated_config | table_config::eviction | table_config::vacancy_events;
  if ((table_mod.config & ~known) != 0) {
    return refuse(ErrorCode::ofptmfc_bad_config, "a table has no such setting");
  }
  if ((table_mod.eviction_flags.value_or(0) & ~known_eviction_flags) != 0) {
    return refuse(ErrorCode::ofptmfc_bad_config, "rules are not evicted by this");
  }
  if (table_mod.vacancy && (table_mod.vacancy->down > table_mod.vacancy->up || table_mod.vacancy->up > 100)) {
    return refuse(ErrorCode::ofptmfc_bad_config, "vacancy_down is at most vacancy_up, and that 100");
  }
  return {};
}

}  // namespace

// Other changes wait until every rule has its place in the order.
Result<void, OpenFlowError> LocalBridge::apply(const openflow::TableMod& table_mod, std::function<void()> done) {
  if (auto checked = check(table_mod); !checked) {
    return checked;
  }
  host_.changes().run_sliced(
      [this, weak = std::weak_ptr(self_), table_mod, done = std::move(done), is_set = false]() mutable {
        if (!weak.lock()) {
          return false;
        }
        if (!std::exchange(is_set, true)) {
          set_policies(table_mod);
        }
        if (order_for_eviction()) {
          return true;
        }
        done();
        return false;
      });
  return {};
}

// A setting that the message leaves out is as it was.
void LocalBridge::set_policies(const openflow::TableMod& table_mod) {
  const unsigned first = table_mod.table_id == openflow::all_tables ? 0 : table_mod.table_id;
  const unsigned end = table_mod.table_id == openflow::all_tables ? table_count : table_mod.table_id + 1U;
  for (unsigned n = first; n < end; ++n) {
    const auto id = static_cast<uint8_t>(n);
    TablePolicy policy = tables_->policy(id);
    const bool evicts = (table_mod.config & table_config::eviction) != 0;
    const uint32_t flags =
        table_mod.eviction_flags.value_or(policy.eviction.value_or(openflow::eviction_flag::lifetime));
    policy.eviction = evicts ? std::optional(flags) : std::nullopt;
    const bool tells = (table_mod.config & table_config::vacancy_events) != 0;
    const auto limits = table_mod.vacancy ? table_mod.vacancy : policy.vacancy;
    policy.vacancy = tells ? std::optional(limits.value_or(openflow::Vacancy())) : std::nullopt;
    vacancy_watches_.erase(id);
    if (policy.vacancy) {
      vacancy_watches_.emplace(id, VacancyWatch(*policy.vacancy));
    }
    if (policy != tables_->policy(id)) {
      tables_->set_policy(id, std::move(policy));
      unordered_tables_.insert(id);
    }
  }
}

// A slice; false: all rules of tables that evict are in order.
bool LocalBridge::order_for_eviction() {
  const auto end = std::chrono::steady_clock::now() + slice_time;
  while (!unordered_tables_.empty()) {
    FlowTable* table = tables_->find_table(*unordered_tables_.begin());
    if (eviction_build_ == nullptr && table != nullptr) {
      eviction_build_ = std::make_unique<EvictionBuild>(*table);
    }
    while (eviction_build_ != nullptr && eviction_build_->step(tables_->version().current())) {
      if (std::chrono::steady_clock::now() > end) {
        return true;
      }
    }
    eviction_build_.reset();
    unordered_tables_.erase(unordered_tables_.begin());
  }
  return false;
}

// --- features

Result<void, OpenFlowError> LocalBridge::check_features(const std::vector<openflow::TableFeatures>& features) const {
  for (const openflow::TableFeatures& wanted : features) {
    if (wanted.table_id >= table_count) {
      return refuse(ErrorCode::ofptffc_bad_table, "there is no table " + std::to_string(wanted.table_id));
    }
    const FlowTable* table = tables_->find_table(wanted.table_id);
    if (wanted.max_entries > max_settable_entries || (table != nullptr && wanted.max_entries < table->coming_count())) {
      return refuse(ErrorCode::ofptffc_bad_max_ent, "a table holds up to " + std::to_string(max_settable_entries) +
                                                        " flows, and no fewer than are there");
    }
  }
  return {};
}

Result<void, OpenFlowError> LocalBridge::set_table_features(const std::vector<openflow::TableFeatures>& features,
                                                            std::optional<uint8_t> first_egress) {
  if (auto checked = check_features(features); !checked) {
    return checked;
  }
  const bool moves = first_egress && first_egress != first_egress_table();
  if (auto broken = moves ? tables_->stages().check_first_egress(*first_egress) : std::nullopt) {
    return Unexpected{std::move(*broken)};
  }
  set_first_egress(first_egress);
  for (const openflow::TableFeatures& wanted : features) {
    TablePolicy policy = tables_->policy(wanted.table_id);
    policy.name = wanted.name;
    policy.max_entries = wanted.max_entries;
    tables_->set_naming(wanted.table_id, std::move(policy));
  }
  return {};
}

// Every cached decision of the bridge may be another then.
void LocalBridge::set_first_egress(std::optional<uint8_t> table_id) {
  if (table_id != first_egress_table()) {
    tables_->set_first_egress(table_id);
    host_.publish_snapshot({.ids = {dependency::bridge(id_)}, .rules = {}});
  }
}

TableNaming LocalBridge::table_naming(uint8_t table_id) const {
  constexpr size_t limit = std::numeric_limits<uint32_t>::max();
  return {tables_->table_name(table_id), static_cast<uint32_t>(std::min(tables_->max_entries(table_id), limit))};
}

openflow::TableDesc LocalBridge::table_desc(uint8_t table_id) const {
  const TablePolicy& policy = tables_->policy(table_id);
  openflow::TableDesc desc;
  desc.table_id = table_id;
  desc.config = (policy.eviction ? table_config::eviction : 0) | (policy.vacancy ? table_config::vacancy_events : 0);
  desc.eviction_flags = policy.eviction;
  desc.vacancy = policy.vacancy;
  if (desc.vacancy) {
    const FlowTable* table = tables_->find_table(table_id);
    desc.vacancy->current = vacancy_of(table != nullptr ? table->active_count() : 0, tables_->max_entries(table_id));
  }
  return desc;
}

// --- vacancy

void LocalBridge::tell_vacancy() {
  for (auto& [table_id, watch] : vacancy_watches_) {
    openflow::TableDesc desc = table_desc(table_id);
    if (const auto reason = watch.look(desc.vacancy->current)) {
      tell([message = openflow::TableStatus{*reason, std::move(desc)}](BridgeListener& listener) {
        listener.table_status(message);
      });
    }
  }
}

// Rules may name what is mapped as soon as this returns. Ports read it with their next packets, and decisions that wrote
// options by the old map are proved again.
Result<void, openflow::OpenFlowError> LocalBridge::apply(const openflow::TlvTableMod& tlv_table_mod) {
  if (auto applied = tlv_table_.apply(tlv_table_mod, tables_->used_options()); !applied) {
    return applied;
  }
  const datapath::TunnelOptionMap map = tlv_table_.option_map();
  tables_->set_mapped_options(map.fields());
  for (const auto& [number, port] : ports_.all()) {
    if (port.is_tunnel() && port.port_id != port_id::none) {
      host_.datapath().set_tunnel_options(port.port_id, map);
    }
  }
  host_.publish_snapshot({.ids = {dependency::bridge(id_)}, .rules = {}});
  return {};
}

}  // namespace weft::ofproto
