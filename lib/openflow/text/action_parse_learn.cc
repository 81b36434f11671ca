// Flows that packets make or change: learn, fin_timeout, conjunction.
#include <fmt/format.h>

#include "lib/flow/field_text.h"
#include "lib/flow/number_text.h"
#include "lib/openflow/oxm.h"
#include "lib/openflow/text/action_parse.h"
#include "lib/openflow/text/sub_field_text.h"

namespace weft::openflow {
namespace {

constexpr std::string_view learn_options[] = {"table",
                                              "priority",
                                              "cookie",
                                              "idle_timeout",
                                              "hard_timeout",
                                              "fin_idle_timeout",
                                              "fin_hard_timeout",
                                              "send_flow_rem",
                                              "delete_learned",
                                              "limit",
                                              "result_dst",
                                              "load",
                                              "output"};
constexpr uint64_t max_table = 254;

// A name by itself, or with bits behind it.
bool names_a_field(std::string_view word, const Match& match) {
  return resolve_field(word.substr(0, word.find('[')), match) != nullptr;
}

// The specs of learn have four bytes for a field's number.
bool has_short_oxm(const Field& f) { return has_oxm(f) && preferred_oxm(f, Version::v1_0).experimenter == 0; }

class LearnParser {
 public:
  LearnParser(const ActionInput& input, Learn& learn) : input_(input), learn_(learn) {}

  Parsed add(const Word& word) {
    for (const NumberOption& option : number_options) {
      if (word.key == option.name) {
        return parse_option(input_, word, learn_.*option.member);
      }
    }
    if (word.key == "table") {
      return number_value(input_.source, word, "table", 0, max_table).transform([&](uint64_t table) {
        learn_.table_id = static_cast<uint8_t>(table);
      });
    }
    if (word.key == "cookie") {
      return parse_option(input_, word, learn_.cookie);
    }
    if (word.key == "limit") {
      return parse_option(input_, word, learn_.limit);
    }
    if (word.key == "send_flow_rem" || word.key == "delete_learned") {
      (word.key == "send_flow_rem" ? learn_.send_flow_removed : learn_.delete_learned) = true;
      return word.has_value() ? input_.source.error(word.whole, std::string(word.key) + " takes no value") : Parsed{};
    }
    if (word.key == "result_dst") {
      return add_result(word);
    }
    return add_spec(word);
  }

 private:
  struct NumberOption {
    std::string_view name;
    uint16_t Learn::*member;
  };
  static constexpr NumberOption number_options[] = {
      {"idle_timeout", &Learn::idle_timeout},
      {"hard_timeout", &Learn::hard_timeout},
      {"fin_idle_timeout", &Learn::fin_idle_timeout},
      {"fin_hard_timeout", &Learn::fin_hard_timeout},
      {"priority", &Learn::priority},
  };

  Parsed add_result(const Word& word) {
    const auto bits = parse_target(input_, word.place());
    if (!bits) {
      return Unexpected{bits.error()};
    }
    if (bits->bit_count != 1) {
      return input_.source.error(word.value, "the result is one bit: FIELD[BIT]");
    }
    learn_.result = *bits;
    return {};
  }

  Parsed add_spec(const Word& word) {
    if (word.key == "output") {
      return add_output(word);
    }
    if (word.key == "load") {
      return add_load(word);
    }
    if (!names_a_field(word.key, learned_) || word.delimiter == ':' || word.delimiter == '(') {
      return unknown_option(input_, word, "learn", known_words());
    }
    return add_match(word);
  }

  // What could have been meant: an option, or any field.
  static std::vector<std::string_view> known_words() {
    std::vector<std::string_view> words(std::begin(learn_options), std::end(learn_options));
    for (const Field& f : all_fields()) {
      words.push_back(f.name);
      words.insert(words.end(), f.aliases.begin(), f.aliases.end());
    }
    return words;
  }

  Parsed add_output(const Word& word) {
    const auto source = parse_bits(word.place(), input_.match);
    if (!source) {
      return Unexpected{source.error()};
    }
    learn_.specs.push_back({LearnSpec::Kind::output, source->bit_count, *source, {}});
    return {};
  }

  // "load:SOURCE->FIELD[BITS]"
  Parsed add_load(const Word& word) {
    const size_t arrow = word.value.find("->");
    if (arrow == std::string_view::npos) {
      return input_.source.error(word.place(), "load is written load:VALUE->FIELD");
    }
    const std::string_view to_word = trim(word.value.substr(arrow + 2));
    const auto to = parse_bits(to_word, learned_);
    if (!to) {
      return Unexpected{to.error()};
    }
    if (!field(to->field).is_writable) {
      return input_.source.error(to_word, fmt::format("{} is read-only", field(to->field).name));
    }
    return add(LearnSpec::Kind::load, trim(word.value.substr(0, arrow)), *to, word);
  }

