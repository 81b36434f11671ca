// The table of actions, and the instructions among them.
#include "lib/openflow/text/action_parse.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

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
Parsed parse_push(const ActionInput& input, const Word& word, ActionList& out) {
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
    {"push_vlan", parse_push<PushVlanAction, 0x8100, 0x88a8>},
    {"pop_vlan", parse_plain<PopVlanAction>},
    {"strip_vlan", parse_plain<PopVlanAction>},
    {"push_mpls", parse_push<PushMplsAction, 0x8847, 0x8848>},
    {"pop_mpls", parse_ethertype<PopMplsAction>},
    {"push_pbb", parse_push<PushPbbAction, 0x88e7>},
    {"pop_pbb", parse_plain<PopPbbAction>},
    {"set_mpls_ttl", parse_number_action<SetMplsTtlAction, uint8_t, 0xff>},
    {"dec_mpls_ttl", parse_plain<DecMplsTtlAction>},
    {"dec_ttl", parse_dec_ttl},
    {"copy_ttl_in", parse_plain<CopyTtlInAction>},
    {"copy_ttl_out", parse_plain<CopyTtlOutAction>},
    {"set_queue", parse_number_action<SetQueueAction, uint32_t, max_u32 - 1>},
    {"pop_queue", parse_plain<PopQueueAction>},
    {"note", parse_note},
    {"exit", parse_plain<ExitAction>},
};

// Open vSwitch has these too; a user who types one is told that it is not a spelling mistake.
constexpr std::string_view later_actions[] = {"learn",        "conjunction",    "multipath",
                                              "bundle",       "bundle_load",    "push",
                                              "pop",          "clone",          "ct",
                                              "nat",          "ct_clear",       "sample",
                                              "encap",        "decap",          "check_pkt_larger",
                                              "fin_timeout",  "set_mpls_label", "set_mpls_tc",
                                              "delete_field", "dec_nsh_ttl",    "write_nsh"};

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

Parsed parse_action(const ActionInput& input, const Word& word, ActionList& out) {
  const std::string name = to_lower(word.key);
  if (const ActionRow* row = find_row(name)) {
    return row->parse(input, word, out);
  }
  if (const auto port = parse_port(word.whole, input.source.ports)) {
    return parse_output(input, Word{word.whole, "output", word.whole, ':'}, out);
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
      parsed_.instructions.apply = std::move(actions_);
    }
    return std::move(parsed_);
  }

 private:
  Parsed add_action(const Word& word) {
    const Parsed parsed = parse_action(input_, word, actions_);
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
    auto actions = parse_action_list(input_, word.value, &parsed_.write_words);
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
    const auto parts = split_once(word.value, '/');
    const std::string_view value_word = parts ? parts->first : word.value;
    const auto value = parse_number(source_.text, value_word, "metadata", 0, ~uint64_t{0});
    if (!value) {
      return Unexpected{value.error()};
    }
    MetadataWrite metadata{*value, ~uint64_t{0}};
    if (parts) {
      const auto mask = parse_number(source_.text, parts->second, "mask", 0, ~uint64_t{0});
      if (!mask) {
        return Unexpected{mask.error()};
      }
      metadata.mask = *mask;
    }
    return set_once(source_, word, parsed_.instructions.write_metadata, metadata);
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
    if (words != nullptr) {
      words->resize(actions.size(), (*word)->whole);
    }
  }
  if (!drop.empty() && !actions.empty()) {
    return input.source.error(drop, "drop stands alone: it is the absence of actions");
  }
  return actions;
}

Result<ActionList, TextError> parse_actions(std::string_view text, const PortNames* ports) {
  const TextSource source{text, ports};
  const Match any;
  return parse_action_list({source, any}, text);
}

}  // namespace weft::openflow
