#include "datapath/port/replay.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace weft::datapath {
namespace {

// Always has something: its descriptor is readable for good.
class ReplayQueue final : public RxQueue {
 public:
  ReplayQueue(Port& port, std::shared_ptr<const ReplayFrames> frames, unsigned number)
      : port_(port),
        frames_(std::move(frames)),
        first_(number),
        next_(number),
        event_fd_(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~ReplayQueue() override { ::close(event_fd_); }
  ReplayQueue(const ReplayQueue&) = delete;
  ReplayQueue& operator=(const ReplayQueue&) = delete;

  int fd() const override { return event_fd_; }

  bool receive(PacketBatch& batch, RxContext& context) override {
    for (size_t room = due_count(); room > 0 && !batch.is_full(); --room) {
      PacketPtr packet = context.pool().copy_of(take_next());
      if (packet == nullptr) {
        context.drop(&port_, DropReason::no_buffer);
        break;
      }
      packet->in_port = port_.id();
      batch.add(std::move(packet));
    }
    return true;
  }

 private:
  // How many frames more its rate allows. What was due and not taken in time is made up for.
  size_t due_count() const {
    if (frames_->frames_a_second == 0) {
      return PacketBatch::capacity;
    }
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin_;
    const auto due = static_cast<uint64_t>(passed.count() * frames_->frames_a_second / frames_->queue_count);
    return due > handed_over_ ? due - handed_over_ : 0;
  }

  std::span<const uint8_t> take_next() {
    ++handed_over_;
    const std::span<const uint8_t> frame = frames_->frame(next_);
    next_ += frames_->queue_count;
    if (next_ >= frames_->count()) {
      next_ = first_;
    }
    return frame;
  }

  Port& port_;
  const std::shared_ptr<const ReplayFrames> frames_;
  const size_t first_;
  size_t next_;
  const int event_fd_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  uint64_t handed_over_ = 0;
};

}  // namespace

ReplayPort::ReplayPort(const PortSpec& spec, const PortEnvironment& environment) : Port(spec, environment) {
  for (unsigned i = 0; i < spec.replay->queue_count && i < spec.replay->count(); ++i) {
    queues_.push_back(std::make_shared<ReplayQueue>(*this, spec.replay, i));
  }
}

void ReplayPort::transmit(PacketBatch&& batch, TxContext& context) {
  FrameSum sum;
  for (const Packet& packet : batch) {
    sum.add(packet.size(), packet.gso_segments());
  }
  context.sent(*this, sum);
  batch.clear();
}

PortStatus ReplayPort::status() const {
  PortStatus status;
  status.is_admin_up = status.has_link = true;
  status.mtu = 65535;
  return status;
}

}  // namespace weft::datapath
