#include "lib/management/datum.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

namespace weft::management {
namespace {

bool is_identifier_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

bool is_identifier(std::string_view text) {
  if (text.empty() || text == "true" || text == "false" || Uuid::parse(text)) {
    return false;
  }
  const auto first = static_cast<unsigned char>(text.front());
  return (std::isalpha(first) != 0 || text.front() == '_') && std::ranges::all_of(text, is_identifier_char);
}

// Walks one column value: atoms, commas, `=`, brackets and quotes.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void skip_space() {
    while (at_ < text_.size() && (is_space(text_[at_]) || text_[at_] == ',')) {
      ++at_;
    }
  }
  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  size_t position() const { return at_; }
  bool accept(char c) {
    if (peek() != c) {
      return false;
    }
    ++at_;
    return true;
  }

  struct Token {
    std::string text;
    std::string_view where;
  };

  // The next atom's text, without its quotes. Ends at a comma, a closing bracket, or `=` when `stop_at_equals`; also
  // at a space unless it is a string, which may hold some without being in quotes.
  Result<Token, TextError> atom(AtomType type, bool stop_at_equals) {
    const size_t start = at_;
    if (accept('"')) {
      return quoted(start);
    }
    const auto is_end = [&](char c) {
      return c == ',' || c == ']' || c == '}' || (stop_at_equals && c == '=') ||
             (type != AtomType::string && is_space(c));
    };
    while (!done() && !is_end(peek())) {
      ++at_;
    }
    const auto where = trim(text_.substr(start, at_ - start));
    return Token{std::string(where), where};
  }

 private:
  Result<Token, TextError> quoted(size_t start) {
    std::string out;
    while (!done() && peek() != '"') {
      const char c = text_[at_++];
      if (c != '\\') {
        out += c;
      } else if (!done()) {
        const char escaped = text_[at_++];
        out += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
      }
    }
    const auto where = text_.substr(start, at_ - start);
    if (!accept('"')) {
      return Unexpected{error_at(text_, where, "missing closing quote")};
    }
    return Token{std::move(out), where};
  }

  std::string_view text_;
  size_t at_ = 0;
};

template <typename Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

Result<Atom, TextError> unknown(std::string_view text, std::string message, std::string suggestion = {}) {
  return Unexpected{TextError{std::move(message), 0, text.size(), std::move(suggestion)}};
}

Result<Atom, TextError> parse_integer(std::string_view text, const ColumnType& column) {
  std::optional<int64_t> value = parse_whole<int64_t>(text);
  if (!value && text.starts_with("0x")) {
    if (const auto hex = parse_unsigned(text, INT64_MAX)) {
      value = static_cast<int64_t>(*hex);
    }
  }
  if (!value) {
    return unknown(text, fmt::format("\"{}\" is not a valid integer", text));
  }
  if (*value < column.min_integer || *value > column.max_integer) {
    return unknown(text, fmt::format("{} is not in the valid range {} to {} (inclusive)", *value, column.min_integer,
                                     column.max_integer));
  }
  return Atom{*value};
}

Result<Atom, TextError> parse_boolean(std::string_view text) {
  for (const auto* yes : {"true", "yes", "on", "1"}) {
    if (text == yes) {
      return Atom{true};
    }
  }
  for (const auto* no : {"false", "no", "off", "0"}) {
    if (text == no) {
      return Atom{false};
    }
  }
  return unknown(text, fmt::format("\"{}\" is not a valid boolean (use \"true\" or \"false\")", text));
}

Result<Atom, TextError> parse_uuid(std::string_view text, const ColumnType& column, SymbolTable* symbols) {
  if (auto uuid = Uuid::parse(text)) {
    return Atom{std::move(*uuid)};
  }
  if (symbols != nullptr) {
    if (auto uuid = symbols->resolve(text, column.ref_table)) {
      return Atom{std::move(*uuid)};
    }
  }
  return unknown(text, column.ref_table.empty()
                           ? fmt::format("\"{}\" is not a valid UUID", text)
                           : fmt::format("\"{}\" is neither a UUID nor a record of table {}", text, column.ref_table));
}

std::string joined(const Datum& datum, bool is_map) {
  std::string out;
  for (size_t i = 0; i < datum.count(); ++i) {
    out += i == 0 ? "" : ", ";
    out += format(datum.keys[i]);
    if (is_map) {
      out += '=' + format(datum.values[i]);
    }
  }
  return out;
}

}  // namespace

Uuid Uuid::random() {
  std::array<uint8_t, 16> bytes{};
  [[maybe_unused]] const auto got = ::getrandom(bytes.data(), bytes.size(), 0);
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4, RFC 9562 section 5.4
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    text += (i == 4 || i == 6 || i == 8 || i == 10) ? "-" : "";
    text += fmt::format("{:02x}", bytes[i]);
  }
  return {text};
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) {
    return std::nullopt;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : !hex_digit(text[i])) {
      return std::nullopt;
    }
  }
  return Uuid{to_lower(text)};
}

