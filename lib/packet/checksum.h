// The Internet checksum (RFC 1071, RFC 1624) and SCTP's CRC32c.
//
// InternetSum adds up 16-bit words in the order they lie in memory; byte order and word size do
// not matter to a one's complement sum (RFC 1071 section 2), so it reads eight bytes at a time,
// or more (byte_sum.h).
// Sums of parts are combined with add(); a part that begins at an odd offset is turned first.
//
//     header.checksum = internet_checksum(bytes);                    // over a zeroed field
//     udp.checksum = pseudo_header_sum(src, dst, ip_protocol::udp, size).add(bytes).checksum();
//     header.checksum = updated_checksum(header.checksum, old_word, new_word);
//
// Plain twins: tests/reference/checksum.h.
#pragma once

#include <cstdint>
#include <span>

#include "lib/base/big_endian.h"
#include "lib/base/ip_address.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/packet.h"

namespace weft {

class InternetSum {
 public:
  constexpr InternetSum() = default;

  InternetSum& add(std::span<const uint8_t> bytes);
  constexpr InternetSum& add(Be16 value) { return add_wire(value.wire()); }
  constexpr InternetSum& add(Be32 value) { return add_wire(value.wire()); }
  constexpr InternetSum& add(InternetSum part) { return add_wire(part.sum_); }
  // A part that began at an odd offset of the whole.
  constexpr InternetSum& add_at_odd_offset(InternetSum part) {
    return add_wire(__builtin_bswap16(part.folded().wire()));
  }
  // Takes a value out that was added before.
  constexpr InternetSum& subtract(Be16 value) { return add_wire(static_cast<uint16_t>(~value.wire())); }

  // The sum in 16 bits: what a partial checksum field holds.
  constexpr Be16 folded() const {
    uint64_t sum = sum_;
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return Be16::from_wire(static_cast<uint16_t>(sum));
  }
  // Its complement: what a full checksum field holds.
  constexpr Be16 checksum() const { return Be16::from_wire(static_cast<uint16_t>(~folded().wire())); }

 private:
  friend InternetSum copy_and_sum(std::span<uint8_t> to, std::span<const uint8_t> from);

  constexpr InternetSum& add_wire(uint64_t value) {
    sum_ += value;
    sum_ += sum_ < value ? 1 : 0;  // end-around carry
    return *this;
  }

  uint64_t sum_ = 0;
};

// Of `bytes`, whose checksum field is zero. Over bytes with a right checksum in them it is 0.
Be16 internet_checksum(std::span<const uint8_t> bytes);

// UDP writes 0xffff for a computed zero, because zero says "none" (RFC 768).
constexpr Be16 udp_checksum_or_ones(Be16 checksum) { return checksum == Be16{} ? Be16{0xffff} : checksum; }

// RFC 793 section 3.1, RFC 768; RFC 8200 section 8.1. `l4_size` counts header and payload.
InternetSum pseudo_header_sum(Ipv4Address src, Ipv4Address dst, uint8_t protocol, size_t l4_size);
InternetSum pseudo_header_sum(const Ipv6Address& src, const Ipv6Address& dst, uint8_t protocol, size_t l4_size);

// A full checksum after covered bytes changed (RFC 1624, equation 3).
Be16 updated_checksum(Be16 checksum, Be16 old_value, Be16 new_value);
// Both of the same, even size, at an even offset of what the checksum covers.
Be16 updated_checksum(Be16 checksum, std::span<const uint8_t> old_bytes, std::span<const uint8_t> new_bytes);

// The same for a partial field, which holds a sum and not its complement.
Be16 updated_partial_sum(Be16 sum, Be16 old_value, Be16 new_value);
Be16 updated_partial_sum(Be16 sum, std::span<const uint8_t> old_bytes, std::span<const uint8_t> new_bytes);

// Copies and sums in one pass. The spans have the same size and do not overlap.
InternetSum copy_and_sum(std::span<uint8_t> to, std::span<const uint8_t> from);

// Computes what a partial packet promised and stores it; others stay as they are. SCTP's CRC32c is
// told by its csum_offset of 8. Not for a GSO packet: every piece has a checksum of its own.
Verdict finish_partial_checksum(Packet& packet);

// CRC32c (RFC 9260 appendix A) in host order; store_sctp_crc writes it as SCTP carries it.
uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t previous = 0);
void store_sctp_crc(uint8_t* field, uint32_t crc);

}  // namespace weft
