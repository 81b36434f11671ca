#include "lib/openflow/text/scanner.h"

#include <algorithm>

namespace weft::openflow {
namespace {

bool is_separator(char c) { return c == ',' || is_space(c); }
bool opens(char c) { return c == '(' || c == '['; }
bool closes(char c) { return c == ')' || c == ']'; }
bool ends_key(char c) { return is_separator(c) || c == ':' || c == '=' || c == '('; }

// Behind the closing quote of the quotation that begins at `i`; the end when it is not closed.
size_t skip_quoted(std::string_view text, size_t i) {
  for (++i; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\') {
      ++i;
    }
  }
  return i < text.size() ? i + 1 : text.size();
}

}  // namespace

std::string quoted(std::string_view word) { return "\"" + std::string(word) + "\""; }

Result<std::optional<Word>, TextError> Scanner::next() {
  while (!rest_.empty() && is_separator(rest_.front())) {
    rest_.remove_prefix(1);
  }
  if (rest_.empty()) {
    return std::optional<Word>{};
  }
  const std::string_view begin = rest_;
  size_t key_size = 0;
  while (key_size < rest_.size() && !ends_key(rest_[key_size])) {
    key_size = rest_[key_size] == '"' ? skip_quoted(rest_, key_size) : key_size + 1;
  }
  Word word;
  word.key = rest_.substr(0, key_size);
  rest_.remove_prefix(key_size);
  if (!rest_.empty() && !is_separator(rest_.front())) {
    word.delimiter = rest_.front();
    auto value = word.delimiter == '(' ? take_parenthesized() : take_value();
    if (!value) {
      return Unexpected{value.error()};
    }
    word.value = *value;
    if (word.delimiter == '(') {
      word.target = take_target();
      if (!rest_.empty() && !is_separator(rest_.front())) {
        return source_.error(rest_.substr(0, 1), "a comma is missing before " + quoted(rest_.substr(0, 1)));
      }
    }
  }
  word.whole = begin.substr(0, begin.size() - rest_.size());
  if (word.key.empty()) {
    return source_.error(word.whole, "a word is missing before " + quoted(word.whole));
  }
  return std::optional(word);
}

// Behind ':' or '=', to the next separator at depth zero.
Result<std::string_view, TextError> Scanner::take_value() {
  rest_.remove_prefix(1);
  const std::string_view begin = rest_;
  size_t depth = 0;
  size_t i = 0;
  while (i < rest_.size() && (depth > 0 || !is_separator(rest_[i]))) {
    if (rest_[i] == '"') {
      i = skip_quoted(rest_, i);
      continue;
    }
    if (opens(rest_[i])) {
      ++depth;
    } else if (closes(rest_[i])) {
      if (depth == 0) {
        return source_.error(rest_.substr(i, 1), "nothing is open that this could close");
      }
      --depth;
    }
    ++i;
  }
  if (depth > 0) {
    return source_.error(rest_.substr(0, i), "a parenthesis is not closed");
  }
  rest_.remove_prefix(i);
  return begin.substr(0, i);
}

// From '(' to the ')' that closes it.
Result<std::string_view, TextError> Scanner::take_parenthesized() {
  const std::string_view begin = rest_;
  size_t depth = 0;
  for (size_t i = 0; i < rest_.size();) {
    if (rest_[i] == '"') {
      i = skip_quoted(rest_, i);
      continue;
    }
    depth += opens(rest_[i]) ? 1 : 0;
    depth -= closes(rest_[i]) && depth > 0 ? 1 : 0;
    ++i;
    if (depth > 0) {
      continue;
    }
    rest_.remove_prefix(i);
    return begin.substr(1, i - 2);
  }
  return source_.error(begin.substr(0, 1), "this parenthesis is not closed");
}

// Behind "->", to the next separator; a field and its bits have none inside.
std::string_view Scanner::take_target() {
  if (!rest_.starts_with("->")) {
    return {};
  }
  rest_.remove_prefix(2);
  const auto* end = std::find_if(rest_.begin(), rest_.end(), is_separator);
  const std::string_view target = rest_.substr(0, static_cast<size_t>(end - rest_.begin()));
  rest_.remove_prefix(target.size());
  return target;
}

Result<uint64_t, TextError> number_value(const TextSource& source, const Word& word, std::string_view what,
                                         uint64_t min, uint64_t max) {
  if (word.value.empty()) {
    return source.error(word.whole, std::string(word.key) + " needs a value: " + std::string(what));
  }
  return parse_number(source.text, word.value, what, min, max);
}

}  // namespace weft::openflow
