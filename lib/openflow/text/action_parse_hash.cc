// Actions that choose by a hash: multipath, bundle, bundle_load; and sample, which chooses packets.
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/text/action_names.h"
#include "lib/openflow/text/action_parse.h"

namespace weft::openflow {
namespace {

// The value whose name a word is; `what` is for the error.
template <class T>
Result<T, TextError> parse_named(const ActionInput& input, std::string_view word, std::string_view what,
                                 std::span<const Named<T>> names) {
  std::vector<std::string_view> known;
  for (const Named<T>& one : names) {
    if (one.name == word) {
      return one.value;
    }
    known.push_back(one.name);
  }
  return input.source.error(word, fmt::format("unknown {} {}", what, quoted(word)), did_you_mean(word, known));
}

// What stands between commas, trimmed. An error names what is missing.
class Arguments {
 public:
  Arguments(const ActionInput& input, const Word& word, std::string_view usage)
      : input_(input), word_(word), usage_(usage), parts_(split(word.value, ',')) {}

  size_t count() const { return parts_.size(); }
  std::string_view operator[](size_t i) const { return trim(parts_[i]); }
  Unexpected<TextError> wrong_count() const {
    return input_.source.error(word_.whole, fmt::format("{} is written {}", word_.key, usage_));
  }
  template <class Number>
  Parsed number(size_t i, std::string_view what, Number& out, uint64_t max = std::numeric_limits<Number>::max()) const {
    const auto value = parse_number(input_.source.text, (*this)[i], what, 0, max);
    if (!value) {
      return Unexpected{value.error()};
    }
    out = static_cast<Number>(*value);
    return {};
  }

