// What a new connection costs, and what a change of one rule costs among many decisions.
//
//   setup/translate      a translation, as a worker makes it for a miss
//   setup/new_flow       the whole way of a packet of a new flow between memory ports, the frame's making included
//   setup/same_flow      the same for a flow that is known
//   revalidate/touched   a rule comes or goes that concerns one of so many decisions
//   revalidate/table     a rule comes or goes in a table that none of them asked
//
// The table is that of tests/bench/flow_setup: an access list of 20 masks over a rule that hashes the 5-tuple.
#include <benchmark/benchmark.h>

#include "datapath/api/upcall.h"
#include "lib/flow/extract.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

// Hands out the sink that the switch gives its datapath.
struct Tap {
  datapath::UpcallSink* sink = nullptr;
  TestSwitchOptions options() {
    TestSwitchOptions options;
    options.wrap_sink = [this](datapath::UpcallSink& inner) -> datapath::UpcallSink& {
      sink = &inner;
      return inner;
    };
    return options;
  }
};

struct SetupBench {
  SetupBench() : sw(tap.options(), {"p1", "p2"}) {
    for (int i = 0; i < 20; ++i) {
      const std::string n = std::to_string(i);
      sw.add_flow("priority=" + std::to_string(40000 + i) + ",tcp,nw_src=172.16.0.0/" + std::to_string(8 + i) +
                  ",nw_dst=192.168.0.0/" + std::to_string(32 - i) + ",tp_dst=" + std::to_string(1000 + i) +
                  ",actions=drop");
    }
    sw.add_flow("in_port=p1,actions=multipath(symmetric_l4,1,modulo_n,1,0,NXM_NX_REG0[0..0]),output:p2");
  }
  // No two of the same flow below 2^32.
  static Frame packet(uint32_t number) {
    const uint32_t mixed = number * 2654435761U;
    const std::string from = "10.1." + std::to_string(mixed >> 24) + "." + std::to_string(mixed >> 16 & 255);
    return frame().ipv4(from.c_str(), "10.2.0.1").tcp(static_cast<uint16_t>(mixed), 80);
  }

  Tap tap;
  TestSwitch sw;
};

void translate(benchmark::State& state) {
  SetupBench bench;
  PacketPool pool;
  constexpr uint32_t count = 4096;
  std::vector<FlowKey> keys(count);
  const PacketPtr packet = pool.copy_of(SetupBench::packet(1).bytes());
  for (uint32_t i = 0; i < count; ++i) {
    const PacketPtr each = pool.copy_of(SetupBench::packet(i).bytes());
    each->in_port = bench.sw.bridge().port("p1")->port_id;
    static_cast<void>(extract(*each, keys[i]));
  }
  size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(bench.tap.sink->translate(keys[next++ % count], *packet));
  }
  state.SetItemsProcessed(state.iterations());
}

void run_packets(benchmark::State& state, uint32_t step) {
  SetupBench bench;
  uint32_t number = 0;
  for (auto _ : state) {
    bench.sw.receive("p1", SetupBench::packet(number += step));
    benchmark::DoNotOptimize(bench.sw.sent("p2"));
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["flows"] = static_cast<double>(bench.sw.megaflow_count());
}

void revalidate(benchmark::State& state, const char* rule) {
  SetupBench bench;
  const auto count = static_cast<uint32_t>(state.range(0));
  for (uint32_t i = 0; i < count; ++i) {
    bench.sw.receive("p1", SetupBench::packet(i));
    if (i % 256 == 0) {
      bench.sw.sent("p2");
    }
  }
  bool is_there = false;
  for (auto _ : state) {
    is_there ? bench.sw.del_flows(rule) : bench.sw.add_flow(rule + std::string(",priority=50000,actions=drop"));
    is_there = !is_there;
    bench.sw.settle();
  }
  state.counters["flows"] = static_cast<double>(bench.sw.megaflow_count());
}

void register_all() {
  benchmark::RegisterBenchmark("setup/translate", translate);
  benchmark::RegisterBenchmark("setup/new_flow", run_packets, 1U)->Iterations(100000);
  benchmark::RegisterBenchmark("setup/same_flow", run_packets, 0U);
  // That of number 1: 2654435761 is 0x9e3779b1.
  constexpr auto one_flow = "tcp,nw_src=10.1.158.55,tp_src=31153,tp_dst=80";
  for (const int64_t count : {1000, 10000, 100000}) {
    benchmark::RegisterBenchmark("revalidate/touched", revalidate, one_flow)->Arg(count);
    benchmark::RegisterBenchmark("revalidate/table", revalidate, "table=9,ip")->Arg(count);
  }
}

const bool are_registered = (register_all(), true);

}  // namespace
}  // namespace weft
