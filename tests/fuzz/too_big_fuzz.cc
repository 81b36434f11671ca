// Whatever the frame and its promise, the answer is a frame that extraction takes whole, that names an MTU smaller than
// the packet, has right checksums and gets no answer itself.
//
// Input: largest frame that fits (2 bytes), virtio_net_hdr (10 bytes), then the frame.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "datapath/icmp/too_big.h"
#include "datapath/offload/frame_layers.h"
#include "datapath/offload/ingress.h"
#include "datapath/port/vnet_header.h"
#include "lib/base/big_endian.h"
#include "lib/flow/extract.h"
#include "lib/packet/checksum.h"
#include "lib/packet/header_at.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"

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

void check_answer(Packet& answer, size_t frame_size, PacketPool& pool) {
  FlowKey key;
  require(!extract(answer, key));
  const FrameLayers layers = find_layers(answer.bytes());
  require(layers.has_l4() && layers.l3_end == answer.size());
  const auto& icmp = *header_at<IcmpHeader>(answer.bytes(), layers.l4);
  require(icmp.rest.host() < frame_size);
  const auto l4 = answer.bytes().subspan(layers.l4);
  InternetSum sum;
  if (layers.network == FrameLayers::Network::ipv6) {
    sum = pseudo_header_sum(answer.bytes(), pseudo_header_place(layers), layers.ip_protocol, l4.size());
  } else {
    require(internet_checksum(answer.bytes().subspan(layers.l3, ipv4_header_bytes)) == Be16{});
  }
  require(sum.add(l4).checksum() == Be16{});
  require(too_big_answer(answer, 100, pool) == nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* pool = new PacketPool;
  if (size < 2 + vnet_header_bytes + 14) {
    return 0;
  }
  VnetHeader header;
  std::memcpy(&header, data + 2, sizeof header);
  const size_t begin = 2 + vnet_header_bytes;
  const PacketPtr packet = packet_of(*pool, {data + begin, std::min(size - begin, max_frame_size - 4)});
  FlowKey key;
  if (read_vnet_header(header, *packet) || extract(*packet, key) || check_offload(*packet)) {
    return 0;
  }
  if (const PacketPtr answer = too_big_answer(*packet, load_be16(data), *pool)) {
    check_answer(*answer, packet->size(), *pool);
  }
  return 0;
}
