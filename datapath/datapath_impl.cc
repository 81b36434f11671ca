#include "datapath/datapath_impl.h"

#include <sched.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "datapath/meter/token_meter.h"
#include "datapath/meter/token_queue.h"
#include "datapath/port/memory.h"
#include "lib/base/hash.h"

namespace weft::datapath {
namespace {

// One core is left to everything else: the control thread, the guests.
unsigned default_worker_count() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  const int count = ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
  return static_cast<unsigned>(std::max(1, count - 1));
}

DatapathOptions with_defaults(DatapathOptions options) {
  if (options.worker_count == 0) {
    options.worker_count = default_worker_count();
  }
  if (options.hash_seed == 0) {
    options.hash_seed = random_hash_seed();
  }
  if (options.clock == nullptr) {
    options.clock = &SystemClock::instance();
  }
  return options;
}

}  // namespace

DatapathImpl::DatapathImpl(const DatapathOptions& wanted, UpcallSink& sink)
    : clock_(wanted.clock != nullptr ? *wanted.clock : SystemClock::instance()) {
  const DatapathOptions options = with_defaults(wanted);
  for (unsigned i = 0; i < options.worker_count; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, options, clock_, sink, ports_, *kernel_));
  }
}

DatapathImpl::~DatapathImpl() {
  stop();
  while (!queues_of_port_.empty()) {
    remove_port(queues_of_port_.begin()->first);
  }
}

void DatapathImpl::start() {
  for (const auto& worker : workers_) {
    worker->start();
  }
}

void DatapathImpl::stop() {
  for (const auto& worker : workers_) {
    worker->stop();
  }
}

void DatapathImpl::run_until_idle() {
  for (bool has_worked = true; has_worked;) {
    has_worked = false;
    for (const auto& worker : workers_) {
      has_worked = worker->run_once() || has_worked;
    }
  }
}

PortEnvironment DatapathImpl::environment_for(PortId id) {
  return {id, worker_count(), [this](PortId port) { notify(port); }, &clock_, kernel_};
}

void DatapathImpl::notify(PortId port) {
  std::function<void(PortId)> listener;
  {
    MutexLock lock(listener_mutex_);
    listener = listener_;
  }
  if (listener) {
    listener(port);
  }
}

void DatapathImpl::set_port_listener(std::function<void(PortId)> listener) {
  MutexLock lock(listener_mutex_);
  listener_ = std::move(listener);
}

Result<PortId, PortError> DatapathImpl::add_port(const PortSpec& spec) {
  const auto id = ports_.take_id();
  if (!id) {
    return Unexpected(PortError{PortError::Kind::busy, "no port number is free"});
  }
  auto port = maker_.make(spec, environment_for(*id));
  if (!port) {
    ports_.release_id(*id);
    return Unexpected(std::move(port.error()));
  }
  Port& made = **port;
  ports_.add(std::move(*port));
  attach_queues(made);
  return *id;
}

void DatapathImpl::attach_queues(Port& port) {
  auto queues = port.rx_queues();
  for (const auto& queue : queues) {
    QueueUse& use = queues_[queue.get()];
    if (use.port_count++ == 0) {
      use.worker = least_loaded_worker();
      use.queue = queue;
      on_worker(use.worker, [queue, load = use.load](Worker& worker) { worker.attach(queue, load); });
    }
  }
  queues_of_port_[port.id()] = std::move(queues);
}

size_t DatapathImpl::least_loaded_worker() const {
  std::vector<size_t> load(workers_.size());
  for (const auto& [queue, use] : queues_) {
    load[use.current_worker()] += use.queue != nullptr ? 1 : 0;
  }
  return static_cast<size_t>(std::min_element(load.begin(), load.end()) - load.begin());
}

void DatapathImpl::on_worker(size_t worker, std::function<void(Worker&)> work) {
  workers_[worker]->send(std::move(work));
}

void DatapathImpl::remove_port(PortId id) {
  const auto queues = queues_of_port_.find(id);
  if (queues == queues_of_port_.end()) {
    return;
  }
  const std::unique_ptr<Port> port = ports_.remove(id);
  detach_queues(queues->second);
  for (size_t i = 0; i < workers_.size(); ++i) {
    on_worker(i, [&port](Worker& worker) { worker.forget_port(*port); });
  }
  fence();
  queues_of_port_.erase(queues);
}

// Workers hear of it before they are given queues of whoever has the id next.
void DatapathImpl::release_port_id(PortId id) {
  for (size_t i = 0; i < workers_.size(); ++i) {
    on_worker(i, [id](Worker& worker) { worker.forget_domains(id); });
  }
  ports_.release_id(id);
}

