#include "ofproto/table/meter_table.h"

#include <string>

#include "lib/base/hash.h"
#include "lib/base/rcu.h"
#include "ofproto/table/action_uses.h"

namespace weft::ofproto {

using openflow::ErrorCode;
using openflow::MeterBandType;
using openflow::MeterMod;
using openflow::MeterModCommand;
using openflow::OpenFlowError;
namespace meter_flag = openflow::meter_flag;
namespace meter_id = openflow::meter_id;

namespace {

constexpr uint8_t max_precedence = 3;

bool is_number(uint32_t id) {
  return (id != 0 && id <= meter_id::max) || id == meter_id::controller || id == meter_id::slow_path;
}

Result<void, OpenFlowError> check_band(const openflow::MeterBand& band) {
  if (band.type != MeterBandType::drop && band.type != MeterBandType::dscp_remark) {
    return refuse(ErrorCode::ofpmmfc_bad_band, "bands drop or remark the DSCP");
  }
  if (band.rate == 0) {
    return refuse(ErrorCode::ofpmmfc_bad_rate, "a band's rate is at least 1");
  }
  if (band.type == MeterBandType::dscp_remark && band.precedence_level > max_precedence) {
    return refuse(ErrorCode::ofpmmfc_bad_band_value, "there are three levels of drop precedence");
  }
  return {};
}

Result<void, OpenFlowError> check_config(const MeterMod& mod) {
  if ((mod.flags & meter_flag::kbps) != 0 && (mod.flags & meter_flag::pktps) != 0) {
    return refuse(ErrorCode::ofpmmfc_bad_flags, "rates are in kbit/s or in packets/s");
  }
  if (mod.bands.size() > max_meter_bands) {
    return refuse(ErrorCode::ofpmmfc_out_of_bands,
                  "a meter has at most " + std::to_string(unsigned{max_meter_bands}) + " bands");
  }
  for (const openflow::MeterBand& band : mod.bands) {
    if (auto checked = check_band(band); !checked) {
      return checked;
    }
  }
  return {};
}

// A burst size counts only under its flag.
datapath::MeterSpec spec_of(const MeterMod& mod) {
  datapath::MeterSpec spec;
  spec.counts_packets = (mod.flags & meter_flag::pktps) != 0;
  for (const openflow::MeterBand& band : mod.bands) {
    using Kind = datapath::MeterBandSpec::Kind;
    spec.bands.push_back({.kind = band.type == MeterBandType::drop ? Kind::drop : Kind::dscp_remark,
                          .rate = band.rate,
                          .burst = (mod.flags & meter_flag::burst) != 0 ? band.burst_size : 0,
                          .precedence = band.precedence_level});
  }
  return spec;
}

}  // namespace

MeterTable::~MeterTable() {
  for (const auto& [id, entry] : entries_) {
    delete entry;
  }
}

uint32_t MeterTable::hash_of(uint32_t id) { return static_cast<uint32_t>(hash_finish(hash_add(0, id), 1)); }

const MeterEntry* MeterTable::find(uint32_t id) const {
  return readable_.find(hash_of(id), [&](const MeterEntry& entry) { return entry.config.meter == id; });
}

std::vector<uint32_t> MeterTable::numbers() const {
  std::vector<uint32_t> numbers;
  for (const auto& [id, entry] : entries_) {
    numbers.push_back(id);
  }
  return numbers;
}

Result<void, OpenFlowError> MeterTable::check(const MeterMod& mod) const {
  const bool is_all = mod.meter == meter_id::all;
  switch (mod.command) {
    case MeterModCommand::add:
      if (!is_number(mod.meter)) {
        return refuse(ErrorCode::ofpmmfc_invalid_meter, "no meter can have this number");
      }
      if (has(mod.meter)) {
        return refuse(ErrorCode::ofpmmfc_meter_exists, "the meter is there already");
      }
      if (entries_.size() >= max_meters) {
        return refuse(ErrorCode::ofpmmfc_out_of_meters, std::to_string(max_meters) + " meters are there already");
      }
      return check_config(mod);
    case MeterModCommand::modify:
      if (!is_number(mod.meter)) {
        return refuse(ErrorCode::ofpmmfc_invalid_meter, "no meter can have this number");
      }
      if (!has(mod.meter)) {
        return refuse(ErrorCode::ofpmmfc_unknown_meter, "there is no meter " + std::to_string(mod.meter));
      }
      return check_config(mod);
    case MeterModCommand::remove:
      return is_all || is_number(mod.meter) ? Result<void, OpenFlowError>()
                                            : refuse(ErrorCode::ofpmmfc_invalid_meter, "no meter can have this number");
  }
  return refuse(ErrorCode::ofpmmfc_bad_command, "unknown meter-mod command");
}

bool MeterTable::add_or_modify(const MeterMod& mod, TimePoint now, const Maker& make) {
  const openflow::MeterConfig config{mod.flags, mod.meter, mod.bands};
  if (const auto found = entries_.find(mod.meter); found != entries_.end()) {
    found->second->config = config;
    found->second->meter->configure(spec_of(mod));
    return false;
  }
  auto entry = std::make_unique<MeterEntry>(MeterEntry{config, now, make(spec_of(mod))});
  readable_.insert(hash_of(mod.meter), *entry);
  entries_[mod.meter] = entry.release();
  return true;
}

bool MeterTable::remove(uint32_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) {
    return false;
  }
  readable_.erase(hash_of(id), *found->second);
  rcu::retire(found->second);
  entries_.erase(found);
  return true;
}

