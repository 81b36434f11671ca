// Reading rules: lib/openflow/text/flow_text.h. Their match is read by match_parse.cc.
#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/consistency.h"
#include "lib/openflow/text/action_parse.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/match_parse.h"

namespace weft::openflow {
namespace {

// --- properties: words of a rule that are not its match

struct Properties {
  FlowMod mod;
  bool has_cookie_mask = false;
};

struct PropertyInput {
  const TextSource& source;
  const Word& word;
};

template <class Number, uint64_t min, uint64_t max>
Parsed read_number(const PropertyInput& in, Number& out) {
  const auto number = number_value(in.source, in.word, in.word.key, min, max);
  if (!number) {
    return Unexpected{number.error()};
  }
  out = static_cast<Number>(*number);
  return {};
}

Parsed read_table(const PropertyInput& in, Properties& p) { return read_number<uint8_t, 0, 255>(in, p.mod.table_id); }
Parsed read_priority(const PropertyInput& in, Properties& p) {
  return read_number<uint16_t, 0, 0xffff>(in, p.mod.priority);
}
Parsed read_idle(const PropertyInput& in, Properties& p) {
  return read_number<uint16_t, 0, 0xffff>(in, p.mod.idle_timeout);
}
Parsed read_hard(const PropertyInput& in, Properties& p) {
  return read_number<uint16_t, 0, 0xffff>(in, p.mod.hard_timeout);
}
Parsed read_importance(const PropertyInput& in, Properties& p) {
  return read_number<uint16_t, 0, 0xffff>(in, p.mod.importance);
}
Parsed read_out_group(const PropertyInput& in, Properties& p) {
  return read_number<uint32_t, 0, 0xffffffff>(in, p.mod.out_group);
}

Parsed read_out_port(const PropertyInput& in, Properties& p) {
  const auto port = parse_port(in.word.value, in.source.ports);
  if (!port) {
    return in.source.error(in.word.place(), "no such port: " + quoted(in.word.value));
  }
  p.mod.out_port = *port;
  return {};
}

Parsed read_cookie(const PropertyInput& in, Properties& p) {
  const auto parts = split_once(in.word.value, '/');
  const std::string_view value_word = parts ? parts->first : in.word.value;
  const auto value = parse_number(in.source.text, value_word, "cookie", 0, ~uint64_t{0});
  if (!value) {
    return Unexpected{value.error()};
  }
  p.mod.cookie = *value;
  if (!parts) {
    return {};
  }
  p.has_cookie_mask = true;
  if (parts->second == "-1") {
    p.mod.cookie_mask = ~uint64_t{0};
    return {};
  }
  const auto mask = parse_number(in.source.text, parts->second, "cookie mask", 0, ~uint64_t{0});
  if (!mask) {
    return Unexpected{mask.error()};
  }
  p.mod.cookie_mask = *mask;
  return {};
}

template <uint16_t flag>
Parsed read_flag(const PropertyInput& in, Properties& p) {
  if (in.word.has_value()) {
    return in.source.error(in.word.whole, std::string(in.word.key) + " takes no value");
  }
  p.mod.flags |= flag;
  return {};
}

// What dump-flows prints and a rule does not have.
Parsed pass_over(const PropertyInput&, Properties&) { return {}; }

// Whether a removal or a request for flows selects by it; `only`: and nothing else knows it.
enum class Selects : uint8_t { no, strictly, yes, only };

struct PropertyRow {
  std::string_view name;
  Parsed (*read)(const PropertyInput&, Properties&);
  Selects selects = Selects::no;
};

constexpr PropertyRow property_rows[] = {
    {"table", read_table, Selects::yes},
    {"priority", read_priority, Selects::strictly},
    {"idle_timeout", read_idle},
    {"hard_timeout", read_hard},
    {"importance", read_importance},
    {"cookie", read_cookie, Selects::yes},
    {"out_port", read_out_port, Selects::only},
    {"out_group", read_out_group, Selects::only},
    {"send_flow_rem", read_flag<flow_flag::send_flow_rem>},
    {"check_overlap", read_flag<flow_flag::check_overlap>},
    {"reset_counts", read_flag<flow_flag::reset_counts>},
    {"no_packet_counts", read_flag<flow_flag::no_packet_counts>},
    {"no_byte_counts", read_flag<flow_flag::no_byte_counts>},
    {"duration", pass_over, Selects::yes},
    {"n_packets", pass_over, Selects::yes},
    {"n_bytes", pass_over, Selects::yes},
    {"idle_age", pass_over, Selects::yes},
    {"hard_age", pass_over, Selects::yes},
};

constexpr auto property_names = [] {
  std::array<std::string_view, std::size(property_rows)> names;
  std::ranges::transform(property_rows, names.begin(), &PropertyRow::name);
  return names;
}();

const PropertyRow* find_property(std::string_view name) {
  const auto* found = std::find_if(std::begin(property_rows), std::end(property_rows),
                                   [&](const PropertyRow& row) { return row.name == name; });
  return found == std::end(property_rows) ? nullptr : found;
}

// --- the whole rule

struct SplitText {
  std::string_view rule;
  std::optional<std::string_view> actions;
};

// "actions=" ends the rule's own words; "action=" is known too.
SplitText split_actions(std::string_view text) {
  for (size_t at = text.find("action"); at != std::string_view::npos; at = text.find("action", at + 1)) {
    std::string_view rest = text.substr(at + 6);
    if (!rest.empty() && rest.front() == 's') {
      rest.remove_prefix(1);
    }
    while (!rest.empty() && is_space(rest.front())) {
      rest.remove_prefix(1);
    }
    const bool begins_word = at == 0 || text[at - 1] == ',' || is_space(text[at - 1]);
    if (begins_word && !rest.empty() && rest.front() == '=') {
      return {text.substr(0, at), rest.substr(1)};
    }
  }
  return {text, std::nullopt};
}

bool is_removal(FlowModCommand command) { return command >= FlowModCommand::remove; }

Parsed check_cookie(const TextSource& source, const Properties& properties, std::string_view cookie_word) {
  const FlowModCommand command = properties.mod.command;
  if (command == FlowModCommand::add && properties.has_cookie_mask) {
    return source.error(cookie_word, "adding a flow sets its cookie; a mask has no meaning there");
  }
  if (is_removal(command) && !cookie_word.empty() && !properties.has_cookie_mask) {
    return source.error(cookie_word, "to select by cookie, give a mask", std::string(cookie_word) + "/-1");
  }
  return {};
}

Parsed complain(const TextSource& source, const ParsedInstructions& parsed, std::string_view actions,
                const Inconsistency& found) {
  std::string_view word = actions;
  if (!found.action_index) {
    word = parsed.goto_word;
  } else {
    const auto& words = found.in_write_actions ? parsed.write_words : parsed.apply_words;
    if (*found.action_index < words.size()) {
      word = words[*found.action_index];
    }
  }
  return source.error(word, fmt::format("{} ({})", found.error.detail, found.error.name()));
}

class FlowParser {
 public:
  FlowParser(const TextSource& source, FlowModCommand command, Version version) : source_(source), version_(version) {
    properties_.mod.command = command;
    properties_.mod.table_id = is_removal(command) ? all_tables : 0;
  }

