// What the offload tests share: frames in, frames out.
#pragma once

#include <random>
#include <vector>

#include "datapath/offload/gso.h"
#include "datapath/offload/ingress.h"
#include "lib/flow/extract.h"
#include "tests/support/frame.h"

namespace weft::datapath {

inline Bytes pattern(size_t size, uint32_t seed = 1) {
  std::minstd_rand random(seed);
  Bytes bytes(size);
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(random() >> 8);
  }
  return bytes;
}

// The packet as the pipeline has it before actions: extracted, its offload settled.
inline PacketPtr received(PacketPool& pool, const Frame& frame) {
  PacketPtr packet = make_packet(pool, frame);
  FlowKey key;
  EXPECT_FALSE(extract(*packet, key));
  EXPECT_FALSE(check_offload(*packet));
  return packet;
}

inline std::vector<Frame> cut(const Frame& frame) {
  PacketPool pool;
  const PacketPtr packet = received(pool, frame);
  if (!packet->offload.is_gso()) {  // one piece
    EXPECT_FALSE(finish_partial_checksum(*packet));
    return {Frame(packet->bytes())};
  }
  const Segmenter segmenter(*packet);
  EXPECT_EQ(segmenter.verdict(), keep);
  std::vector<Frame> pieces;
  if (!segmenter.verdict()) {
    cut_gso(segmenter, *packet, pool, [&](PacketPtr piece) {
      EXPECT_EQ(piece->offload, Offload{});
      pieces.emplace_back(piece->bytes());
    });
  }
  return pieces;
}

}  // namespace weft::datapath
