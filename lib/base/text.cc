#include "lib/base/text.h"

#include <algorithm>
#include <functional>
#include <ostream>
#include <utility>

#include <fmt/core.h>

namespace weft {

std::string TextError::to_string() const {
  return suggestion.empty() ? message : fmt::format("{}, did you mean \"{}\"?", message, suggestion);
}

TextError error_at(std::string_view text, std::string_view word, std::string message, std::string suggestion) {
  TextError error{std::move(message), 0, text.size(), std::move(suggestion)};
  // std::less orders pointers into different objects too.
  const std::less_equal<> not_after;
  if (word.data() != nullptr && not_after(text.data(), word.data()) &&
      not_after(word.data() + word.size(), text.data() + text.size())) {
    error.position = static_cast<size_t>(word.data() - text.data());
    error.length = word.size();
  }
  return error;
}

TextError shifted(TextError error, size_t offset) {
  error.position += offset;
  return error;
}

namespace {

// Of a longer line a stretch around the mistake is shown.
constexpr size_t longest_shown = 400;
constexpr size_t shown_before = 100;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }  // in UTF-8

struct Excerpt {
  std::string text;
  size_t column;
};

Excerpt excerpt_of(std::string_view line, size_t column) {
  if (line.size() <= longest_shown) {
    return {std::string(line), column};
  }
  size_t begin = column - std::min(column, shown_before);
  size_t end = std::min(line.size(), begin + longest_shown);
  while (begin < column && continues_character(line[begin])) {
    ++begin;
  }
  while (end < line.size() && continues_character(line[end])) {
    ++end;
  }
  const std::string_view before = begin == 0 ? "" : "...";
  return {fmt::format("{}{}{}", before, line.substr(begin, end - begin), end == line.size() ? "" : "..."),
          column - begin + before.size()};
}

}  // namespace

std::string render(std::string_view text, const TextError& error) {
  const size_t position = std::min(error.position, text.size());
  const size_t newline_before = position == 0 ? std::string_view::npos : text.rfind('\n', position - 1);
  const size_t line_start = newline_before == std::string_view::npos ? 0 : newline_before + 1;
  const size_t line_end = std::min(text.find('\n', position), text.size());
  const auto [line, column] = excerpt_of(text.substr(line_start, line_end - line_start), position - line_start);

  // Tabs are repeated in the marker line, so that both lines are indented alike.
  std::string indent(line.substr(0, column));
  std::replace_if(
      indent.begin(), indent.end(), [](char c) { return c != '\t'; }, ' ');
  const size_t length = std::clamp<size_t>(error.length, 1, std::max<size_t>(line.size() - column, 1));
  return fmt::format("{}\n  {}\n  {}^{:~>{}}\n", error.to_string(), line, indent, "", length - 1);
}

std::ostream& operator<<(std::ostream& out, const TextError& error) {
  return out << error.to_string() << " (at " << error.position << ", length " << error.length << ")";
}

std::optional<uint64_t> parse_unsigned(std::string_view word, uint64_t max) {
  unsigned base = 10;
  if (word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X')) {
    base = 16;
    word.remove_prefix(2);
  }
  if (word.empty()) {
    return std::nullopt;
  }
  uint64_t value = 0;
  for (const char c : word) {
    const auto digit = hex_digit(c);
    if (!digit || *digit >= base || __builtin_mul_overflow(value, base, &value) ||
        __builtin_add_overflow(value, *digit, &value)) {
      return std::nullopt;
    }
  }
  return value <= max ? std::optional(value) : std::nullopt;
}

Result<uint64_t, TextError> parse_number(std::string_view text, std::string_view word, std::string_view what,
                                         uint64_t min, uint64_t max) {
  const auto value = parse_unsigned(word, max);
  if (!value || *value < min) {
    return Unexpected(error_at(text, word, fmt::format("{} must be {} to {}", what, min, max)));
  }
  return *value;
}

Result<std::vector<uint8_t>, TextError> parse_hex_bytes(std::string_view text) {
  std::vector<uint8_t> bytes;
  std::optional<unsigned> high;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_space(text[i]) || text[i] == '.' || text[i] == ':') {
      continue;
    }
    const auto digit = hex_digit(text[i]);
    if (!digit) {
      return Unexpected{error_at(text, text.substr(i, 1), "a packet is written in hexadecimal")};
    }
    if (high) {
      bytes.push_back(static_cast<uint8_t>(*high << 4 | *digit));
      high.reset();
    } else {
      high = digit;
    }
  }
  if (high) {
    return Unexpected{error_at(text, text, "an odd number of hexadecimal digits")};
  }
  return bytes;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<unsigned> hex_digit(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return std::nullopt;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return lower;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(at + 1);
  }
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (text = trim(text); !text.empty(); text = trim(text)) {
    const auto end = std::find_if(text.begin(), text.end(), is_space);
    const auto size = static_cast<size_t>(end - text.begin());
    words.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return words;
}

std::optional<std::pair<std::string_view, std::string_view>> split_once(std::string_view text, char separator) {
  const size_t at = text.find(separator);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  return std::pair(text.substr(0, at), text.substr(at + 1));
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string joined;
  for (const std::string& part : parts) {
    if (&part != parts.data()) {
      joined += separator;
    }
    joined += part;
  }
  return joined;
}

// Optimal string alignment: a table of prefixes against prefixes, of which three rows are kept.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last;
  std::vector<size_t> last;
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    before_last = std::exchange(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

namespace {

// A third of the word may be wrong; more than that is a guess nobody made.
template <class Candidate>
std::string nearest(std::string_view word, std::span<const Candidate> candidates) {
  const std::string lower = to_lower(word);
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  std::string best;
  for (const std::string_view candidate : candidates) {
    const size_t distance = edit_distance(lower, to_lower(candidate));
    if (distance < best_distance && distance < candidate.size()) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  return nearest(word, candidates);
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  return nearest(word, candidates);
}

}  // namespace weft
