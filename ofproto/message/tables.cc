// Requests about tables: what they can do and are to be called, when they evict, how they are set up.

#include <algorithm>
#include <array>
#include <bitset>

#include "lib/base/big_endian.h"
#include "ofproto/message/list_reply.h"
#include "ofproto/table/abilities.h"
#include "ofproto/table/table_set.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

constexpr uint32_t max_flows_per_table = 1'000'000;

// OFPIT_* that every table takes (OpenFlow 1.3.5 section 7.2.4).
// goto, metadata, write, apply, clear, meter
constexpr uint32_t instructions = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6;

bool is_shown(const Field& field) { return field.oxm.has_value() || field.nxm.has_value(); }

// What chooses where a packet goes, which an egress table may not write: output and group.
constexpr uint32_t choosing_actions = 1U << 0 | 1U << 22;

using FirstEgress = std::optional<uint8_t>;

TableAbilities abilities(unsigned table_id, const FieldSet& writable, FirstEgress first_egress) {
  const bool is_egress = first_egress && table_id >= *first_egress;
  TableAbilities out;
  out.instructions = instructions;
  const unsigned end = first_egress && !is_egress ? *first_egress : table_count;
  for (unsigned next = table_id + 1; next < end; ++next) {
    out.next_tables.set(next);
  }
  out.write_actions = is_egress ? executed_actions & ~choosing_actions : executed_actions;
  out.apply_actions = executed_actions;
  out.write_set_field = writable;
  out.apply_set_field = writable;
  return out;
}

// Packets start in table 0; any other may be either.
uint32_t stages_of(unsigned table_id, FirstEgress first_egress) {
  return table_feature::ingress_table | (table_id > 0 ? table_feature::egress_table : 0) |
         (first_egress == table_id ? table_feature::first_egress : 0);
}

std::vector<TableFeatures> all_table_features(FirstEgress first_egress) {
  FieldSet matchable;
  FieldSet maskable;
  FieldSet writable;
  for (const auto& field : all_fields()) {
    const auto bit = static_cast<size_t>(field.id);
    matchable.set(bit, is_shown(field));
    maskable.set(bit, is_shown(field) && field.mask_rule == MaskRule::any);
    writable.set(bit, is_shown(field) && field.is_writable);
  }
  std::vector<TableFeatures> tables;
  for (unsigned id = 0; id < table_count; ++id) {
    TableFeatures table;
    table.table_id = static_cast<uint8_t>(id);
    table.name = "table" + std::to_string(id);
    table.max_entries = max_flows_per_table;
    table.features = stages_of(id, first_egress);
    table.capabilities = table_config::eviction | table_config::vacancy_events;
    table.hit = abilities(id, writable, first_egress);
    table.miss = table.hit;
    table.match = matchable;
    table.maskable = maskable;
    table.wildcards = matchable;
    tables.push_back(std::move(table));
  }
  return tables;
}

// What a table may be asked for, whichever the first egress table is; the meter as 1.5 tells it, too.
const std::vector<TableFeatures>& able_features() {
  static const std::vector<TableFeatures> features = [] {
    constexpr uint32_t meter_action = 1U << 29;
    std::vector<TableFeatures> tables = all_table_features(std::nullopt);
    for (TableFeatures& table : tables) {
      table.hit.apply_actions |= meter_action;
      table.miss.apply_actions |= meter_action;
    }
    return tables;
  }();
  return features;
}

using EncodedFeatures = std::shared_ptr<const TableFeaturesEncoder>;

// All tables of all bridges are alike but for names, sizes and where egress begins, so the reply is encoded once a
// version, and kept for the first egress table that was asked about last.
EncodedFeatures encoded_table_features(Version version, FirstEgress first_egress) {
  struct Entry {
    FirstEgress first_egress;
    EncodedFeatures encoded;
  };
  static std::array<std::array<Entry, 2>, 8> cache;
  Entry& entry = cache[static_cast<size_t>(version)][first_egress ? 1 : 0];
  if (entry.encoded == nullptr || entry.first_egress != first_egress) {
    entry = {first_egress, std::make_shared<const TableFeaturesEncoder>(version, all_table_features(first_egress))};
  }
  return entry.encoded;
}

