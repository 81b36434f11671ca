// Worker: reads the rx queues it owns and drives what comes through the pipeline.
//
// A round: run the commands that other threads sent, read each queue that has something (one batch), retry what ports
// could not send, take up what ports have answered. Queues that are empty are not read again until the poller names them. After a round with nothing to
// do the worker spins for a moment, giving way to other threads, because the next packet of a conversation is often
// near; then it sleeps without a timeout, offline for RCU, until a descriptor is readable or somebody wakes it. So it
// uses no processor time at rest. PollPolicy::sleep leaves the spinning out, busy the sleeping.
//
// Commands are drained before packets are read, after every sleep too (command_queue.h): who has waited for the drain
// knows that no packet meets what the command took away.
//
// Threads:   start, stop, the owner's. send, wake, wait_until_drained, counters, for_each_megaflow: any. The rest by
//            the worker's thread, or by its owner's while it is not started: then run_once() is called from outside.
// Ownership: flow cache, megaflows, packet pool, counters; its share in rx queues. Packets of its pool must be back
//            before it goes: ports are removed first.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <variant>
#include <vector>

#include "datapath/api/datapath.h"
#include "datapath/cache/flow_cache.h"
#include "datapath/cache/megaflow_table.h"
#include "datapath/port/port_table.h"
#include "datapath/worker/command_queue.h"
#include "datapath/worker/miss_budget.h"
#include "datapath/worker/pipeline.h"
#include "datapath/worker/poller.h"
#include "datapath/worker/rebalance.h"
#include "datapath/worker/transmit.h"
#include "datapath/worker/worker_counters.h"
#include "lib/packet/packet_pool.h"

namespace weft::datapath {

// A packet-out: Datapath::execute.
struct ExecuteCommand {
  std::vector<uint8_t> frame;
  PortId in_port = port_id::none;
  Decision decision;
};

class Worker {
 public:
  using Command = std::variant<MegaflowCommand, ExecuteCommand, std::function<void(Worker&)>>;

  Worker(unsigned index, const DatapathOptions& options, const Clock& clock, UpcallSink& sink,
         const PortRegistry& ports, KernelPath& kernel);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  void stop();  // joins
  bool is_started() const { return thread_.joinable(); }

  // A round on the calling thread, all queues asked. False when there was nothing to do. Does not report quiescent.
  bool run_once();

  void send(Command command);
  // Until what was sent before has run, and every packet that was in hand has left. A worker that is not started drains
  // on the calling thread.
  void wait_until_drained();

  // In a command, or while the worker is not started.
  void attach(std::shared_ptr<RxQueue> queue, std::shared_ptr<QueueLoad> load = std::make_shared<QueueLoad>());
  void detach(const RxQueue& queue);
  // Reads the queue no more and, when everything that came by it has left, gives it to `take` for another worker to
  // attach. That waits for all of this worker's backlogs and held packets; a queue that must wait for too long, or that
  // keeps frames of its own, stays: `take` is then called with false.
  using TakeQueue = std::function<void(bool is_free)>;
  void hand_over(const RxQueue& queue, TakeQueue take);
  void forget_port(Port& port) { transmit_.forget_port(port); }
  void release_held(uint64_t up_to) { pipeline_.release(up_to); }
  void set_domain_limits(const DomainLimits& limits);
  // When nothing names the port any more.
  void forget_domains(PortId port) { megaflows_.forget_port(port); }
  void add_domain_status(std::vector<DomainStatus>& to);

  const WorkerCounters& counters() const { return counters_; }
  WorkerStatus status() const;
  void for_each_megaflow(const std::function<void(Megaflow&)>& visit) const { megaflows_.for_each(visit); }

 private:
  struct AttachedQueue {
    std::shared_ptr<RxQueue> queue;
    std::shared_ptr<QueueLoad> load;
    bool is_ready = true;   // may have something: read it without asking the poller
    bool is_owing = false;  // has brought something that it does not know to have left
  };
  // A queue that goes to another worker when what it brought has left.
  struct LeavingQueue {
    AttachedQueue attached;
    TakeQueue take;
    TimePoint give_up;
  };

  void run_thread();
  bool run_round();
  void rest(std::optional<TimePoint>& idle_since);
  void give_way(TimePoint now);
  void sleep();
  void poll_queues(int timeout_ms);
  void look_for_frames();
  bool drain_commands();
  bool read_queues();
  bool process_answers();
  std::vector<AttachedQueue>::iterator find_queue(const RxQueue& queue);
  bool finish_hand_overs();
  bool has_all_left() const { return !transmit_.has_backlog() && !transmit_.has_parted() && !pipeline_.has_held(); }
  void tell_queues();
  bool has_to_look_again() const { return transmit_.has_backlog() || !leaving_.empty(); }

  void run_command(MegaflowCommand& command);
  void run_command(ExecuteCommand& command);
  // It may be there to see that everything in hand has left.
  void run_command(std::function<void(Worker&)>& command) {
    transmit_.finish_parts();
    command(*this);
  }

  const unsigned index_;
  const PollPolicy policy_;
  const PortRegistry& ports_;
  WorkerCounters counters_;
  PacketPool pool_;
  FlowCache flow_cache_;
  MegaflowTable megaflows_;
  MissBudget budget_;
  TransmitStep transmit_;
  Pipeline pipeline_;
  RxContext rx_context_;
  Poller poller_;
  CommandQueue<Command> commands_;
  std::vector<AttachedQueue> queues_;
  std::vector<LeavingQueue> leaving_;
  unsigned rounds_since_poll_ = 0;
  TimePoint polled_at_{};
  std::optional<TimePoint> worked_until_;  // the end of the last batch, if nothing else has come between
  TimePoint next_yield_{};
  Counter megaflow_count_, mask_count_;  // for status(): the table itself is the worker's alone
  bool is_stopping_ = false;             // the worker's, while it is started
  std::thread thread_;
};

}  // namespace weft::datapath