void DatapathImpl::detach_queues(const std::vector<std::shared_ptr<RxQueue>>& queues) {
  for (const auto& queue : queues) {
    const auto use = queues_.find(queue.get());
    if (--use->second.port_count == 0) {
      detach_queue(use->second);
      queues_.erase(use);
    }
  }
}

void DatapathImpl::detach_queue(QueueUse& use) {
  const auto detach = [this, queue = use.queue](size_t from) {
    on_worker(from, [queue](Worker& worker) { worker.detach(*queue); });
  };
  detach(use.worker);
  if (use.move) {
    // Whatever the old worker has handed over by then, the new one attaches before it hears of this.
    workers_[use.worker]->wait_until_drained();
    detach(use.move->worker);
  }
}

size_t DatapathImpl::QueueUse::current_worker() const {
  return move && *move->state == MoveState::moved ? move->worker : worker;
}

void DatapathImpl::QueueUse::settle() {
  if (move && *move->state != MoveState::under_way) {
    worker = current_worker();
    move.reset();
  }
}

bool DatapathImpl::move(QueueUse& use, size_t to) {
  use.settle();
  if (use.move || to == use.worker) {
    return false;
  }
  use.move = Move{to};
  const auto finish = [this, to, queue = use.queue, load = use.load, state = use.move->state](bool is_free) {
    if (is_free) {
      on_worker(to, [queue, load](Worker& worker) { worker.attach(queue, load); });
    }
    state->store(is_free ? MoveState::moved : MoveState::stayed);
  };
  on_worker(use.worker, [queue = use.queue, finish](Worker& worker) { worker.hand_over(*queue, finish); });
  return true;
}

bool DatapathImpl::move_rx_queue(PortId port, unsigned index, unsigned worker) {
  const auto found = queues_of_port_.find(port);
  if (found == queues_of_port_.end() || index >= found->second.size() || worker >= workers_.size()) {
    return false;
  }
  return move(queues_.at(found->second[index].get()), worker);
}

std::vector<RxQueueStatus> DatapathImpl::rx_queues() const {
  std::vector<RxQueueStatus> all;
  for (const auto& [port, queues] : queues_of_port_) {
    for (unsigned index = 0; index < queues.size(); ++index) {
      const QueueUse& use = queues_.at(queues[index].get());
      all.push_back({port, index, static_cast<unsigned>(use.current_worker()), use.load->packets.value(),
                     std::chrono::nanoseconds(use.load->busy_ns.value())});
    }
  }
  return all;
}

void DatapathImpl::rebalance() {
  const TimePoint now = SystemClock::instance().now();
  const Duration interval = now - std::exchange(last_rebalance_, now);
  std::vector<QueueSample> samples;
  std::vector<QueueUse*> uses;
  for (auto& [queue, use] : queues_) {
    use.settle();
    const uint64_t busy_ns = use.load->busy_ns.value();
    const uint64_t before = std::exchange(use.busy_ns_before, busy_ns);
    samples.push_back({use.worker, std::chrono::nanoseconds(busy_ns - before)});
    uses.push_back(&use);
  }
  if (const auto chosen = choose_move(samples, workers_.size(), interval)) {
    move(*uses[chosen->queue], chosen->worker);
  }
}

Result<void, PortError> DatapathImpl::configure_port(PortId id, const PortSpec& spec) {
  Port* port = ports_.snapshot().find(id);
  if (port == nullptr) {
    return Unexpected(PortError{PortError::Kind::no_such_device, "there is no such port"});
  }
  return port->configure(spec).transform_error([](const OsError& error) {
    return PortError{PortError::Kind::invalid, error.to_string()};
  });
}

Result<void, PortError> DatapathImpl::set_tunnel_groups(PortId id, std::vector<IpAddress> groups) {
  Port* port = ports_.snapshot().find(id);
  if (port == nullptr) {
    return Unexpected(PortError{PortError::Kind::no_such_device, "there is no such port"});
  }
  return port->set_groups(std::move(groups)).transform_error([](const OsError& error) {
    return PortError{PortError::Kind::system, error.to_string()};
  });
}

void DatapathImpl::set_tunnel_options(PortId id, const TunnelOptionMap& map) {
  if (Port* port = ports_.snapshot().find(id)) {
    port->set_tunnel_options(map);
  }
}

void DatapathImpl::set_mss_clamp(PortId id, std::vector<uint32_t> tunnel_ids) {
  if (Port* port = ports_.snapshot().find(id)) {
    port->set_mss_clamp(std::move(tunnel_ids));
  }
}

