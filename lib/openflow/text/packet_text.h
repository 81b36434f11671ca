// Packet-in and packet-out as text, and a one-line summary of a frame:
//
//     tcp,vlan_tci=0x0000,dl_src=...,nw_src=10.0.0.1,...,tp_dst=80,tcp_flags=syn
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/flow/port_names.h"
#include "lib/openflow/packet_message.h"

namespace weft::openflow {

std::string_view to_string(PacketInReason reason);  // "action"

std::string format_packet(std::span<const uint8_t> frame);
std::string format_packet_in(const PacketIn& message, const PortNames* ports = nullptr);
// Hexadecimal digits; at least an Ethernet header.
Result<std::vector<uint8_t>, TextError> parse_frame(std::string_view text);

// "in_port=1,tun_id=5,packet=...,actions=output:2": the port, fields that describe how the packet came (which 1.5 can say),
// the frame in hexadecimal, and last the actions; without them the packet goes nowhere. Without in_port it comes from
// the controller.
Result<PacketOut, TextError> parse_packet_out(std::string_view text, const PortNames* ports = nullptr);
std::string format_packet_out(const PacketOut& message, const PortNames* ports = nullptr);

// Sixteen bytes a line: offset, hexadecimal, letters.
std::string format_hex_dump(std::span<const uint8_t> bytes);

}  // namespace weft::openflow