Datum Datum::of_strings(std::vector<std::string> strings) {
  Datum datum;
  for (auto& text : strings) {
    datum.add(Atom{std::move(text)});
  }
  return datum;
}

std::optional<size_t> Datum::find(const Atom& key) const {
  const auto it = std::ranges::lower_bound(keys, key);
  if (it == keys.end() || *it != key) {
    return std::nullopt;
  }
  return static_cast<size_t>(it - keys.begin());
}

void Datum::add(Atom key) {
  const auto it = std::ranges::lower_bound(keys, key);
  if (it == keys.end() || *it != key) {
    keys.insert(it, std::move(key));
  }
}

void Datum::put(Atom key, Atom value) {
  const auto it = std::ranges::lower_bound(keys, key);
  const auto offset = it - keys.begin();
  if (it != keys.end() && *it == key) {
    values[static_cast<size_t>(offset)] = std::move(value);
    return;
  }
  keys.insert(it, std::move(key));
  values.insert(values.begin() + offset, std::move(value));
}

bool Datum::erase(const Atom& key) {
  const auto at = find(key);
  if (!at) {
    return false;
  }
  const auto offset = static_cast<std::ptrdiff_t>(*at);
  keys.erase(keys.begin() + offset);
  if (!values.empty()) {
    values.erase(values.begin() + offset);
  }
  return true;
}

