#include "ofproto/translate/fragment.h"

#include <algorithm>
#include <array>

#include "lib/base/big_endian.h"
#include "lib/flow/field.h"

namespace weft::ofproto {
namespace {

using openflow::FragmentHandling;

struct WordBits {
  KeyWord word;
  uint64_t bits;
};

constexpr std::array<WordBits, 3> hideable{{
    {KeyWord::l4, swap_network_order(uint64_t{0xffffffff} << 32)},    // tp_src, tp_dst
    {KeyWord::icmp, swap_network_order(uint64_t{0xffff} << 48)},      // type, code
    {present_word, present_in_word(present::ports | present::icmp)},  // set where they are hidden
}};

}  // namespace

bool is_hidden(const Flow& flow, FragmentHandling mode) {
  constexpr uint64_t any = 1;
  constexpr uint64_t not_the_first = 2;
  const uint64_t hides = mode == FragmentHandling::nx_match ? not_the_first : any;
  return (get(flow, FieldId::ip_frag).lo & hides) != 0;
}

bool has_hideable_bits(const Flow& mask) {
  return std::ranges::any_of(hideable, [&](const WordBits& each) { return (mask.word(each.word) & each.bits) != 0; });
}

void clear_hideable_bits(Flow& mask) {
  for (const auto& [word, bits] : hideable) {
    mask.word(word) &= ~bits;
  }
}

bool knows_fragment(const Flow& known) { return get(known, FieldId::ip_frag) == all_bits(field(FieldId::ip_frag)); }

Flow seen_by_lookups(const Flow& flow, FragmentHandling mode) {
  Flow seen = flow;
  if (is_hidden(flow, mode)) {
    clear_hideable_bits(seen);
    seen.word(present_word) |= present_in_word(present::ports | present::icmp);
  }
  return seen;
}

void hide_fragment(Flow& flow, Flow& known, FragmentHandling mode) {
  if (!knows_fragment(known)) {
    clear_hideable_bits(known);
  } else if (is_hidden(flow, mode)) {
    flow = seen_by_lookups(flow, mode);
    for (const auto& [word, bits] : hideable) {
      known.word(word) |= bits;
    }
  }
}

}  // namespace weft::ofproto
