// What stands between the outer UDP or IP header and the inner frame, for each kind of tunnel but STT.
//
//   vxlan    RFC 7348 section 5: 8 bytes on UDP; with the group policy extension where the port has it
//   geneve   RFC 8926 section 3: 8 bytes on UDP, and options
//   gre      RFC 2784 and 2890: 4 bytes on IP, 4 more for a checksum and for a key
//   nvgre    RFC 7637 section 3.2: GRE with a key of 24 bits VSID and 8 bits FlowID, which carries the inner flow's entropy
//
// A sender writes the header of a frame once and copies it before each piece; a receiver opens each datagram by itself.
//
// Threads: pure functions. Cost: a few ns; a GRE checksum is a pass over the frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "datapath/api/port_spec.h"
#include "datapath/api/tunnel_option_map.h"
#include "datapath/tunnel/tunnel.h"
#include "lib/base/result.h"
#include "lib/packet/checksum.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/geneve.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

// Whether the tunnel's datagrams are UDP's; otherwise they are IP's own.
constexpr bool is_over_udp(PortType type) { return type == PortType::vxlan || type == PortType::geneve; }

class TunnelHeader {
 public:
  static constexpr size_t max_size = geneve_header_bytes + geneve_max_options_bytes;

  // For a frame that a port of `spec` sends. `options`: of the port, or null; those of the frame that it does not name are left out.
  void write(const PortSpec& spec, const Encapsulation& to, const Packet& frame, const TunnelOptionMap* options);

  size_t size() const { return size_; }
  bool has_checksum() const { return checksum_at_ != 0; }
  // Writes size() bytes. `inner` is the sum of what follows; read only where there is a checksum.
  void copy_to(uint8_t* out, InternetSum inner) const;

 private:
  void write_vxlan(const TunnelSpec& spec, const Encapsulation& to, const TunnelMetadata& flow);
  void write_geneve(const Encapsulation& to, const PacketTunnel& flow, const TunnelOptionMap* map);
  bool write_options(const TunnelOptions& options, const TunnelOptionMap& map);
  void write_gre(const TunnelSpec& spec, std::optional<uint32_t> key);

  std::array<uint8_t, max_size> bytes_;
  size_t size_ = 0;
  size_t checksum_at_ = 0;  // 0: none
};

// A received datagram, opened.
struct TunnelInner {
  PortType type = PortType::vxlan;  // gre stands for nvgre too
  uint64_t key = 0;                 // VNI; the whole 32 bits of a GRE key
  bool has_key = true;
  uint16_t flags = 0;  // TunnelMetadata's, as far as the header tells
  uint16_t gbp_id = 0;
  uint8_t gbp_flags = 0;
  bool has_gbp = false;
  size_t header_size = 0;
  std::span<const uint8_t> options{};  // of Geneve
  std::span<uint8_t> frame{};
};

// `type`: vxlan, geneve, or gre for both of its kinds. tunnel_bad_header: cut short, of another version, or with no
// Ethernet frame in it. tunnel_bad_flags: a flag that must be zero, or VXLAN's without the I flag.
// tunnel_bad_checksum: of GRE.
Result<TunnelInner, DropReason> open_tunnel(PortType type, std::span<uint8_t> datagram);

// Adds to `known` the options of an opened Geneve header that `map` (or null) names; of one that comes twice the last
// counts. Others are passed over, but for critical ones: whoever does not know such an option must drop the packet
// (RFC 8926 section 3.5), as tunnel_critical_option. tunnel_bad_header: one that is named has not four bytes of data.
Verdict read_geneve_options(std::span<const uint8_t> options, const TunnelOptionMap* map, TunnelOptions& known);

}  // namespace weft::datapath
