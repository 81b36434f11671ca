// The table of addresses, filled by a million of them in 4,000 segments behind 500 hosts.
//
//   mac/lookup/entries:N   an address that is there, at random; no two look-ups of one after the other
//   mac/miss/entries:N     an address that is not there
//   mac/learn/entries:N    new addresses; `bytes` is the memory of each
//   mac/move               an address that comes from another host than before
//   mac/sweep/entries:N    the whole ageing sweep; `longest_us` is one call, of which the control thread makes one at a time
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>

#include "lib/base/rcu.h"
#include "ofproto/translate/mac_table.h"

namespace weft::ofproto {
namespace {

constexpr uint32_t segment_count = 4000;
constexpr uint32_t host_count = 500;

MacTable::Key key_of(uint32_t number) {
  return {Domain::of_segment(number % segment_count), MacAddress::from_uint64(0x020000000000 + number / segment_count)};
}

MacLocation behind(uint32_t host) {
  return {OfPort{1}, IpAddress(Ipv4Address::from_host(0xc0000201 + host % host_count))};
}

MacTableOptions roomy() { return {.aging = std::chrono::seconds(300), .limit = 4'000'000}; }

void fill(MacTable& table, uint32_t count) {
  std::vector<DependencyId> changed;
  for (uint32_t i = 0; i < count; ++i) {
    changed.clear();
    table.learn(key_of(i), behind(i), TimePoint{}, changed);
  }
}

// Filled once for all who only read.
MacTable& table_of(uint32_t count) {
  static std::map<uint32_t, MacTable> tables;
  const auto [found, is_new] = tables.try_emplace(count, BridgeId{1}, roomy());
  if (is_new) {
    fill(found->second, count);
  }
  return found->second;
}

void look_up(benchmark::State& state, uint32_t first) {
  const rcu::ThreadScope here;
  const auto count = static_cast<uint32_t>(state.range(0));
  const MacTable& table = table_of(count);
  std::minstd_rand random(1);
  size_t found = 0;
  for (auto _ : state) {
    found += table.lookup(key_of(first + static_cast<uint32_t>(random()) % count)).has_value() ? 1 : 0;
  }
  if (found != (first == 0 ? static_cast<size_t>(state.iterations()) : 0)) {
    state.SkipWithError("an address was not found, or one that is not there was");
  }
  state.SetItemsProcessed(state.iterations());
}

void lookup(benchmark::State& state) { look_up(state, 0); }
void miss(benchmark::State& state) { look_up(state, 2'000'000); }

void learn(benchmark::State& state) {
  const rcu::ThreadScope here;
  const auto count = static_cast<uint32_t>(state.range(0));
  double bytes = 0;
  for (auto _ : state) {
    const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    MacTable table(BridgeId{1}, roomy());
    fill(table, count);
    if (table.size() != count) {
      state.SkipWithError("not all were learned");
    }
    state.PauseTiming();
    const rcu::OfflineScope waiting;
    rcu::barrier();
    bytes = static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd - before) / count;
    state.ResumeTiming();
  }
  state.counters["bytes"] = bytes;
  state.SetItemsProcessed(state.iterations() * count);
}

void move(benchmark::State& state) {
  const rcu::ThreadScope here;
  MacTable table(BridgeId{1}, roomy());
  constexpr uint32_t count = 100'000;
  fill(table, count);
  uint32_t number = 0;
  std::vector<DependencyId> changed;
  for (auto _ : state) {
    changed.clear();
    table.learn(key_of(number % count), behind(number % count + 1 + number / count), TimePoint{}, changed);
    ++number;
  }
  state.SetItemsProcessed(state.iterations());
}

// Each new address makes another one go.
void evict(benchmark::State& state) {
  const rcu::ThreadScope here;
  const auto count = static_cast<uint32_t>(state.range(0));
  MacTable table(BridgeId{1}, roomy());
  const MacTable::LimitChange limit{MacScope::of(OfPort{2}), MacLimit{count, MacLimitPolicy::evict}};
  table.set_limits({&limit, 1});
  const MacLocation here_location{OfPort{2}, {}};
  std::vector<DependencyId> changed;
  uint32_t number = 0;
  const auto learn_next = [&] {
    changed.clear();
    table.learn(key_of(number), here_location, TimePoint(std::chrono::milliseconds(number)), changed);
    ++number;
  };
  while (number < count) {
    learn_next();
  }
  for (auto _ : state) {
    learn_next();
    if (number % 1000 == 0) {
      rcu::quiescent();
    }
  }
  if (table.size() != count) {
    state.SkipWithError("the limit was not kept");
  }
  state.SetItemsProcessed(state.iterations());
}

// All may be old, and none is.
void sweep(benchmark::State& state) {
  const rcu::ThreadScope here;
  const auto count = static_cast<uint32_t>(state.range(0));
  double longest = 0;
  for (auto _ : state) {
    state.PauseTiming();
    MacTable table(BridgeId{1}, roomy());
    fill(table, count);
    for (uint32_t i = 0; i < count; ++i) {
      table.refresh(key_of(i), behind(i), TimePoint{} + std::chrono::seconds(10));
    }
    state.ResumeTiming();
    do {
      const auto begin = std::chrono::steady_clock::now();
      benchmark::DoNotOptimize(table.expire(TimePoint{} + std::chrono::seconds(300)));
      longest = std::max(longest, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    } while (table.is_sweeping());
  }
  state.counters["longest_us"] = longest * 1e6;
}

BENCHMARK(lookup)->Name("mac/lookup")->ArgName("entries")->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(miss)->Name("mac/miss")->ArgName("entries")->Arg(1'000)->Arg(1'000'000);
BENCHMARK(learn)->Name("mac/learn")->ArgName("entries")->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(move)->Name("mac/move");
BENCHMARK(evict)->Name("mac/evict")->ArgName("limit")->Arg(1'000)->Arg(1'000'000);
BENCHMARK(sweep)->Name("mac/sweep")->ArgName("entries")->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::ofproto