void MeterTable::refer(FlowRule& rule) {
  for_each_meter(rule.instructions(), [&](uint32_t id, ErrorCode) { rules_[id].insert(&rule); });
}

void MeterTable::release(FlowRule& rule) {
  for_each_meter(rule.instructions(), [&](uint32_t id, ErrorCode) {
    const auto users = rules_.find(id);
    if (users != rules_.end() && users->second.erase(&rule) > 0 && users->second.empty()) {
      rules_.erase(users);
    }
  });
}

std::vector<FlowRulePtr> MeterTable::rules_using(uint32_t id, size_t limit) const {
  const bool is_any = id == openflow::meter_id::all;
  std::unordered_set<FlowRule*> found;
  for (auto users = is_any ? rules_.begin() : rules_.find(id); users != rules_.end() && found.size() < limit; ++users) {
    for (auto rule = users->second.begin(); rule != users->second.end() && found.size() < limit; ++rule) {
      found.insert(*rule);
    }
    if (!is_any) {
      break;
    }
  }
  std::vector<FlowRulePtr> shared;
  for (FlowRule* rule : found) {
    shared.push_back(rule->shared_from_this());
  }
  return shared;
}

std::optional<openflow::MeterStats> MeterTable::stats(uint32_t id, TimePoint now) const {
  const auto found = entries_.find(id);
  if (found == entries_.end()) {
    return std::nullopt;
  }
  const MeterEntry& entry = *found->second;
  const datapath::MeterCounters counters = entry.meter->counters();
  openflow::MeterStats stats;
  stats.meter = id;
  if (const auto users = rules_.find(id); users != rules_.end()) {
    stats.flow_count = static_cast<uint32_t>(users->second.size());
  }
  stats.packet_count = counters.packet_count;
  stats.byte_count = counters.byte_count;
  stats.duration = to_openflow(now - entry.created);
  for (const datapath::MeterCounters::Band& band : counters.bands) {
    stats.bands.push_back({band.packet_count, band.byte_count});
  }
  return stats;
}

openflow::MeterFeaturesReply MeterTable::features() {
  openflow::MeterFeaturesReply reply;
  reply.max_meters = max_meters;
  reply.band_types =
      1U << static_cast<unsigned>(MeterBandType::drop) | 1U << static_cast<unsigned>(MeterBandType::dscp_remark);
  reply.capabilities = meter_flag::kbps | meter_flag::pktps | meter_flag::burst | meter_flag::stats;
  reply.max_bands = max_meter_bands;
  // The features of 1.5 stay unsaid: Open vSwitch's tools and OVN refuse a reply that holds them (lib/openflow/README.md).
  return reply;
}

}  // namespace weft::ofproto
