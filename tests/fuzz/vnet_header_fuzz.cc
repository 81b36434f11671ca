// Whatever stands before a frame, what is accepted promises nothing beyond the frame, is written as it was read, and
// can be cut into a bounded number of pieces when it says GSO and is what the frame's headers say. A promise that is kept
// changes nothing that a rule can match.
//
// Input: virtio_net_hdr (10 bytes), then the frame.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "datapath/offload/gso.h"
#include "datapath/offload/ingress.h"
#include "datapath/port/af_packet_queue.h"
#include "datapath/port/vnet_header.h"
#include "lib/flow/extract.h"
#include "lib/packet/checksum.h"

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

void check_promises(const Packet& packet) {
  const Offload& offload = packet.offload;
  if (offload.is_partial()) {
    require(size_t{offload.csum_start} + offload.csum_offset + 2 <= packet.size());
  }
  require(!offload.is_gso() || (offload.is_partial() && offload.gso_size > 0));
}

void keep_promises(Packet& packet, PacketPool& pool) {
  if (!packet.offload.is_gso()) {
    FlowKey before;
    FlowKey after;
    require(!extract(packet, before));
    (void)finish_partial_checksum(packet);
    require(!extract(packet, after) && before == after);
    return;
  }
  // In a tunnel of the guest's own one piece is kept as such: cutting finishes the tunnel's checksum too.
  const bool is_in_tunnel = packet.offload.csum_start != packet.l4_offset;
  require(packet.offload.csum_start <= packet.offload.hdr_len && packet.offload.hdr_len <= packet.size());
  require(packet.gso_segments() > (is_in_tunnel ? 0 : 1) && packet.gso_segments() <= max_gso_segments);
  const Segmenter segmenter(packet);
  if (!segmenter.verdict()) {
    cut_gso(segmenter, packet, pool, [](PacketPtr) {});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* pool = new PacketPool;
  if (size < vnet_header_bytes + 14) {
    return 0;
  }
  VnetHeader header;
  std::memcpy(&header, data, sizeof header);
  const size_t frame_size = std::min(size - vnet_header_bytes, max_frame_size - 4);
  const PacketPtr packet = packet_of(*pool, {data + vnet_header_bytes, frame_size});
  if (read_vnet_header(header, *packet)) {
    require(packet->offload == Offload{});
    return 0;
  }
  check_promises(*packet);
  const VnetHeader written = make_vnet_header(*packet);
  const PacketPtr again = packet_of(*pool, {data + vnet_header_bytes, frame_size});
  require(!read_vnet_header(written, *again) && again->offload == packet->offload);

  require(!put_tag_back({0x8100, 5, true}, *packet));
  check_promises(*packet);
  FlowKey key;
  require(!extract(*packet, key));
  if (!check_offload(*packet)) {
    keep_promises(*packet, *pool);
  }
  return 0;
}
