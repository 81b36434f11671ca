#include "datapath/offload/header_path.h"

#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/mpls.h"
#include "lib/packet/pbb.h"
#include "lib/packet/udp.h"
#include "lib/packet/vxlan.h"

namespace weft::datapath {
namespace {

using Bytes = std::span<const uint8_t>;
using Kind = HeaderPath::Kind;

// RFC 2784, RFC 2890. Sequence numbers would differ from piece to piece, so such a tunnel is not cut.
constexpr uint16_t gre_checksum_bit = 0x8000;
constexpr uint16_t gre_key_bit = 0x2000;
constexpr uint16_t gre_unsupported_bits = static_cast<uint16_t>(~(gre_checksum_bit | gre_key_bit));
constexpr size_t gre_base_bytes = 4;
constexpr size_t geneve_base_bytes = 8;  // RFC 8926 section 3.4

class PathFinder {
 public:
  PathFinder(Bytes frame, uint16_t target) : frame_(frame), target_(target) {}

  bool walk_ethernet(size_t offset) { return offset < target_ && walk(find_layers(frame_, offset)); }
  const HeaderPath& path() const { return path_; }

 private:
  bool walk_ip(size_t offset) { return offset < target_ && walk(find_ip_layers(frame_, offset)); }

  bool walk(const FrameLayers& layers) {
    if (++steps_ > max_steps) {
      return false;
    }
    if (layers.mpls != FrameLayers::absent) {
      return walk_mpls(layers.mpls);
    }
    if (layers.pbb != FrameLayers::absent) {
      return walk_ethernet(layers.pbb + pbb_tag_bytes);
    }
    if (!layers.is_ip() || !layers.has_l4() || layers.is_fragment || layers.l4 > target_) {
      return false;
    }
    const HeaderPath before = path_;
    if (add(layers.network == FrameLayers::Network::ipv4 ? Kind::ipv4 : Kind::ipv6, layers.l3) &&
        (layers.l4 == target_ ? arrive(layers) : walk_tunnel(layers))) {
      return true;
    }
    path_ = before;
    return false;
  }

  bool arrive(const FrameLayers& layers) {
    path_.innermost = layers;
    return true;
  }

  // Behind the bottom of the stack nothing says what follows: the first nibble tells IP, zero a pseudowire's control
  // word (RFC 4385), else Ethernet is tried.
  bool walk_mpls(size_t offset) {
    for (; offset + mpls_entry_bytes < target_ && ++steps_ <= max_steps; offset += mpls_entry_bytes) {
      if (header_at<MplsEntry>(frame_, offset)->is_bottom()) {
        const size_t payload = offset + mpls_entry_bytes;
        const uint8_t nibble = frame_[payload] >> 4;
        return nibble == 4 || nibble == 6 ? walk_ip(payload) || walk_ethernet(payload)
                                          : walk_ethernet(payload) || walk_ethernet(payload + 4);
      }
    }
    return false;
  }

  bool walk_tunnel(const FrameLayers& layers) {
    ++path_.tunnel_count;
    switch (layers.ip_protocol) {
      case ip_protocol::udp:
        return add(Kind::udp, layers.l4) && walk_udp_tunnel(layers.l4 + udp_header_bytes);
      case ip_protocol::gre:
        return walk_gre(layers.l4);
      case ip_protocol::ipv4:
      case ip_protocol::ipv6:
        return walk_ip(layers.l4);
      default:
        return false;
    }
  }

  bool walk_udp_tunnel(size_t offset) {
    if (walk_ethernet(offset + vxlan_header_bytes)) {
      return true;
    }
    if (offset >= target_) {
      return false;
    }
    const size_t geneve_options = (frame_[offset] & 0x3fU) * 4U;
    return walk_ethernet(offset + geneve_base_bytes + geneve_options);
  }

  bool walk_gre(size_t offset) {
    if (offset + gre_base_bytes > target_) {
      return false;
    }
    const uint16_t flags = load_be16(&frame_[offset]);
    const uint16_t type = load_be16(&frame_[offset + 2]);
    if ((flags & gre_unsupported_bits) != 0) {
      return false;
    }
    const bool has_checksum = (flags & gre_checksum_bit) != 0;
    if (has_checksum && !add(Kind::gre, offset)) {
      return false;
    }
    const size_t payload = offset + gre_base_bytes + (has_checksum ? 4 : 0) + ((flags & gre_key_bit) != 0 ? 4 : 0);
    return type == eth_type::teb ? walk_ethernet(payload) : walk_ip(payload);
  }

  bool add(Kind kind, size_t offset) {
    if (path_.count == HeaderPath::capacity) {
      return false;
    }
    path_.headers[path_.count++] = {kind, static_cast<uint16_t>(offset)};
    return true;
  }

  // Layers and labels, those of wrong guesses too. A guest that builds frames to be guessed wrong at every level gets
  // no more time than this.
  static constexpr unsigned max_steps = 32;

  const Bytes frame_;
  const uint16_t target_;
  unsigned steps_ = 0;
  HeaderPath path_;
};

}  // namespace

std::optional<HeaderPath> find_header_path(Bytes frame, uint16_t target) {
  PathFinder finder(frame, target);
  if (target >= frame.size() || !finder.walk_ethernet(0)) {
    return std::nullopt;
  }
  return finder.path();
}

}  // namespace weft::datapath
