// Tables: lib/openflow/text/port_text.h.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/openflow/text/bit_names.h"
#include "lib/openflow/text/port_text.h"

namespace weft::openflow {
namespace {

// Prints tables one by one; those that equal the one before, but for their number, as a range.
template <class Table, class Format, class Equal>
std::string format_with_ditto(std::span<const Table> tables, Format&& format, Equal&& equal) {
  std::string text;
  for (size_t i = 0; i < tables.size();) {
    size_t end = i + 1;
    if (i > 0 && equal(tables[i - 1], tables[i])) {
      while (end < tables.size() && equal(tables[i], tables[end])) {
        ++end;
      }
      const bool is_one = end == i + 1;
      text += is_one ? fmt::format("  table {}: ditto\n", tables[i].table_id)
                     : fmt::format("  tables {}...{}: ditto\n", tables[i].table_id, tables[end - 1].table_id);
    } else {
      text += format(tables[i]);
    }
    i = end;
  }
  return text;
}

// By the numbers of OFPIT_* and OFPAT_*.
constexpr BitName instruction_names[] = {{1 << 1, "goto_table"},    {1 << 2, "write_metadata"},
                                         {1 << 3, "write_actions"}, {1 << 4, "apply_actions"},
                                         {1 << 5, "clear_actions"}, {1 << 6, "meter"}};

constexpr BitName action_bit_names[] = {
    {1 << 0, "output"},        {1 << 11, "copy_ttl_out"}, {1 << 12, "copy_ttl_in"}, {1 << 15, "set_mpls_ttl"},
    {1 << 16, "dec_mpls_ttl"}, {1 << 17, "push_vlan"},    {1 << 18, "pop_vlan"},    {1 << 19, "push_mpls"},
    {1 << 20, "pop_mpls"},     {1 << 21, "set_queue"},    {1 << 22, "group"},       {1 << 23, "mod_nw_ttl"},
    {1 << 24, "dec_ttl"},      {1 << 25, "set_field"},    {1 << 26, "push_pbb"},    {1 << 27, "pop_pbb"},
    {1 << 28, "copy_field"},   {1 << 29, "meter"},
};

std::string_view without_number(std::string_view name) {
  while (!name.empty() && is_digit(name.back())) {
    name.remove_suffix(1);
  }
  return name;
}

// The last of the numbered fields (reg0, reg1 ...) that begin with `first` and are all in the set.
size_t end_of_run(const FieldSet& fields, size_t first) {
  const std::string_view stem = without_number(all_fields()[first].name);
  if (stem.size() == all_fields()[first].name.size()) {
    return first;
  }
  size_t last = first;
  while (last + 1 < fields.size() && fields[last + 1] && without_number(all_fields()[last + 1].name) == stem) {
    ++last;
  }
  return last;
}

// "reg0...reg15" for a run.
std::string format_fields(const FieldSet& fields) {
  std::string text;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i]) {
      continue;
    }
    const size_t last = end_of_run(fields, i);
    text += fmt::format("{}{}", text.empty() ? "" : " ", all_fields()[i].name);
    text += last > i ? fmt::format("...{}", all_fields()[last].name) : "";
    i = last;
  }
  return text;
}

std::string format_next_tables(const std::bitset<256>& tables) {
  std::string text;
  for (size_t i = 0; i < tables.size();) {
    if (!tables[i]) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < tables.size() && tables[end]) {
      ++end;
    }
    text += fmt::format("{}{}", text.empty() ? "" : ",", i);
    text += end - i > 1 ? fmt::format("-{}", end - 1) : "";
    i = end;
  }
  return text;
}

std::string format_abilities(std::string_view title, const TableAbilities& abilities) {
  std::string text = fmt::format("    {}:\n", title);
  if (abilities.next_tables.any()) {
    text += fmt::format("      next tables: {}\n", format_next_tables(abilities.next_tables));
  }
  text += fmt::format("      instructions: {}\n", fmt::join(instructions_of(abilities), ","));
  text += fmt::format("      Write-Actions: {}\n", fmt::join(actions_of(abilities.write_actions), " "));
  text += fmt::format("        supported on Set-Field: {}\n", format_fields(abilities.write_set_field));
  text += fmt::format("      Apply-Actions: {}\n", fmt::join(actions_of(abilities.apply_actions), " "));
  return text + fmt::format("        supported on Set-Field: {}\n", format_fields(abilities.apply_set_field));
}

// Since 1.4.
std::string format_capabilities(uint32_t capabilities) {
  const auto word = [&](uint32_t bit) { return (capabilities & bit) != 0 ? "supported" : "not supported"; };
  return fmt::format("    eviction: {}\n    vacancy events: {}\n", word(table_config::eviction),
                     word(table_config::vacancy_events));
}

// Where egress begins, in 1.5; nothing: nowhere.
std::optional<uint8_t> first_egress_of(std::span<const TableFeatures> tables) {
  const auto first = std::ranges::find_if(
      tables, [](const TableFeatures& table) { return (table.features & table_feature::first_egress) != 0; });
  return first == tables.end() ? std::nullopt : std::optional(first->table_id);
}

std::string format_stage(const TableFeatures& table, std::optional<uint8_t> first_egress) {
  if (first_egress) {
    return table.table_id < *first_egress    ? "ingress"
           : table.table_id == *first_egress ? "egress, the first such table"
                                             : "egress";
  }
  return (table.features & table_feature::egress_table) != 0 ? "ingress, can be egress" : "ingress";
}

