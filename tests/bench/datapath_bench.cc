// What a packet costs between ports.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "datapath/action/execute.h"
#include "datapath/kernel/kernel_path.h"
#include "datapath/worker/pipeline.h"
#include "lib/base/rcu.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

// Sends into nothing.
class NullPort final : public Port {
 public:
  explicit NullPort(PortId id) : Port({.type = PortType::memory}, {.id = id}) {}
  std::vector<std::shared_ptr<RxQueue>> rx_queues() override { return {}; }
  PortCapabilities capabilities() const override { return PortCapabilities::everything(); }
  PortStatus status() const override { return {}; }
  void transmit(PacketBatch&& batch, TxContext& context) override {
    for (const Packet& packet : batch) {
      context.sent(*this, packet.size(), packet.gso_segments());
    }
    batch.clear();
  }
};

class OneDecision final : public UpcallSink {
 public:
  Decision translate(const FlowKey&, const Packet&) override {
    Flow mask;
    set(mask, FieldId::in_port, {0, 0xffff});
    add_to_mask(mask, field(FieldId::udp_src));
    Decision made;
    made.actions = actions;
    made.mask = FlowMask(mask);
    return made;
  }
  bool is_current(const Decision&) const override { return true; }
  void credit(const Decision&, uint64_t, uint64_t) override {}
  bool punt(const PuntContext&, const Packet&) override { return true; }

  ActionList actions;
};

struct PipelineBench {
  explicit PipelineBench(ActionList actions) {
    sink.actions = std::move(actions);
    for (uint32_t id = 1; id <= 2; ++id) {
      ports.add(std::make_unique<NullPort>(*ports.take_id()));
    }
    transmit.set_ports(ports.snapshot());
  }

  rcu::ThreadScope rcu;
  PortRegistry ports;
  OneDecision sink;
  WorkerCounters counters;
  KernelPath kernel;
  PacketPool pool;
  FlowCache cache;
  MegaflowTable megaflows{{}};
  TransmitStep transmit{0, pool, counters.balance, sink};
  MissBudget budget{SystemClock::instance(), 100};
  Pipeline pipeline{{0, SystemClock::instance(), sink, cache, megaflows, budget, transmit, counters, kernel}};
};

// Batches of 32 packets; the flows take turns.
void run_pipeline(benchmark::State& state, ActionList actions) {
  PipelineBench bench(std::move(actions));
  const auto flow_count = static_cast<size_t>(state.range(0));
  std::vector<Bytes> frames;
  for (size_t i = 0; i < flow_count; ++i) {
    frames.push_back(
        frame().ipv4("10.0.0.1", "10.0.0.2").udp(static_cast<uint16_t>(i + 1), 53).payload_size(18).bytes());
  }
  size_t next = 0;
  for (auto _ : state) {
    PacketBatch batch;
    while (!batch.is_full()) {
      PacketPtr packet = bench.pool.copy_of(frames[next]);
      packet->in_port = PortId{1};
      batch.add(std::move(packet));
      next = next + 1 == flow_count ? 0 : next + 1;
    }
    bench.pipeline.process(std::move(batch), bench.ports.snapshot());
  }
  state.SetItemsProcessed(state.iterations() * 32);
}

void pipeline_forward(benchmark::State& state) { run_pipeline(state, {Output{PortId{2}}}); }
BENCHMARK(pipeline_forward)->Name("pipeline/forward")->ArgName("flows")->Arg(1)->Arg(1000)->Arg(50000);

void pipeline_rewrite(benchmark::State& state) {
  const auto set = [](FieldId id, uint64_t value) { return SetField{id, {0, value}, all_bits(field(id))}; };
  run_pipeline(state, {set(FieldId::eth_dst, 2), set(FieldId::ipv4_dst, 3), set(FieldId::udp_dst, 4), DecTtl{},
                       PushVlan{0x8100, 5}, Output{PortId{2}}});
}
BENCHMARK(pipeline_rewrite)->Name("pipeline/rewrite")->ArgName("flows")->Arg(1)->Arg(1000);

}  // namespace
}  // namespace weft::datapath
