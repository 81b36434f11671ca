// What every parser of text shares: numbers, trimming, splitting, and errors that point.
//
// A TextError names the stretch of the input that is wrong; render() shows it to a person:
//
//     unknown field "dl_vlna", did you mean "dl_vlan"?
//       in_port=1,dl_vlna=10,actions=drop
//                 ^~~~~~~
//
// Words are string_views into the whole text, so their place is known: error_at(text, word, ...).
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace weft {

struct TextError {
  std::string message;
  size_t position = 0;  // of the wrong stretch, in bytes from the start of the text
  size_t length = 0;
  std::string suggestion;  // the likely right word, or empty

  // "message, did you mean "x"?": one line, without the text.
  std::string to_string() const;

  friend bool operator==(const TextError&, const TextError&) = default;
};

// An error about `word`, which must be part of `text` (else the whole text is marked).
TextError error_at(std::string_view text, std::string_view word, std::string message, std::string suggestion = {});

// The same error seen from a text in which the old one begins at `offset`.
TextError shifted(TextError error, size_t offset);

// Three lines: message, text, markers. A line of a longer text is shown alone, of a long line what is around the mistake.
std::string render(std::string_view text, const TextError& error);

std::ostream& operator<<(std::ostream& out, const TextError& error);

// Decimal, or hexadecimal after 0x; digits to the end and at most `max`, or nothing.
std::optional<uint64_t> parse_unsigned(std::string_view word, uint64_t max = std::numeric_limits<uint64_t>::max());

// The same with a reason: `what` is used in "vlan id must be 0 to 4095".
Result<uint64_t, TextError> parse_number(std::string_view text, std::string_view word, std::string_view what,
                                         uint64_t min, uint64_t max);

// The bytes of a frame as people paste them: pairs of hexadecimal digits, with spaces, dots and colons between them or
// not. Refused: another character, and an odd number of digits.
Result<std::vector<uint8_t>, TextError> parse_hex_bytes(std::string_view text);

bool is_space(char c);
bool is_digit(char c);
std::optional<unsigned> hex_digit(char c);
std::string to_lower(std::string_view text);

std::string_view trim(std::string_view text);
// "a,,b" gives three parts, "" one.
std::vector<std::string_view> split(std::string_view text, char separator);
// Runs of white space separate; none gives none.
std::vector<std::string_view> split_words(std::string_view text);
// Before and after the first separator; nothing when there is none.
std::optional<std::pair<std::string_view, std::string_view>> split_once(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
size_t edit_distance(std::string_view a, std::string_view b);

// The candidate that was probably meant, or an empty string.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace weft
