// MemoryPort: a port whose far side is the program itself. What tests and benchmarks put in, the switch receives; what
// it sends is kept until it is taken.
//
// It can express every kind of offload, so tests see what the switch promised. With PortSpec::is_memory_tunnel it
// hands over and takes tunnel metadata the way a tunnel port does, without an underlay: what the spec fixes is filled
// in on sending, and an unfinished inner checksum is found on receiving. With an
// mtu_request it drops what is larger, and tells its sender.
//
// Threads:   inject, take_sent: any. The rest as port.h says.
// Cost:      a lock and a copy for each frame, in both directions.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "datapath/api/datapath.h"
#include "datapath/port/port.h"
#include "datapath/port/too_big_answers.h"
#include "lib/base/mutex.h"

namespace weft::datapath {

class MemoryQueue;

class MemoryPort final : public Port {
 public:
  static constexpr size_t max_sent = 65536;  // frames kept; more are dropped as tx_queue_full

  MemoryPort(const PortSpec& spec, const PortEnvironment& environment);
  ~MemoryPort() override;

  void inject(MemoryFrame frame);
  std::vector<MemoryFrame> take_sent();

  std::vector<std::shared_ptr<RxQueue>> rx_queues() override;
  PortCapabilities capabilities() const override { return PortCapabilities::everything(); }
  void transmit(PacketBatch&& batch, TxContext& context) override;
  PortStatus status() const override;
  TooBigAnswers* too_big_answers() override { return &too_big_answers_; }

 private:
  MemoryFrame to_frame(const Packet& packet) const;
  bool fits(const Packet& packet) const;
  void refuse_too_big(Packet& packet, TxContext& context);

  TooBigAnswers too_big_answers_;
  const std::shared_ptr<MemoryQueue> queue_;
  Mutex mutex_;
  std::vector<MemoryFrame> sent_ GUARDED_BY(mutex_);
};

// The frames that wait to be received. An eventfd tells a sleeping worker.
class MemoryQueue final : public RxQueue {
 public:
  explicit MemoryQueue(MemoryPort& port);
  ~MemoryQueue() override;

  void push(MemoryFrame frame);

  int fd() const override { return event_fd_; }
  bool receive(PacketBatch& batch, RxContext& context) override;

 private:
  std::deque<MemoryFrame> take_some(size_t count);
  PacketPtr to_packet(const MemoryFrame& frame, RxContext& context);

  MemoryPort& port_;
  const int event_fd_;
  Mutex mutex_;
  std::deque<MemoryFrame> waiting_ GUARDED_BY(mutex_);
};

}  // namespace weft::datapath
