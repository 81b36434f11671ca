#include "tests/reference/extract.h"

#include <set>

#include "lib/flow/field.h"
#include "lib/flow/nd_options.h"

namespace weft::reference {
namespace {

// Bytes that say themselves whether they are there.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool has(size_t n) const { return bytes_.size() - position_ >= n; }
  size_t left() const { return bytes_.size() - position_; }
  size_t position() const { return position_; }
  uint64_t peek(size_t offset, size_t n) const {
    uint64_t value = 0;
    for (size_t i = 0; i < n; ++i) {
      value = value * 256 + bytes_[position_ + offset + i];
    }
    return value;
  }
  FieldValue peek16(size_t offset) const { return {peek(offset, 8), peek(offset + 8, 8)}; }
  void skip(size_t n) { position_ += n; }
  void limit(size_t n) { bytes_ = bytes_.first(position_ + n); }

 private:
  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
};

class Extraction {
 public:
  Extraction(std::span<const uint8_t> frame, uint32_t in_port) : in_(frame) {
    out_.flow.bytes()[index(KeyWord::hash_port) * 8 + 4] = static_cast<uint8_t>(in_port >> 24);
    out_.flow.bytes()[index(KeyWord::hash_port) * 8 + 5] = static_cast<uint8_t>(in_port >> 16);
    put(FieldId::in_port, in_port & 0xffff);
  }

  Extracted run() {
    if (!in_.has(14)) {
      out_.is_truncated = true;
      return out_;
    }
    ethernet();
    return out_;
  }

 private:
  void put(FieldId id, uint64_t value) { set(out_.flow, id, {0, value}); }
  void put(FieldId id, FieldValue value) { set(out_.flow, id, value); }
  void found(uint16_t bits) { out_.flow.word(present_word) |= present_in_word(bits); }
  void put_raw(size_t byte_offset, uint64_t value, size_t n) {
    for (size_t i = 0; i < n; ++i) {
      out_.flow.bytes()[byte_offset + i] = static_cast<uint8_t>(value >> 8 * (n - 1 - i));
    }
  }

  void ethernet() {
    put(FieldId::eth_dst, in_.peek(0, 6));
    put(FieldId::eth_src, in_.peek(6, 6));
    in_.skip(12);
    uint64_t type = in_.peek(0, 2);
    in_.skip(2);
    for (size_t tag = 0; tag < 2 && (type == 0x8100 || type == 0x88a8) && in_.has(4); ++tag) {
      put_raw(index(KeyWord::vlan) * 8 + tag * 4, type, 2);
      put_raw(index(KeyWord::vlan) * 8 + tag * 4 + 2, in_.peek(0, 2) | 0x1000, 2);
      type = in_.peek(2, 2);
      in_.skip(4);
    }
    if (type < 0x600) {
      const bool has_snap = in_.has(8) && in_.peek(0, 6) == 0xaaaa03000000 && in_.peek(6, 2) >= 0x600;
      type = has_snap ? in_.peek(6, 2) : 0x5ff;
      in_.skip(has_snap ? 8 : 0);
    }
    put(FieldId::eth_type, type);
    payload(type);
  }

  void payload(uint64_t type) {
    if (type == 0x0800) {
      ipv4();
    } else if (type == 0x86dd) {
      ipv6();
    } else if (type == 0x0806 || type == 0x8035) {
      arp();
    } else if (type == 0x8847 || type == 0x8848) {
      mpls();
    } else if (type == 0x88e7) {
      pbb();
    }
  }

  void mpls() {
    const size_t start = in_.position();
    constexpr size_t places[] = {index(KeyWord::mpls01) * 8, index(KeyWord::mpls01) * 8 + 4,
                                 index(KeyWord::mpls2_pbb) * 8};
    size_t count = 0;
    while (count < 3 && in_.has(4 * (count + 1))) {
      const bool is_bottom = (in_.peek(4 * count + 2, 1) & 1) != 0;
      ++count;
      if (is_bottom || count == 3) {
        for (size_t i = 0; i < count; ++i) {
          put_raw(places[i], in_.peek(4 * i, 4), 4);
        }
        found(present::mpls);
        out_.l2_5 = static_cast<int>(start);
        return;
      }
    }
  }

