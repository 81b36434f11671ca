// Actions that hold actions: clone and ct, with nat.
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/text/action_names.h"
#include "lib/openflow/text/action_parse.h"
#include "lib/openflow/text/sub_field_text.h"

namespace weft::openflow {
namespace {

Result<ActionList, TextError> parse_nested(const ActionInput& input, const Word& word, ActionContext context) {
  if (input.depth >= max_action_depth) {
    return input.source.error(word.whole, "too many actions inside actions");
  }
  return parse_action_list({input.source, input.match, context, input.depth + 1}, word.value);
}

// --- nat

// "ADDRESS[-ADDRESS][:PORT[-PORT]]", an IPv6 address before a port in brackets.
class NatRangeParser {
 public:
  NatRangeParser(const ActionInput& input, std::string_view word, NatAction& action)
      : input_(input), word_(word), rest_(word), action_(action) {}

  Parsed parse() {
    auto parsed = take_address(action_.address_min);
    if (parsed && take('-')) {
      parsed = take_address(action_.address_max);
    }
    if (parsed && take(':')) {
      parsed = take_ports();
    }
    if (!parsed) {
      return parsed;
    }
    if (!rest_.empty()) {
      return input_.source.error(rest_, "a range is written ADDRESS[-ADDRESS][:PORT[-PORT]]");
    }
    return check();
  }

 private:
  bool take(char c) {
    const bool is_there = rest_.starts_with(c);
    rest_.remove_prefix(is_there ? 1 : 0);
    return is_there;
  }

  // Up to what can follow an address. Without brackets an IPv6 one has colons of its own, and so no port behind it.
  std::string_view address_word() {
    if (rest_.starts_with('[')) {
      const size_t end = rest_.find(']');
      const std::string_view inside = rest_.substr(1, end == std::string_view::npos ? end : end - 1);
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
      return inside;
    }
    const bool is_v6 = std::ranges::count(rest_, ':') > 1;
    const std::string_view word = rest_.substr(0, rest_.find_first_of(is_v6 ? "-" : "-:"));
    rest_.remove_prefix(word.size());
    return word;
  }

  Parsed take_address(std::optional<IpAddress>& out) {
    const std::string_view word = address_word();
    out = IpAddress::parse(word);
    return out ? Parsed{} : input_.source.error(word.empty() ? word_ : word, "expected an IP address");
  }

  Parsed take_ports() {
    const auto parts = split_once(rest_, '-');
    const std::string_view text = input_.source.text;
    const auto min = parse_number(text, parts ? parts->first : rest_, "port", 1, 0xffff);
    if (!min) {
      return Unexpected{min.error()};
    }
    action_.port_min = static_cast<uint16_t>(*min);
    if (parts) {
      const auto max = parse_number(text, parts->second, "port", 1, 0xffff);
      if (!max) {
        return Unexpected{max.error()};
      }
      action_.port_max = static_cast<uint16_t>(*max);
    }
    rest_ = {};
    return {};
  }

  Parsed check() const {
    const auto& [min, max] = std::tie(action_.address_min, action_.address_max);
    if (max && (max->is_v4() != min->is_v4() || *max < *min)) {
      return input_.source.error(word_, "a range goes from the smaller address to the larger");
    }
    if (action_.port_max != 0 && action_.port_max < action_.port_min) {
      return input_.source.error(word_, "a range goes from the smaller port to the larger");
    }
    return {};
  }