// Where the fields stand that differ between tables, in a message and in an entry; alike in 1.3, 1.4 and 1.5
// (1.3.5 section 7.3.5.5).
constexpr size_t first_entry = 16;
constexpr size_t entry_size = 64;  // its fixed part
constexpr size_t table_id_offset = 2;
constexpr size_t name_offset = 8;
constexpr size_t name_size = 32;
constexpr size_t max_entries_offset = 60;

// A part as this bridge's tables are named.
Bytes named(Bytes part, const Bridge& bridge) {
  for (size_t at = first_entry; at + entry_size <= part.size(); at += load_be16(&part[at])) {
    const TableNaming naming = bridge.table_naming(part[at + table_id_offset]);
    std::fill_n(part.begin() + static_cast<std::ptrdiff_t>(at + name_offset), name_size, uint8_t{0});
    std::copy_n(naming.name.begin(), std::min(naming.name.size(), name_size - 1),
                part.begin() + static_cast<std::ptrdiff_t>(at + name_offset));
    store_be32(&part[at + max_entries_offset], naming.max_entries);
  }
  return part;
}

void send_part(const RequestPtr& request, const EncodedFeatures& features, size_t part) {
  const auto session = request->session();
  if (!session) {
    return;
  }
  if (part == features->part_count()) {
    return request->finish();
  }
  session->send(named(features->part(part, request->xid()), session->bridge()));
  session->when_writable([request, features, part] { send_part(request, features, part + 1); });
}

void send_all(const RequestPtr& request, Session& session) {
  send_part(request, encoded_table_features(session.version(), session.bridge().first_egress_table()), 0);
}

// --- setting them

template <size_t n>
bool is_within(const std::bitset<n>& wanted, const std::bitset<n>& able) {
  return (wanted & ~able).none();
}

bool is_within(const TableAbilities& wanted, const TableAbilities& able) {
  return (wanted.instructions & ~able.instructions) == 0 && is_within(wanted.next_tables, able.next_tables) &&
         (wanted.write_actions & ~able.write_actions) == 0 && (wanted.apply_actions & ~able.apply_actions) == 0 &&
         is_within(wanted.write_set_field, able.write_set_field) &&
         is_within(wanted.apply_set_field, able.apply_set_field) &&
         is_within(wanted.write_copy_field, able.write_copy_field) &&
         is_within(wanted.apply_copy_field, able.apply_copy_field);
}

// A table that can do more than it is wanted for will do.
bool is_within(const TableFeatures& wanted, const TableFeatures& able) {
  return is_within(wanted.hit, able.hit) && is_within(wanted.miss, able.miss) && is_within(wanted.match, able.match) &&
         is_within(wanted.maskable, able.maskable) && is_within(wanted.wildcards, able.wildcards);
}

bool is_first_egress(const TableFeatures& wanted) { return (wanted.features & table_feature::first_egress) != 0; }

// The same of ingress and egress. The first egress table is one that can be an egress table, and is not wanted for ingress
// alone.
bool is_within_stages(const TableFeatures& wanted, const TableFeatures& able) {
  const uint32_t stages = wanted.features & ~table_feature::first_egress;
  const uint32_t left = stages != 0 ? stages : able.features;
  return (stages & ~able.features) == 0 && (!is_first_egress(wanted) || (left & table_feature::egress_table) != 0);
}

// Codes that 1.3 does not have are bad arguments there.
OpenFlowError refusal(Version version, ErrorCode code) {
  return OpenFlowError(version >= Version::v1_5 ? code : ErrorCode::ofptffc_bad_argument);
}

