// The dull twin of ofproto/translate/port_security.h: whether a guest may send a frame, by walking through its bytes.
// Written from the standards that the other one names; looks at whatever it likes, and at one frame.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "lib/base/big_endian.h"
#include "lib/base/host_addresses.h"

namespace weft::reference {

class SecurityTwin {
 public:
  explicit SecurityTwin(std::vector<HostAddresses> allowed) : allowed_(std::move(allowed)) {}

  bool allows(std::span<const uint8_t> frame) {
    frame_ = frame;
    mac_ = mac_at(6);
    mine_.clear();
    bool is_known = false;
    for (const HostAddresses& host : allowed_) {
      if (host.mac == mac_) {
        is_known = true;
        mine_.insert(mine_.end(), host.ips.begin(), host.ips.end());
      }
    }
    return is_known && allows_payload();
  }

 private:
  uint16_t be16(size_t at) const { return load_be16(&frame_[at]); }
  bool has(size_t at, size_t size) const { return at + size <= frame_.size(); }
  MacAddress mac_at(size_t at) const {
    MacAddress mac;
    std::copy_n(frame_.begin() + static_cast<long>(at), 6, mac.bytes.begin());
    return mac;
  }
  Ipv4Address v4_at(size_t at) const {
    Ipv4Address address;
    std::copy_n(frame_.begin() + static_cast<long>(at), 4, address.bytes.begin());
    return address;
  }
  Ipv6Address v6_at(size_t at) const {
    Ipv6Address address;
    std::copy_n(frame_.begin() + static_cast<long>(at), 16, address.bytes.begin());
    return address;
  }
  bool has_v4() const {
    return std::ranges::any_of(mine_, [](const IpPrefix& ip) { return ip.address.is_v4(); });
  }
  bool has_v6() const {
    return std::ranges::any_of(mine_, [](const IpPrefix& ip) { return ip.address.is_v6(); });
  }
  bool is_mine(Ipv4Address address) const {
    return std::ranges::any_of(
        mine_, [&](const IpPrefix& ip) { return ip.address.is_v4() && address.is_in(ip.address.v4(), ip.length); });
  }
  bool is_mine(const Ipv6Address& address) const {
    const auto& m = mac_.bytes;
    const Ipv6Address link_local{
        {0xfe, 0x80, 0, 0, 0, 0, 0, 0, static_cast<uint8_t>(m[0] ^ 2), m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]}};
    return address == link_local || std::ranges::any_of(mine_, [&](const IpPrefix& ip) {
             return ip.address.is_v6() && address.is_in(ip.address.v6(), ip.length);
           });
  }

  bool allows_payload() {
    size_t at = 14;
    uint16_t type = be16(12);
    const auto is_tag = [&] { return type == 0x8100 || type == 0x88a8; };
    for (int tags = 0; tags < 2 && is_tag() && has(at, 4); ++tags, at += 4) {
      type = be16(at + 2);
    }
    if (is_tag()) {
      return false;
    }
    if (type < 0x600) {
      const bool is_snap = has(at, 8) && be16(at) == 0xaaaa && frame_[at + 2] == 3 && frame_[at + 3] == 0 &&
                           be16(at + 4) == 0 && be16(at + 6) >= 0x600;
      if (!is_snap) {
        return true;
      }
      type = be16(at + 6);
      at += 8;
    }
    switch (type) {
      case 0x0806:
      case 0x8035:
        return allows_arp(at, type == 0x8035);
      case 0x0800:
        return mine_.empty() || allows_ipv4(at);
      case 0x86dd:
        return allows_ipv6(at);
      default:
        return true;
    }
  }

  bool allows_arp(size_t at, bool is_rarp) const {
    if (!has(at, 28) || be16(at) != 1 || be16(at + 2) != 0x0800 || frame_[at + 4] != 6 || frame_[at + 5] != 4 ||
        mac_at(at + 8) != mac_) {
      return false;
    }
    const Ipv4Address spa = v4_at(at + 14);
    return is_rarp || mine_.empty() || (has_v4() && (spa.is_unspecified() || is_mine(spa)));
  }

