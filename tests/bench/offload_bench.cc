// What a byte costs when large frames are cut (GSO) or small ones merged (GRO).
//
//   gso/cut/KIND    a frame of 63,712 bytes of payload in segments of 1,448
//   gro/merge/KIND  the same segments put together again, their checksums verified
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "datapath/offload/gro.h"
#include "datapath/offload/gso.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

constexpr uint16_t segment_size = 1448;
constexpr size_t payload_size = segment_size * 44;

Frame v4() { return frame().ipv4("10.0.0.1", "10.0.0.2"); }

struct Case {
  const char* name;
  Frame frame;
  bool is_merged;
};

std::vector<Case> cases() {
  const auto large = [](const Frame& headers) { return headers.payload_size(payload_size).gso(segment_size); };
  const Frame inner = large(v4().tcp(1, 2));
  return {
      {"tcp4", inner, true},
      {"tcp6", large(frame().ipv6("2001:db8::1", "2001:db8::2").tcp(1, 2)), true},
      {"vlan_tcp4", large(frame().vlan(10).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2)), true},
      {"udp4", large(v4().udp(1, 2)), false},
      // A guest's own tunnel.
      {"vxlan_tcp4", frame().ipv4("192.0.2.1", "192.0.2.2").udp(4000, 4789).vxlan(5, inner), false},
  };
}

void gso_cut(benchmark::State& state, const Frame& frame) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, frame);
  const auto size = static_cast<int64_t>(packet->size());
  for (auto _ : state) {
    const Segmenter segmenter(*packet);
    cut_gso(segmenter, *packet, pool, [](const PacketPtr& piece) { benchmark::DoNotOptimize(piece->data()); });
  }
  state.SetBytesProcessed(state.iterations() * size);
}

void gro_merge(benchmark::State& state, const Frame& frame) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, frame);
  std::vector<Bytes> segments;
  cut_gso(Segmenter(*packet), *packet, pool,
          [&](const PacketPtr& piece) { segments.emplace_back(piece->bytes().begin(), piece->bytes().end()); });
  Gro gro(pool);
  uint64_t left = 0;
  for (auto _ : state) {
    for (const Bytes& segment : segments) {
      if (!gro.merge(segment, Offload{}, TunnelMetadata{}, PortId{1})) {
        PacketPtr first = pool.copy_of(segment);
        first->in_port = PortId{1};
        gro.add(std::move(first), [&](const PacketPtr&) { ++left; });
      }
    }
    gro.flush([&](const PacketPtr&) { ++left; });
  }
  state.counters["frames_left"] = benchmark::Counter(static_cast<double>(left), benchmark::Counter::kAvgIterations);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(packet->size()));
}

[[maybe_unused]] const bool registered = [] {
  for (const Case& one : cases()) {
    const std::string cut = std::string("gso/cut/") + one.name;
    benchmark::RegisterBenchmark(cut.c_str(), gso_cut, one.frame);
    if (one.is_merged) {
      const std::string merge = std::string("gro/merge/") + one.name;
      benchmark::RegisterBenchmark(merge.c_str(), gro_merge, one.frame);
    }
  }
  return true;
}();

}  // namespace
}  // namespace weft::datapath