Result<void, OpenFlowError> check(const TableFeaturesRequest& message, Version version) {
  std::bitset<table_count> seen;
  for (const TableFeatures& wanted : message.entries) {
    if (wanted.table_id >= table_count || seen.test(wanted.table_id)) {
      return Unexpected{OpenFlowError(ErrorCode::ofptffc_bad_table)};
    }
    seen.set(wanted.table_id);
    if (wanted.command == TableFeaturesCommand::enable || wanted.command == TableFeaturesCommand::disable) {
      return Unexpected{OpenFlowError(ErrorCode::ofptffc_eperm)};
    }
    const TableFeatures& able = able_features()[wanted.table_id];
    if (!is_within(wanted, able) || !is_within_stages(wanted, able)) {
      return Unexpected{refusal(version, ErrorCode::ofptffc_bad_features)};
    }
  }
  if (std::ranges::count_if(message.entries, is_first_egress) > 1) {
    return Unexpected{OpenFlowError(ErrorCode::ofptffc_bad_features, "there is one first egress table at most")};
  }
  return {};
}

// The table that is marked; none when the one that was so is named without the mark. Before 1.5 nothing is said of it.
FirstEgress first_egress_after(const TableFeaturesRequest& message, Version version, FirstEgress now) {
  if (version < Version::v1_5) {
    return now;
  }
  const auto marked = std::ranges::find_if(message.entries, is_first_egress);
  if (marked != message.entries.end()) {
    return marked->table_id;
  }
  const bool is_named =
      std::ranges::any_of(message.entries, [&](const TableFeatures& wanted) { return now == wanted.table_id; });
  return is_named ? std::nullopt : now;
}

void set_features(const RequestPtr& request, const TableFeaturesRequest& message) {
  const auto session = request->session();
  if (!session) {
    return;
  }
  Bridge& bridge = session->bridge();
  const FirstEgress first_egress = first_egress_after(message, session->version(), bridge.first_egress_table());
  if (auto set = bridge.set_table_features(message.entries, first_egress); !set) {
    request->refuse(set.error().is(ErrorCode::ofptffc_bad_max_ent)
                        ? refusal(session->version(), ErrorCode::ofptffc_bad_max_ent)
                        : set.error());
    return request->finish();
  }
  send_all(request, *session);
}

}  // namespace

// With entries: those tables are called so and hold so many, and egress begins where it is marked. Tables that are not
// named stay as they are.
Outcome on_table_features(const RequestPtr& request, const TableFeaturesRequest& message) {
  const auto session = request->session();
  if (auto checked = check(message, session->version()); !checked) {
    return Unexpected{checked.error()};
  }
  if (message.entries.empty()) {
    send_all(request, *session);
  } else {
    session->bridge().in_turn([request, message] { set_features(request, message); });
  }
  return Progress::pending;
}

// Before 1.4 a table has no setting; the two bits that earlier versions had mean nothing any more.
Outcome on_table_mod(const RequestPtr& request, const TableMod& message) {
  const auto session = request->session();
  if (session->version() < Version::v1_4) {
    constexpr uint32_t deprecated = 3;  // OFPTC_DEPRECATED_MASK
    const bool is_table = message.table_id < table_count || message.table_id == all_tables;
    const bool is_known = (message.config & ~deprecated) == 0;
    return is_table && is_known
               ? Outcome(Progress::done)
               : Unexpected{OpenFlowError(is_table ? ErrorCode::ofptmfc_bad_config : ErrorCode::ofptmfc_bad_table)};
  }
  const auto applied = session->bridge().apply(message, [request] { request->finish(); });
  return applied ? Outcome(Progress::pending) : Outcome(Unexpected{applied.error()});
}

Outcome on_table_desc(const RequestPtr& request) {
  TableDescReply reply;
  for (unsigned id = 0; id < table_count; ++id) {
    reply.entries.push_back(request->session()->bridge().table_desc(static_cast<uint8_t>(id)));
  }
  request->reply(reply);
  return Progress::done;
}

}  // namespace weft::ofproto