  Result<FlowMod, TextError> parse() {
    const SplitText parts = split_actions(source_.text);
    auto match = parse_match_words(source_, parts.rule, true,
                                   {property_names, [this](const Word& word) { return read_property(word); }});
    if (!match) {
      return Unexpected{match.error()};
    }
    properties_.mod.match = std::move(*match);
    if (auto checked = check_cookie(source_, properties_, cookie_word_); !checked) {
      return Unexpected{checked.error()};
    }
    if (auto read = read_actions_of(parts.actions); !read) {
      return Unexpected{read.error()};
    }
    return std::move(properties_.mod);
  }

 private:
  Result<bool, TextError> read_property(const Word& word) {
    const PropertyRow* row = find_property(word.key);
    if (row == nullptr) {
      return false;
    }
    if (auto checked = check_selects(*row, word); !checked) {
      return Unexpected{checked.error()};
    }
    if (row->read == read_cookie) {
      cookie_word_ = word.whole;
    }
    if (auto read = row->read({source_, word}, properties_); !read) {
      return Unexpected{read.error()};
    }
    return true;
  }

  // A word that is passed over would leave a removal of more than was meant.
  Parsed check_selects(const PropertyRow& row, const Word& word) const {
    const FlowModCommand command = properties_.mod.command;
    if (row.selects == Selects::only && !is_removal(command)) {
      return source_.error(word.whole, fmt::format("{} selects flows that are shown or deleted", row.name));
    }
    if (!is_removal(command) || row.selects >= Selects::yes) {
      return {};
    }
    if (row.selects == Selects::strictly) {
      return command == FlowModCommand::remove_strict
                 ? Parsed{}
                 : source_.error(word.whole, fmt::format("flows are selected by {} only with --strict", row.name));
    }
    return source_.error(word.whole, fmt::format("flows are not selected by {}", row.name));
  }

