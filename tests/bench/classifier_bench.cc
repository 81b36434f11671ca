// Lookups in the three structures that a packet may meet: classifier (a miss), megaflow table (a new flow), flow cache.
//
//   classifier/hit/masks:16        16 distinct masks; the packet's rule has the lowest priority of all
//   classifier/stop/masks:16       the same, but it has the highest
//   classifier/routes/hit/rules:10000    so many routes, /24 and /32 by turns; the packet is in a /24 (miss: in none)
//   classifier/routes/plain/rules:10000  the same hit without prefix tracking
//   classifier/insert/rules:1000   so many rules of one mask inserted and published
//   megaflow/hit/masks:16          a batch of 32 packets that hit evenly
//   flow_cache/hit/flows:10000     a batch of 32 packets of so many flows, 16 megaflows
#include <benchmark/benchmark.h>

#include <bit>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "datapath/cache/flow_cache.h"
#include "datapath/cache/megaflow_table.h"
#include "lib/base/rcu.h"
#include "lib/classifier/classifier.h"
#include "lib/flow/field.h"
#include "lib/flow/flow_hash.h"

namespace weft {
namespace {

constexpr size_t batch = 32;

struct Rule final : ClassifierRule {
  using ClassifierRule::ClassifierRule;
};

// A TCP packet. The number is its destination, which rules look at; connections to it differ in what none looks at.
Flow packet(uint64_t number, uint64_t connection = 0) {
  Flow flow;
  set(flow, FieldId::in_port, FieldValue{0, 1});
  set(flow, FieldId::eth_dst, FieldValue{0, 0x020000000000 + number % 256});
  set(flow, FieldId::eth_src, FieldValue{0, 0x020000010000});
  set(flow, FieldId::eth_type, FieldValue{0, 0x0800});
  set(flow, FieldId::ipv4_src, FieldValue{0, 0x0b000000 + connection});
  set(flow, FieldId::ipv4_dst, FieldValue{0, 0x0a010000 + number});
  set(flow, FieldId::ip_proto, FieldValue{0, 6});
  set(flow, FieldId::tcp_dst, FieldValue{0, 80});
  set(flow, FieldId::tcp_src, FieldValue{0, 1024 + connection % 50000});
  flow.word(present_word) |= present_in_word(0xffff);
  return flow;
}

// The n-th of 512 masks: a prefix of the destination address, and by turns further fields; beyond 64 a prefix of the
// source address too, of bits that all packets share.
Match match_under_mask(unsigned n, uint64_t number) {
  const Flow flow = packet(number);
  Match match;
  match.set(field(FieldId::in_port), get(flow, FieldId::in_port));
  match.set(field(FieldId::eth_type), get(flow, FieldId::eth_type));
  const uint64_t prefix = 0xffffffffU << (n % 16) & 0xffffffffU;
  match.set_masked(field(FieldId::ipv4_dst), get(flow, FieldId::ipv4_dst), FieldValue{0, prefix});
  if (n / 16 % 2 == 1) {
    match.set(field(FieldId::tcp_dst), get(flow, FieldId::tcp_dst));
  }
  if (n / 32 % 2 == 1) {
    match.set(field(FieldId::eth_src), get(flow, FieldId::eth_src));
  }
  if (n >= 64) {
    const uint64_t source = 0xffffffffU << (24 - n / 64) & 0xffffffffU;
    match.set_masked(field(FieldId::ipv4_src), get(flow, FieldId::ipv4_src) & FieldValue{0, source},
                     FieldValue{0, source});
  }
  return match;
}

void classify(benchmark::State& state, int32_t own_priority) {
  rcu::ThreadScope scope;
  const auto mask_count = static_cast<unsigned>(state.range(0));
  Classifier classifier(1);
  std::vector<std::unique_ptr<Rule>> rules;
  for (unsigned n = 0; n < mask_count; ++n) {
    // Addresses that the packets below do not have, so that one mask alone hits.
    const uint64_t number = n == 0 ? 7 : 0x100000 + n * 0x10000;
    rules.push_back(std::make_unique<Rule>(MiniMatch(match_under_mask(n, number)), n == 0 ? own_priority : 100));
    classifier.insert(*rules.back(), 1);
  }
  classifier.seal();
  const Flow flow = packet(7);
  for (auto _ : state) {
    Flow mask;
    benchmark::DoNotOptimize(classifier.lookup(flow, 1, &mask));
  }
  state.SetItemsProcessed(state.iterations());
}

// `bits` tells how many bits of the destination end up in the mask.
void look_up_route(benchmark::State& state, bool is_hit, bool is_tracking) {
  rcu::ThreadScope scope;
  const auto route_count = static_cast<uint32_t>(state.range(0));
  Classifier classifier(1, is_tracking ? std::span<const FieldId>(default_prefix_fields) : std::span<const FieldId>());
  std::vector<std::unique_ptr<Rule>> rules;
  const auto address_of = [&](uint32_t i) { return 0x80000000U + i * (0x7fffffffU / route_count) / 512 * 512; };
  for (uint32_t i = 0; i < route_count; ++i) {
    Match match;
    match.set(FieldId::eth_type, 0x0800);
    const FieldValue prefix{0, i % 2 == 0 ? 0xffffff00U : 0xffffffffU};
    match.set_masked(field(FieldId::ipv4_dst), FieldValue{0, address_of(i)} & prefix, prefix);
    rules.push_back(std::make_unique<Rule>(MiniMatch(match), i % 2 == 0 ? 24 : 32));
    classifier.insert(*rules.back(), 1);
  }
  classifier.seal();
  std::vector<Flow> packets(256);
  for (uint32_t i = 0; i < packets.size(); ++i) {
    packets[i] = packet(0);
    set(packets[i], FieldId::ipv4_dst, {0, address_of(i * 38 % route_count / 2 * 2) + (is_hit ? 7 : 256)});
  }
  size_t next = 0;
  uint64_t bits = 0;
  for (auto _ : state) {
    Flow mask;
    benchmark::DoNotOptimize(classifier.lookup(packets[next++ % packets.size()], 1, &mask));
    bits += static_cast<uint64_t>(std::popcount(get(mask, FieldId::ipv4_dst).lo));
  }
  state.counters["bits"] = static_cast<double>(bits) / static_cast<double>(state.iterations());
  state.SetItemsProcessed(state.iterations());
}

void insert_rules(benchmark::State& state) {
  rcu::ThreadScope scope;
  std::vector<MiniMatch> matches;
  for (int64_t i = 0; i < state.range(0); ++i) {
    matches.emplace_back(match_under_mask(0, static_cast<uint64_t>(i)));
  }
  for (auto _ : state) {
    Classifier classifier(1);
    std::vector<std::unique_ptr<Rule>> rules;
    for (const MiniMatch& match : matches) {
      rules.push_back(std::make_unique<Rule>(match, 100));
      classifier.insert(*rules.back(), 1);
    }
    classifier.seal();
    rcu::quiescent();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

std::unique_ptr<datapath::Installed> decision_under(const Match& match) {
  datapath::Decision decision;
  decision.mask = FlowMask(match.mask());
  return std::make_unique<datapath::Installed>(std::move(decision));
}

// Megaflows, one for each mask, and packets that hit them in random order.
class Traffic {
 public:
  Traffic(unsigned mask_count, size_t flow_count) : table({.worker = 0, .limit = 1000, .hash_seed = 1}) {
    for (unsigned n = 0; n < mask_count; ++n) {
      const Match match = match_under_mask(n, number_of(n));
      table.insert(FlowKey(match.value()), decision_under(match), TimePoint());
    }
    std::mt19937_64 random(1);
    for (size_t i = 0; i < flow_count; ++i) {
      flows.emplace_back(packet(number_of(static_cast<unsigned>(i % mask_count)), i));
      hashes.push_back(hash(flows.back(), 1));
    }
    for (size_t i = 0; i < order_size; ++i) {
      order.push_back(random() % flow_count);
    }
  }

  // The next batch, in keys and batch_hashes.
  void receive() {
    for (size_t i = 0; i < batch; ++i) {
      const size_t flow = order[next];
      keys[i] = flows[flow];
      batch_hashes[i] = hashes[flow];
      next = (next + 1) % order.size();
    }
  }

  static constexpr size_t order_size = 1 << 16;
  datapath::MegaflowTable table;
  std::vector<FlowKey> flows;
  std::vector<uint64_t> hashes;
  std::vector<FlowKey> keys = std::vector<FlowKey>(batch);
  std::vector<uint64_t> batch_hashes = std::vector<uint64_t>(batch);
  std::vector<datapath::Megaflow*> found = std::vector<datapath::Megaflow*>(batch);

 private:
  static uint64_t number_of(unsigned n) { return uint64_t{n + 1} << 16; }

  std::vector<size_t> order;
  size_t next = 0;
};

void copy_keys(benchmark::State& state) {
  rcu::ThreadScope scope;
  Traffic traffic(16, static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    traffic.receive();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * batch));
}

void look_up_megaflows(benchmark::State& state) {
  rcu::ThreadScope scope;
  Traffic traffic(static_cast<unsigned>(state.range(0)), 1000);
  for (auto _ : state) {
    traffic.receive();
    std::fill(traffic.found.begin(), traffic.found.end(), nullptr);
    traffic.table.lookup(traffic.keys, traffic.found);
    benchmark::DoNotOptimize(traffic.found.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * batch));
}

void look_up_flow_cache(benchmark::State& state) {
  rcu::ThreadScope scope;
  Traffic traffic(16, static_cast<size_t>(state.range(0)));
  datapath::FlowCache cache;
  uint64_t hits = 0;
  uint64_t lookups = 0;
  const auto run = [&] {
    traffic.receive();
    cache.lookup(traffic.keys, traffic.batch_hashes, traffic.found);
    for (size_t i = 0; i < batch; ++i) {
      hits += traffic.found[i] != nullptr ? 1 : 0;
      if (traffic.found[i] == nullptr) {
        cache.admit(traffic.batch_hashes[i], *traffic.table.lookup(traffic.keys[i]));
      }
    }
    lookups += batch;
  };
  for (size_t i = 0; i < 20 * Traffic::order_size / batch; ++i) {
    run();
  }
  hits = 0;
  lookups = 0;
  for (auto _ : state) {
    run();
  }
  state.counters["hit_ratio"] = static_cast<double>(hits) / static_cast<double>(lookups);
  state.counters["slots"] = static_cast<double>(cache.slot_count());
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * batch));
}

BENCHMARK_CAPTURE(classify, all, 50)->Name("classifier/hit")->ArgName("masks")->Arg(1)->Arg(16)->Arg(64)->Arg(500);
BENCHMARK_CAPTURE(classify, stop, 200)->Name("classifier/stop")->ArgName("masks")->Arg(16)->Arg(64)->Arg(500);
BENCHMARK_CAPTURE(look_up_route, hit, true, true)->Name("classifier/routes/hit")->ArgName("rules")->Arg(10000);
BENCHMARK_CAPTURE(look_up_route, miss, false, true)->Name("classifier/routes/miss")->ArgName("rules")->Arg(10000);
BENCHMARK_CAPTURE(look_up_route, plain, true, false)->Name("classifier/routes/plain")->ArgName("rules")->Arg(10000);
BENCHMARK(insert_rules)->Name("classifier/insert")->ArgName("rules")->Arg(1000)->Arg(100000);
BENCHMARK(copy_keys)->Name("baseline/copy_keys")->ArgName("flows")->Arg(1000)->Arg(60000);
BENCHMARK(look_up_megaflows)->Name("megaflow/hit")->ArgName("masks")->Arg(1)->Arg(16)->Arg(64)->Arg(500);
BENCHMARK(look_up_flow_cache)->Name("flow_cache/hit")->ArgName("flows")->Arg(16)->Arg(1000)->Arg(60000);

}  // namespace
}  // namespace weft
