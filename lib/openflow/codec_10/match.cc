// struct ofp_match: OpenFlow 1.0.0 section 5.2.3, figure 4 and the text of 1.0.1 section 3.4.
#include <bit>
#include <string_view>

#include <fmt/format.h>

#include "lib/openflow/codec_10/codec_10.h"

namespace weft::openflow::codec_10 {
namespace {

// OFPFW_*: the bits say which fields are not looked at.
namespace wildcard {
constexpr uint32_t in_port = 1 << 0;
constexpr uint32_t dl_vlan = 1 << 1;
constexpr uint32_t dl_src = 1 << 2;
constexpr uint32_t dl_dst = 1 << 3;
constexpr uint32_t dl_type = 1 << 4;
constexpr uint32_t nw_proto = 1 << 5;
constexpr uint32_t tp_src = 1 << 6;
constexpr uint32_t tp_dst = 1 << 7;
constexpr uint32_t dl_vlan_pcp = 1 << 20;
constexpr uint32_t nw_tos = 1 << 21;
// How many low bits of an address: 32 and more are all.
constexpr unsigned nw_src_shift = 8;
constexpr unsigned nw_dst_shift = 14;
constexpr uint32_t nw_bits = 0x3f;
constexpr uint32_t whole_address = 32;
constexpr uint32_t all = dl_vlan_pcp | nw_tos | whole_address << nw_src_shift | whole_address << nw_dst_shift | 0xff;
}  // namespace wildcard

constexpr uint16_t vlan_none = 0xffff;  // OFP_VLAN_NONE: no tag
constexpr uint16_t max_vid = 0xfff;
constexpr uint8_t max_pcp = 7;
constexpr uint8_t tos_bits = 0xfc;  // the DSCP; the other two are not looked at
constexpr uint64_t vid_present = 0x1000;
constexpr uint64_t all_of_vid = 0x1fff;
constexpr uint64_t all_of_pcp = 7;

struct OfpMatch {
  uint32_t wildcards = wildcard::all;
  uint16_t in_port = 0;
  MacAddress dl_src, dl_dst;
  uint16_t dl_vlan = 0;
  uint8_t dl_vlan_pcp = 0;
  uint16_t dl_type = 0;
  uint8_t nw_tos = 0;
  uint8_t nw_proto = 0;
  uint32_t nw_src = 0, nw_dst = 0;
  uint16_t tp_src = 0, tp_dst = 0;

  bool has(uint32_t bit) const { return (wildcards & bit) == 0; }
};

constexpr auto layout = [](auto& io, auto& m) {
  io.u32(m.wildcards);
  io.u16(m.in_port);
  io.mac(m.dl_src);
  io.mac(m.dl_dst);
  io.u16(m.dl_vlan);
  io.u8(m.dl_vlan_pcp);
  io.pad(1);
  io.u16(m.dl_type);
  io.u8(m.nw_tos);
  io.u8(m.nw_proto);
  io.pad(2);
  io.u32(m.nw_src);
  io.u32(m.nw_dst);
  io.u16(m.tp_src);
  io.u16(m.tp_dst);
};

uint64_t to_integer(const MacAddress& mac) {
  uint64_t value = 0;
  for (const uint8_t byte : mac.bytes) {
    value = value << 8 | byte;
  }
  return value;
}

MacAddress to_mac(uint64_t value) {
  MacAddress mac;
  for (size_t i = mac.bytes.size(); i-- > 0; value >>= 8) {
    mac.bytes[i] = static_cast<uint8_t>(value);
  }
  return mac;
}

// What nw_* and tp_* stand for depends on the type and protocol that the match names.
struct NetworkFields {
  FieldId protocol;
  FieldId source;
  FieldId destination;
  bool has_tos;
};
constexpr NetworkFields ip_fields{FieldId::ip_proto, FieldId::ipv4_src, FieldId::ipv4_dst, true};
constexpr NetworkFields arp_fields{FieldId::arp_op, FieldId::arp_spa, FieldId::arp_tpa, false};

const NetworkFields* network_fields(const Match& match) {
  if (match.meets_prerequisite(Prerequisite::ipv4)) {
    return &ip_fields;
  }
  return match.meets_prerequisite(Prerequisite::arp) ? &arp_fields : nullptr;
}

struct TransportFields {
  FieldId source;
  FieldId destination;
  uint16_t max;  // of the value
};
constexpr TransportFields tcp_fields{FieldId::tcp_src, FieldId::tcp_dst, 0xffff};
constexpr TransportFields udp_fields{FieldId::udp_src, FieldId::udp_dst, 0xffff};
constexpr TransportFields sctp_fields{FieldId::sctp_src, FieldId::sctp_dst, 0xffff};
constexpr TransportFields icmp_fields{FieldId::icmp_type, FieldId::icmp_code, 0xff};

const TransportFields* transport_fields(const Match& match) {
  if (!match.meets_prerequisite(Prerequisite::ipv4) || !match.is_exact(field(FieldId::ip_proto))) {
    return nullptr;
  }
  switch (match.value(FieldId::ip_proto).lo) {
    case 1:
      return &icmp_fields;
    case 6:
      return &tcp_fields;
    case 17:
      return &udp_fields;
    case 132:
      return &sctp_fields;
    default:
      return nullptr;
  }
}

uint32_t address_mask(uint32_t wildcards, unsigned shift) {
  const uint32_t ignored = wildcards >> shift & wildcard::nw_bits;
  return ignored >= wildcard::whole_address ? 0 : ~uint32_t{0} << ignored;
}

// --- reading

class Reader {
 public:
  Reader(WireReader& in, const OfpMatch& from, Match& match) : in_(in), from_(from), match_(match) {}

