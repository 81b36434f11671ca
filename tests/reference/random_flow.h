// Random packets and matches that meet often: few values for each field, few fields, many masks.
//
// Nothing here is judged; it is the input for tests that compare something clever with its dull twin.
#pragma once

#include <array>
#include <cstdint>
#include <random>

#include "lib/flow/field.h"
#include "lib/flow/flow_key.h"
#include "lib/flow/match.h"

namespace weft::reference {

// In every stage of the classifier, and words that several fields share.
inline constexpr std::array random_fields = {
    FieldId::tun_id,   FieldId::metadata, FieldId::reg0,     FieldId::in_port,  FieldId::eth_dst,
    FieldId::eth_src,  FieldId::eth_type, FieldId::vlan_tci, FieldId::ipv4_src, FieldId::ipv4_dst,
    FieldId::ip_proto, FieldId::ipv6_dst, FieldId::tcp_src,  FieldId::tcp_dst,  FieldId::tcp_flags,
};

class RandomFlow {
 public:
  explicit RandomFlow(uint32_t seed) : random_(seed) {}

  uint64_t below(uint64_t n) { return std::uniform_int_distribution<uint64_t>(0, n - 1)(random_); }
  bool one_in(uint64_t n) { return below(n) == 0; }

  // Often zero; others differ in high or low bits, so that masks of either end matter.
  FieldValue value(const Field& field) {
    const FieldValue all = all_bits(field);
    uint64_t pattern = 0;
    for (const unsigned bit : {0, 7, 15, 31, 47}) {
      pattern |= uint64_t{one_in(8)} << bit;
    }
    return FieldValue{pattern * 0x0101010101010101U, pattern} & all;
  }

  FieldValue mask(const Field& field) {
    const FieldValue all = all_bits(field);
    const std::array masks = {all, FieldValue{0, 0xff}, FieldValue{0, 0x80}, FieldValue{~uint64_t{0}, ~uint64_t{0xff}},
                              FieldValue{0, 0x8081}};
    const FieldValue chosen = masks[below(masks.size())] & all;
    return chosen.is_zero() ? all : chosen;
  }

  Flow packet() {
    Flow flow;
    for (const FieldId id : random_fields) {
      set(flow, id, value(field(id)));
    }
    set(flow, field(FieldId::in_port), FieldValue{0, below(4)});
    // Every header is there, but for one packet in eight.
    flow.word(present_word) |= present_in_word(one_in(8) ? static_cast<uint16_t>(random_()) : 0xffff);
    return flow;
  }

  // Up to `max_fields` fields, masked or exact; seldom none.
  Match match(unsigned max_fields = 3) {
    Match result;
    for (uint64_t n = one_in(16) ? 0 : 1 + below(max_fields); n > 0; --n) {
      const Field& chosen = field(random_fields[below(random_fields.size())]);
      // One after the other: compilers differ in the order of arguments, and a seed means the same everywhere.
      const FieldValue wanted = value(chosen);
      const FieldValue bits = one_in(2) ? all_bits(chosen) : mask(chosen);
      result.set_masked(chosen, wanted, bits);
    }
    return result;
  }

  // Another packet that agrees with `flow` on `mask` and is random elsewhere.
  Flow agreeing(const Flow& flow, const Flow& mask) {
    Flow other = packet();
    for (unsigned i = 0; i < key_word_count; ++i) {
      other.word(i) = (flow.word(i) & mask.word(i)) | (other.word(i) & ~mask.word(i));
      if (one_in(4)) {
        other.word(i) = (flow.word(i) & mask.word(i)) | (random_() & ~mask.word(i));
      }
    }
    return other;
  }

  std::mt19937_64& engine() { return random_; }

 private:
  std::mt19937_64 random_;
};

}  // namespace weft::reference
