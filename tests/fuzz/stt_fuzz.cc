// Any IPv4 packets on an STT socket, in any order, become frames that are delivered, parts of such (absorbed), segments
// that wait for others, or drops: as many as came. What is delivered as a GSO frame can be cut, once it was checked.
//
// Input: packets, each behind its size (2 bytes). The highest bit of the size asks for a TCP checksum that is right, so
// that the fuzzer need not find one.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "datapath/offload/gso.h"
#include "datapath/offload/ingress.h"
#include "datapath/tunnel/stt_receiver.h"
#include "lib/base/big_endian.h"
#include "lib/flow/extract.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/tcp.h"
#include "tests/datapath/tunnel/stub_port.h"

namespace {

using namespace weft;
using namespace weft::datapath;

// A worker with one port that takes every context from everybody.
struct World {
  World() : port(spec()), paths(clock, 1000, always_routed(1500)) { table.add(port); }
  static PortSpec spec() {
    PortSpec spec = tunnel_spec("stt0");
    spec.type = PortType::stt;
    return spec;
  }

  ManualClock clock;
  PacketPool pool;
  PacketBalance balance;
  RxContext context{0, pool, balance};
  TunnelTable table;
  StubPort port;
  PathCache paths;
};

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// At the very end of its buffer, where a read beyond the packet is seen by the address sanitizer.
PacketPtr packet_of(PacketPool& pool, std::span<const uint8_t> bytes) {
  PacketPtr packet = pool.allocate(bytes.size());
  packet->append(packet->tailroom());
  packet->pull(packet->size() - bytes.size());
  if (!bytes.empty()) {
    std::memcpy(packet->data(), bytes.data(), bytes.size());
  }
  return packet;
}

void make_checksum_right(Packet& packet) {
  const auto* ip = header_at<Ipv4Header>(packet.bytes());
  if (ip == nullptr || ip->total_length.host() > packet.size() || ip->total_length.host() < ip->header_bytes()) {
    return;
  }
  const size_t size = ip->total_length.host() - ip->header_bytes();
  if (auto* tcp = header_at<TcpHeader>(packet.bytes().first(ip->total_length.host()), ip->header_bytes())) {
    tcp->checksum = pseudo_header_sum(ip->src, ip->dst, ip_protocol::tcp, size).folded();
  }
}

void check_frame(Packet& packet, PacketPool& pool) {
  require(packet.tunnel.present && packet.in_port != port_id::none);
  FlowKey key;
  if (extract(packet, key) || check_offload(packet) || !packet.offload.is_gso()) {
    return;
  }
  const Segmenter segmenter(packet);
  if (!segmenter.verdict()) {
    size_t pieces = 0;
    cut_gso(segmenter, packet, pool, [&](PacketPtr) { ++pieces; });
    require(pieces == segmenter.count());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* world = new World;
  SttReassembly reassembly({.frame_count = 8, .large_count = 2, .range_count = 8}, 1);
  uint64_t came = 0;
  uint64_t delivered = 0;
  const uint64_t before = world->balance.dropped.total() + world->balance.absorbed.value();
  while (size >= 2 && came < 1000) {
    const uint16_t word = load_be16(data);
    const size_t length = std::min<size_t>(word & 0x7fff, size - 2);
    PacketPtr packet = packet_of(world->pool, {data + 2, length});
    if ((word & 0x8000) != 0) {
      make_checksum_right(*packet);
    }
    PacketBatch batch;
    world->clock.advance(std::chrono::milliseconds(word & 63));
    reassembly.expire(world->clock.now(), world->context);
    SttReceiver(world->table, world->paths, reassembly, world->clock.now(), world->context, batch)
        .take_ipv4(std::move(packet));
    ++came;
    delivered += batch.size();
    for (Packet& frame : batch) {
      check_frame(frame, world->pool);
    }
    data += 2 + length;
    size -= 2 + length;
  }
  require(reassembly.frame_count() <= 8);
  reassembly.clear(DropReason::stt_timeout, world->context);
  require(world->balance.dropped.total() + world->balance.absorbed.value() - before + delivered == came);
  require(world->pool.small_in_use() + world->pool.large_in_use() == 0);
  return 0;
}