 private:
  const ActionInput& input_;
  const Word& word_;
  std::string_view usage_;
  std::vector<std::string_view> parts_;
};

Parsed parse_link_count(const ActionInput& input, std::string_view word, std::string_view target_word,
                        MultipathAction& action) {
  constexpr uint64_t max_links = 0x10000;
  const auto count = parse_number(input.source.text, word, "number of links", 1, max_links);
  if (!count) {
    return Unexpected{count.error()};
  }
  if (action.to.bit_count < 16 && (*count - 1) >> action.to.bit_count != 0) {
    return input.source.error(target_word,
                              fmt::format("{} bits do not tell {} links apart", action.to.bit_count, *count));
  }
  action.max_link = static_cast<uint16_t>(*count - 1);
  return {};
}

// "FIELDS,BASIS,ALGORITHM,ofport," and for bundle_load a target, then "members:PORT,PORT...".
Parsed parse_either_bundle(const ActionInput& input, const Word& word, bool is_load, ActionList& out) {
  const Arguments arguments(input, word,
                            is_load ? "bundle_load(FIELDS,BASIS,ALGORITHM,ofport,FIELD[BITS],members:PORT,...)"
                                    : "bundle(FIELDS,BASIS,ALGORITHM,ofport,members:PORT,...)");
  const size_t members_at = is_load ? 5 : 4;
  if (arguments.count() <= members_at) {
    return arguments.wrong_count();
  }
  BundleAction action;
  const auto fields = parse_named(input, arguments[0], "hash fields", hash_field_names());
  const auto algorithm = parse_named(input, arguments[2], "algorithm", bundle_algorithm_names());
  if (!fields || !algorithm) {
    return Unexpected{fields ? algorithm.error() : fields.error()};
  }
  if (auto parsed = arguments.number(1, "basis", action.basis); !parsed) {
    return parsed;
  }
  if (arguments[3] != "ofport") {
    return input.source.error(arguments[3].empty() ? word.whole : arguments[3], "members are of type ofport", "ofport");
  }
  action.fields = *fields;
  action.algorithm = *algorithm;
  if (is_load) {
    const auto to = parse_target(input, arguments[4], max_packed_bits);
    if (!to) {
      return Unexpected{to.error()};
    }
    if (to->bit_count < 16) {
      return input.source.error(arguments[4], "a port number needs at least 16 bits");
    }
    action.to = *to;
  }
  const auto members = split_once(arguments[members_at], ':');
  if (!members || (members->first != "members" && members->first != "slaves")) {
    return arguments.wrong_count();
  }
  for (size_t i = members_at; i < arguments.count(); ++i) {
    const std::string_view port_word = i == members_at ? trim(members->second) : arguments[i];
    if (port_word.empty() && arguments.count() == members_at + 1) {
      break;
    }
    const auto port = parse_port_word(input, word, port_word);
    if (!port) {
      return Unexpected{port.error()};
    }
    action.members.push_back(*port);
  }
  out.emplace_back(std::move(action));
  return {};
}

// A number, or the bits that hold it.
Parsed parse_observation(const ActionInput& input, const Word& option, std::variant<uint32_t, SubField>& out) {
  if (find_field(option.value.substr(0, option.value.find('['))) == nullptr) {
    uint32_t number = 0;
    auto parsed = parse_option(input, option, number);
    out = number;
    return parsed;
  }
  return parse_source(input, option.value, 32).transform([&](const SubField& bits) { out = bits; });
}

Parsed parse_sample_option(const ActionInput& input, const Word& option, SampleAction& action) {
  constexpr std::string_view names[] = {"probability",   "collector_set_id", "obs_domain_id", "obs_point_id",
                                        "sampling_port", "ingress",          "egress"};
  if (option.key == "probability") {
    return parse_option(input, option, action.probability);
  }
  if (option.key == "collector_set_id") {
    return parse_option(input, option, action.collector_set_id);
  }
  if (option.key == "obs_domain_id") {
    return parse_observation(input, option, action.observation_domain);
  }
  if (option.key == "obs_point_id") {
    return parse_observation(input, option, action.observation_point);
  }
  if (option.key == "sampling_port") {
    return parse_port_word(input, option, option.value).transform([&](OfPort port) {
      action.sampling_port = port == of_port::any ? std::nullopt : std::optional(port);
    });
  }
  if (option.key == "ingress" || option.key == "egress") {
    action.direction = option.key == "ingress" ? SampleDirection::ingress : SampleDirection::egress;
    return {};
  }
  return unknown_option(input, option, "sample", names);
}

}  // namespace

// "multipath(FIELDS,BASIS,ALGORITHM,LINKS,ARGUMENT,FIELD[BITS])"
Parsed parse_multipath(const ActionInput& input, const Word& word, ActionList& out) {
  const Arguments arguments(input, word, "multipath(FIELDS,BASIS,ALGORITHM,LINKS,ARGUMENT,FIELD[BITS])");
  if (arguments.count() != 6) {
    return arguments.wrong_count();
  }
  MultipathAction action;
  const auto fields = parse_named(input, arguments[0], "hash fields", hash_field_names());
  const auto algorithm = parse_named(input, arguments[2], "algorithm", multipath_algorithm_names());
  const auto to = parse_target(input, arguments[5], max_packed_bits);
  if (!fields || !algorithm || !to) {
    return Unexpected{!fields ? fields.error() : !algorithm ? algorithm.error() : to.error()};
  }
  action.fields = *fields;
  action.algorithm = *algorithm;
  action.to = *to;
  auto parsed = arguments.number(1, "basis", action.basis);
  parsed = parsed ? parse_link_count(input, arguments[3], arguments[5], action) : parsed;
  parsed = parsed ? arguments.number(4, "argument", action.argument) : parsed;
  if (parsed) {
    out.emplace_back(action);
  }
  return parsed;
}

Parsed parse_bundle(const ActionInput& input, const Word& word, ActionList& out) {
  return parse_either_bundle(input, word, false, out);
}

Parsed parse_bundle_load(const ActionInput& input, const Word& word, ActionList& out) {
  return parse_either_bundle(input, word, true, out);
}

Parsed parse_sample(const ActionInput& input, const Word& word, ActionList& out) {
  SampleAction action;
  auto parsed = for_each_option(input, word.value,
                                [&](const Word& option) { return parse_sample_option(input, option, action); });
  if (!parsed) {
    return parsed;
  }
  if (action.probability == 0) {
    return input.source.error(word.whole, "sample needs a probability from 1 to 65535");
  }
  out.emplace_back(action);
  return {};
}

}  // namespace weft::openflow
