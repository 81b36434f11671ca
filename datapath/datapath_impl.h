// DatapathImpl: the datapath behind datapath/api/datapath.h: ports, workers, and who reads which queue.
//
// A queue goes to the worker that has the fewest; rebalance() moves it later. A port comes into being open, is published, then its
// queues are attached; it goes the other way round: unpublished, queues detached and its backlogs dropped by every
// worker, then destroyed. Both wait for the workers, some microseconds up to one wake-up each.
//
// Threads:   as datapath.h says. Ownership: of everything.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "datapath/api/datapath.h"
#include "datapath/kernel/kernel_path.h"
#include "datapath/port/port_table.h"
#include "datapath/port_maker.h"
#include "datapath/worker/worker.h"
#include "lib/base/mutex.h"

namespace weft::datapath {

class DatapathImpl final : public Datapath {
 public:
  DatapathImpl(const DatapathOptions& options, UpcallSink& sink);
  ~DatapathImpl() override;

  void start() override;
  void stop() override;
  void run_until_idle() override;

  Result<PortId, PortError> add_port(const PortSpec& spec) override;
  void remove_port(PortId port) override;
  void release_port_id(PortId port) override;
  Result<void, PortError> configure_port(PortId port, const PortSpec& spec) override;
  Result<void, PortError> set_tunnel_groups(PortId port, std::vector<IpAddress> groups) override;
  void set_tunnel_options(PortId port, const TunnelOptionMap& map) override;
  void set_mss_clamp(PortId port, std::vector<uint32_t> tunnel_ids) override;
  PortCounters port_counters(PortId port) const override;
  std::optional<PortStatus> port_status(PortId port) const override;
  void set_port_listener(std::function<void(PortId)> listener) override EXCLUDES(listener_mutex_);

  void execute(std::span<const uint8_t> frame, PortId in_port, Decision decision) override;
  void release_held(uint64_t up_to) override;

  std::shared_ptr<Meter> make_meter(const MeterSpec& spec) override;
  std::shared_ptr<Queue> make_queue(const QueueSpec& spec, std::shared_ptr<Queue> whole) override;

  unsigned worker_count() const override { return static_cast<unsigned>(workers_.size()); }
  void for_each_megaflow(const std::function<void(Megaflow&)>& visit) const override;
  void send(MegaflowCommand command) override;
  void fence() override;

  std::vector<RxQueueStatus> rx_queues() const override;
  bool move_rx_queue(PortId port, unsigned index, unsigned worker) override;
  void rebalance() override;

  void set_domain_limits(const DomainLimits& limits) override;
  void set_kernel_forwarding(bool is_wanted) override { kernel_->set_enabled(is_wanted); }
  KernelStatus kernel_status() const override { return kernel_->status(); }
  std::vector<DomainStatus> domain_status() override;

  std::vector<WorkerStatus> worker_status() const override;
  uint64_t drop_count(DropReason reason) const override;
  Balance balance() const override;

  void inject(PortId port, MemoryFrame frame) override;
  std::vector<MemoryFrame> take_sent(PortId port) override;

 private:
  // A queue on its way between two workers; the one that lets go of it says what came of it.
  enum class MoveState : uint8_t { under_way, moved, stayed };
  struct Move {
    size_t worker = 0;  // to
    std::shared_ptr<std::atomic<MoveState>> state = std::make_shared<std::atomic<MoveState>>(MoveState::under_way);
  };
  struct QueueUse {
    std::shared_ptr<RxQueue> queue;
    std::shared_ptr<QueueLoad> load = std::make_shared<QueueLoad>();
    size_t worker = 0;
    size_t port_count = 0;  // ports that name it
    std::optional<Move> move{};
    uint64_t busy_ns_before = 0;  // at the last rebalance()

    size_t current_worker() const;
    void settle();  // a move that has ended becomes the state of things
  };

  PortEnvironment environment_for(PortId id);
  void notify(PortId port) EXCLUDES(listener_mutex_);
  void attach_queues(Port& port);
  void detach_queues(const std::vector<std::shared_ptr<RxQueue>>& queues);
  void detach_queue(QueueUse& use);
  bool move(QueueUse& use, size_t worker);
  size_t least_loaded_worker() const;
  void on_worker(size_t worker, std::function<void(Worker&)> work);

  const Clock& clock_;
  // Before the ports and workers that use it.
  const std::shared_ptr<KernelPath> kernel_ = std::make_shared<KernelPath>();
  PortMaker maker_;
  PortRegistry ports_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::map<const RxQueue*, QueueUse> queues_;
  std::map<PortId, std::vector<std::shared_ptr<RxQueue>>> queues_of_port_;
  TimePoint last_rebalance_{};
  Mutex listener_mutex_;
  std::function<void(PortId)> listener_ GUARDED_BY(listener_mutex_);
};

}  // namespace weft::datapath