  Parsed read_actions_of(std::optional<std::string_view> actions) {
    FlowMod& mod = properties_.mod;
    if (!actions) {
      return is_removal(mod.command)
                 ? Parsed{}
                 : source_.error(source_.text, "a flow needs actions: actions=output:1, or actions=drop");
    }
    if (is_removal(mod.command)) {
      return source_.error(*actions, "flows are not selected by actions; by where they send with out_port=PORT");
    }
    auto parsed = parse_instructions({source_, mod.match}, *actions);
    if (!parsed) {
      return Unexpected{parsed.error()};
    }
    mod.instructions = std::move(parsed->instructions);
    if (const auto found = find_inconsistency(mod.match, mod.instructions, mod.table_id, version_)) {
      return complain(source_, *parsed, *actions, *found);
    }
    if (version_ == Version::v1_0 && mod.instructions.apply) {
      resolve_transport_ports(*mod.instructions.apply, mod.match);
    }
    return {};
  }

  const TextSource& source_;
  Version version_;
  Properties properties_;
  std::string_view cookie_word_;
};

}  // namespace

Result<FlowMod, TextError> parse_flow(std::string_view text, FlowModCommand command, const PortNames* ports,
                                      Version version) {
  const TextSource source{text, ports};
  return FlowParser(source, command, version).parse();
}

Result<FlowMod, TextError> parse_flow_line(std::string_view text, FlowModCommand default_command,
                                           const PortNames* ports, Version version) {
  constexpr std::pair<std::string_view, FlowModCommand> commands[] = {
      {"add", FlowModCommand::add},
      {"modify", FlowModCommand::modify},
      {"modify_strict", FlowModCommand::modify_strict},
      {"delete", FlowModCommand::remove},
      {"delete_strict", FlowModCommand::remove_strict},
  };
  const auto [command, rest] = split_command(text, commands, default_command);
  const auto offset = static_cast<size_t>(rest.data() - text.data());
  return parse_flow(rest, command, ports, version).transform_error([offset](const TextError& error) {
    return shifted(error, offset);
  });
}

Result<FlowFilter, TextError> parse_flow_filter(std::string_view text, const PortNames* ports) {
  auto mod = parse_flow(text, FlowModCommand::remove, ports);
  if (!mod) {
    return Unexpected{mod.error()};
  }
  return FlowFilter{mod->table_id, mod->out_port, mod->out_group, mod->cookie, mod->cookie_mask, std::move(mod->match)};
}

Result<Match, TextError> parse_match(std::string_view text, const PortNames* ports) {
  const TextSource source{text, ports};
  return parse_match_words(source, text, false, {{}, [](const Word&) { return Result<bool, TextError>(false); }});
}

}  // namespace weft::openflow