std::optional<int64_t> Datum::integer() const {
  const auto* value = keys.empty() ? nullptr : std::get_if<int64_t>(&keys.front());
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::string> Datum::string() const {
  const auto* value = keys.empty() ? nullptr : std::get_if<std::string>(&keys.front());
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<bool> Datum::boolean() const {
  const auto* value = keys.empty() ? nullptr : std::get_if<bool>(&keys.front());
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::string> Datum::at(std::string_view key) const {
  const auto i = find(Atom{std::string(key)});
  if (!i || *i >= values.size()) {
    return std::nullopt;
  }
  const auto* text = std::get_if<std::string>(&values[*i]);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

std::vector<Uuid> Datum::uuids() const {
  std::vector<Uuid> out;
  for (const auto* atoms : {&keys, &values}) {
    for (const auto& atom : *atoms) {
      if (const auto* uuid = std::get_if<Uuid>(&atom)) {
        out.push_back(*uuid);
      }
    }
  }
  return out;
}

Result<Atom, TextError> parse_atom(std::string_view text, AtomType type, const ColumnType& column,
                                   SymbolTable* symbols) {
  switch (type) {
    case AtomType::integer:
      return parse_integer(text, column);
    case AtomType::real:
      if (const auto value = parse_whole<double>(text)) {
        return Atom{*value};
      }
      return unknown(text, fmt::format("\"{}\" is not a valid number", text));
    case AtomType::boolean:
      return parse_boolean(text);
    case AtomType::uuid:
      return parse_uuid(text, column, symbols);
    case AtomType::string:
      break;
  }
  if (!column.choices.empty() && !column.is_map() && std::ranges::find(column.choices, text) == column.choices.end()) {
    std::vector<std::string> choices(column.choices.begin(), column.choices.end());
    return unknown(text, fmt::format("\"{}\" is not one of the allowed values ({})", text, join(choices, ", ")),
                   did_you_mean(text, choices));
  }
  return Atom{std::string(text)};
}

namespace {

constexpr uint64_t longest_range = 4096;  // all VLANs

// `5-7` in a set of integers: each of them. False: it is no range.
Result<bool, TextError> add_range(std::string_view text, const ColumnType& type, Datum& datum) {
  const auto dash = text.find('-', 1);  // the first character may be a sign
  if (type.key != AtomType::integer || type.is_map() || type.max_count == 1 || dash == std::string_view::npos) {
    return false;
  }
  const auto first = parse_integer(text.substr(0, dash), type);
  const auto last = parse_integer(text.substr(dash + 1), type);
  if (!first || !last) {
    return Unexpected{first ? last.error() : first.error()};
  }
  const auto begin = std::get<int64_t>(*first);
  const uint64_t steps = static_cast<uint64_t>(std::get<int64_t>(*last)) - static_cast<uint64_t>(begin);
  if (*last < *first || steps >= longest_range) {
    return Unexpected{
        TextError{fmt::format("\"{}\" is not a range of 1 to {} numbers", text, longest_range), 0, 0, {}}};
  }
  for (uint64_t step = 0; step <= steps; ++step) {
    datum.add(begin + static_cast<int64_t>(step));
  }
  return true;
}

}  // namespace

Result<Datum, TextError> parse_datum(std::string_view text, const ColumnType& type, SymbolTable* symbols) {
  Scanner scan(text);
  Datum datum;
  scan.skip_space();
  if (scan.done() && type.is_scalar() && type.key == AtomType::string) {
    return Datum::of(std::string());
  }
  const char closing = scan.accept('[') ? ']' : scan.accept('{') ? '}' : '\0';
  for (scan.skip_space(); !scan.done() && scan.peek() != closing; scan.skip_space()) {
    const size_t start = scan.position();
    const auto key = scan.atom(type.key, type.is_map());
    if (!key) {
      return Unexpected{key.error()};
    }
    if (scan.position() == start && !(type.is_map() && scan.peek() == '=')) {
      return Unexpected{TextError{"unexpected character", start, 1, {}}};
    }
    const auto is_range = add_range(key->text, type, datum);
    if (!is_range) {
      return Unexpected{error_at(text, key->where, is_range.error().message)};
    }
    if (*is_range) {
      continue;
    }
    auto key_atom = parse_atom(key->text, type.key, type, symbols);
    if (!key_atom) {
      return Unexpected{error_at(text, key->where, key_atom.error().message, key_atom.error().suggestion)};
    }
    if (!type.is_map()) {
      datum.add(std::move(*key_atom));
    } else {
      if (!scan.accept('=')) {
        return Unexpected{error_at(text, text.substr(start, scan.position() - start), "a map needs key=value here")};
      }
      const auto value = scan.atom(*type.value, false);
      if (!value) {
        return Unexpected{value.error()};
      }
      auto value_atom = parse_atom(value->text, *type.value, type, symbols);
      if (!value_atom) {
        return Unexpected{error_at(text, value->where, value_atom.error().message, value_atom.error().suggestion)};
      }
      datum.put(std::move(*key_atom), std::move(*value_atom));
    }
  }
  if (closing != '\0' && !scan.accept(closing)) {
    return Unexpected{TextError{fmt::format("missing '{}'", closing), text.size(), 1, {}}};
  }
  if (!trim(text.substr(scan.position())).empty()) {
    return Unexpected{error_at(text, text.substr(scan.position()), "trailing garbage")};
  }
  if (auto problem = check(datum, type)) {
    return Unexpected{TextError{std::move(*problem), 0, text.size(), {}}};
  }
  return datum;
}

std::optional<std::string> check(const Datum& datum, const ColumnType& type) {
  if (datum.count() < type.min_count) {
    return fmt::format("{} value(s) given, at least {} needed", datum.count(), type.min_count);
  }
  if (datum.count() > type.max_count) {
    return fmt::format("{} values given, at most {} allowed", datum.count(), type.max_count);
  }
  if (type.is_map() != (!datum.values.empty()) && !datum.empty()) {
    return std::string(type.is_map() ? "a map needs key=value pairs" : "a set has no key=value pairs");
  }
  for (const auto& key : datum.keys) {
    if (key.index() != static_cast<size_t>(type.key)) {
      return fmt::format("{} has the wrong type", format(key));
    }
    const auto* integer = std::get_if<int64_t>(&key);
    if (integer != nullptr && (*integer < type.min_integer || *integer > type.max_integer)) {
      return fmt::format("{} is not in the valid range {} to {} (inclusive)", *integer, type.min_integer,
                         type.max_integer);
    }
    const auto* text = std::get_if<std::string>(&key);
    if (text != nullptr && !type.is_map() && !type.choices.empty() &&
        std::ranges::find(type.choices, *text) == type.choices.end()) {
      return fmt::format("\"{}\" is not one of the allowed values", *text);
    }
  }
  for (const auto& value : datum.values) {
    if (value.index() != static_cast<size_t>(*type.value)) {
      return fmt::format("{} has the wrong type", format(value));
    }
  }
  return std::nullopt;
}

Result<std::string, TextError> parse_string(std::string_view text) {
  if (!text.starts_with('"')) {
    return std::string(text);
  }
  Scanner scan(text);
  auto token = scan.atom(AtomType::string, false);
  if (!token) {
    return Unexpected{token.error()};
  }
  if (!scan.done()) {
    return Unexpected{error_at(text, text.substr(scan.position()), "unexpected text after the closing quote")};
  }
  return std::move(token->text);
}

std::string quoted_if_needed(std::string_view text) {
  if (is_identifier(text)) {
    return std::string(text);
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c == '\n' ? std::string("\\n") : c == '\t' ? std::string("\\t") : std::string(1, c);
  }
  return out + '"';
}

std::string format(const Atom& atom) {
  struct Formatter {
    std::string operator()(int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(const std::string& value) const { return quoted_if_needed(value); }
    std::string operator()(const Uuid& value) const { return value.text; }
  };
  return std::visit(Formatter{}, atom);
}

std::string format(const Datum& datum, const ColumnType& type) {
  if (type.is_map()) {
    return '{' + joined(datum, true) + '}';
  }
  // An optional value that is there prints like a scalar, as ovs-vsctl does.
  if (datum.count() == 1 && type.max_count == 1 && !type.is_set_in_text) {
    return format(datum.keys.front());
  }
  return '[' + joined(datum, false) + ']';
}

}  // namespace weft::management
