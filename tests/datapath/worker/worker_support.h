// What the worker tests share: a scripted slow path, and one worker with memory ports around it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "datapath/port/memory.h"
#include "datapath/worker/worker.h"
#include "lib/base/rcu.h"
#include "tests/support/frame.h"

namespace weft::datapath {

// Decides as the test says and writes down what it was asked, in order.
class ScriptedSink final : public UpcallSink {
 public:
  using Decide = std::function<Decision(const FlowKey&)>;

  Decision translate(const FlowKey& key, const Packet&) override {
    events.push_back("translate");
    return decide(key);
  }
  bool is_current(const Decision&) const override {
    events.push_back("is_current");
    return stale_count == 0 || stale_count-- == 0;
  }
  void credit(const Decision&, uint64_t packet_count, uint64_t byte_count) override {
    events.push_back("credit " + std::to_string(packet_count) + " " + std::to_string(byte_count));
  }
  bool punt(const PuntContext&, const Packet& packet) override {
    events.push_back("punt");
    on_punt();
    punted.emplace_back(packet.bytes());
    return takes_punts;
  }

  Decide decide;
  mutable std::vector<std::string> events;
  mutable unsigned stale_count = 0;  // so many answers of "no longer current"
  std::vector<Frame> punted;
  bool takes_punts = true;
  std::function<void()> on_punt = [] {};
};

// A decision on exactly the packets that have these fields in common with the one it was made for.
inline Decision decision(ActionList actions, const std::vector<FieldId>& looked_at = {}) {
  Flow mask;
  set(mask, FieldId::in_port, {0, 0xffff});
  for (const FieldId id : looked_at) {
    add_to_mask(mask, field(id));
  }
  Decision made;
  made.actions = std::move(actions);
  made.mask = FlowMask(mask);
  return made;
}

inline Output to(PortId port) { return {port}; }

// A worker that is run by the test itself.
class WorkerTest : public testing::Test {
 protected:
  explicit WorkerTest(DatapathOptions options = {}) : worker_(0, options, clock_, sink_, registry_, kernel_) {
    for (MemoryPort** port : {&p1_, &p2_, &p3_}) {
      *port = &add_port({.type = PortType::memory});
    }
  }
  ~WorkerTest() override {
    worker_.stop();
    for (MemoryPort* port : ports_) {
      worker_.detach(*port->rx_queues()[0]);
      worker_.forget_port(*port);
      registry_.remove(port->id());
    }
  }

  MemoryPort& add_port(const PortSpec& spec) {
    auto port = std::make_unique<MemoryPort>(spec, PortEnvironment{.id = *registry_.take_id()});
    MemoryPort& made = *port;
    registry_.add(std::move(port));
    worker_.attach(made.rx_queues()[0]);
    ports_.push_back(&made);
    return made;
  }

  static void inject(MemoryPort& port, const Frame& frame) { port.inject({frame.bytes(), frame.offload(), {}}); }
  void run() {
    while (worker_.run_once()) {
    }
  }
  static std::vector<Frame> sent(MemoryPort& port) {
    std::vector<Frame> frames;
    for (const MemoryFrame& frame : port.take_sent()) {
      frames.emplace_back(frame.bytes);
    }
    return frames;
  }
  std::vector<Megaflow*> megaflows() const {
    std::vector<Megaflow*> all;
    worker_.for_each_megaflow([&](Megaflow& megaflow) { all.push_back(&megaflow); });
    return all;
  }
  bool is_balanced() const {
    const PacketBalance& b = worker_.counters().balance;
    return b.received.value() + b.originated.value() == b.sent.value() + b.dropped.total() + b.absorbed.value();
  }
  uint64_t drops(DropReason reason) const { return worker_.counters().balance.dropped.value(reason); }

  rcu::ThreadScope rcu_;
  ManualClock clock_;
  ScriptedSink sink_;
  PortRegistry registry_;
  KernelPath kernel_;  // without programs: takes nothing
  Worker worker_;
  std::vector<MemoryPort*> ports_;
  MemoryPort* p1_ = nullptr;
  MemoryPort* p2_ = nullptr;
  MemoryPort* p3_ = nullptr;
};

}  // namespace weft::datapath
