// Words of a flow text: "key", "key:value", "key=value", "key(value)", "key(value)->target", separated by commas or white
// space.
//
// A value ends at a separator outside parentheses, brackets and quotes. Words are views into the whole text, so an
// error about one knows its place.
//
// Threads: values on the stack. Private to lib/openflow/text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/flow/port_names.h"

namespace weft::openflow {

using Parsed = Result<void, TextError>;  // what has been read is somewhere else

// The text that errors point into, and what names in it mean.
struct TextSource {
  std::string_view text;
  const PortNames* ports = nullptr;

  Unexpected<TextError> error(std::string_view word, std::string message, std::string suggestion = {}) const {
    return Unexpected{error_at(text, word, std::move(message), std::move(suggestion))};
  }
  // An error that was found looking at `word` alone.
  Unexpected<TextError> inside(std::string_view word, const TextError& found) const {
    return Unexpected{shifted(found, static_cast<size_t>(word.data() - text.data()))};
  }
};

struct Word {
  std::string_view whole;
  std::string_view key;
  std::string_view value;
  char delimiter = '\0';         // ':', '=', '(' or none
  std::string_view target = {};  // behind the arrow in "key(value)->target"

  bool has_value() const { return delimiter != '\0'; }
  // Where an error about the value should point: the value, or the key when it is empty.
  std::string_view place() const { return value.empty() ? whole : value; }
};

class Scanner {
 public:
  Scanner(const TextSource& source, std::string_view part) : source_(source), rest_(part) {}

  // Nothing at the end.
  Result<std::optional<Word>, TextError> next();

 private:
  Result<std::string_view, TextError> take_value();
  Result<std::string_view, TextError> take_parenthesized();
  std::string_view take_target();

  const TextSource& source_;
  std::string_view rest_;
};

std::string quoted(std::string_view word);

// What a line of many changes is to do, and the rest of it: "modify ip,actions=drop". Without one of the names: `otherwise`.
template <class Command, size_t n>
std::pair<Command, std::string_view> split_command(std::string_view line,
                                                   const std::pair<std::string_view, Command> (&names)[n],
                                                   Command otherwise) {
  const std::string_view trimmed = trim(line);
  for (const auto& [name, command] : names) {
    if (trimmed.starts_with(name) && (trimmed.size() == name.size() || is_space(trimmed[name.size()]))) {
      return {command, trimmed.substr(name.size())};
    }
  }
  return {otherwise, line};
}

// A number of at most `max` as the word's value.
Result<uint64_t, TextError> number_value(const TextSource& source, const Word& word, std::string_view what,
                                         uint64_t min, uint64_t max);

}  // namespace weft::openflow