  void read() {
    if (from_.has(wildcard::in_port)) {
      match_.set(FieldId::in_port, from_.in_port);
    }
    if (from_.has(wildcard::dl_src)) {
      match_.set(FieldId::eth_src, to_integer(from_.dl_src));
    }
    if (from_.has(wildcard::dl_dst)) {
      match_.set(FieldId::eth_dst, to_integer(from_.dl_dst));
    }
    read_vlan();
    if (from_.has(wildcard::dl_type)) {
      match_.set(FieldId::eth_type, from_.dl_type);
    }
    if (const NetworkFields* fields = network_fields(match_)) {
      read_network(*fields);
    }
    if (const TransportFields* fields = transport_fields(match_)) {
      read_transport(*fields);
    }
  }

 private:
  // Without a tag there is no priority to look at.
  void read_vlan() {
    const bool has_vid = from_.has(wildcard::dl_vlan);
    if (has_vid && from_.dl_vlan == vlan_none) {
      return match_.set(FieldId::vlan_vid, 0);
    }
    if (has_vid) {
      require(from_.dl_vlan <= max_vid, "dl_vlan", from_.dl_vlan);
      match_.set(FieldId::dl_vlan, from_.dl_vlan & max_vid);
    }
    if (from_.has(wildcard::dl_vlan_pcp)) {
      require(from_.dl_vlan_pcp <= max_pcp, "dl_vlan_pcp", from_.dl_vlan_pcp);
      match_.set(FieldId::dl_vlan_pcp, from_.dl_vlan_pcp & max_pcp);
    }
  }

  void read_network(const NetworkFields& fields) {
    if (fields.has_tos && from_.has(wildcard::nw_tos)) {
      match_.set(FieldId::nw_tos, from_.nw_tos & tos_bits);
    }
    if (from_.has(wildcard::nw_proto)) {
      match_.set(fields.protocol, from_.nw_proto);
    }
    read_address(fields.source, from_.nw_src, address_mask(from_.wildcards, wildcard::nw_src_shift));
    read_address(fields.destination, from_.nw_dst, address_mask(from_.wildcards, wildcard::nw_dst_shift));
  }

  void read_address(FieldId id, uint32_t address, uint32_t mask) {
    if (mask != 0) {
      match_.set_masked(id, address & mask, mask);
    }
  }

  void read_transport(const TransportFields& fields) {
    if (from_.has(wildcard::tp_src)) {
      require(from_.tp_src <= fields.max, "tp_src", from_.tp_src);
      match_.set(fields.source, from_.tp_src & fields.max);
    }
    if (from_.has(wildcard::tp_dst)) {
      require(from_.tp_dst <= fields.max, "tp_dst", from_.tp_dst);
      match_.set(fields.destination, from_.tp_dst & fields.max);
    }
  }

  void require(bool is_possible, std::string_view name, unsigned value) {
    if (!is_possible) {
      in_.fail({ErrorCode::ofpbmc_bad_value, fmt::format("{}={}", name, value)});
    }
  }

  WireReader& in_;
  const OfpMatch& from_;
  Match& match_;
};

// --- writing: what does not fit is left wild

class Writer {
 public:
  explicit Writer(const Match& match) : match_(match) {}

