#include "ofproto/translate/why_not.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/flow/extract.h"
#include "lib/flow/field_text.h"
#include "lib/openflow/text/flow_text.h"

namespace weft::ofproto {
namespace {

constexpr size_t told_count = 3;

struct NearRule {
  const FlowRule* rule;
  unsigned wrong_words;

  // Nearer first; of equally near ones the one that would have won.
  bool operator<(const NearRule& other) const {
    return wrong_words != other.wrong_words ? wrong_words < other.wrong_words
                                            : rule->priority() > other.rule->priority();
  }
};

unsigned wrong_words(const MiniMatch& match, const Flow& flow) {
  unsigned count = 0;
  size_t i = 0;
  match.set().for_each([&](unsigned word) {
    count += ((flow.word(word) ^ match.values()[i]) & match.masks()[i]) != 0 ? 1 : 0;
    ++i;
  });
  return count;
}

// Registers are told as reg0 to reg15, a tag by dl_vlan and dl_vlan_pcp: the other names lie over the same bits.
bool is_second_name(FieldId id) {
  return (id >= FieldId::xreg0 && id < FieldId::xreg0 + 8) || (id >= FieldId::xxreg0 && id < FieldId::xxreg0 + 4) ||
         id == FieldId::in_port_oxm || id == FieldId::vlan_tci || id == FieldId::vlan_vid;
}

// Takes the field's bits out of `rest`; false when none was there.
bool take(Flow& rest, const Field& f) {
  const Presence presence = presence_of(f);
  const bool lacks_option = is_tunnel_option(f.id) && (rest.word(presence.word) & presence.bits) != 0;
  if (get(rest, f).is_zero() && !lacks_option) {
    return false;
  }
  rest.word(presence.word) &= lacks_option ? ~presence.bits : ~uint64_t{0};
  set(rest, f, FieldValue{});
  return true;
}

// A tag that is missing, or not wanted, says all about the tag.
std::optional<std::string> tell_tag(Flow& wrong, const Flow& flow) {
  const Field& tci = field(FieldId::vlan_tci);
  if ((get(wrong, tci).lo & vlan_tag_present) == 0) {
    return std::nullopt;
  }
  set(wrong, tci, FieldValue{});
  const bool is_tagged = (get(flow, tci).lo & vlan_tag_present) != 0;
  return is_tagged ? "there is a VLAN tag" : "there is no VLAN tag";
}

std::string tell(const Field& f, const Match& match, const Flow& flow, const PortNames* ports) {
  if (match.is_wild(f)) {
    return fmt::format("there is no {}", f.name);
  }
  const std::string wanted = format_value(f, MaskedValue{match.value(f), match.mask(f)}, ports);
  return !is_there(flow, f) ? fmt::format("there is no {}, wanted {}", f.name, wanted)
                            : fmt::format("{} is {}, not {}", f.name, format_value(f, get(flow, f), ports), wanted);
}

void keep_nearest(std::vector<NearRule>& nearest, const NearRule& candidate) {
  nearest.insert(std::upper_bound(nearest.begin(), nearest.end(), candidate), candidate);
  if (nearest.size() > told_count) {
    nearest.pop_back();
  }
}

}  // namespace

std::vector<std::string> differences(const Match& match, const Flow& flow, const PortNames* ports) {
  Flow wrong;
  for (unsigned i = 0; i < key_word_count; ++i) {
    wrong.word(i) = (flow.word(i) ^ match.value().word(i)) & match.mask().word(i);
  }
  std::vector<std::string> told;
  if (auto tag = tell_tag(wrong, flow)) {
    told.push_back(std::move(*tag));
  }
  for (const Field& f : all_fields()) {
    if (f.has_place() && !is_second_name(f.id) && match.meets_prerequisite(f) && take(wrong, f)) {
      told.push_back(tell(f, match, flow, ports));
    }
  }
  const bool only_header_lacks = told.empty() && wrong.word(present_word) != 0;
  if (only_header_lacks) {
    told.emplace_back("a header that it asks for is missing or malformed");
  }
  return told;
}

std::vector<std::string> why_not(const FlowTable& table, const FlowRule* found, uint64_t version, const Flow& flow,
                                 const PortNames* ports) {
  std::vector<NearRule> nearest;
  size_t looked_at = 0;
  table.classifier().for_each_linked([&](const ClassifierRule& linked) {
    const auto& rule = static_cast<const FlowRule&>(linked);
    if (rule.is_hidden() || !rule.is_visible(version) || (found != nullptr && rule.priority() <= found->priority())) {
      return true;
    }
    keep_nearest(nearest, {&rule, wrong_words(rule.match(), flow)});
    return ++looked_at < why_not_limit;
  });
  std::vector<std::string> lines;
  for (const NearRule& candidate : nearest) {
    const Match match = candidate.rule->match().expand();
    lines.push_back(fmt::format("not {}: {}",
                                openflow::format_rule(match, static_cast<uint16_t>(candidate.rule->priority()), ports),
                                join(differences(match, flow, ports), "; ")));
  }
  if (looked_at == why_not_limit) {
    lines.push_back(fmt::format("(only {} flows of higher priority were looked at)", why_not_limit));
  }
  return lines;
}

}  // namespace weft::ofproto
