#include "datapath/tunnel/mss_clamp.h"

#include <array>
#include <cstring>

#include "datapath/offload/frame_layers.h"
#include "lib/packet/checksum.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/tcp.h"

namespace weft::datapath {
namespace {

namespace tcp_option {  // RFC 9293 section 3.1
constexpr uint8_t end = 0;
constexpr uint8_t no_operation = 1;
constexpr uint8_t mss = 2;
constexpr size_t mss_bytes = 4;
}  // namespace tcp_option

// Offset of the option's value in the header; 0: there is none. A length that lies ends the search.
size_t find_mss(std::span<const uint8_t> header) {
  for (size_t at = tcp_header_bytes; at + 1 < header.size() && header[at] != tcp_option::end;) {
    if (header[at] == tcp_option::no_operation) {
      ++at;
      continue;
    }
    const size_t size = header[at + 1];
    if (size < 2 || at + size > header.size()) {
      return 0;
    }
    if (header[at] == tcp_option::mss) {
      return size == tcp_option::mss_bytes ? at + 2 : 0;
    }
    at += size;
  }
  return 0;
}

// The header of a SYN with all its options, or nothing.
std::span<uint8_t> syn_header(Packet& packet, const FrameLayers& layers) {
  if (!layers.is_ip() || !layers.has_l4() || layers.ip_protocol != ip_protocol::tcp) {
    return {};
  }
  const auto* tcp = header_at<TcpHeader>(packet.bytes(), layers.l4);
  if (tcp == nullptr || (tcp->flags() & tcp_flag::syn) == 0 || tcp->header_bytes() < tcp_header_bytes ||
      layers.l4 + tcp->header_bytes() > layers.l3_end) {
    return {};
  }
  return packet.bytes().subspan(layers.l4, tcp->header_bytes());
}

// Options stand at odd offsets too: the checksum is told of the whole words that the value lies in.
void write_value(std::span<uint8_t> header, size_t at, uint16_t value, bool has_full_checksum) {
  const size_t begin = at & ~size_t{1};
  const auto words = header.subspan(begin, at % 2 == 0 ? 2 : 4);
  std::array<uint8_t, 4> before{};
  std::memcpy(before.data(), words.data(), words.size());
  store_be16(&header[at], value);
  if (has_full_checksum) {
    uint8_t* field = &header[tcp_checksum_offset];
    const Be16 checksum{load_be16(field)};
    store_be16(field, updated_checksum(checksum, std::span(before).first(words.size()), words).host());
  }
}

}  // namespace

bool clamp_mss(Packet& packet, size_t max_frame_size) {
  const FrameLayers layers = find_layers(packet.bytes());
  const std::span<uint8_t> header = syn_header(packet, layers);
  const size_t at = header.empty() ? 0 : find_mss(header);
  if (at == 0) {
    return false;
  }
  const bool is_v4 = layers.network == FrameLayers::Network::ipv4;
  const size_t headers = layers.l3 + (is_v4 ? ipv4_header_bytes : ipv6_header_bytes) + tcp_header_bytes;
  if (max_frame_size <= headers || load_be16(&header[at]) <= max_frame_size - headers) {
    return false;
  }
  const bool is_full = find_l4_checksum(packet, layers).state == L4Checksum::State::full;
  write_value(header, at, static_cast<uint16_t>(max_frame_size - headers), is_full);
  return true;
}

}  // namespace weft::datapath
