// Any tunnel payload, joined or not, becomes inner frames that are delivered, merged or dropped: as many as there were
// datagrams, or one where the mark was for a frame that is to be cut. What is delivered as a GSO frame can be cut.
//
// Input: size of the joined datagrams (2 bytes), outer TOS, whose upper two bits are the type (VXLAN, Geneve, GRE) here,
// then the payload.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "datapath/offload/gso.h"
#include "datapath/tunnel/tunnel_receiver.h"
#include "lib/base/big_endian.h"
#include "tests/datapath/tunnel/stub_port.h"

namespace {

using namespace weft;
using namespace weft::datapath;

// A worker with one port that takes every key from everybody.
struct World {
  explicit World(PortType type) : port(spec_of(type)), paths(SystemClock::instance(), 1000, always_routed(1500)) {
    table.add(port);
    TunnelOptionMap options;
    for (unsigned field = 0; field < TunnelOptions::field_count; ++field) {
      options.add(field, {static_cast<uint16_t>(field / 16), static_cast<uint8_t>(field % 16 * 16)});
    }
    port.set_tunnel_options(options);
  }
  static PortSpec spec_of(PortType type) {
    PortSpec spec = tunnel_spec();
    spec.type = type;
    spec.tunnel.has_gbp = true;
    return spec;
  }

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

void cut(const Packet& packet, PacketPool& pool) {
  const Segmenter segmenter(packet);
  if (!segmenter.verdict()) {
    size_t pieces = 0;
    cut_gso(segmenter, packet, pool, [&](PacketPtr) { ++pieces; });
    require(pieces == segmenter.count());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::array worlds{new World(PortType::vxlan), new World(PortType::geneve), new World(PortType::gre)};
  if (size < 3) {
    return 0;
  }
  World* world = worlds[(data[2] >> 6) % worlds.size()];
  DatagramInfo info;
  info.gro_size = world->port.spec().type == PortType::gre ? 0 : load_be16(data);
  info.outer = {ip("192.0.2.1"), ip("192.0.2.2"), data[2], 64};
  const std::span<const uint8_t> payload(data + 3, std::min(size - 3, max_frame_size));

  const uint64_t before = world->balance.dropped.total() + world->balance.absorbed.value();
  PacketBatch batch;
  std::deque<PacketPtr> waiting;
  TunnelReceiver receiver(world->port.spec().type, world->table, world->paths, world->context,
                          Delivery(batch, waiting));
  receiver.take(packet_of(world->pool, payload), info);
  receiver.finish();

  const bool is_joined = info.gro_size != 0 && info.gro_size < payload.size();
  const size_t datagrams = is_joined ? (payload.size() + info.gro_size - 1) / info.gro_size : 1;
  const uint64_t ended = world->balance.dropped.total() + world->balance.absorbed.value() - before;
  const size_t total = ended + batch.size() + waiting.size();
  require(total == datagrams || total == 1);
  for (const Packet& packet : batch) {
    require(packet.tunnel.present && packet.size() + 4 <= payload.size() + info.gro_size);
    cut(packet, world->pool);
  }
  return 0;
}
