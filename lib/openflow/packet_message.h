// Packets between switch and controller. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lib/flow/match.h"
#include "lib/openflow/action.h"

namespace weft::openflow {

inline constexpr uint32_t no_buffer = 0xffffffff;  // OFP_NO_BUFFER

// `match` holds the packet's metadata: in_port always, tunnel fields, metadata and registers where not zero.
struct PacketIn {
  uint32_t buffer_id = no_buffer;
  uint32_t total_len = 0;  // of the packet, of which `data` may be the beginning
  PacketInReason reason = PacketInReason::no_match;
  uint8_t table_id = 0;
  uint64_t cookie = ~uint64_t{0};  // of the rule that sent it; all ones: none
  Match match;
  std::vector<uint8_t> data;
  // NXT_PACKET_IN2 only: what the controller action said, and the state of a packet that waits to be resumed (the
  // switch's own bytes; empty: it does not wait).
  std::vector<uint8_t> userdata;
  std::vector<uint8_t> continuation;
  friend bool operator==(const PacketIn&, const PacketIn&) = default;
};

// What describes how a packet came, and not the packet itself (OpenFlow 1.5.1 section 7.2.3.3, and Open vSwitch's).
bool is_pipeline_field(const Field& f);

struct PacketOut {
  uint32_t buffer_id = no_buffer;
  OfPort in_port = of_port::controller;  // a port, LOCAL, CONTROLLER or ANY
  Match metadata{};                      // 1.5: pipeline fields the packet starts with
  ActionList actions{};
  std::vector<uint8_t> data{};
  friend bool operator==(const PacketOut&, const PacketOut&) = default;
};

}  // namespace weft::openflow
