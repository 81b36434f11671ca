// Extraction: headers of one frame become a flow key.
//
// The frame is read front to back and words are appended in the order they have in the key, so nothing is inserted or
// cleared. What comes with the packet goes first (tunnel header, mark, recirculation id, in_port as the PortId), then
// Ethernet, up to two VLAN tags, up to three MPLS label stack entries or a PBB tag, ARP and RARP, IPv4 and IPv6 with
// options, extension headers and fragments, TCP, UDP, SCTP, ICMP, ICMPv6 and neighbour discovery.
//
// A header that is cut off or contradicts itself ends the extraction: it and what follows are absent, that is their
// words are zero and their presence bits unset (flow_key.h). Bytes beyond the IP total length are padding, not L4.
// Malformed means: IPv4 with another version, IHL below 5 or a total length that is below the header or beyond the
// frame; IPv6 the same; TCP with a data offset below 5 or beyond the packet; UDP with a length below 8; ARP for other
// than IPv4 over Ethernet; neighbour discovery with a code, with an option that is empty or cut off, or with the same
// link address option twice.
//
// eth_type is that of the payload behind the tags that were read. A frame with a length instead of a type has the type
// of its SNAP header, or 0x05ff without one.
//
// Also written: the packet's layer offsets (l2_5 first MPLS label or I-TAG; l3 an ARP, IPv4 or IPv6 header; l4 behind it; each
// only where the header is whole, l4 not on a later fragment) and flow_hash, which is flow_entropy() of the key.
//
// Threads: the worker that owns the packet. Cost: 20 to 40 ns; no allocation.
#pragma once

#include "lib/flow/flow_key.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/packet.h"

namespace weft {

// Bit of a stored VLAN TCI that says there is a tag (on the wire it is the drop eligible indicator, which the key
// does not keep).
inline constexpr uint16_t vlan_tag_present = 0x1000;

// Replaces what `key` held. Drops only a frame that is shorter than an Ethernet header; the key is then without
// Ethernet and all that follows.
Verdict extract(Packet& packet, FlowKey& key);

}  // namespace weft
