#include "datapath/port/port.h"

namespace weft::datapath {

void RxContext::drop(Port* port, DropReason reason, uint64_t count) {
  balance_.received.add(count);
  balance_.dropped.add(reason, count);
  if (port != nullptr) {
    port->counters(worker_).rx_dropped.add(count);
  }
}

void TxContext::sent(Port& port, const FrameSum& sum) {
  PortCounterCells& cells = port.counters(worker_);
  cells.tx_packets.add(sum.frames);
  cells.tx_bytes.add(sum.bytes);
  cells.tx_gso_segments.add(sum.gso_segments);
  balance_.sent.add(sum.frames);
}

void TxContext::drop(Port& port, DropReason reason, uint64_t count) {
  port.counters(worker_).tx_dropped.add(count);
  balance_.dropped.add(reason, count);
}

// A port without a device has nothing to change.
Result<void, OsError> Port::configure(const PortSpec& /*wanted*/) { return {}; }

Result<void, OsError> Port::set_groups(std::vector<IpAddress> groups) {
  if (groups.empty()) {
    return {};
  }
  return Unexpected(OsError{std::make_error_code(std::errc::operation_not_supported),
                            "join multicast groups with a port of this type"});
}

void Port::set_tunnel_options(const TunnelOptionMap& /*map*/) {}
void Port::set_mss_clamp(std::vector<uint32_t> /*tunnel_ids*/) {}

bool Port::flush(TxContext& /*context*/) { return false; }
bool Port::has_backlog(unsigned /*worker*/) const { return false; }
void Port::discard_backlog(TxContext& /*context*/) {}

PortCounters Port::total_counters() const {
  PortCounters sum;
  counters_.for_each([&](const PortCounterCells& cells) {
    sum.rx_packets += cells.rx_packets.value();
    sum.rx_bytes += cells.rx_bytes.value();
    sum.rx_gso_segments += cells.rx_gso_segments.value();
    sum.rx_dropped += cells.rx_dropped.value();
    sum.rx_errors += cells.rx_errors.value();
    sum.tx_packets += cells.tx_packets.value();
    sum.tx_bytes += cells.tx_bytes.value();
    sum.tx_gso_segments += cells.tx_gso_segments.value();
    sum.tx_dropped += cells.tx_dropped.value();
    sum.tx_errors += cells.tx_errors.value();
    sum.too_big_answers += cells.too_big_answers.value();
    sum.too_big_unanswered += cells.too_big_unanswered.value();
  });
  return sum;
}

}  // namespace weft::datapath
