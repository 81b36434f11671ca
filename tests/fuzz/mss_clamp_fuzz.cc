// Whatever the frame, lowering its MSS changes nothing but two bytes of a SYN's options and the checksum, which is as right
// as it was; a second time there is nothing to do.
//
// Input: largest frame that fits (2 bytes), then the frame.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "datapath/offload/frame_layers.h"
#include "datapath/tunnel/mss_clamp.h"
#include "lib/base/big_endian.h"
#include "lib/packet/checksum.h"
#include "lib/packet/packet_pool.h"

namespace {

using namespace weft;
using namespace weft::datapath;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// At the very end of its buffer, where a read beyond the frame is seen by the address sanitizer.
PacketPtr packet_of(PacketPool& pool, std::span<const uint8_t> bytes) {
  PacketPtr packet = pool.allocate(bytes.size());
  packet->append(packet->tailroom());
  packet->pull(packet->size() - bytes.size());
  if (!bytes.empty()) {
    std::memcpy(packet->data(), bytes.data(), bytes.size());
  }
  return packet;
}

bool has_right_checksum(const Packet& packet, const FrameLayers& layers) {
  const auto l4 = packet.bytes().subspan(layers.l4, layers.l3_end - layers.l4);
  return pseudo_header_sum(packet.bytes(), pseudo_header_place(layers), layers.ip_protocol, l4.size())
             .add(l4)
             .checksum() == Be16{};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* pool = new PacketPool;
  if (size < 2) {
    return 0;
  }
  const std::span<const uint8_t> frame(data + 2, std::min(size - 2, max_frame_size));
  const PacketPtr packet = packet_of(*pool, frame);
  const size_t fits = load_be16(data);
  const FrameLayers layers = find_layers(frame);
  const bool is_changed = clamp_mss(*packet, fits);
  size_t differing = 0;
  for (size_t i = 0; i < frame.size(); ++i) {
    differing += frame[i] != packet->data()[i] ? 1 : 0;
  }
  require(is_changed == (differing > 0) && differing <= 4);
  if (is_changed) {
    const PacketPtr before = packet_of(*pool, frame);
    require(has_right_checksum(*packet, layers) == has_right_checksum(*before, layers));
    require(!clamp_mss(*packet, fits));
  }
  return 0;
}