PortCounters DatapathImpl::port_counters(PortId id) const {
  const Port* port = ports_.snapshot().find(id);
  if (port == nullptr) {
    return {};
  }
  PortCounters counters = port->total_counters();
  const auto [received, sent] = kernel_->traffic(id);
  counters.rx_packets += received.packets;
  counters.rx_bytes += received.bytes;
  counters.rx_gso_segments += received.gso_segments;
  counters.tx_packets += sent.packets;
  counters.tx_bytes += sent.bytes;
  counters.tx_gso_segments += sent.gso_segments;
  return counters;
}

std::optional<PortStatus> DatapathImpl::port_status(PortId id) const {
  const Port* port = ports_.snapshot().find(id);
  return port != nullptr ? std::optional(port->status()) : std::nullopt;
}

void DatapathImpl::execute(std::span<const uint8_t> frame, PortId in_port, Decision decision) {
  // One worker for all, so that packet-outs leave in the order they came.
  workers_.front()->send(ExecuteCommand{{frame.begin(), frame.end()}, in_port, std::move(decision)});
}

void DatapathImpl::release_held(uint64_t up_to) {
  for (const auto& worker : workers_) {
    worker->send([up_to](Worker& w) { w.release_held(up_to); });
  }
}

std::shared_ptr<Meter> DatapathImpl::make_meter(const MeterSpec& spec) {
  return std::make_shared<TokenMeter>(spec, clock_);
}

std::shared_ptr<Queue> DatapathImpl::make_queue(const QueueSpec& spec, std::shared_ptr<Queue> whole) {
  return std::make_shared<TokenQueue>(spec, std::move(whole), clock_);
}

void DatapathImpl::for_each_megaflow(const std::function<void(Megaflow&)>& visit) const {
  for (const auto& worker : workers_) {
    worker->for_each_megaflow(visit);
  }
}

void DatapathImpl::send(MegaflowCommand command) {
  Worker& worker = *workers_[command.megaflow->worker];
  worker.send(std::move(command));
}

void DatapathImpl::fence() {
  for (const auto& worker : workers_) {
    worker->wait_until_drained();
  }
}

void DatapathImpl::set_domain_limits(const DomainLimits& limits) {
  for (size_t i = 0; i < workers_.size(); ++i) {
    on_worker(i, [limits](Worker& worker) { worker.set_domain_limits(limits); });
  }
  fence();
}

std::vector<DomainStatus> DatapathImpl::domain_status() {
  std::vector<std::vector<DomainStatus>> of_worker(workers_.size());
  for (size_t i = 0; i < workers_.size(); ++i) {
    on_worker(i, [&status = of_worker[i]](Worker& worker) { worker.add_domain_status(status); });
  }
  fence();
  std::vector<DomainStatus> all;
  for (const auto& status : of_worker) {
    std::copy_if(status.begin(), status.end(), std::back_inserter(all),
                 [](const DomainStatus& s) { return s.misses != 0 || s.megaflow_count != 0; });
  }
  return all;
}

std::vector<WorkerStatus> DatapathImpl::worker_status() const {
  std::vector<WorkerStatus> all;
  for (const auto& worker : workers_) {
    all.push_back(worker->status());
  }
  return all;
}

uint64_t DatapathImpl::drop_count(DropReason reason) const {
  uint64_t sum = 0;
  for (const auto& worker : workers_) {
    sum += worker->counters().balance.dropped.value(reason);
  }
  return sum;
}

Datapath::Balance DatapathImpl::balance() const {
  Balance sum;
  for (const auto& worker : workers_) {
    const PacketBalance& own = worker->counters().balance;
    sum.received += own.received.value();
    sum.originated += own.originated.value();
    sum.sent += own.sent.value();
    sum.dropped += own.dropped.total();
    sum.absorbed += own.absorbed.value();
  }
  return sum;
}

void DatapathImpl::inject(PortId id, MemoryFrame frame) {
  auto* port = dynamic_cast<MemoryPort*>(ports_.snapshot().find(id));
  assert(port != nullptr && "frames are injected at memory ports");
  port->inject(std::move(frame));
}

std::vector<MemoryFrame> DatapathImpl::take_sent(PortId id) {
  auto* port = dynamic_cast<MemoryPort*>(ports_.snapshot().find(id));
  assert(port != nullptr && "frames are taken from memory ports");
  return port->take_sent();
}

std::unique_ptr<Datapath> make_datapath(const DatapathOptions& options, UpcallSink& sink) {
  return std::make_unique<DatapathImpl>(options, sink);
}

}  // namespace weft::datapath
