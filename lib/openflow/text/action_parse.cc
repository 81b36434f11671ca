// The table of actions, and lists of them.
#include "lib/openflow/text/action_parse.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/text/action_text.h"

namespace weft::openflow {
namespace {

template <class A>
Parsed parse_plain(const ActionInput& input, const Word& word, ActionList& out) {
  out.emplace_back(A{});
  return no_value(input, word);
}

template <bool is_strip>
Parsed parse_pop_vlan(const ActionInput& input, const Word& word, ActionList& out) {
  out.emplace_back(PopVlanAction{is_strip});
  return no_value(input, word);
}

// An action that is one number.
template <class A, class Number, uint64_t max>
Parsed parse_number_action(const ActionInput& input, const Word& word, ActionList& out) {
  const auto number = number_value(input.source, word, word.key, 0, max);
  if (!number) {
    return Unexpected{number.error()};
  }
  out.emplace_back(A{static_cast<Number>(*number)});
  return {};
}

Parsed parse_meter(const ActionInput& input, const Word& word, ActionList& out) {
  const auto meter = number_value(input.source, word, "meter", 1, 0xffffffff);
  if (!meter) {
    return Unexpected{meter.error()};
  }
  out.emplace_back(MeterAction{static_cast<uint32_t>(*meter)});
  return {};
}

template <class A>
Parsed parse_ethertype(const ActionInput& input, const Word& word, ActionList& out) {
  return parse_number_action<A, uint16_t, 0xffff>(input, word, out);
}

template <class A, uint16_t usual, uint16_t other = usual>
Parsed parse_push_tag(const ActionInput& input, const Word& word, ActionList& out) {
  const auto ethertype = number_value(input.source, word, "ethertype", 0, 0xffff);
  if (!ethertype) {
    return Unexpected{ethertype.error()};
  }
  if (*ethertype != usual && *ethertype != other) {
    return input.source.error(word.value, std::string(word.key) + " cannot push this ethertype",
                              fmt::format("{:#06x}", usual));
  }
  out.emplace_back(A{static_cast<uint16_t>(*ethertype)});
  return {};
}

struct ActionRow {
  std::string_view name;
  Parsed (*parse)(const ActionInput&, const Word&, ActionList&);
};

constexpr uint64_t max_u32 = 0xffffffff;

constexpr ActionRow action_rows[] = {
    {"output", parse_output},
    {"controller", parse_controller},
    {"enqueue", parse_enqueue},
    {"group", parse_group},
    {"meter", parse_meter},
    {"resubmit", parse_resubmit},
    {"set_field", parse_set_field},
    {"load", parse_load},
    {"move", parse_move},
    {"mod_dl_src", parse_mod},
    {"mod_dl_dst", parse_mod},
    {"mod_nw_src", parse_mod},
    {"mod_nw_dst", parse_mod},
    {"mod_nw_tos", parse_mod},
    {"mod_nw_ecn", parse_mod},
    {"mod_tp_src", parse_mod},
    {"mod_tp_dst", parse_mod},
    {"mod_vlan_vid", parse_number_action<SetVlanVidAction, uint16_t, 0xfff>},
    {"set_vlan_vid", parse_number_action<SetVlanVidAction, uint16_t, 0xfff>},
    {"mod_vlan_pcp", parse_number_action<SetVlanPcpAction, uint8_t, 7>},
    {"set_vlan_pcp", parse_number_action<SetVlanPcpAction, uint8_t, 7>},
    {"mod_nw_ttl", parse_number_action<SetTtlAction, uint8_t, 0xff>},
    {"set_tunnel", parse_set_tunnel},
    {"set_tunnel64", parse_set_tunnel},
    {"push_vlan", parse_push_tag<PushVlanAction, 0x8100, 0x88a8>},
    {"pop_vlan", parse_pop_vlan<false>},
    {"strip_vlan", parse_pop_vlan<true>},
    {"push_mpls", parse_push_tag<PushMplsAction, 0x8847, 0x8848>},
    {"pop_mpls", parse_ethertype<PopMplsAction>},
    {"push_pbb", parse_push_tag<PushPbbAction, 0x88e7>},
    {"pop_pbb", parse_plain<PopPbbAction>},
    {"set_mpls_ttl", parse_number_action<SetMplsTtlAction, uint8_t, 0xff>},
    {"dec_mpls_ttl", parse_plain<DecMplsTtlAction>},
    {"dec_ttl", parse_dec_ttl},
    {"copy_ttl_in", parse_plain<CopyTtlInAction>},
    {"copy_ttl_out", parse_plain<CopyTtlOutAction>},
    {"set_queue", parse_number_action<SetQueueAction, uint32_t, max_u32 - 1>},
    {"pop_queue", parse_plain<PopQueueAction>},
    {"set_mpls_label", parse_set_mpls},
    {"set_mpls_tc", parse_set_mpls},
    {"push", parse_push},
    {"pop", parse_pop},
    {"check_pkt_larger", parse_check_pkt_larger},
    {"delete_field", parse_delete_field},
    {"multipath", parse_multipath},
    {"bundle", parse_bundle},
    {"bundle_load", parse_bundle_load},
    {"learn", parse_learn},
    {"fin_timeout", parse_fin_timeout},
    {"conjunction", parse_conjunction},
    {"sample", parse_sample},
    {"clone", parse_clone},
    {"ct", parse_ct},
    {"ct_clear", parse_plain<CtClearAction>},
    {"nat", parse_nat},
    {"note", parse_note},
    {"exit", parse_plain<ExitAction>},
};

// Open vSwitch has these too; a user who types one is told that it is not a spelling mistake.
constexpr std::string_view later_actions[] = {"encap", "decap", "dec_nsh_ttl", "write_nsh"};

constexpr std::string_view instruction_names[] = {"apply_actions", "clear_actions", "write_actions", "write_metadata",
                                                  "goto_table"};
constexpr std::string_view port_words[] = {"normal", "flood", "all", "local", "in_port", "table", "drop"};

const ActionRow* find_row(std::string_view name) {
  const auto* found = std::find_if(std::begin(action_rows), std::end(action_rows),
                                   [&](const ActionRow& row) { return row.name == name; });
  return found == std::end(action_rows) ? nullptr : found;
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// An arrow stands behind parentheses only where a field is set by what is inside.
Parsed no_target(const ActionInput& input, const Word& word, std::string_view name) {
  if (!word.target.empty() && name != "check_pkt_larger") {
    return input.source.error(word.target, std::string(name) + " writes to no field");
  }
  return {};
}

}  // namespace

Parsed parse_action(const ActionInput& input, const Word& word, ActionList& out) {
  const std::string name = to_lower(word.key);
  if (const ActionRow* row = find_row(name)) {
    auto parsed = no_target(input, word, name);
    return parsed ? row->parse(input, word, out) : parsed;
  }
  if (const auto port = parse_port(word.whole, input.source.ports)) {
    return parse_output(input, Word{word.whole, "output", word.whole, ':'}, out);
  }
  if (name == "write_metadata" && input.depth > 0) {
    return parse_metadata(input.source, word).transform([&](const MetadataWrite& metadata) {
      out.emplace_back(WriteMetadataAction{metadata.value, metadata.mask});
    });
  }
  if (is_one_of(name, instruction_names)) {
    return input.source.error(word.key, name + " is an instruction, not allowed inside a list of actions");
  }
  if (is_one_of(name, later_actions)) {
    return input.source.error(word.key, "the action " + quoted(name) + " is not supported");
  }
  if (word.delimiter == '=' && find_field(name) != nullptr) {
    return input.source.error(word.whole, "what is matched stands before actions=");
  }
  if (is_one_of(name, port_words)) {
    return input.source.error(word.whole, name + " takes no value");
  }
  const auto names = action_names();
  return input.source.error(word.key, "unknown action or port " + quoted(word.key), did_you_mean(name, names));
}

Parsed unknown_option(const ActionInput& input, const Word& option, std::string_view action,
                      std::span<const std::string_view> known) {
  return input.source.error(option.key, fmt::format("unknown option {} of {}", quoted(option.key), action),
                            did_you_mean(option.key, known));
}

Result<OfPort, TextError> parse_port_word(const ActionInput& input, const Word& word, std::string_view port_word) {
  const auto port = parse_port(port_word, input.source.ports);
  if (!port) {
    return input.source.error(port_word.empty() ? word.whole : port_word, "no such port: " + quoted(port_word));
  }
  return *port;
}

std::vector<std::string_view> action_names() {
  std::vector<std::string_view> names;
  for (const ActionRow& row : action_rows) {
    names.push_back(row.name);
  }
  names.insert(names.end(), std::begin(instruction_names), std::end(instruction_names));
  names.insert(names.end(), std::begin(port_words), std::end(port_words));
  return names;
}

Result<ActionList, TextError> parse_action_list(const ActionInput& input, std::string_view part,
                                                std::vector<std::string_view>* words) {
  ActionList actions;
  std::vector<std::string_view> action_words;
  std::string_view drop;
  Scanner scanner(input.source, part);
  while (true) {
    const auto word = scanner.next();
    if (!word) {
      return Unexpected{word.error()};
    }
    if (!*word) {
      break;
    }
    if (to_lower((*word)->whole) == "drop") {
      drop = (*word)->whole;
      continue;
    }
    if (auto parsed = parse_action(input, **word, actions); !parsed) {
      return Unexpected{parsed.error()};
    }
    action_words.resize(actions.size(), (*word)->whole);
  }
  if (!drop.empty() && !actions.empty()) {
    return input.source.error(drop, "drop stands alone: it is the absence of actions");
  }
  if (auto checked = check_list(input, actions, action_words); !checked) {
    return Unexpected{checked.error()};
  }
  if (words != nullptr) {
    words->insert(words->end(), action_words.begin(), action_words.end());
  }
  return actions;
}

Result<ActionList, TextError> parse_actions(std::string_view text, const PortNames* ports) {
  const TextSource source{text, ports};
  const Match any;
  return parse_action_list({source, any}, text);
}

}  // namespace weft::openflow
