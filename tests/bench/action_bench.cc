// What each datapath action adds to a packet: action/NAME is a frame copied into a buffer, its key, the action, an output.
// action/output is what is there without one.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "datapath/action/execute.h"
#include "lib/flow/extract.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

// Doors that lead nowhere.
class NoExits final : public Exits {
 public:
  void output(PortId, PacketPtr) override { ++left; }
  void recirculate(const Recirculate&, PacketPtr) override { ++left; }
  Verdict punt(const PuntContext&, const Packet&) override { return keep; }
  void dropped(DropReason) override { ++dropped_count; }
  void absorbed() override {}
  void originated(uint64_t) override {}

  uint64_t left = 0;
  uint64_t dropped_count = 0;
};

Action set(FieldId id, FieldValue value) { return SetField{id, value, all_bits(field(id))}; }
Action set(FieldId id, uint64_t value) { return set(id, FieldValue{0, value}); }

Frame udp4() { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53).payload_size(18); }
Frame tcp4() { return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1000, 80).payload_size(6); }
Frame tcp6() { return frame().ipv6("2001:db8::1", "2001:db8::2").tcp(1000, 80); }
Frame tagged() { return frame().vlan(10).ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53).payload_size(18); }
Frame labelled() { return frame().mpls(100).ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53).payload_size(18); }
Frame backbone() { return frame().pbb(5).ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53).payload_size(18); }

struct Case {
  std::string name;
  Frame frame;
  ActionList actions;  // before the output
};

TunnelMetadata tunnel_to_somewhere() {
  TunnelMetadata tunnel;
  tunnel.begin();
  tunnel.id = 5001;
  return tunnel;
}

std::vector<Case> cases() {
  const auto clone = std::make_shared<const Clone>(Clone{{set(FieldId::udp_dst, 99), Output{PortId{2}}}});
  const auto slots = std::make_shared<const HashSlots>(HashSlots{{1, 2, 3, 4}});
  return {
      {"output", udp4(), {}},
      {"output_copy", udp4(), {Output{PortId{2}}}},
      {"output_set:8", udp4(), {OutputSet{std::vector<PortId>(8, PortId{2})}}},
      {"set_field/eth_dst", udp4(), {set(FieldId::eth_dst, 2)}},
      {"set_field/vlan_vid", tagged(), {set(FieldId::vlan_vid, 0x1014)}},
      {"set_field/ipv4_dst", udp4(), {set(FieldId::ipv4_dst, 3)}},
      {"set_field/ipv4_dst_tcp", tcp4(), {set(FieldId::ipv4_dst, 3)}},
      {"set_field/ipv6_dst", tcp6(), {set(FieldId::ipv6_dst, FieldValue{1, 2})}},
      {"set_field/ip_dscp", udp4(), {set(FieldId::ip_dscp, 10)}},
      {"set_field/udp_dst", udp4(), {set(FieldId::udp_dst, 4)}},
      {"set_field/tcp_dst", tcp4(), {set(FieldId::tcp_dst, 4)}},
      {"dec_ttl/ipv4", udp4(), {DecTtl{}}},
      {"dec_ttl/ipv6", tcp6(), {DecTtl{}}},
      {"push_vlan", udp4(), {PushVlan{0x8100, 5}}},
      {"pop_vlan", tagged(), {PopVlan{}}},
      {"push_mpls", udp4(), {PushMpls{0x8847, 100 << 12 | 0x140}}},
      {"pop_mpls", labelled(), {PopMpls{0x0800}}},
      {"dec_mpls_ttl", labelled(), {DecMplsTtl{}}},
      {"copy_ttl_out", labelled(), {CopyTtlOut{}}},
      {"copy_ttl_in", labelled(), {CopyTtlIn{}}},
      {"push_pbb", udp4(), {PushPbb{0x88e7, 5}}},
      {"pop_pbb", backbone(), {PopPbb{}}},
      {"set_tunnel", udp4(), {SetTunnel{tunnel_to_somewhere()}}},
      {"truncate", udp4(), {Truncate{40}}},
      {"hash", udp4(), {Hash{1, slots}}},
      {"clone", udp4(), {clone}},
      {"check_larger", udp4(), {CheckLarger{1500, clone, std::make_shared<const Clone>()}}},
  };
}

void run_actions(benchmark::State& state, const Frame& frame, const ActionList& actions) {
  PacketPool pool;
  const PacketPtr original = make_packet(pool, frame);
  original->in_port = PortId{1};
  NoExits exits;
  for (auto _ : state) {
    PacketPtr packet = pool.copy_of(original->bytes());
    packet->in_port = PortId{1};
    FlowKey key;
    benchmark::DoNotOptimize(extract(*packet, key));
    execute(actions, std::move(packet), exits);
  }
  if (exits.dropped_count != 0) {
    state.SkipWithError("packets were dropped");
  }
  state.SetItemsProcessed(state.iterations());
}

[[maybe_unused]] const bool registered = [] {
  for (Case& one : cases()) {
    one.actions.emplace_back(Output{PortId{1}});
    const std::string name = "action/" + one.name;
    benchmark::RegisterBenchmark(name.c_str(),
                                 [one](benchmark::State& state) { run_actions(state, one.frame, one.actions); });
  }
  return true;
}();

}  // namespace
}  // namespace weft::datapath
