#include "ofproto/translate/translation_result.h"

namespace weft::ofproto {

MiniMatch::View DependencyView::seen_by(const TableDependency& table) const {
  const uint64_t* own = values;
  for (const MiniMatch::SharedMask& before : masks.first(table.seen)) {
    own += before != nullptr ? before->words.size() : 0;
  }
  return {masks[table.seen].get(), own};
}

void Credits::apply(uint64_t packet_count, uint64_t byte_count, TimePoint used) const {
  for (const auto& counters : rules) {
    counters->credit(packet_count, byte_count, used);
  }
  for (const Table& credit : tables) {
    credit.table->credit(packet_count, credit.matched ? packet_count : 0);
  }
  for (const auto& group : groups) {
    group->counters().credit(packet_count, byte_count, used);
  }
  for (const Bucket& credit : buckets) {
    credit.group->bucket_counters(credit.bucket).credit(packet_count, byte_count, used);
  }
  for (const Patch& credit : patches) {
    auto& packets = credit.is_receive ? credit.counters->rx_packets : credit.counters->tx_packets;
    auto& bytes = credit.is_receive ? credit.counters->rx_bytes : credit.counters->tx_bytes;
    packets.fetch_add(packet_count, std::memory_order_relaxed);
    bytes.fetch_add(byte_count, std::memory_order_relaxed);
  }
  for (const Mac& credit : macs) {
    credit.table->refresh(credit.key, credit.location, used);
  }
  for (const Answer& credit : answers) {
    credit.table->count_answers(credit.domain, packet_count);
  }
  for (const auto& rule : learned) {
    rule->refresh(used);
  }
  for (const FinTimeout& credit : fin_timeouts) {
    credit.tables->timeouts().reduce(credit.rule, credit.timeouts.idle_timeout, credit.timeouts.hard_timeout);
  }
}

}  // namespace weft::ofproto
