// What a datapath port is made from, and what can be said about it. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/ip_address.h"
#include "lib/base/mac_address.h"

namespace weft::datapath {

// patch exists in ofproto only
enum class PortType : uint8_t { system, afxdp, tap, internal, vxlan, geneve, gre, nvgre, stt, memory };

inline bool is_tunnel(PortType type) { return type >= PortType::vxlan && type <= PortType::stt; }

// A tunnel port. An absent remote, local or key means `flow`: taken from the packet's tunnel metadata when
// sending, matching anything when receiving. Received packets match the most specific port first.
struct TunnelSpec {
  std::optional<IpAddress> remote;
  std::optional<IpAddress> local;
  bool local_is_any = true;        // local_ip not configured: any local address, route decides on sending
  std::optional<uint64_t> in_key;  // VNI, VSID: 24 bits; GRE key: 32; STT context id: 64
  std::optional<uint64_t> out_key;
  uint16_t dst_port = 4789;    // UDP: RFC 7348 section 8; STT's looks like TCP's
  std::optional<uint8_t> tos;  // absent: 0 unless tos_inherit
  bool tos_inherit = false;
  uint8_t ttl = 64;
  bool ttl_inherit = false;
  bool dont_fragment = true;
  bool outer_checksum = true;   // UDP's or GRE's
  bool has_gbp = false;         // vxlan: the group policy extension
  uint32_t too_big_rate = 100;  // ICMP "too big" a second; 0: none
  bool clamps_mss = false;      // TCP's MSS option is lowered to what fits
  friend bool operator==(const TunnelSpec&, const TunnelSpec&) = default;
};

// What a memory port hands over again and again (benchmarks). Without frames it only takes what it is sent.
class ReplayFrames {
 public:
  unsigned queue_count = 1;
  double frames_a_second = 0;  // of all queues together; 0: as many as are taken

  void add(std::span<const uint8_t> frame) {
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    ends_.push_back(bytes_.size());
  }
  size_t count() const { return ends_.size(); }
  std::span<const uint8_t> frame(size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return {&bytes_[begin], ends_[i] - begin};
  }

 private:
  std::vector<uint8_t> bytes_;  // one frame behind the other
  std::vector<size_t> ends_;
};

// How near to the driver an `afxdp` port is: in order, from the fastest on; best_effort: the first that there is.
enum class XdpMode : uint8_t { best_effort, native_with_zerocopy, native, generic };
// As Open vSwitch names them: "native-with-zerocopy".
std::string_view to_string(XdpMode mode);
std::optional<XdpMode> parse_xdp_mode(std::string_view text);

struct AfXdpSpec {
  XdpMode mode = XdpMode::best_effort;
  bool need_wakeup = true;  // the kernel says when it wants to be called
  friend bool operator==(const AfXdpSpec&, const AfXdpSpec&) = default;
};

// The device is somebody else's: it may vanish, come back and have other names.
inline bool is_foreign_device(PortType type) { return type == PortType::system || type == PortType::afxdp; }

struct PortSpec {
  std::string name{};  // device name for system, afxdp, tap, internal; otherwise only a label
  PortType type = PortType::system;
  TunnelSpec tunnel{};                           // for tunnel types
  AfXdpSpec xdp{};                               // afxdp
  unsigned rx_queue_count = 0;                   // system, tap, afxdp: queues to read; 0: what the type has by itself
  bool is_memory_tunnel = false;                 // memory: behaves like a tunnel port towards ofproto
  std::shared_ptr<const ReplayFrames> replay{};  // memory: what it hands over by itself; what it is sent is freed
  std::optional<uint32_t> mtu_request{};         // set by Datapath::configure_port; memory tunnel: what fits inside
  std::optional<MacAddress> mac{};               // internal: the bridge device's address
  bool force = false;                            // attach a system device that has an IP address or a master
  friend bool operator==(const PortSpec&, const PortSpec&) = default;
};

// Why a port could not be added: the text is shown to the user as it is.
struct PortError {
  enum class Kind : uint8_t {
    no_such_device,
    busy,  // in use in a way that somebody has to change
    held,  // in use by another process, which may end at any moment
    invalid,
    denied,
    system
  } kind;
  std::string message;
};

// Since attach. One frame that a port hands over is one packet, however many segments it stands for.
struct PortCounters {
  uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0;
  uint64_t rx_dropped = 0, tx_dropped = 0, rx_errors = 0, tx_errors = 0;
  uint64_t rx_gso_segments = 0, tx_gso_segments = 0;
  // Of tunnels: packets too large for the path whose senders were told how large one may be, and those that would have
  // been told as well, had there not been too many.
  uint64_t too_big_answers = 0, too_big_unanswered = 0;
};

struct PortStatus {
  bool is_admin_up = false;
  bool has_link = false;
  bool is_present = true;  // false: its device is gone
  uint32_t mtu = 0;
  uint32_t ifindex = 0;
  uint64_t speed_bps = 0;  // 0: unknown
  MacAddress mac{};
  std::optional<XdpMode> xdp_mode{};  // in use; afxdp only
  bool is_conntrack_invalid = false;  // stt: what it is for the host's connection tracking, if that is at work
  bool loses_vlan_tags = false;       // afxdp: what the device takes out of a frame is lost
  friend bool operator==(const PortStatus&, const PortStatus&) = default;
};

}  // namespace weft::datapath
