// A rule's actions with the instructions among them, and what every list of actions must keep to.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/text/action_parse.h"

namespace weft::openflow {
namespace {

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
    const auto* row = std::ranges::find(table, name, &Row::name);
    if (row == std::end(table)) {
      row = std::begin(table);  // an action: it is applied
    }
    if (auto checked = check_order(*row, word); !checked) {
      return checked;
    }
    return row->name == name ? (this->*row->parse)(word) : add_action(word);
  }

  Result<ParsedInstructions, TextError> finish() {
    if (!drop_.empty() && (!actions_.empty() || !parsed_.instructions.empty())) {
      return source_.error(drop_, "drop stands alone: it is the absence of actions");
    }
    if (!actions_.empty()) {
      if (auto checked = check_list(input_, actions_, parsed_.apply_words); !checked) {
        return Unexpected{checked.error()};
      }
      const size_t count = actions_.size();
      parsed_.instructions.apply = std::move(actions_);
      lift_meter(parsed_.instructions);
      const bool is_lifted = !parsed_.instructions.apply || parsed_.instructions.apply->size() != count;
      parsed_.apply_words.erase(parsed_.apply_words.begin(), parsed_.apply_words.begin() + (is_lifted ? 1 : 0));
    }
    return std::move(parsed_);
  }

 private:
  struct Row {
    std::string_view name;
    Parsed (InstructionParser::*parse)(const Word&);
  };
  static const Row table[5];

  // A switch carries instructions out in an order of its own. A text in another says something that will not be.
  Parsed check_order(const Row& row, const Word& word) {
    if (&row < last_) {
      const bool is_action = &row == std::begin(table);
      return source_.error(word.whole,
                           fmt::format("{} carried out before {}, and must stand before it",
                                       is_action ? "actions are" : std::string(row.name) + " is", last_->name));
    }
    last_ = &row;
    return {};
  }

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

  Parsed add_metadata(const Word& word) {
    const auto metadata = parse_metadata(source_, word);
    return metadata ? set_once(source_, word, parsed_.instructions.write_metadata, *metadata)
                    : Unexpected{metadata.error()};
  }

  const ActionInput& input_;
  const TextSource& source_;
  ParsedInstructions parsed_;
  ActionList actions_;
  std::string_view drop_;
  const Row* last_ = table;
};

// In the order of execution. A meter is an action here: the first, before all others, is the rule's own (lift_meter).
const InstructionParser::Row InstructionParser::table[5] = {
    {"apply_actions", &InstructionParser::add_apply}, {"clear_actions", &InstructionParser::add_clear},
    {"write_actions", &InstructionParser::add_write}, {"write_metadata", &InstructionParser::add_metadata},
    {"goto_table", &InstructionParser::add_goto},
};

}  // namespace

Parsed no_value(const ActionInput& input, const Word& word) {
  if (word.has_value()) {
    return input.source.error(word.whole, std::string(word.key) + " takes no value");
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

}  // namespace weft::openflow
