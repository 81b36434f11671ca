// PortDriver: one port and the worker that a test is: it reads the port's queues and sends through it.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "datapath/port/port.h"

namespace weft::test {

// Pool, counters and contexts of one worker, for as many ports as a test has.
struct TestWorker {
  PacketPool pool;
  datapath::PacketBalance balance;
  datapath::RxContext rx{0, pool, balance};
  datapath::TxContext tx{0, pool, balance};
};

class PortDriver {
 public:
  PortDriver(TestWorker& worker, std::unique_ptr<datapath::Port> port)
      : worker_(worker), port_(std::move(port)), queues_(port_->rx_queues()) {}

  ~PortDriver() { port_->discard_backlog(worker_.tx); }

  datapath::Port& port() { return *port_; }

  // Waits until `count` frames that `is_wanted` accepts have come, or the time is over; gives back those.
  std::vector<PacketPtr> receive(
      size_t count, const std::function<bool(const Packet&)>& is_wanted = [](const Packet&) { return true; },
      std::chrono::milliseconds limit = std::chrono::milliseconds(1000)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    std::vector<PacketPtr> wanted;
    while (wanted.size() < count && std::chrono::steady_clock::now() < end) {
      bool was_idle = true;
      for (const auto& queue : queues_) {
        PacketBatch batch;
        was_idle = !queue->receive(batch, worker_.rx) && was_idle;
        batch.drain([&](PacketPtr packet) {
          if (is_wanted(*packet)) {
            wanted.push_back(std::move(packet));
          }
        });
      }
      if (was_idle) {
        wait();
      }
    }
    return wanted;
  }

  // Reads whatever comes until nothing has come for a while.
  void drain(std::chrono::milliseconds quiet = std::chrono::milliseconds(50)) {
    receive(
        ~size_t{0}, [](const Packet&) { return true; }, quiet);
  }

  void send(PacketPtr packet) {
    PacketBatch batch;
    batch.add(std::move(packet));
    port_->transmit(std::move(batch), worker_.tx);
  }

  uint64_t dropped(DropReason reason) const { return worker_.balance.dropped.value(reason); }

 private:
  void wait() {
    std::vector<pollfd> fds;
    for (const auto& queue : queues_) {
      fds.push_back({queue->fd(), POLLIN, 0});
    }
    ::poll(fds.data(), fds.size(), 5);
  }

  TestWorker& worker_;
  std::unique_ptr<datapath::Port> port_;
  std::vector<std::shared_ptr<datapath::RxQueue>> queues_;
};

}  // namespace weft::test
