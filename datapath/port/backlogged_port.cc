#include "datapath/port/backlogged_port.h"

#include <algorithm>
#include <array>

namespace weft::datapath {

void BackloggedPort::transmit(PacketBatch&& batch, TxContext& context) {
  if (!backlogs_[context.worker()].is_empty()) {
    batch.drain([&](PacketPtr packet) { keep_for_later(std::move(packet), context); });
    flush(context);
    return;
  }
  std::array<Packet*, PacketBatch::capacity> packets;
  std::transform(batch.begin(), batch.end(), packets.begin(), [](Packet& packet) { return &packet; });
  size_t done = send({packets.data(), batch.size()}, context);
  batch.drain([&](PacketPtr packet) {
    if (done > 0) {
      --done;  // sent or dropped: freed here
    } else {
      keep_for_later(std::move(packet), context);
    }
  });
}

bool BackloggedPort::flush(TxContext& context) {
  TxBacklog& backlog = backlogs_[context.worker()];
  while (!backlog.is_empty()) {
    std::array<Packet*, PacketBatch::capacity> packets;
    const size_t count = std::min(packets.size(), backlog.count());
    for (size_t i = 0; i < count; ++i) {
      packets[i] = &backlog.at(i);
    }
    const size_t done = send({packets.data(), count}, context);
    for (size_t i = 0; i < done; ++i) {
      backlog.pop();
    }
    if (done < count) {
      return true;
    }
  }
  return false;
}

void BackloggedPort::discard_backlog(TxContext& context) {
  TxBacklog& backlog = backlogs_[context.worker()];
  while (!backlog.is_empty()) {
    backlog.pop();
    context.drop(*this, DropReason::port_gone);
  }
}

void BackloggedPort::keep_for_later(PacketPtr packet, TxContext& context) {
  if (!backlogs_[context.worker()].try_push(packet)) {
    context.drop(*this, DropReason::tx_queue_full);
  }
}

}  // namespace weft::datapath