  // "FIELD[BITS]", of the packet as it is, or "FIELD[BITS]=SOURCE"
  Parsed add_match(const Word& word) {
    const auto to = parse_bits(word.key, learned_);
    if (!to) {
      return Unexpected{to.error()};
    }
    return add(LearnSpec::Kind::match, word.has_value() ? word.value : word.key, *to, word);
  }

  Parsed add(LearnSpec::Kind kind, std::string_view source_word, const SubField& to, const Word& word) {
    LearnSpec spec{kind, to.bit_count, FieldValue{}, to};
    if (names_a_field(source_word, input_.match)) {
      const auto source = parse_bits(source_word, input_.match);
      if (!source) {
        return Unexpected{source.error()};
      }
      if (source->bit_count != to.bit_count) {
        return input_.source.error(word.whole,
                                   fmt::format("{} bits do not fit into {}", source->bit_count, to.bit_count));
      }
      spec.source = *source;
    } else {
      const auto value = parse_value_of(to, source_word, kind, word);
      if (!value) {
        return Unexpected{value.error()};
      }
      spec.source = *value;
      if (kind == LearnSpec::Kind::match) {
        learned_.set_masked(field(to.field), *value << to.offset, FieldValue::ones(to.bit_count) << to.offset);
      }
    }
    learn_.specs.push_back(spec);
    return {};
  }

  // A whole field's value in its own notation, or a number of so many bits.
  Result<FieldValue, TextError> parse_value_of(const SubField& to, std::string_view value_word, LearnSpec::Kind kind,
                                               const Word& word) {
    const Field& f = field(to.field);
    if (value_word.empty()) {
      return input_.source.error(word.whole, fmt::format("{} needs a value", f.name));
    }
    if (kind == LearnSpec::Kind::match && to.bit_count == f.n_bits) {
      const auto value = parse_value(f, value_word, input_.source.ports);
      if (!value) {
        return input_.source.inside(value_word, value.error());
      }
      if (value->mask != all_bits(f)) {
        return input_.source.error(value_word, "what is learned has no mask: name the bits, FIELD[FIRST..LAST]");
      }
      return value->value;
    }
    const auto number = parse_wide_unsigned(value_word);
    if (!number || !(*number & ~FieldValue::ones(to.bit_count)).is_zero()) {
      return input_.source.error(value_word,
                                 fmt::format("expected a field or a number of at most {} bits", to.bit_count));
    }
    return *number;
  }

  Result<SubField, TextError> parse_bits(std::string_view word, const Match& match) {
    auto bits = parse_sub_field(input_.source, word, match);
    if (bits && !has_short_oxm(field(bits->field))) {
      return input_.source.error(word, fmt::format("{} cannot be named by learn", field(bits->field).name));
    }
    return bits;
  }

  const ActionInput& input_;
  Learn& learn_;
  Match learned_;  // what the learned flow matches so far: tp_src means what it says
};

}  // namespace

Parsed parse_learn(const ActionInput& input, const Word& word, ActionList& out) {
  Learn learn;
  LearnParser parser(input, learn);
  auto parsed = for_each_option(input, word.value, [&](const Word& option) { return parser.add(option); });
  if (parsed) {
    out.emplace_back(LearnAction{std::move(learn)});
  }
  return parsed;
}

// "fin_timeout(idle_timeout=SECONDS,hard_timeout=SECONDS)", either or both.
Parsed parse_fin_timeout(const ActionInput& input, const Word& word, ActionList& out) {
  constexpr std::string_view names[] = {"idle_timeout", "hard_timeout"};
  FinTimeoutAction action;
  auto parsed = for_each_option(input, word.value, [&](const Word& option) {
    if (option.key == "idle_timeout") {
      return parse_option(input, option, action.idle_timeout);
    }
    return option.key == "hard_timeout" ? parse_option(input, option, action.hard_timeout)
                                        : unknown_option(input, option, "fin_timeout", names);
  });
  if (parsed) {
    out.emplace_back(action);
  }
  return parsed;
}

// "conjunction(ID,CLAUSE/CLAUSES)"
Parsed parse_conjunction(const ActionInput& input, const Word& word, ActionList& out) {
  constexpr uint64_t max_clauses = 64;
  const auto parts = split_once(word.value, ',');
  const auto clauses = parts ? split_once(trim(parts->second), '/') : std::nullopt;
  if (!clauses) {
    return input.source.error(word.whole, "conjunction is written conjunction(ID,CLAUSE/CLAUSES)");
  }
  const std::string_view text = input.source.text;
  const auto id = parse_number(text, trim(parts->first), "id", 0, 0xffffffff);
  const auto count = parse_number(text, trim(clauses->second), "number of clauses", 2, max_clauses);
  if (!id || !count) {
    return Unexpected{id ? count.error() : id.error()};
  }
  const auto clause = parse_number(text, trim(clauses->first), "clause", 1, *count);
  if (!clause) {
    return Unexpected{clause.error()};
  }
  out.emplace_back(
      ConjunctionAction{static_cast<uint32_t>(*id), static_cast<uint8_t>(*clause - 1), static_cast<uint8_t>(*count)});
  return {};
}

}  // namespace weft::openflow
