// Inner GRO: merges TCP segments that came out of a tunnel one by one back into large frames.
//
// An inlet offers each decapsulated frame of a batch, in order. One that continues a held frame (same flow, next
// sequence number, headers equal in all but length, IPv4 id and checksums) is appended to it; anything else is held
// for those that follow, or passes. What comes out is a GSO frame with a partial checksum, and cutting it gives back
// the segments byte by byte. (IPv4 ids must count up, or stand still where "don't fragment" makes them meaningless.)
//
// A segment is merged only after its IP and TCP checksums were found right, or if its TCP checksum is partial: merging
// never makes a wrong one right. FIN and PSH end a frame; SYN, RST, URG and CWR are never merged.
//
// The inlet flushes at the end of its batch, so nothing waits for time to pass, and frames of one flow come out in the
// order they went in. Frames of different flows may overtake each other.
//
// Plain twin: tests/reference/segment.h.
//
// Threads:   one worker. Ownership: of held packets until they come out.
// Cost:      each byte of payload is read once and copied once, in the same pass.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "lib/packet/packet.h"
#include "lib/packet/packet_batch.h"
#include "lib/packet/packet_pool.h"

namespace weft::datapath {

class Gro {
 public:
  explicit Gro(PacketPool& pool) : pool_(pool) {}

  // Appends the frame to a held one. True: done with it; the caller counts it as absorbed. False: it is for add().
  bool merge(std::span<const uint8_t> frame, const Offload& offload, const PacketTunnel& tunnel, PortId in_port);

  // Takes a packet that merge() refused. sink(PacketPtr) gets what must leave before it, or the packet itself.
  template <class Sink>
  void add(PacketPtr packet, Sink&& sink) {
    Segment segment;
    const Kind kind = read_segment(packet->bytes(), packet->offload, segment);
    if (kind == Kind::unknown_flow) {
      flush(sink);
    } else if (kind != Kind::not_tcp) {
      release_flow(*packet, segment, sink);
    }
    if (kind != Kind::mergeable) {
      sink(std::move(packet));
      return;
    }
    Held& place = place_to_hold();
    if (place.packet != nullptr) {
      sink(release(place));
    }
    hold(place, segment, std::move(packet));
  }

  // Lets everything go. At the end of each batch.
  template <class Sink>
  void flush(Sink&& sink) {
    for (Held& held : held_) {
      if (held.packet != nullptr) {
        sink(release(held));
      }
    }
  }

 private:
  // A frame that may be merged, as far as that needs to be known.
  struct Segment {
    uint16_t l3 = 0;
    uint16_t l4 = 0;
    uint16_t header_size = 0;  // of all headers
    uint32_t end = 0;          // of the payload: the frame may be padded behind it
    bool is_ipv4 = false;
    bool is_partial = false;
    bool is_last = false;  // FIN or PSH: nothing may follow
    uint32_t sequence = 0;
    uint16_t ip_id = 0;
    uint64_t flow = 0;  // addresses and ports, mixed

    size_t payload_size() const { return end - header_size; }
  };
  struct Held {
    PacketPtr packet;
    Segment first;
    uint32_t next_sequence = 0;
    uint32_t segment_count = 0;
    uint16_t last_ip_id = 0;
    bool is_open = true;  // takes more
    uint64_t age = 0;
  };
  static constexpr size_t held_count = 8;

  enum class Kind : uint8_t { not_tcp, unknown_flow, known_flow, mergeable };

  static Kind read_segment(std::span<const uint8_t> frame, const Offload& offload, Segment& segment);
  static bool is_same_flow(const Held& held, const Segment& segment, const PacketTunnel& tunnel, PortId in_port);
  static bool continues(const Held& held, std::span<const uint8_t> frame, const Segment& segment);
  bool has_room(Held& held, size_t size);
  bool append(Held& held, std::span<const uint8_t> frame, const Segment& segment);
  Held& place_to_hold();
  void hold(Held& place, const Segment& segment, PacketPtr packet);
  static PacketPtr release(Held& held);

  template <class Sink>
  void release_flow(const Packet& packet, const Segment& segment, Sink&& sink) {
    for (Held& held : held_) {
      if (held.packet != nullptr && is_same_flow(held, segment, packet.tunnel, packet.in_port)) {
        sink(release(held));
      }
    }
  }

  PacketPool& pool_;
  std::array<Held, held_count> held_;
  uint64_t clock_ = 0;
};

}  // namespace weft::datapath