  OfpMatch write() {
    if (takes(FieldId::in_port, wildcard::in_port)) {
      out_.in_port = static_cast<uint16_t>(value(FieldId::in_port));
    }
    if (takes(FieldId::eth_src, wildcard::dl_src)) {
      out_.dl_src = to_mac(value(FieldId::eth_src));
    }
    if (takes(FieldId::eth_dst, wildcard::dl_dst)) {
      out_.dl_dst = to_mac(value(FieldId::eth_dst));
    }
    write_vlan();
    if (takes(FieldId::eth_type, wildcard::dl_type)) {
      out_.dl_type = static_cast<uint16_t>(value(FieldId::eth_type));
    }
    if (const NetworkFields* fields = network_fields(match_)) {
      write_network(*fields);
    }
    if (const TransportFields* fields = transport_fields(match_)) {
      write_transport(*fields);
    }
    return out_;
  }

 private:
  uint64_t value(FieldId id) const { return match_.value(id).lo; }

  // Whether the match wants all of the field; the wildcard goes then.
  bool takes(FieldId id, uint32_t bit) {
    if (!match_.is_exact(field(id))) {
      return false;
    }
    out_.wildcards &= ~bit;
    return true;
  }

  void write_vlan() {
    const uint64_t vid_mask = match_.mask(FieldId::vlan_vid).lo;
    const uint64_t vid = value(FieldId::vlan_vid);
    if (vid_mask == all_of_vid && vid == 0) {
      out_.wildcards &= ~(wildcard::dl_vlan | wildcard::dl_vlan_pcp);
      out_.dl_vlan = vlan_none;
      return;
    }
    if ((vid & vid_present) == 0) {
      return;
    }
    if (vid_mask == all_of_vid) {
      out_.wildcards &= ~wildcard::dl_vlan;
      out_.dl_vlan = static_cast<uint16_t>(vid & max_vid);
    }
    if (match_.mask(FieldId::vlan_pcp).lo == all_of_pcp) {
      out_.wildcards &= ~wildcard::dl_vlan_pcp;
      out_.dl_vlan_pcp = static_cast<uint8_t>(value(FieldId::vlan_pcp));
    }
  }

  void write_network(const NetworkFields& fields) {
    if (fields.has_tos && takes(FieldId::nw_tos, wildcard::nw_tos)) {
      out_.nw_tos = static_cast<uint8_t>(value(FieldId::nw_tos));
    }
    if (value(fields.protocol) <= 0xff && takes(fields.protocol, wildcard::nw_proto)) {
      out_.nw_proto = static_cast<uint8_t>(value(fields.protocol));
    }
    out_.nw_src = write_address(fields.source, wildcard::nw_src_shift);
    out_.nw_dst = write_address(fields.destination, wildcard::nw_dst_shift);
  }

  uint32_t write_address(FieldId id, unsigned shift) {
    const auto mask = static_cast<uint32_t>(match_.mask(id).lo);
    const auto ignored = static_cast<uint32_t>(std::countr_zero(mask));
    const bool is_prefix = mask != 0 && std::countl_one(mask) == static_cast<int>(wildcard::whole_address - ignored);
    if (!is_prefix) {
      return 0;
    }
    out_.wildcards &= ~(wildcard::nw_bits << shift);
    out_.wildcards |= ignored << shift;
    return static_cast<uint32_t>(value(id));
  }

  void write_transport(const TransportFields& fields) {
    if (takes(fields.source, wildcard::tp_src)) {
      out_.tp_src = static_cast<uint16_t>(value(fields.source));
    }
    if (takes(fields.destination, wildcard::tp_dst)) {
      out_.tp_dst = static_cast<uint16_t>(value(fields.destination));
    }
  }

  const Match& match_;
  OfpMatch out_;
};

}  // namespace

void read_ofp_match(WireReader& in, Match& match) {
  OfpMatch from;
  layout(in, from);
  if (!in.failed()) {
    Reader(in, from, match).read();
  }
}

void write_ofp_match(WireWriter& out, const Match& match) {
  OfpMatch written = Writer(match).write();
  layout(out, written);
}

namespace {

// "No tag" may be said of the whole of the tag; the priority bits add nothing.
Match with_plain_untagged(Match match) {
  if (match.is_exact(field(FieldId::vlan_tci)) && match.value(FieldId::vlan_tci).is_zero()) {
    match.clear(field(FieldId::vlan_tci));
    match.set(FieldId::vlan_vid, 0);
  }
  return match;
}

}  // namespace

// By writing and reading it again, so that nothing can be forgotten here.
bool fits_ofp_match(const Match& match) {
  WireReader in({});
  Match again;
  Reader(in, Writer(match).write(), again).read();
  return again == with_plain_untagged(match) && !in.failed();
}

}  // namespace weft::openflow::codec_10
