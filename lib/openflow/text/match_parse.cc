// Reading a match: lib/openflow/text/match_parse.h.
//
// Words are read in two rounds, so that their order does not matter: first what says the kind of packet (keywords,
// eth_type, ip_proto), which decides what nw_src and tp_dst mean, then the rest.
#include "lib/openflow/text/match_parse.h"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/flow/field_text.h"
#include "lib/flow/match_text.h"
#include "lib/openflow/oxm.h"
#include "lib/openflow/text/sub_field_text.h"

namespace weft::openflow {
namespace {

std::string nearest_word(std::string_view word, std::span<const std::string_view> others) {
  std::vector<std::string_view> names(match_keywords().begin(), match_keywords().end());
  names.insert(names.end(), others.begin(), others.end());
  for (const Field& f : all_fields()) {
    names.push_back(f.name);
    names.insert(names.end(), f.aliases.begin(), f.aliases.end());
  }
  names.push_back("actions");
  return did_you_mean(word, names);
}

bool says_kind_of_packet(const Field* f) {
  return f != nullptr && (f->id == FieldId::eth_type || f->id == FieldId::ip_proto);
}

class MatchParser {
 public:
  MatchParser(const TextSource& source, bool is_rule, const OtherWords& others)
      : source_(source), is_rule_(is_rule), others_(others) {}

  Result<Match, TextError> parse(std::string_view part) {
    std::vector<Word> later;
    Scanner scanner(source_, part);
    while (true) {
      const auto word = scanner.next();
      if (!word) {
        return Unexpected{word.error()};
      }
      if (!*word) {
        break;
      }
      const auto known = others_.parse(**word);
      if (!known) {
        return Unexpected{known.error()};
      }
      if (*known) {
        continue;
      }
      const auto added = add_kind(**word);
      if (!added) {
        return Unexpected{added.error()};
      }
      if (!*added) {
        later.push_back(**word);
      }
    }
    for (const std::vector<Word>& round : {std::move(types_), std::move(protocols_), std::move(later)}) {
      for (const Word& word : round) {
        if (auto added = add_field(word); !added) {
          return Unexpected{added.error()};
        }
      }
    }
    if (auto checked = check_prerequisites(); !checked) {
      return Unexpected{checked.error()};
    }
    return match_;
  }

 private:
  // Keywords are added at once, the fields that say the same in numbers behind them: eth_type first.
  Result<bool, TextError> add_kind(const Word& word) {
    const Match before = match_;
    if (!word.has_value() && (word.key == "eth" || add_keyword(match_, word.key))) {
      return check_kind(before, word).transform([] { return true; });
    }
    const Field* f = find_field(word.key);
    if (!says_kind_of_packet(f)) {
      return false;
    }
    (f->id == FieldId::eth_type ? types_ : protocols_).push_back(word);
    return true;
  }

  // No packet is of two kinds, so one of the words is a mistake.
  Parsed check_kind(const Match& before, const Word& word) const {
    for (const FieldId id : {FieldId::eth_type, FieldId::ip_proto}) {
      if (before.is_exact(field(id)) && before.value(id) != match_.value(id)) {
        return source_.error(word.whole, fmt::format("{} contradicts {}", word.whole, format_match(before)));
      }
    }
    return {};
  }

  Parsed add_field(const Word& word) {
    const Field* f = resolve_field(word.key, match_);
    if (f == nullptr) {
      return source_.error(word.key, "unknown field or keyword " + quoted(word.key),
                           nearest_word(word.key, others_.names));
    }
    if (!f->has_place()) {
      return source_.error(word.key, "no tunnel option is mapped to " + std::string(f->name));
    }
    if (is_rule_ && !has_oxm(*f) && f->id != FieldId::dl_vlan && f->id != FieldId::dl_vlan_pcp) {
      return source_.error(word.key, fmt::format("no message can say {}: it has no number", f->name));
    }
    if (is_tunnel_option(f->id) && !word.has_value()) {
      match_.set_present(*f);
      return {};
    }
    if (!word.has_value()) {
      return source_.error(word.whole, fmt::format("{0} needs a value: {0}=...", word.key));
    }
    const std::string_view value = word.delimiter == '(' ? word.value : trim(word.value);
    const Match before = match_;
    if (auto added = add_to_match(match_, *f, value, source_.ports); !added) {
      return source_.inside(value, added.error());
    }
    if (auto checked = says_kind_of_packet(f) ? check_kind(before, word) : Parsed{}; !checked) {
      return checked;
    }
    fields_.push_back({f, word.key});
    return {};
  }

  // OpenFlow 1.3.5 section 7.2.3.8: a field may be matched only where it is sure to exist.
  Parsed check_prerequisites() const {
    for (const auto& [f, word] : fields_) {
      if (!match_.is_wild(*f) && !match_.meets_prerequisite(*f)) {
        return source_.error(word, what_is_missing(*f, word));
      }
    }
    return {};
  }

  // Of a header behind IP's only the first fragment has fields.
  std::string what_is_missing(const Field& f, std::string_view word) const {
    Match unfragmented = match_;
    unfragmented.clear(field(FieldId::ip_frag));
    return unfragmented.meets_prerequisite(f)
               ? fmt::format("{} is in no later fragment, which nw_frag asks for", word)
               : fmt::format("{} needs {} in the match", word, match_for(f.prerequisite));
  }

  const TextSource& source_;
  bool is_rule_;
  const OtherWords& others_;
  Match match_;
  std::vector<Word> types_;
  std::vector<Word> protocols_;
  std::vector<std::pair<const Field*, std::string_view>> fields_;
};

}  // namespace

Result<Match, TextError> parse_match_words(const TextSource& source, std::string_view part, bool is_rule,
                                           const OtherWords& others) {
  return MatchParser(source, is_rule, others).parse(part);
}

}  // namespace weft::openflow
