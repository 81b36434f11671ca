// DropReason: why a packet went no further. Every packet that is not sent is counted under one.
//
// One list gives the enumerators, their names in statistics and a line for operators. A stage
// answers with a Verdict: `keep`, or the reason to drop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string_view>

#include "lib/base/counter.h"

namespace weft {

// clang-format off
#define WEFT_DROP_REASONS(X) \
  X(truncated_frame, "the frame is shorter than an Ethernet header, or was cut short on receive") \
  X(truncated_header, "a protocol header reaches beyond the end of the frame") \
  X(oversized_frame, "the frame is longer than 65,535 bytes and its Ethernet header and tags") \
  X(bad_vnet_header, "the offload metadata from the device contradicts the frame") \
  X(bad_checksum_offset, "the checksum to finish lies beyond the end of the frame") \
  X(no_headroom, "no room before the frame for another header") \
  X(no_buffer, "the worker's packet pool is exhausted") \
  X(not_tagged, "a VLAN tag was to be removed or changed, but the packet has none") \
  X(vlan_not_allowed, "the port does not carry this VLAN") \
  X(unknown_segment, "NORMAL has no segment for the packet's tunnel id, or the port's segment does not exist") \
  X(unknown_vtep, "a segment's frame came from a host that is not in the segment's list of VTEPs") \
  X(tunnel_oam, "a Geneve packet with the OAM bit is for the tunnel's end, and NORMAL takes it to no guest") \
  X(mac_limit, "the source address is not learned: its port or segment has as many as its mac_limit allows") \
  X(gateway_on_standby, "the VLAN is a segment's, and another gateway forwards between the two") \
  X(spoofed_address, "the packet says that it is from an address that the port's port_security does not list") \
  X(no_mpls, "an MPLS label was to be removed or changed, but the packet has none") \
  X(not_this_protocol, "an action was for a protocol that the packet is not") \
  X(fragment, "the packet is an IP fragment, and the bridge drops these") \
  X(ttl_exceeded, "the time to live, or hop limit, ran out") \
  X(table_miss, "no flow matched, and the table drops what it misses") \
  X(action_drop, "the flow tables say drop: no action, or an empty action set") \
  X(no_output, "no port to send to, or only the one it came from") \
  X(no_live_bucket, "no bucket of a select or fast failover group is live") \
  X(reserved_address, "the destination is a link-local address that a switch does not forward") \
  X(port_gone, "the output port was removed") \
  X(port_down, "the port's device is down") \
  X(tx_queue_full, "the output port's transmit queue is full") \
  X(tx_error, "the operating system refused to send the frame") \
  X(rx_overrun, "frames arrived faster than the port was read") \
  X(rx_error, "the operating system reported a frame that could not be received") \
  X(gso_unsupported, "the large frame cannot be expressed or cut for the output port") \
  X(tunnel_mtu_exceeded, "with the tunnel header the packet exceeds the MTU of the route") \
  X(tunnel_no_route, "the host has no route to the tunnel's remote address") \
  X(tunnel_no_neighbour, "the next hop towards the tunnel's remote address does not answer") \
  X(tunnel_no_destination, "no remote address is set for a tunnel with remote_ip=flow") \
  X(tunnel_bad_header, "a tunnel packet's header is malformed") \
  X(tunnel_bad_flags, "a tunnel packet has flags that its standard does not allow") \
  X(tunnel_bad_version, "a tunnel packet is of a version of its protocol that is not known") \
  X(tunnel_bad_checksum, "the checksum in a GRE header is wrong") \
  X(tunnel_critical_option, "a Geneve packet has a critical option that nothing is known of") \
  X(tunnel_options_too_long, "a flow gives a packet more Geneve options than a header holds") \
  X(tunnel_unknown_vni, "no tunnel port takes this key from this address") \
  X(tunnel_own_address, "a tunnel packet claims to come from one of our own addresses") \
  X(tunnel_congestion, "the underlay marked congestion, and the inner packet cannot carry the mark") \
  X(stt_bad_checksum, "the checksum of an STT segment is wrong") \
  X(stt_bad_segment, "an STT segment contradicts its frame, or overlaps another one") \
  X(stt_duplicate, "an STT segment was there already") \
  X(stt_timeout, "the rest of an STT frame did not come in time") \
  X(stt_overflow, "an STT frame was given up for others: too many are incomplete") \
  X(recursion_limit, "too many resubmits, patch ports or groups in one translation") \
  X(recirculation_limit, "the packet was to be looked up again too often, or too many others are") \
  X(recirculation_full, "no number is left for what would go on when the packet is looked up again") \
  X(translation_error, "the flow tables ask for something that cannot be done") \
  X(meter_exceeded, "a meter's drop band was exceeded") \
  X(storm_limit, "the port floods more frames a second than the storm_limit of its segment, or its own, allows") \
  X(queue_rate_exceeded, "the max-rate of the output port's queue, or of all its queues, was exceeded") \
  X(unsupported_action, "an action that this datapath does not know") \
  X(connection_tracking, "the flow tables ask for connection tracking, which is not executed") \
  X(miss_budget, "the packets of its port or tunnel id that are of no known flow took their share of the time") \
  X(learn_queue_full, "too many packets wait for flows that packets of their port make") \
  X(packet_in_queue_full, "too many packets wait for the controller")
// clang-format on

enum class DropReason : uint8_t {
#define WEFT_DROP_REASON_NAME(name, explanation) name,
  WEFT_DROP_REASONS(WEFT_DROP_REASON_NAME)
#undef WEFT_DROP_REASON_NAME
};

#define WEFT_DROP_REASON_ONE(name, explanation) +1
inline constexpr size_t drop_reason_count = 0 WEFT_DROP_REASONS(WEFT_DROP_REASON_ONE);
#undef WEFT_DROP_REASON_ONE

// "tunnel_no_route": the name in statistics.
std::string_view to_string(DropReason reason);
// One line for the operator.
std::string_view explain(DropReason reason);
std::optional<DropReason> parse_drop_reason(std::string_view name);
std::ostream& operator<<(std::ostream& out, DropReason reason);

// What a stage says about a packet: nothing to object, or the reason to drop it.
using Verdict = std::optional<DropReason>;
inline constexpr Verdict keep{};

// Drops by reason, of one worker or port. Written by one thread, read by any.
class DropCounters {
 public:
  void add(DropReason reason, uint64_t count = 1) { counters_[index(reason)].add(count); }
  uint64_t value(DropReason reason) const { return counters_[index(reason)].value(); }
  uint64_t total() const {
    uint64_t sum = 0;
    for (const Counter& counter : counters_) {
      sum += counter.value();
    }
    return sum;
  }

  // visit(reason, count) for every reason that has occurred.
  template <class F>
  void for_each(F&& visit) const {
    for (size_t i = 0; i < drop_reason_count; ++i) {
      if (const uint64_t count = counters_[i].value(); count != 0) {
        visit(static_cast<DropReason>(i), count);
      }
    }
  }

 private:
  static constexpr size_t index(DropReason reason) { return static_cast<size_t>(reason); }
  std::array<Counter, drop_reason_count> counters_;
};

}  // namespace weft
