#include "datapath/action/checksum_fix.h"

#include <array>
#include <cassert>
#include <cstring>

#include "lib/packet/checksum.h"
#include "lib/packet/ipv4.h"

namespace weft::datapath {
namespace {

constexpr size_t max_write = 16;

// The bytes of a change, widened to whole 16-bit words of the checksum that begins at `base`.
class Words {
 public:
  Words(const Packet& packet, size_t base, size_t offset, size_t size)
      : from_(offset - (offset - base) % 2), size_(size + (offset - from_)) {
    size_ += size_ % 2;
    size_ = std::min(size_, packet.size() - from_);
    assert(size_ <= before_.size());
    std::memcpy(before_.data(), packet.data() + from_, size_);
  }
  // Padded with a zero, as the sum is, when the frame ends at an odd offset.
  std::span<const uint8_t> before() const { return {before_.data(), size_ + size_ % 2}; }
  std::span<const uint8_t> after(const Packet& packet) {
    std::memcpy(after_.data(), packet.data() + from_, size_);
    return {after_.data(), size_ + size_ % 2};
  }

 private:
  size_t from_;
  size_t size_;
  std::array<uint8_t, max_write + 2> before_{};
  std::array<uint8_t, max_write + 2> after_{};
};

void store(Packet& packet, size_t offset, Be16 value) { std::memcpy(packet.data() + offset, &value, sizeof value); }
Be16 load(const Packet& packet, size_t offset) { return Be16{load_be16(packet.data() + offset)}; }

void write(Packet& packet, size_t offset, std::span<const uint8_t> bytes) {
  std::memcpy(packet.data() + offset, bytes.data(), bytes.size());
}

void fix_ip_header(Packet& packet, const FrameLayers& layers, Words& words) {
  const size_t field = layers.l3 + offsetof(Ipv4Header, checksum);
  store(packet, field, updated_checksum(load(packet, field), words.before(), words.after(packet)));
}

void fix_l4(Packet& packet, const L4Checksum& checksum, bool is_pseudo_header, Words& words) {
  const Be16 old = load(packet, checksum.field);
  if (checksum.state == L4Checksum::State::full && (!is_pseudo_header || checksum.has_pseudo_header)) {
    const Be16 fixed = updated_checksum(old, words.before(), words.after(packet));
    store(packet, checksum.field, checksum.is_udp ? udp_checksum_or_ones(fixed) : fixed);
  } else if (checksum.state == L4Checksum::State::partial && is_pseudo_header && checksum.has_pseudo_header) {
    store(packet, checksum.field, updated_partial_sum(old, words.before(), words.after(packet)));
  }
}

// CRCs of messages of one length differ by what the messages differ in, whatever the field holds meanwhile.
void write_and_fix_crc(Packet& packet, const FrameLayers& layers, const L4Checksum& checksum, size_t offset,
                       std::span<const uint8_t> bytes) {
  const auto covered = packet.bytes().subspan(layers.l4, layers.l3_end - layers.l4);
  const uint32_t before = crc32c(covered);
  write(packet, offset, bytes);
  std::array<uint8_t, sizeof(uint32_t)> difference;
  store_sctp_crc(difference.data(), before ^ crc32c(covered));
  for (size_t i = 0; i < difference.size(); ++i) {
    packet.data()[checksum.field + i] ^= difference[i];
  }
}

}  // namespace

Verdict write_and_fix(EditedPacket& edited, size_t offset, std::span<const uint8_t> bytes, Covered covered) {
  Packet& packet = *edited;
  if (covered == Covered::by_nothing || covered == Covered::by_route_header) {
    write(packet, offset, bytes);
    return keep;
  }
  const FrameLayers& layers = edited.layers();
  const bool is_l4 = covered == Covered::by_l4;
  const L4Checksum checksum = covered == Covered::by_ip_header ? L4Checksum{} : find_l4_checksum(packet, layers);
  if (is_l4 && checksum.state == L4Checksum::State::crc) {
    if (layers.is_fragment) {
      return DropReason::unsupported_action;
    }
    write_and_fix_crc(packet, layers, checksum, offset, bytes);
    return keep;
  }
  Words words(packet, is_l4 ? layers.l4 : layers.l3, offset, bytes.size());
  write(packet, offset, bytes);
  if (!is_l4 && layers.network == FrameLayers::Network::ipv4) {
    fix_ip_header(packet, layers, words);
  }
  fix_l4(packet, checksum, !is_l4, words);
  return keep;
}

}  // namespace weft::datapath
