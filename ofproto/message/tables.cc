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

bool is_shown(const Field& field) { return field.is_filled && (field.oxm.has_value() || field.nxm.has_value()); }

TableAbilities abilities(unsigned table_id, const FieldSet& writable) {
  TableAbilities out;
  out.instructions = instructions;
  for (unsigned next = table_id + 1; next < table_count; ++next) {
    out.next_tables.set(next);
  }
  out.write_actions = executed_actions;
  out.apply_actions = executed_actions;
  out.write_set_field = writable;
  out.apply_set_field = writable;
  return out;
}

std::vector<TableFeatures> all_table_features() {
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
    table.hit = abilities(id, writable);
    table.miss = table.hit;
    table.match = matchable;
    table.maskable = maskable;
    table.wildcards = matchable;
    tables.push_back(std::move(table));
  }
  return tables;
}

const std::vector<TableFeatures>& table_features() {
  static const std::vector<TableFeatures> features = all_table_features();
  return features;
}

// All tables of all bridges are alike but for names and sizes, so the reply is encoded once a version.
const TableFeaturesEncoder& encoded_table_features(Version version) {
  static std::array<std::unique_ptr<TableFeaturesEncoder>, 8> cache;
  auto& entry = cache[static_cast<size_t>(version)];
  if (!entry) {
    entry = std::make_unique<TableFeaturesEncoder>(version, table_features());
  }
  return *entry;
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

void send_part(const RequestPtr& request, size_t part) {
  const auto session = request->session();
  if (!session) {
    return;
  }
  const auto& features = encoded_table_features(session->version());
  if (part == features.part_count()) {
    return request->finish();
  }
  session->send(named(features.part(part, request->xid()), session->bridge()));
  session->when_writable([request, part] { send_part(request, part + 1); });
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
    if (!is_within(wanted, table_features()[wanted.table_id])) {
      return Unexpected{refusal(version, ErrorCode::ofptffc_bad_features)};
    }
  }
  return {};
}

}  // namespace

// With entries: those tables are called so and hold so many. Tables that are not named stay as they are.
Outcome on_table_features(const RequestPtr& request, const TableFeaturesRequest& message) {
  const auto session = request->session();
  if (auto checked = check(message, session->version()); !checked) {
    return Unexpected{checked.error()};
  }
  if (auto set = session->bridge().set_table_features(message.entries); !set) {
    return Unexpected{set.error().is(ErrorCode::ofptffc_bad_max_ent)
                          ? refusal(session->version(), ErrorCode::ofptffc_bad_max_ent)
                          : set.error()};
  }
  send_part(request, 0);
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