  bool allows_ipv4(size_t at) const {
    if (!has_v4() || !has(at, 20)) {
      return false;
    }
    const size_t header = size_t{4} * (frame_[at] & 15);
    const size_t total = be16(at + 2);
    if (frame_[at] >> 4 != 4 || header < 20 || header > total || !has(at, total)) {
      return false;
    }
    const Ipv4Address src = v4_at(at + 12);
    if (is_mine(src)) {
      return true;
    }
    const size_t udp = at + header;
    return src.is_unspecified() && v4_at(at + 16).is_broadcast() && (be16(at + 6) & 0x1fff) == 0 &&
           frame_[at + 9] == 17 && total - header >= 8 && be16(udp) == 68 && be16(udp + 2) == 67 && be16(udp + 4) >= 8;
  }

  bool allows_ipv6(size_t at) {
    const bool is_checked = !mine_.empty();
    if ((is_checked && !has_v6()) || !has(at, 40) || frame_[at] >> 4 != 6 || !has(at + 40, be16(at + 4))) {
      return false;
    }
    end_ = at + 40 + be16(at + 4);
    const Ipv6Address src = v6_at(at + 8);
    const Ipv6Address dst = v6_at(at + 24);
    size_t next = at + 40;
    uint8_t protocol = frame_[at + 6];
    bool is_fragment = false;
    bool is_first = true;
    while (is_first && (protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 || protocol == 60)) {
      if (next + 8 > end_) {
        return false;
      }
      const size_t size = protocol == 44   ? 8
                          : protocol == 51 ? size_t{4} * (frame_[next + 1] + 2)
                                           : size_t{8} * (frame_[next + 1] + 1);
      if (next + size > end_) {
        return false;
      }
      if (protocol == 44) {
        is_first = (be16(next + 2) >> 3) == 0;
        is_fragment = is_fragment || !is_first || (be16(next + 2) & 1) != 0;
      }
      protocol = frame_[next];
      next += size;
    }
    const bool has_icmp = is_first && protocol == 58 && next + 8 <= end_;
    const int type = has_icmp ? frame_[next] : -1;
    const bool is_from_nobody = src.is_unspecified() && dst.bytes[0] == 0xff && dst.bytes[1] == 2 &&
                                (type == 131 || type == 133 || type == 135 || type == 143);
    if (is_checked && !is_mine(src) && !is_from_nobody) {
      return false;
    }
    if (!is_first || protocol != 58) {
      return true;
    }
    return has_icmp && ((type != 135 && type != 136) || (!is_fragment && allows_neighbor_message(next, type == 136)));
  }

  bool allows_neighbor_message(size_t at, bool is_advert) const {
    if (at + 24 > end_ || frame_[at + 1] != 0) {
      return false;
    }
    int seen[2] = {0, 0};  // source and target link-layer addresses
    bool is_own = true;
    for (size_t option = at + 24; option + 8 <= end_;) {
      const size_t size = size_t{8} * frame_[option + 1];
      if (size == 0 || option + size > end_) {
        return false;
      }
      const uint8_t kind = frame_[option];
      if ((kind == 1 || kind == 2) && size == 8) {
        if (++seen[kind - 1] > 1) {
          return false;
        }
        is_own = is_own && (kind != (is_advert ? 2 : 1) || mac_at(option + 2) == mac_);
      }
      option += size;
    }
    return is_own && (!is_advert || mine_.empty() || is_mine(v6_at(at + 8)));
  }

  const std::vector<HostAddresses> allowed_;
  std::span<const uint8_t> frame_;
  MacAddress mac_;
  std::vector<IpPrefix> mine_;
  size_t end_ = 0;
};

}  // namespace weft::reference