  void pbb() {
    if (in_.has(16)) {
      out_.l2_5 = static_cast<int>(in_.position());
      put(FieldId::pbb_uca, in_.peek(0, 1) >> 3 & 1);
      put(FieldId::pbb_isid, in_.peek(1, 3));
      found(present::pbb);
    }
  }

  void arp() {
    if (!in_.has(28) || in_.peek(0, 6) != 0x000108000604) {
      return;
    }
    out_.l3 = static_cast<int>(in_.position());
    put(FieldId::arp_op, in_.peek(6, 2));
    put(FieldId::arp_sha, in_.peek(8, 6));
    put(FieldId::arp_spa, in_.peek(14, 4));
    put(FieldId::arp_tha, in_.peek(18, 6));
    put(FieldId::arp_tpa, in_.peek(24, 4));
    found(present::arp);
  }

  void ipv4() {
    if (!in_.has(20)) {
      return;
    }
    const uint64_t version = in_.peek(0, 1) >> 4;
    const uint64_t header = (in_.peek(0, 1) & 15) * 4;
    const uint64_t total = in_.peek(2, 2);
    if (version != 4 || header < 20 || total < header || !in_.has(total)) {
      return;
    }
    out_.l3 = static_cast<int>(in_.position());
    in_.limit(total);
    put_tos(in_.peek(1, 1));
    const uint64_t offset = in_.peek(6, 2) & 0x1fff;
    const bool more = (in_.peek(6, 2) & 0x2000) != 0;
    const uint64_t fragment = offset != 0 ? 3 : more ? 1 : 0;
    put(FieldId::ip_frag, fragment);
    put(FieldId::nw_ttl, in_.peek(8, 1));
    const uint64_t protocol = in_.peek(9, 1);
    put(FieldId::ip_proto, protocol);
    put(FieldId::ipv4_src, in_.peek(12, 4));
    put(FieldId::ipv4_dst, in_.peek(16, 4));
    found(present::ip | present::ip_protocol);
    in_.skip(header);
    if (fragment != 3) {
      transport(protocol, false);
    }
  }

  void put_tos(uint64_t tos) {
    put(FieldId::nw_tos, tos & 0xfc);
    put(FieldId::ip_ecn, tos & 3);
  }

  void ipv6() {
    if (!in_.has(40) || in_.peek(0, 1) >> 4 != 6 || !in_.has(40 + in_.peek(4, 2))) {
      return;
    }
    out_.l3 = static_cast<int>(in_.position());
    in_.limit(40 + in_.peek(4, 2));
    put_tos(in_.peek(0, 2) >> 4 & 0xff);
    put(FieldId::ipv6_label, in_.peek(0, 4) & 0xfffff);
    put(FieldId::nw_ttl, in_.peek(7, 1));
    put(FieldId::ipv6_src, in_.peek16(8));
    put(FieldId::ipv6_dst, in_.peek16(24));
    found(present::ip);
    uint64_t next = in_.peek(6, 1);
    in_.skip(40);
    extensions(next);
  }

  // Orders of OpenFlow's flags: none before another may come behind it; destination options have two places.
  void extensions(uint64_t next) {
    uint64_t flags = 0;
    uint64_t fragment = 0;
    int place = 0;
    int destinations = 0;
    const auto note = [&](uint64_t flag, int where) {
      if ((flags & flag) != 0 && !(flag == 8 && destinations == 2)) {
        flags |= 0x80;
      }
      if (where < place) {
        flags |= 0x100;
      }
      flags |= flag;
      place = where;
    };
    while (next == 0 || next == 43 || next == 44 || next == 51 || next == 60) {
      if (!in_.has(2)) {
        return;
      }
      const uint64_t length = in_.peek(1, 1);
      const uint64_t size = next == 44 ? 8 : next == 51 ? (length + 2) * 4 : (length + 1) * 8;
      if (!in_.has(size)) {
        return;
      }
      if (next == 0) {
        note(0x40, 0);
      } else if (next == 60) {
        ++destinations;
        note(0x08, place < 1 ? 1 : 6);
      } else if (next == 43) {
        note(0x20, 2);
      } else if (next == 44) {
        note(0x10, 3);
      } else {
        note(0x04, 4);
      }
      if (next == 44) {
        const uint64_t offset_and_more = in_.peek(2, 2);
        if (offset_and_more >> 3 != 0) {
          fragment |= 3;
        } else if ((offset_and_more & 1) != 0) {
          fragment |= 1;
        }
      }
      const bool is_later = (fragment & 2) != 0;
      next = is_later ? 44 : in_.peek(0, 1);
      in_.skip(size);
      if (is_later) {
        break;
      }
    }
    if (next == 50) {
      note(0x02, 5);
    } else if (next == 59) {
      flags |= 1;
    }
    put(FieldId::ip_frag, fragment);
    put(FieldId::ip_proto, next);
    put(FieldId::ipv6_exthdr, flags);
    found(present::ip_protocol);
    if ((fragment & 2) == 0) {
      transport(next, true);
    }
  }

