#include "lib/openflow/text/sub_field_text.h"

#include <vector>

#include <fmt/format.h>

#include "lib/flow/field_text.h"

namespace weft::openflow {
namespace {

std::string nearest_field(std::string_view word) {
  std::vector<std::string_view> names;
  for (const Field& f : all_fields()) {
    names.push_back(f.name);
    names.insert(names.end(), f.aliases.begin(), f.aliases.end());
    if (f.nxm) {
      names.push_back(f.nxm->name);
    }
  }
  return did_you_mean(word, names);
}

// "4..7" or "12": first and last bit.
std::optional<std::pair<uint64_t, uint64_t>> parse_bits(std::string_view bits) {
  const size_t dots = bits.find("..");
  const auto first = parse_unsigned(bits.substr(0, dots), 0xffff);
  const auto last = dots == std::string_view::npos ? first : parse_unsigned(bits.substr(dots + 2), 0xffff);
  if (!first || !last) {
    return std::nullopt;
  }
  return std::pair(*first, *last);
}

}  // namespace

Result<const Field*, TextError> parse_field_name(const TextSource& source, std::string_view word, const Match& match) {
  const Field* f = resolve_field(word, match);
  if (f == nullptr) {
    return source.error(word, "unknown field " + quoted(word), nearest_field(word));
  }
  if (!f->has_place()) {
    return source.error(word, "no tunnel option is mapped to " + std::string(f->name));
  }
  return f;
}

Result<SubField, TextError> parse_sub_field(const TextSource& source, std::string_view word, const Match& match) {
  const size_t bracket = word.find('[');
  const auto f = parse_field_name(source, word.substr(0, bracket), match);
  if (!f) {
    return Unexpected{f.error()};
  }
  const uint16_t width = (*f)->n_bits;
  if (bracket == std::string_view::npos) {
    return SubField{(*f)->id, 0, width};
  }
  if (word.back() != ']') {
    return source.error(word.substr(bracket), "expected \"]\" behind the bits");
  }
  const std::string_view bits = word.substr(bracket + 1, word.size() - bracket - 2);
  if (bits.empty()) {
    return SubField{(*f)->id, 0, width};
  }
  const auto range = parse_bits(bits);
  if (!range || range->first > range->second || range->second >= width) {
    return source.error(bits, fmt::format("bits of {} are 0 to {}, written [first..last]", (*f)->name, width - 1));
  }
  return SubField{(*f)->id, static_cast<uint16_t>(range->first),
                  static_cast<uint16_t>(range->second - range->first + 1)};
}

std::string format_sub_field(const SubField& sub_field) {
  const Field& f = field(sub_field.field);
  const auto& id = f.nxm ? f.nxm : f.oxm ? f.oxm : f.oxm_experimenter;
  const std::string_view name = id ? id->name : f.name;
  if (sub_field.offset == 0 && sub_field.bit_count == f.n_bits) {
    return fmt::format("{}[]", name);
  }
  if (sub_field.bit_count == 1) {
    return fmt::format("{}[{}]", name, sub_field.offset);
  }
  return fmt::format("{}[{}..{}]", name, sub_field.offset, sub_field.offset + sub_field.bit_count - 1);
}

}  // namespace weft::openflow
