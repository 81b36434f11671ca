// OpenFlow messages to and from bytes, and flows from text.
//
//   codec/decode/flow_mod/...      a flow-mod of OpenFlow 1.3, as a controller loads them by the thousand
//   codec/encode/packet_in         a packet of 128 bytes for the controller
//   codec/encode/flow_stats:1000   a dump of so many flows, in as many messages as it takes
//   codec/parse/...                a line of a flow file
#include <benchmark/benchmark.h>

#include <stdexcept>
#include <string>

#include "lib/openflow/codec.h"
#include "lib/openflow/text/flow_text.h"

namespace weft::openflow {
namespace {

constexpr const char* simple_flow = "priority=100,in_port=1,actions=output:2";
constexpr const char* long_flow =
    "table=3,priority=100,cookie=0x5,idle_timeout=60,tcp,in_port=1,dl_vlan=10,nw_src=10.0.0.0/8,nw_dst=10.1.2.3,"
    "tp_dst=80,actions=pop_vlan,set_field:02:00:00:00:00:05->eth_dst,dec_ttl,set_field:5001->tun_id,output:2,goto_"
    "table:5";

FlowMod flow_mod(const char* text) {
  const auto parsed = parse_flow(text, FlowModCommand::add);
  if (!parsed) {
    throw std::runtime_error(render(text, parsed.error()));
  }
  return *parsed;
}

void decode_flow_mod(benchmark::State& state, const char* text) {
  const Bytes bytes = encode(Version::v1_3, 1, flow_mod(text));
  Envelope envelope;
  for (auto _ : state) {
    if (!decode(Version::v1_3, bytes, envelope)) {
      state.SkipWithError("refused");
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(decode_flow_mod, simple, simple_flow)->Name("codec/decode/flow_mod/simple");
BENCHMARK_CAPTURE(decode_flow_mod, long, long_flow)->Name("codec/decode/flow_mod/long");

void encode_flow_mod(benchmark::State& state, const char* text) {
  const Message message = flow_mod(text);
  for (auto _ : state) {
    benchmark::DoNotOptimize(encode(Version::v1_3, 1, message));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(encode_flow_mod, long, long_flow)->Name("codec/encode/flow_mod/long");

void encode_packet_in(benchmark::State& state) {
  PacketIn event;
  event.data.resize(128);
  event.total_len = 128;
  event.match.set(FieldId::in_port, 1);
  const Message message = event;
  for (auto _ : state) {
    benchmark::DoNotOptimize(encode(Version::v1_3, 0, message));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_packet_in)->Name("codec/encode/packet_in");

void encode_dump(benchmark::State& state) {
  const FlowMod mod = flow_mod(long_flow);
  FlowStats stats;
  stats.match = mod.match;
  stats.instructions = mod.instructions;
  for (auto _ : state) {
    MultipartEncoder encoder(Version::v1_3, 1, MultipartType::flow,
                             [](const Bytes& message) { benchmark::DoNotOptimize(message.size()); });
    for (int64_t i = 0; i < state.range(0); ++i) {
      encoder.add(stats);
    }
    encoder.finish();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_dump)->Name("codec/encode/flow_stats")->ArgName("flows")->Arg(1000);

void parse(benchmark::State& state, const char* text) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(parse_flow(text, FlowModCommand::add));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(parse, simple, simple_flow)->Name("codec/parse/simple");
BENCHMARK_CAPTURE(parse, long, long_flow)->Name("codec/parse/long");

}  // namespace
}  // namespace weft::openflow
