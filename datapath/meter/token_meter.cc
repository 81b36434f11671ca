#include "datapath/meter/token_meter.h"

#include <memory>

#include "datapath/meter/packet_cost.h"

namespace weft::datapath {
namespace {

constexpr double bits_per_kbit = 1000;

double unit_of(bool counts_packets) { return counts_packets ? 1 : bits_per_kbit; }

void add(std::atomic<uint64_t>& counter, uint64_t n) { counter.fetch_add(n, std::memory_order_relaxed); }

}  // namespace

TokenMeter::Band::Band(const MeterBandSpec& band, bool counts_packets, TimePoint now)
    : spec(band),
      bucket(band.rate * unit_of(counts_packets), (band.burst != 0 ? band.burst : band.rate) * unit_of(counts_packets),
             now) {}

TokenMeter::TokenMeter(const MeterSpec& spec, const Clock& clock) : clock_(clock) {
  bands_.store(make_bands(spec).release());
}

TokenMeter::~TokenMeter() { delete bands_.load(); }

std::unique_ptr<TokenMeter::Bands> TokenMeter::make_bands(const MeterSpec& spec) const {
  auto bands = std::make_unique<Bands>();
  bands->counts_packets = spec.counts_packets;
  for (const MeterBandSpec& band : spec.bands) {
    bands->all.emplace_back(band, spec.counts_packets, clock_.now());
  }
  return bands;
}

void TokenMeter::configure(const MeterSpec& spec) { rcu::retire(bands_.exchange(make_bands(spec).release())); }

MeterCounters TokenMeter::counters() const {
  MeterCounters counters;
  counters.packet_count = packet_count_.load(std::memory_order_relaxed);
  counters.byte_count = byte_count_.load(std::memory_order_relaxed);
  for (const Band& band : bands_.load()->all) {
    counters.bands.push_back(
        {band.packet_count.load(std::memory_order_relaxed), band.byte_count.load(std::memory_order_relaxed)});
  }
  return counters;
}

MeterVerdict TokenMeter::charge(const Packet& packet) {
  add(packet_count_, 1);
  add(byte_count_, packet.size());
  Bands& bands = *bands_.load();
  const TimePoint now = clock_.now();
  const PacketCost cost = bands.counts_packets ? PacketCost{packet.gso_segments(), 1} : bits_of(packet);
  Band* exceeded = nullptr;
  for (Band& band : bands.all) {
    if (!band.bucket.take(cost.all, cost.first_piece, now) &&
        (exceeded == nullptr || band.spec.rate > exceeded->spec.rate)) {
      exceeded = &band;
    }
  }
  if (exceeded == nullptr) {
    return {};
  }
  add(exceeded->packet_count, 1);
  add(exceeded->byte_count, packet.size());
  const bool is_drop = exceeded->spec.kind == MeterBandSpec::Kind::drop;
  return {is_drop, is_drop ? uint8_t{0} : exceeded->spec.precedence};
}

}  // namespace weft::datapath
