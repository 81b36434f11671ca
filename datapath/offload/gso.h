// Software GSO: cuts a large frame into the frames that a wire would see.
//
// The payload behind Offload::hdr_len is cut into pieces of gso_size; each gets a copy of all headers before it, with
// lengths, IPv4 ids (counting up), TCP sequence and flags (FIN and PSH on the last piece only, CWR on the first), and
// every checksum finished: that of the layer spoken of, and of each IP, UDP and GRE header before it, however many
// tunnels, tags and labels there are (header_path.h).
//
//   Segmenter    the cutting itself, without buffers: headers are written where the caller wants them, payload is a
//                slice of the frame. For a sender that gathers (UDP_SEGMENT).
//   cut_gso      pieces as packets of their own, copied and summed in one pass.
//
// Plain twin: tests/reference/segment.h.
//
// Threads: pure; cut_gso allocates from the pool of the calling worker.
// Cost:    the payload is read once.
#pragma once

#include <cstdint>
#include <span>

#include "datapath/offload/header_path.h"
#include "lib/packet/checksum.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/packet.h"
#include "lib/packet/packet_pool.h"

namespace weft::datapath {

class Segmenter {
 public:
  // `packet` is a GSO packet and stays unchanged while the segmenter is used.
  explicit Segmenter(const Packet& packet);

  // gso_unsupported, bad_vnet_header: cannot be cut; nothing below may be called then.
  Verdict verdict() const { return verdict_; }

  size_t count() const { return count_; }
  size_t header_size() const { return header_size_; }
  std::span<const uint8_t> payload(size_t piece) const;
  size_t frame_size(size_t piece) const { return header_size_ + payload(piece).size(); }

  // Writes header_size() bytes. `payload_sum` is the sum over payload(piece).
  void write_headers(size_t piece, uint8_t* to, InternetSum payload_sum) const;

 private:
  Verdict check();
  void patch_transport(size_t piece, std::span<uint8_t> headers, size_t size) const;
  void patch_lengths(size_t piece, std::span<uint8_t> headers, size_t size) const;
  void finish_checksums(std::span<uint8_t> headers, size_t size, InternetSum payload_sum) const;

  const std::span<const uint8_t> frame_;
  const Offload offload_;
  HeaderPath path_;
  size_t header_size_ = 0;
  size_t count_ = 0;
  Verdict verdict_;
};

// One piece as a packet of its own, with the metadata of `packet` and nothing promised. Null without a buffer.
PacketPtr make_piece(const Segmenter& segmenter, size_t piece, const Packet& packet, PacketPool& pool);

// Calls sink(PacketPtr) with each piece in order. Gives back how many pieces got no buffer.
template <class Sink>
size_t cut_gso(const Segmenter& segmenter, const Packet& packet, PacketPool& pool, Sink&& sink) {
  size_t lost = 0;
  for (size_t i = 0; i < segmenter.count(); ++i) {
    if (PacketPtr piece = make_piece(segmenter, i, packet, pool)) {
      sink(std::move(piece));
    } else {
      ++lost;
    }
  }
  return lost;
}

}  // namespace weft::datapath