// `stage`: empty where nothing is to be said of it.
std::string format_one(const TableFeatures& table, bool has_capabilities, const std::string& stage) {
  std::string text = table.name.empty() ? fmt::format("  table {}:\n", table.table_id)
                                        : fmt::format("  table {} (\"{}\"):\n", table.table_id, table.name);
  text += fmt::format("    metadata: match={:#x} write={:#x}\n", table.metadata_match, table.metadata_write);
  text += stage.empty() ? "" : fmt::format("    stage: {}\n", stage);
  text += has_capabilities ? format_capabilities(table.capabilities) : "";
  text += fmt::format("    max_entries={}\n", table.max_entries);
  if (table.hit == table.miss) {
    text += format_abilities("instructions (table miss and others)", table.hit);
  } else {
    text += format_abilities("instructions (other than table miss)", table.hit);
    text += format_abilities("instructions (table miss)", table.miss);
  }
  text += "    matching:\n";
  text += fmt::format("      arbitrary mask: {}\n", format_fields(table.match & table.maskable));
  return text + fmt::format("      exact match or wildcard: {}\n", format_fields(table.match & ~table.maskable));
}

// Next tables shrink by one from table to table; that is no difference worth a page each.
bool is_like(const TableFeatures& a, const TableFeatures& b) {
  TableFeatures same = b;
  same.table_id = a.table_id;
  same.name = a.name;
  same.hit.next_tables = a.hit.next_tables;
  same.miss.next_tables = a.miss.next_tables;
  return same == a && (a.hit.next_tables.none() == b.hit.next_tables.none());
}

// --- table statistics

std::string table_title(const TableStats& table) {
  return table.name.empty() ? std::to_string(table.table_id) : fmt::format("{} (\"{}\")", table.table_id, table.name);
}

bool has_equal_counts(const TableStats& a, const TableStats& b) {
  return a.active_count == b.active_count && a.lookup_count == b.lookup_count && a.matched_count == b.matched_count;
}
bool has_equal_features(const TableStats& a, const TableStats& b) {
  return a.max_entries == b.max_entries && a.wildcards == b.wildcards;
}

// OFPFW_* of 1.0 by the names of what they leave out; those that begin alike are put together.
struct WildcardName {
  uint32_t bits;
  std::string_view stem;
  std::string_view rest;
};
constexpr WildcardName wildcard_names[] = {
    {1 << 0, "in_port", ""},  {1 << 2, "eth_", "src"},   {1 << 3, "eth_", "dst"},   {1 << 4, "eth_", "type"},
    {1 << 1, "vlan_", "vid"}, {1 << 20, "vlan_", "pcp"}, {0x3f << 8, "ip_", "src"}, {0x3f << 14, "ip_", "dst"},
    {1 << 5, "nw_", "proto"}, {1 << 21, "nw_", "tos"},   {1 << 6, "tcp_", "src"},   {1 << 7, "tcp_", "dst"},
};

std::string format_wildcards(uint32_t wildcards) {
  std::string text;
  for (size_t i = 0; i < std::size(wildcard_names);) {
    const std::string_view stem = wildcard_names[i].stem;
    std::string rests;
    size_t count = 0;
    bool is_there = false;
    for (; i < std::size(wildcard_names) && wildcard_names[i].stem == stem; ++i) {
      if ((wildcards & wildcard_names[i].bits) != 0) {
        is_there = true;
        rests += fmt::format("{}{}", count++ == 0 ? "" : ",", wildcard_names[i].rest);
      }
    }
    if (is_there) {
      text += fmt::format(" {}{}", stem, count > 1 ? "{" + rests + "}" : rests);
    }
  }
  return text;
}

// Only 1.0 says here what a table can do.
std::string format_stats(const TableStats& table, const TableStats* before) {
  std::string text = fmt::format("  table {}:\n    active={}, lookup={}, matched={}\n", table_title(table),
                                 table.active_count, table.lookup_count, table.matched_count);
  if (table.max_entries == 0 && table.wildcards == 0) {
    return text + "\n";
  }
  if (before != nullptr && has_equal_features(*before, table)) {
    return text + "    (same features)\n\n";
  }
  text += fmt::format("    max_entries={}\n    matching:\n", table.max_entries);
  return text + fmt::format("      exact match or wildcard:{}\n\n", format_wildcards(table.wildcards));
}

}  // namespace

std::vector<std::string_view> instructions_of(const TableAbilities& abilities) {
  return names_of_bits(abilities.instructions, instruction_names);
}

std::vector<std::string_view> actions_of(uint32_t action_types) {
  return names_of_bits(action_types, action_bit_names);
}

std::string format_table_stats(std::span<const TableStats> tables) {
  std::string text;
  for (size_t i = 0; i < tables.size();) {
    const TableStats* before = i == 0 ? nullptr : &tables[i - 1];
    size_t end = i + 1;
    if (before != nullptr && has_equal_counts(*before, tables[i]) && has_equal_features(*before, tables[i])) {
      while (end < tables.size() && tables[end].name.empty() && has_equal_counts(tables[i], tables[end]) &&
             has_equal_features(tables[i], tables[end])) {
        ++end;
      }
      text += end == i + 1 ? fmt::format("  table {}: ditto\n", table_title(tables[i]))
                           : fmt::format("  tables {}...{}: ditto\n", tables[i].table_id, tables[end - 1].table_id);
    } else {
      text += format_stats(tables[i], before);
    }
    i = end;
  }
  return text;
}

std::string format_table_features(std::span<const TableFeatures> tables, const TableFeaturesStyle& style) {
  const std::optional<uint8_t> first_egress = first_egress_of(tables);
  const auto format = [&](const TableFeatures& table) {
    return format_one(table, style.has_capabilities,
                      style.shows_stages ? format_stage(table, first_egress) : std::string());
  };
  return format_with_ditto(tables, format, is_like);
}

}  // namespace weft::openflow
