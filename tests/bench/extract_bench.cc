// Frames to flow keys, a batch at a time, as a worker does: extract/udp/batch:32 is 32 packets of 32 flows.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "lib/flow/extract.h"
#include "lib/flow/flow_hash.h"
#include "lib/packet/ipv4.h"
#include "tests/support/frame.h"

namespace weft {
namespace {

using MakeFrame = Frame (*)(uint16_t port);

Frame v4() { return frame().ipv4("10.0.0.1", "10.0.0.2"); }
Frame v6() { return frame().ipv6("2001:db8::1", "2001:db8::2"); }

struct Case {
  const char* name;
  MakeFrame make;
};

constexpr Case cases[] = {
    {"udp", [](uint16_t port) { return v4().udp(port, 53).payload_size(18); }},
    {"tcp", [](uint16_t port) { return v4().tcp(port, 80).payload_size(6); }},
    {"vlan_tcp", [](uint16_t port) { return frame().vlan(10).ipv4("10.0.0.1", "10.0.0.2").tcp(port, 80); }},
    {"tcp6", [](uint16_t port) { return v6().tcp(port, 80); }},
    {"udp6_extensions",
     [](uint16_t port) { return v6().extension(ip_protocol::hop_by_hop).extension(60, 16).udp(port, 53); }},
    {"arp", [](uint16_t) { return frame().arp_request("10.0.0.1", "10.0.0.2"); }},
    {"ethernet", [](uint16_t port) { return frame().eth_type(0x1234).raw({static_cast<uint8_t>(port)}); }},
};

void extract_batch(benchmark::State& state, MakeFrame make, bool tunnelled) {
  constexpr size_t batch = 32;
  PacketPool pool;
  std::vector<PacketPtr> packets;
  for (uint16_t i = 0; i < batch; ++i) {
    packets.push_back(make_packet(pool, make(i)));
    packets.back()->in_port = PortId{i};
    if (tunnelled) {
      packets.back()->tunnel.begin();
      packets.back()->tunnel.id = i;
    }
  }
  std::vector<FlowKey> keys(batch);
  for (auto _ : state) {
    for (size_t i = 0; i < batch; ++i) {
      benchmark::DoNotOptimize(extract(*packets[i], keys[i]));
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * batch));
}

void hash_keys(benchmark::State& state) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, v4().tcp(4000, 80));
  packet->in_port = PortId{1};
  FlowKey key;
  (void)extract(*packet, key);
  for (auto _ : state) {
    benchmark::DoNotOptimize(hash(key, 1));
  }
  state.SetItemsProcessed(state.iterations());
}

const bool registered = [] {
  for (const Case& c : cases) {
    const std::string name = std::string("extract/") + c.name + "/batch:32";
    benchmark::RegisterBenchmark(name.c_str(), extract_batch, c.make, false);
  }
  benchmark::RegisterBenchmark("extract/tunnel_udp/batch:32", extract_batch, cases[0].make, true);
  benchmark::RegisterBenchmark("flow_key/hash/tcp", hash_keys);
  return true;
}();

}  // namespace
}  // namespace weft
