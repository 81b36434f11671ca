#include "lib/packet/checksum.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "lib/packet/sctp.h"

namespace weft {

namespace {

// The words of `bytes` as one 64-bit one's complement sum. Two chains of additions run side by
// side; carries are counted and put back in at the end.
template <class Load>
uint64_t sum_words(size_t size, Load&& load) {
  using Wide = unsigned __int128;
  Wide even = 0;
  Wide odd = 0;
  size_t at = 0;
  for (; at + 16 <= size; at += 16) {
    even += load(at, 8);
    odd += load(at + 8, 8);
  }
  if (at + 8 <= size) {
    even += load(at, 8);
    at += 8;
  }
  if (at < size) {
    odd += load(at, size - at);
  }
  const Wide sum = even + odd;
  const auto low = static_cast<uint64_t>(sum);
  const uint64_t folded = low + static_cast<uint64_t>(sum >> 64);
  return folded + (folded < low ? 1 : 0);
}

uint64_t load_part(const uint8_t* from, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, from, size);
  return word;
}

}  // namespace

InternetSum& InternetSum::add(std::span<const uint8_t> bytes) {
  return add_wire(sum_words(bytes.size(), [&](size_t at, size_t size) { return load_part(bytes.data() + at, size); }));
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
  // In pieces that stay in the first-level cache between the copy and the sum.
  constexpr size_t piece_size = 4096;
  InternetSum sum;
  for (size_t at = 0; at < from.size(); at += piece_size) {
    const auto piece = from.subspan(at, std::min(piece_size, from.size() - at));
    std::memcpy(to.data() + at, piece.data(), piece.size());
    sum.add(piece);
  }
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
