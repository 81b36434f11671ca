// TransmitStep: behind the doors of an action list. Collects what goes to a port into batches, and sends them.
//
// Frames for one port gather while a batch of received packets is worked on and leave together: when 32 are there or
// at flush(). What the port cannot express (PortCapabilities) is settled here, once for all ports: a GSO frame is cut,
// a partial checksum finished. A packet for the controller is a frame as a wire would see it: finished and cut.
//
// What is to be looked up again waits here until the pipeline takes it. How often a packet may come by is bounded, and
// how many wait: lists that recirculate several copies, which recirculate several copies, come to an end.
//
// Threads:   one worker. Ownership: of packets until the port has them.
// Cost:      a packet that promises nothing: a table access and a move. No allocation.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "datapath/action/execute.h"
#include "datapath/action/exits.h"
#include "datapath/api/upcall.h"
#include "datapath/port/port.h"
#include "datapath/port/port_table.h"
#include "lib/packet/packet_batch.h"

namespace weft::datapath {

class TransmitStep final : public Exits {
 public:
  TransmitStep(unsigned worker, PacketPool& pool, PacketBalance& balance, UpcallSink& sink);

  // The ports to send to until the next call. Everything is flushed.
  void set_ports(const PortTable& ports) { ports_ = &ports; }

  void output(PortId port, PacketPtr packet) override;
  void recirculate(const Recirculate& action, PacketPtr packet) override;
  void execute_later(std::shared_ptr<const Clone> list, PacketPtr packet) override;
  Verdict punt(const PuntContext& context, const Packet& packet) override;
  void dropped(DropReason reason) override { dropped(reason, 1); }
  void dropped(DropReason reason, uint64_t count) { context_.balance().dropped.add(reason, count); }
  void absorbed() override { context_.balance().absorbed.add(); }
  void originated(uint64_t count) override { context_.balance().originated.add(count); }

  // A packet to be looked up again. The context keeps what its id stands for.
  struct Recirculated {
    PacketPtr packet;
    std::shared_ptr<const RecirculationContext> context;
  };
  bool has_recirculated() const { return !recirculated_.empty(); }
  std::vector<Recirculated> take_recirculated() { return std::exchange(recirculated_, {}); }

  // Long lists wait here and are executed in their order, a part at each call: others' packets go in between. Beyond a bound
  // their packets are dropped as tx_queue_full. True: something was done.
  bool has_parted() const { return !parted_.empty(); }
  bool run_part();
  void finish_parts() {
    while (run_part()) {
    }
  }

  // What ports answered to what they were to send (TxContext::answer).
  bool has_answers() const { return context_.has_answers(); }
  PacketBatch take_answers() { return context_.take_answers(); }

  // Hands every batch to its port.
  void flush();

  // Tries again what ports could not send before. True: something was tried.
  bool retry_backlogs();
  bool has_backlog() const { return !backlogged_.empty(); }
  // Of a port that the kernel sends to by itself.
  bool has_backlog_beside_kernel() const;

  // The port is about to go: nothing of it stays here or in its backlog.
  void forget_port(Port& port);

 private:
  // A port's place is given by its id; two ports that share one take turns.
  static constexpr size_t lane_count = 64;
  struct Lane {
    Port* port = nullptr;
    PortCapabilities capabilities;
    PacketBatch batch;
  };

  Verdict punt_whole(const PuntContext& context, const Packet& packet);
  Verdict punt_pieces(const PuntContext& context, const Packet& packet);
  Lane& lane_of(Port& port);
  void add(Lane& lane, PacketPtr packet);
  void add_promising(Lane& lane, PacketPtr packet);
  void add_cut(Lane& lane, PacketPtr packet);
  void send(Lane& lane);

  TxContext context_;
  UpcallSink& sink_;
  const PortTable* ports_ = nullptr;
  std::array<Lane, lane_count> lanes_;
  PortId last_id_ = port_id::none;  // where the packet before went; none: ask
  Lane* last_lane_ = nullptr;
  std::vector<uint8_t> used_;  // lanes with a batch, in the order of their first packet
  std::vector<PortId> backlogged_;
  std::vector<Recirculated> recirculated_;  // in order
  std::deque<PartedExecution> parted_;
};

}  // namespace weft::datapath
