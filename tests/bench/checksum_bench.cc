// Checksums, by the bytes that they cover: a header, a small and a large segment, all that a guest hands over at once.
#include <benchmark/benchmark.h>

#include <vector>

#include "lib/packet/checksum.h"
#include "tests/support/frame.h"

namespace weft {
namespace {

Bytes pattern(size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<uint8_t>(i * 7 + 1);
  }
  return bytes;
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("bytes")->Arg(20)->Arg(64)->Arg(1460)->Arg(65000);
}

void sum(benchmark::State& state) {
  const Bytes bytes = pattern(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(internet_checksum(bytes));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(sum)->Name("checksum/sum")->Apply(sizes);

void sum_while_copying(benchmark::State& state) {
  const Bytes from = pattern(static_cast<size_t>(state.range(0)));
  Bytes to(from.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(copy_and_sum(to, from));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(sum_while_copying)->Name("checksum/copy_and_sum")->Apply(sizes);

void crc(benchmark::State& state) {
  const Bytes bytes = pattern(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(crc32c(bytes));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(crc)->Name("checksum/crc32c")->Apply(sizes);

void update(benchmark::State& state) {
  Be16 checksum{0x1234};
  uint16_t value = 0;
  for (auto _ : state) {
    checksum = updated_checksum(checksum, Be16{value}, Be16{static_cast<uint16_t>(value + 1)});
    benchmark::DoNotOptimize(checksum);
    ++value;
  }
}
BENCHMARK(update)->Name("checksum/update");

void finish_partial(benchmark::State& state) {
  PacketPool pool;
  const Frame promise = frame()
                            .ipv4("10.0.0.1", "10.0.0.2")
                            .tcp(1, 2)
                            .payload_size(static_cast<size_t>(state.range(0)))
                            .partial_checksum();
  const PacketPtr packet = make_packet(pool, promise);
  const Offload offload = packet->offload;
  for (auto _ : state) {
    packet->offload = offload;
    benchmark::DoNotOptimize(finish_partial_checksum(*packet));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(finish_partial)->Name("checksum/finish_partial")->ArgName("payload")->Arg(18)->Arg(1448);

}  // namespace
}  // namespace weft