  void transport(uint64_t protocol, bool is_ipv6) {
    const size_t start = in_.position();
    if (read_transport(protocol, is_ipv6) && start < 0xffff) {
      out_.l4 = static_cast<int>(start);
    }
  }

  // False when the header is not whole.
  bool read_transport(uint64_t protocol, bool is_ipv6) {
    if (protocol == 6) {
      const uint64_t header = in_.has(20) ? (in_.peek(12, 1) >> 4) * 4 : 0;
      if (header < 20 || !in_.has(header)) {
        return false;
      }
      put(FieldId::tcp_flags, in_.peek(12, 2) & 0xfff);
      found(present::tcp_flags);
      ports();
    } else if (protocol == 17) {
      if (!in_.has(8) || in_.peek(4, 2) < 8) {
        return false;
      }
      ports();
    } else if (protocol == 132) {
      if (!in_.has(12)) {
        return false;
      }
      ports();
    } else if (protocol == (is_ipv6 ? 58 : 1)) {
      if (!in_.has(8)) {
        return false;
      }
      put(FieldId::icmp_type, in_.peek(0, 1));
      put(FieldId::icmp_code, in_.peek(1, 1));
      found(present::icmp);
      if (is_ipv6) {
        neighbor();
      }
    }
    return true;
  }

  void ports() {
    put(FieldId::tcp_src, in_.peek(0, 2));
    put(FieldId::tcp_dst, in_.peek(2, 2));
    found(present::ports);
  }

  void neighbor() {
    const uint64_t type = in_.peek(0, 1);
    if ((type != 135 && type != 136) || in_.peek(1, 1) != 0 || !in_.has(24)) {
      return;
    }
    Reader options = in_;
    options.skip(24);
    std::set<uint64_t> seen;
    uint64_t macs[3] = {};
    uint64_t first = 0;
    bool has_others = false;
    while (options.has(8)) {
      const uint64_t option = options.peek(0, 1);
      const uint64_t size = options.peek(1, 1) * 8;
      if (size == 0 || !options.has(size)) {
        return;
      }
      if ((option == 1 || option == 2) && size == 8) {
        if (!seen.insert(option).second) {
          return;
        }
        first = first == 0 ? option : first;
        macs[option] = options.peek(2, 6);
      } else {
        has_others = true;
      }
      options.skip(size);
    }
    has_others = has_others || options.has(1);
    put(FieldId::nd_reserved, in_.peek(4, 4));
    put(FieldId::nd_target, in_.peek16(8));
    put(FieldId::nd_sll, macs[1]);
    put(FieldId::nd_tll, macs[2]);
    put(FieldId::nd_options_type, first);
    out_.flow.word(KeyWord::nd_tll) |= has_others ? nd_other_options_in_word : 0;
    found(present::nd);
    found(seen.contains(1) ? present::nd_sll : 0);
    found(seen.contains(2) ? present::nd_tll : 0);
  }

  Reader in_;
  Extracted out_;
};

}  // namespace

Extracted extract(std::span<const uint8_t> frame, uint32_t in_port) { return Extraction(frame, in_port).run(); }

}  // namespace weft::reference
