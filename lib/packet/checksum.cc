#include "lib/packet/checksum.h"

#include <cassert>
#include <cstring>

#include "lib/packet/byte_sum.h"
#include "lib/packet/sctp.h"

namespace weft {

InternetSum& InternetSum::add(std::span<const uint8_t> bytes) {
  constexpr size_t most_headers = 128;  // wide registers do not pay for less
  return add_wire(bytes.size() <= most_headers ? plain_byte_sum(bytes.data(), bytes.size())
                                               : byte_sum(bytes.data(), bytes.size()));
}

Be16 internet_checksum(std::span<const uint8_t> bytes) { return InternetSum().add(bytes).checksum(); }

InternetSum pseudo_header_sum(Ipv4Address src, Ipv4Address dst, uint8_t protocol, size_t l4_size) {
  return InternetSum().add(src.be()).add(dst.be()).add(Be16{protocol}).add(Be32{static_cast<uint32_t>(l4_size)});
}

InternetSum pseudo_header_sum(const Ipv6Address& src, const Ipv6Address& dst, uint8_t protocol, size_t l4_size) {
  return InternetSum().add(src.bytes).add(dst.bytes).add(Be16{protocol}).add(Be32{static_cast<uint32_t>(l4_size)});
}

namespace {

// Equation 3 of RFC 1624 works on the complement of the field: ~(~HC + ~m + m').
Be16 complement(Be16 value) { return Be16::from_wire(static_cast<uint16_t>(~value.wire())); }

InternetSum replaced(Be16 sum, std::span<const uint8_t> old_bytes, std::span<const uint8_t> new_bytes) {
  assert(old_bytes.size() == new_bytes.size() && old_bytes.size() % 2 == 0 && "whole words replace whole words");
  return InternetSum().add(sum).subtract(InternetSum().add(old_bytes).folded()).add(new_bytes);
}

}  // namespace

Be16 updated_checksum(Be16 checksum, Be16 old_value, Be16 new_value) {
  return complement(updated_partial_sum(complement(checksum), old_value, new_value));
}

Be16 updated_checksum(Be16 checksum, std::span<const uint8_t> old_bytes, std::span<const uint8_t> new_bytes) {
  return replaced(complement(checksum), old_bytes, new_bytes).checksum();
}

Be16 updated_partial_sum(Be16 sum, Be16 old_value, Be16 new_value) {
  return InternetSum().add(sum).subtract(old_value).add(new_value).folded();
}

Be16 updated_partial_sum(Be16 sum, std::span<const uint8_t> old_bytes, std::span<const uint8_t> new_bytes) {
  return replaced(sum, old_bytes, new_bytes).folded();
}

InternetSum copy_and_sum(std::span<uint8_t> to, std::span<const uint8_t> from) {
  assert(to.size() == from.size() && "a copy is as large as its original");
  InternetSum sum;
  sum.add_wire(copy_and_byte_sum(to.data(), from.data(), from.size()));
  return sum;
}

Verdict finish_partial_checksum(Packet& packet) {
  const Offload& offload = packet.offload;
  if (!offload.is_partial()) {
    return keep;
  }
  assert(!offload.is_gso() && "a GSO packet is cut before its checksums are finished");
  const auto frame = packet.bytes();
  const bool is_sctp = offload.csum_offset == sctp_checksum_offset;
  const size_t field = size_t{offload.csum_start} + offload.csum_offset;
  if (field + (is_sctp ? 4 : 2) > frame.size()) {
    return DropReason::bad_checksum_offset;
  }
  const auto covered = frame.subspan(offload.csum_start);
  uint8_t* const at = frame.data() + field;
  if (is_sctp) {
    std::memset(at, 0, 4);
    store_sctp_crc(at, crc32c(covered));
  } else {
    // The field's own content, the pseudo-header sum, is part of what is added up. A zero would
    // say "none" in UDP; elsewhere both zeros mean the same.
    const Be16 checksum = udp_checksum_or_ones(internet_checksum(covered));
    std::memcpy(at, &checksum, sizeof checksum);
  }
  packet.offload.checksum = Offload::Checksum::verified;
  return keep;
}

}  // namespace weft
