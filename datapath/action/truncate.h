// Cutting a frame off behind so many bytes, whatever its headers say, when it is sent (Truncate).
//
// What was promised about it is kept first, since the bytes cut off take part in it: a partial checksum is finished, and
// a GSO frame, which stands for several frames of a wire, becomes those, each of which is cut off. Where nothing is as
// long as that the frame stays as it is, promises and all.
//
// Threads: the packet's worker.
#pragma once

#include <utility>

#include "datapath/offload/gso.h"
#include "lib/packet/checksum.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

struct CutOff {
  Verdict verdict;  // why there is nothing to send
  size_t lost = 0;  // pieces for which there was no buffer
};

// Whether some frame of a wire that this one stands for is longer.
inline bool is_longer(const Packet& packet, size_t size) {
  const bool is_gso = packet.offload.is_gso();
  return (is_gso ? size_t{packet.offload.hdr_len} + packet.offload.gso_size : packet.size()) > size;
}

// At the packet's size_limit. Calls sink(PacketPtr) with each frame to send.
template <class Sink>
CutOff cut_off(PacketPtr packet, Sink&& sink) {
  const size_t size = packet->size_limit;
  if (!is_longer(*packet, size)) {
    sink(std::move(packet));
    return {};
  }
  if (packet->offload.is_gso()) {
    const Segmenter segmenter(*packet);
    if (segmenter.verdict()) {
      return {segmenter.verdict(), 0};
    }
    const size_t lost = cut_gso(segmenter, *packet, packet->pool(), [&](PacketPtr piece) {
      piece->trim(size);
      sink(std::move(piece));
    });
    return {keep, lost};
  }
  if (packet->offload.is_partial()) {
    if (const Verdict verdict = finish_partial_checksum(*packet)) {
      return {verdict, 0};
    }
  }
  packet->trim(size);
  packet->offload = Offload{};
  sink(std::move(packet));
  return {};
}

}  // namespace weft::datapath
