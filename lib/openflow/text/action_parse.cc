// The table of actions, and the instructions among them.
#include "lib/openflow/text/action_parse.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/text/action_text.h"

namespace weft::openflow {
namespace {

Parsed no_value(const ActionInput& input, const Word& word) {
  if (word.has_value()) {
    return input.source.error(word.whole, std::string(word.key) + " takes no value");
  }
  return {};
}

template <class A>
Parsed parse_plain(const ActionInput& input, const Word& word, ActionList& out) {
  out.emplace_back(A{});
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
    {"pop_vlan", parse_plain<PopVlanAction>},
    {"strip_vlan", parse_plain<PopVlanAction>},
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

constexpr std::string_view instruction_names[] = {"apply_actions",  "clear_actions", "write_actions",
                                                  "write_metadata", "goto_table",    "meter"};
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

// "VALUE" or "VALUE/MASK".
Result<MetadataWrite, TextError> parse_metadata(const TextSource& source, const Word& word) {
  const auto parts = split_once(word.value, '/');
  const std::string_view value_word = parts ? parts->first : word.value;
  const auto value = parse_number(source.text, value_word, "metadata", 0, ~uint64_t{0});
  if (!value) {
    return Unexpected{value.error()};
  }
  MetadataWrite metadata{*value, ~uint64_t{0}};
  if (parts) {
    const auto mask = parse_number(source.text, parts->second, "mask", 0, ~uint64_t{0});
    if (!mask) {
      return Unexpected{mask.error()};
    }
    metadata.mask = *mask;
  }
  return metadata;
}

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

// What an instruction's word may say once.
template <class T>
Parsed set_once(const TextSource& source, const Word& word, std::optional<T>& slot, T value) {
  if (slot) {
    return source.error(word.whole, std::string(word.key) + " is there twice");
  }
  slot = std::move(value);
  return {};
}

// What a list as a whole must keep to: where each action stands, and the bytes that a message has for it.
Parsed check_list(const ActionInput& input, const ActionList& actions, std::span<const std::string_view> words) {
  if (const auto misplaced = find_misplaced(actions, input.context)) {
    return input.source.error(words[misplaced->action_index], misplaced->error.detail);
  }
  // No text is 25 times as long on the wire; the shorter ones need no second look.
  constexpr size_t always_fits = 2000;
  constexpr size_t max_size = 0xffff - 256;
  if (input.source.text.size() > always_fits) {
    std::vector<uint8_t> bytes;
    WireWriter out(bytes);
    write_actions(out, actions, Version::v1_3);
    if (bytes.size() > max_size) {
      return input.source.error(words.front(), "these actions are longer than a message can be");
    }
  }
  return {};
}

// One word of a rule's actions: an instruction or an action.
class InstructionParser {
 public:
  explicit InstructionParser(const ActionInput& input) : input_(input), source_(input.source) {}

  Parsed add(const Word& word) {
    const std::string name = to_lower(word.key);
    if (name == "drop") {
      drop_ = word.whole;
      return no_value(input_, word);
    }
    for (const auto& [instruction, parse] : table) {
      if (instruction == name) {
        return (this->*parse)(word);
      }
    }
    return add_action(word);
  }

  Result<ParsedInstructions, TextError> finish() {
    if (!drop_.empty() && (!actions_.empty() || !parsed_.instructions.empty())) {
      return source_.error(drop_, "drop stands alone: it is the absence of actions");
    }
    if (!actions_.empty()) {
      if (auto checked = check_list(input_, actions_, parsed_.apply_words); !checked) {
        return Unexpected{checked.error()};
      }
      parsed_.instructions.apply = std::move(actions_);
    }
    return std::move(parsed_);
  }

 private:
  Parsed add_action(const Word& word) {
    Parsed parsed = parse_action(input_, word, actions_);
    parsed_.apply_words.resize(actions_.size(), word.whole);
    return parsed;
  }

  Parsed add_apply(const Word& word) {
    Scanner scanner(source_, word.value);
    while (true) {
      const auto next = scanner.next();
      if (!next) {
        return Unexpected{next.error()};
      }
      if (!*next) {
        return {};
      }
      if (auto added = add_action(**next); !added) {
        return added;
      }
    }
  }

  Parsed add_write(const Word& word) {
    auto actions =
        parse_action_list({source_, input_.match, ActionContext::action_set}, word.value, &parsed_.write_words);
    if (!actions) {
      return Unexpected{actions.error()};
    }
    return set_once(source_, word, parsed_.instructions.write, std::move(*actions));
  }

  Parsed add_clear(const Word& word) {
    parsed_.instructions.clear_actions = true;
    return no_value(input_, word);
  }

  Parsed add_goto(const Word& word) {
    const auto table_id = number_value(source_, word, "table", 0, 254);
    if (!table_id) {
      return Unexpected{table_id.error()};
    }
    parsed_.goto_word = word.whole;
    return set_once(source_, word, parsed_.instructions.goto_table, static_cast<uint8_t>(*table_id));
  }

  Parsed add_meter(const Word& word) {
    const auto meter = number_value(source_, word, "meter", 1, max_u32);
    if (!meter) {
      return Unexpected{meter.error()};
    }
    return set_once(source_, word, parsed_.instructions.meter, static_cast<uint32_t>(*meter));
  }

  Parsed add_metadata(const Word& word) {
    const auto metadata = parse_metadata(source_, word);
    return metadata ? set_once(source_, word, parsed_.instructions.write_metadata, *metadata)
                    : Unexpected{metadata.error()};
  }

  struct Row {
    std::string_view name;
    Parsed (InstructionParser::*parse)(const Word&);
  };
  static const Row table[6];

  const ActionInput& input_;
  const TextSource& source_;
  ParsedInstructions parsed_;
  ActionList actions_;
  std::string_view drop_;
};

const InstructionParser::Row InstructionParser::table[6] = {
    {"apply_actions", &InstructionParser::add_apply}, {"clear_actions", &InstructionParser::add_clear},
    {"write_actions", &InstructionParser::add_write}, {"write_metadata", &InstructionParser::add_metadata},
    {"goto_table", &InstructionParser::add_goto},     {"meter", &InstructionParser::add_meter},
};

}  // namespace

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

Result<ParsedInstructions, TextError> parse_instructions(const ActionInput& input, std::string_view part) {
  InstructionParser parser(input);
  Scanner scanner(input.source, part);
  while (true) {
    const auto word = scanner.next();
    if (!word) {
      return Unexpected{word.error()};
    }
    if (!*word) {
      return parser.finish();
    }
    if (auto added = parser.add(**word); !added) {
      return Unexpected{added.error()};
    }
  }
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
