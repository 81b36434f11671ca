// VXLAN encapsulation and decapsulation of one worker.
//
//   encap/vxlan/...   includes the kernel's part up to a socket on the loopback device that drops everything
//   decap/vxlan/...   user space alone: from a received datagram to inner packets

#include <benchmark/benchmark.h>
#include <sys/socket.h>

#include "datapath/tunnel/tunnel_receiver.h"
#include "datapath/tunnel/tunnel_sender.h"
#include "lib/packet/vxlan.h"
#include "tests/datapath/tunnel/stub_port.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

Frame tcp_frame(size_t size, uint32_t sequence = 0) {
  return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).tcp_sequence(sequence).payload_size(size);
}

// A UDP port that swallows what it is sent.
struct Sink {
  Sink() : socket(std::move(*open_socket(AF_INET, SOCK_DGRAM, 0, "sink"))), address(ip("127.0.0.1"), 0) {
    (void)drop_all_input(socket);
    ::bind(socket.get(), address.get(), address.size());
    ::getsockname(socket.get(), address.get(), address.make_room());
  }
  Fd socket;
  SocketAddress address;
};

void encapsulate(benchmark::State& state, const Frame& frame, size_t batch_size) {
  const Sink sink;
  PortSpec spec = tunnel_spec();
  spec.tunnel.remote = ip("127.0.0.1");
  spec.tunnel.dst_port = sink.address.port();
  StubPort port(spec);
  PacketPool pool;
  PacketBalance balance;
  TxContext context(0, pool, balance);
  SenderSockets sockets({});
  TunnelSender sender(sockets, PathCache(SystemClock::instance(), 1000, always_routed(1600)));

  std::vector<PacketPtr> packets;
  std::vector<Packet*> pointers;
  for (size_t i = 0; i < batch_size; ++i) {
    packets.push_back(make_packet(pool, frame));
    pointers.push_back(packets.back().get());
  }
  size_t pieces_done = 0;
  for (auto _ : state) {
    sender.send(port, pointers, pieces_done, context);
  }
  if (balance.dropped.total() != 0) {
    state.SkipWithError("packets were dropped");
  }
  const auto iterations = static_cast<int64_t>(state.iterations() * batch_size);
  state.SetItemsProcessed(iterations);
  state.SetBytesProcessed(iterations * static_cast<int64_t>(packets[0]->size()));
}

Bytes datagram(const Frame& inner) {
  const VxlanHeader header = VxlanHeader::make(5001);
  const auto* bytes = reinterpret_cast<const uint8_t*>(&header);
  Bytes payload(bytes, bytes + sizeof header);
  const Bytes frame_bytes = inner.bytes();
  payload.insert(payload.end(), frame_bytes.begin(), frame_bytes.end());
  return payload;
}

// Includes copying the datagram into a packet, which stands for what the kernel does.
void decapsulate(benchmark::State& state, const Bytes& received, size_t gro_size, size_t batch_size) {
  StubPort port(tunnel_spec());
  TunnelTable table;
  table.add(port);
  PacketPool pool;
  PacketBalance balance;
  RxContext context(0, pool, balance);
  PathCache paths(SystemClock::instance(), 1000, always_routed(1600));
  DatagramInfo info;
  info.outer = {ip("192.0.2.1"), ip("192.0.2.2"), 0, 64};
  info.gro_size = gro_size;
  std::deque<PacketPtr> waiting;
  for (auto _ : state) {
    PacketBatch batch;
    TunnelReceiver receiver(PortType::vxlan, table, paths, context, Delivery(batch, waiting));
    for (size_t i = 0; i < batch_size; ++i) {
      receiver.take(pool.copy_of(received), info);
    }
    receiver.finish();
    waiting.clear();
  }
  if (balance.dropped.total() != 0) {
    state.SkipWithError("packets were dropped");
  }
  const auto iterations = static_cast<int64_t>(state.iterations() * batch_size);
  state.SetItemsProcessed(iterations);
  state.SetBytesProcessed(iterations * static_cast<int64_t>(received.size()));
}

Bytes joined_segments(size_t count, size_t size) {
  Bytes whole;
  for (size_t i = 0; i < count; ++i) {
    const auto id = static_cast<uint16_t>(i);
    const Bytes next = datagram(frame()
                                    .ipv4("10.0.0.1", "10.0.0.2")
                                    .ip_id(id)
                                    .tcp(4000, 80)
                                    .tcp_sequence(static_cast<uint32_t>(i * size))
                                    .payload_size(size));
    whole.insert(whole.end(), next.begin(), next.end());
  }
  return whole;
}

void register_all() {
  const auto add = [](const char* name, auto&& run) { benchmark::RegisterBenchmark(name, run); };
  add("encap/vxlan/frame:100/batch:1", [](benchmark::State& s) { encapsulate(s, tcp_frame(46), 1); });
  add("encap/vxlan/frame:100/batch:32", [](benchmark::State& s) { encapsulate(s, tcp_frame(46), 32); });
  add("encap/vxlan/frame:1514/batch:32", [](benchmark::State& s) { encapsulate(s, tcp_frame(1460), 32); });
  add("encap/vxlan/gso:60000/batch:1",
      [](benchmark::State& s) { encapsulate(s, tcp_frame(60000).partial_checksum().gso(1448), 1); });

  add("decap/vxlan/frame:100/batch:32", [](benchmark::State& s) {
    decapsulate(s, datagram(frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(58)), 0, 32);
  });
  add("decap/vxlan/joined:40x1448/batch:1", [](benchmark::State& s) {
    const Bytes whole = joined_segments(40, 1448);
    decapsulate(s, whole, whole.size() / 40, 1);
  });
  add("decap/vxlan/unmarked:60000/batch:1",
      [](benchmark::State& s) { decapsulate(s, datagram(tcp_frame(60000).partial_checksum()), 0, 1); });
}

[[maybe_unused]] const bool registered = (register_all(), true);

}  // namespace
}  // namespace weft::datapath
