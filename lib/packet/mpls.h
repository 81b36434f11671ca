// MPLS label stack entry (RFC 3032 section 2.1, RFC 5462): 20 bits of label, 3 of traffic class,
// one that marks the bottom of the stack, 8 of TTL.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"

namespace weft {

struct MplsEntry {
  Be32 word;

  static constexpr MplsEntry make(uint32_t label, uint8_t tc, bool bottom, uint8_t ttl) {
    return {Be32{(label & 0xfffffU) << 12 | (tc & 7U) << 9 | (bottom ? 0x100U : 0U) | ttl}};
  }

  constexpr uint32_t label() const { return word.host() >> 12; }
  constexpr uint8_t tc() const { return word.host() >> 9 & 7; }
  constexpr bool is_bottom() const { return (word.host() & 0x100) != 0; }
  constexpr uint8_t ttl() const { return static_cast<uint8_t>(word.host()); }

  friend constexpr bool operator==(const MplsEntry&, const MplsEntry&) = default;
};

inline constexpr size_t mpls_entry_bytes = sizeof(MplsEntry);
static_assert(mpls_entry_bytes == 4);

namespace mpls_label {
inline constexpr uint32_t ipv4_explicit_null = 0;  // RFC 3032 section 2.1
inline constexpr uint32_t ipv6_explicit_null = 2;
inline constexpr uint32_t max = 0xfffff;
}  // namespace mpls_label

}  // namespace weft