  const ActionInput& input_;
  std::string_view word_;
  std::string_view rest_;
  NatAction& action_;
};

Parsed parse_nat_direction(const ActionInput& input, const Word& option, NatAction& action) {
  if (action.direction != NatDirection::existing) {
    return input.source.error(option.whole, "nat has one of src and dst");
  }
  action.direction = option.key == "src" ? NatDirection::source : NatDirection::destination;
  return option.has_value() ? NatRangeParser(input, option.value, action).parse() : Parsed{};
}

Parsed parse_nat_option(const ActionInput& input, const Word& option, NatAction& action) {
  constexpr std::string_view names[] = {"src", "dst", "persistent", "hash", "random"};
  if (option.key == "src" || option.key == "dst") {
    return parse_nat_direction(input, option, action);
  }
  if (option.key == "persistent") {
    action.persistent = true;
  } else if (option.key == "hash") {
    action.hash = true;
  } else if (option.key == "random") {
    action.random = true;
  } else {
    return unknown_option(input, option, "nat", names);
  }
  return option.has_value() ? input.source.error(option.whole, std::string(option.key) + " takes no value") : Parsed{};
}

Parsed check_nat(const ActionInput& input, const Word& word, const NatAction& action) {
  const bool has_flags = action.persistent || action.hash || action.random;
  if (has_flags && action.direction == NatDirection::existing) {
    return input.source.error(word.whole, "persistent, hash and random need src or dst");
  }
  if (action.hash && action.random) {
    return input.source.error(word.whole, "nat is by hash or at random, not both");
  }
  return {};
}

// --- ct

Parsed parse_zone(const ActionInput& input, const Word& option, CtAction& action) {
  if (!option.value.empty() && is_digit(option.value.front())) {
    uint16_t zone = 0;
    auto parsed = parse_option(input, option, zone);
    action.zone = zone;
    return parsed;
  }
  const auto bits = parse_source(input, option.place(), max_packed_bits);
  if (!bits) {
    return Unexpected{bits.error()};
  }
  if (bits->bit_count != 16) {
    return input.source.error(option.value, "a zone has 16 bits: FIELD[0..15]");
  }
  action.zone = *bits;
  return {};
}

Parsed parse_alg(const ActionInput& input, const Word& option, CtAction& action) {
  std::vector<std::string_view> known;
  for (const Named<uint16_t>& alg : alg_names()) {
    if (alg.name == option.value) {
      action.alg = alg.value;
      return {};
    }
    known.push_back(alg.name);
  }
  if (!option.value.empty() && is_digit(option.value.front())) {
    return parse_option(input, option, action.alg);
  }
  return input.source.error(option.place(), "unknown helper " + quoted(option.value),
                            did_you_mean(option.value, known));
}

// What ct's own list is collected from: nat, and exec(...).
Parsed add_nested(const ActionInput& input, const Word& option, ActionList& nested) {
  if (option.key == "nat") {
    return parse_nat(input, option, nested);
  }
  auto actions = parse_nested(input, option, ActionContext::tracked);
  if (!actions) {
    return Unexpected{actions.error()};
  }
  nested.insert(nested.end(), actions->begin(), actions->end());
  return {};
}

Parsed parse_ct_option(const ActionInput& input, const Word& option, CtAction& action, ActionList& nested) {
  constexpr std::string_view names[] = {"commit", "force", "table", "zone", "alg", "nat", "exec"};
  if (option.key == "commit" || option.key == "force") {
    (option.key == "commit" ? action.commit : action.force) = true;
    return option.has_value() ? input.source.error(option.whole, std::string(option.key) + " takes no value")
                              : Parsed{};
  }
  if (option.key == "table") {
    return number_value(input.source, option, "table", 0, 254).transform([&](uint64_t table) {
      action.table = static_cast<uint8_t>(table);
    });
  }
  if (option.key == "zone") {
    return parse_zone(input, option, action);
  }
  if (option.key == "alg") {
    return parse_alg(input, option, action);
  }
  if (option.key == "nat" || option.key == "exec") {
    return add_nested(input, option, nested);
  }
  return unknown_option(input, option, "ct", names);
}

// What only a commit can do needs it.
Parsed check_ct(const ActionInput& input, const Word& word, const CtAction& action) {
  if (action.commit) {
    return {};
  }
  if (action.force) {
    return input.source.error(word.whole, "ct(force) needs commit");
  }
  for (const Action& nested : action.nested->actions) {
    const auto* nat = std::get_if<NatAction>(&nested);
    if (nat == nullptr || nat->direction != NatDirection::existing) {
      return input.source.error(
          word.whole, nat == nullptr ? "ct(exec(...)) needs commit" : "nat(src) and nat(dst) need ct(commit)");
    }
  }
  return {};
}

}  // namespace

Parsed parse_clone(const ActionInput& input, const Word& word, ActionList& out) {
  auto actions = parse_nested(input, word, input.context);
  if (!actions) {
    return Unexpected{actions.error()};
  }
  out.emplace_back(CloneAction{NestedActions{std::move(*actions)}});
  return {};
}

Parsed parse_ct(const ActionInput& input, const Word& word, ActionList& out) {
  CtAction action;
  ActionList nested;
  auto parsed = for_each_option(input, word.value,
                                [&](const Word& option) { return parse_ct_option(input, option, action, nested); });
  if (!parsed) {
    return parsed;
  }
  if (!nested.empty()) {
    action.nested = NestedActions{std::move(nested)};
  }
  if (auto checked = check_ct(input, word, action); !checked) {
    return checked;
  }
  out.emplace_back(std::move(action));
  return {};
}

Parsed parse_nat(const ActionInput& input, const Word& word, ActionList& out) {
  NatAction action;
  auto parsed =
      for_each_option(input, word.value, [&](const Word& option) { return parse_nat_option(input, option, action); });
  if (parsed) {
    parsed = check_nat(input, word, action);
  }
  if (parsed) {
    out.emplace_back(action);
  }
  return parsed;
}

}  // namespace weft::openflow
