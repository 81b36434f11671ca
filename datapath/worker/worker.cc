#include "datapath/worker/worker.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "lib/base/rcu.h"
#include "lib/flow/extract.h"
#include "lib/os/scheduling.h"

namespace weft::datapath {
namespace {

using namespace std::chrono_literals;

// Waking a sleeping thread costs some 33 us (design figures), so looking for not much longer is worth it.
constexpr Duration spin_time = 60us;
// Giving way took no longer: nobody else wanted the processor. Then it is not tried again for a while, for it makes what
// comes meanwhile wait.
constexpr Duration vain_yield = 5us;
constexpr Duration vain_yield_pause = 20us;
// With traffic on one queue the poller is asked about the others once in so many rounds, or after this time where that is
// longer: of small packets a round takes 3 us, and asking half a microsecond. With none, as often where a look at the
// queues says so, else in each round.
constexpr unsigned rounds_between_polls = 4;
constexpr Duration time_between_polls = 20us;
// Looking at more queues than these costs more than asking the poller.
constexpr size_t most_peeked_queues = 8;
constexpr int backlog_retry_ms = 1;
// Frames of a queue that is to be handed over wait so long at most for what came before them to leave.
constexpr Duration hand_over_patience = 20ms;

FlowCacheOptions cache_options(const DatapathOptions& options) {
  FlowCacheOptions cache;
  if (options.flow_cache_entries != 0) {
    cache.initial_slots = options.flow_cache_entries;
  }
  return cache;
}

}  // namespace

Worker::Worker(unsigned index, const DatapathOptions& options, const Clock& clock, UpcallSink& sink,
               const PortRegistry& ports, KernelPath& kernel)
    : index_(index),
      policy_(options.poll_policy),
      ports_(ports),
      flow_cache_(cache_options(options)),
      megaflows_({index, options.megaflow_limit, options.hash_seed, options.domains}),
      budget_(clock, options.domains.miss_share_percent),
      transmit_(index, pool_, counters_.balance, sink),
      pipeline_({index, clock, sink, flow_cache_, megaflows_, budget_, transmit_, counters_, kernel}),
      rx_context_(index, pool_, counters_.balance) {}

Worker::~Worker() { stop(); }

void Worker::start() {
  is_stopping_ = false;
  thread_ = std::thread([this] { run_thread(); });
  pthread_setname_np(thread_.native_handle(), ("weft-worker" + std::to_string(index_)).c_str());
}

void Worker::stop() {
  if (thread_.joinable()) {
    // As a command, because no command is slept on (command_queue.h); the wake of a flag set from here could be taken
    // by a round that had looked at the flag before.
    send([](Worker& worker) { worker.is_stopping_ = true; });
    thread_.join();
  }
}

void Worker::run_thread() {
  const rcu::ThreadScope scope;
  ask_for_prompt_turns();
  std::optional<TimePoint> idle_since;
  while (!is_stopping_) {
    const bool has_worked = run_round();
    rcu::quiescent();
    if (has_worked) {
      idle_since.reset();
    } else {
      rest(idle_since);
    }
  }
}

// Spinning is measured in real time, whatever clock the packets are told by.
void Worker::rest(std::optional<TimePoint>& idle_since) {
  worked_until_.reset();
  const TimePoint now = SystemClock::instance().now();
  if (!idle_since) {
    idle_since = now;
  }
  if (policy_ == PollPolicy::busy || (policy_ == PollPolicy::adaptive && now - *idle_since < spin_time)) {
    give_way(now);
  } else {
    sleep();
  }
}

// Without it the guests that share the processor wait for the end of the spinning (measured: round trips twice as long).
void Worker::give_way(TimePoint now) {
  if (now >= next_yield_) {
    ::sched_yield();
    const TimePoint back = SystemClock::instance().now();
    next_yield_ = back - now < vain_yield ? back + vain_yield_pause : back;
  }
}

void Worker::sleep() {
  if (!commands_.begin_sleep()) {
    return;
  }
  {
    const rcu::OfflineScope offline;
    counters_.sleeps.add();
    poll_queues(has_to_look_again() ? backlog_retry_ms : Poller::forever);
  }
  commands_.end_sleep();
}

void Worker::poll_queues(int timeout_ms) {
  rounds_since_poll_ = 0;
  poller_.poll(timeout_ms, [this](RxQueue& ready) {
    for (AttachedQueue& attached : queues_) {
      attached.is_ready = attached.is_ready || attached.queue.get() == &ready;
    }
  });
}

// Marks the queues that have something to receive.
void Worker::look_for_frames() {
  const bool peeks = queues_.size() <= most_peeked_queues;
  bool has_ready = false;
  bool has_peeked = false;
  for (AttachedQueue& attached : queues_) {
    const std::optional<bool> is_filled = peeks && !attached.is_ready ? attached.queue->peek() : std::nullopt;
    attached.is_ready = attached.is_ready || is_filled.value_or(false);
    has_ready = has_ready || attached.is_ready;
    has_peeked = has_peeked || is_filled.has_value();
  }
  const bool is_due =
      ++rounds_since_poll_ >= rounds_between_polls && (!has_ready || *worked_until_ - polled_at_ >= time_between_polls);
  if (is_due || !(has_ready || has_peeked)) {
    poll_queues(0);
    polled_at_ = *worked_until_;
  }
}

bool Worker::run_once() {
  worked_until_.reset();
  poll_queues(0);
  return run_round();
}

bool Worker::run_round() {
  counters_.rounds.add();
  const bool had_commands = drain_commands();
  if (had_commands) {
    worked_until_.reset();
  }
  transmit_.set_ports(ports_.snapshot());
  const bool has_read = read_queues();
  const bool has_executed = transmit_.run_part();
  const bool has_retried = transmit_.retry_backlogs();
  const bool has_answered = process_answers();
  const bool has_handed_over = !leaving_.empty() && finish_hand_overs();
  tell_queues();
  return had_commands || has_read || has_executed || has_answered || has_handed_over ||
         (has_retried && !transmit_.has_backlog());
}

bool Worker::drain_commands() {
  return commands_.drain([this](Command& command) {
    transmit_.set_ports(ports_.snapshot());
    std::visit([this](auto& c) { run_command(c); }, command);
  });
}

// A batch begins where the one before ended, unless there was a pause or something else between: one look at the clock
// tells both.
bool Worker::read_queues() {
  if (!worked_until_) {
    worked_until_ = SystemClock::instance().now();
  }
  look_for_frames();
  bool has_read = false;
  bool is_behind = false;
  for (AttachedQueue& attached : queues_) {
    if (!attached.is_ready) {
      continue;
    }
    PacketBatch batch;
    counters_.stages.begin();
    attached.is_ready = attached.queue->receive(batch, rx_context_);
    attached.is_owing = true;
    const size_t packet_count = batch.size();
    has_read = has_read || attached.is_ready || packet_count != 0;
    is_behind = rx_context_.take_was_behind() || batch.is_full() || is_behind;
    counters_.stages.end(Stage::receive);
    if (packet_count != 0) {
      attached.load->packets.add(packet_count);
      pipeline_.process(std::move(batch), ports_.snapshot());
      const TimePoint now = SystemClock::instance().now();
      attached.load->busy_ns.add(static_cast<uint64_t>((now - *worked_until_).count()));
      worked_until_ = now;
    }
    counters_.stages.finish(packet_count);
  }
  budget_.end_round(is_behind);
  megaflow_count_.set(megaflows_.size());
  mask_count_.set(megaflows_.mask_count());
  return has_read;
}

// At the end of a round, when nothing is in hand.
void Worker::tell_queues() {
  if (transmit_.has_backlog_beside_kernel() || transmit_.has_parted() || pipeline_.has_held()) {
    return;
  }
  for (AttachedQueue& attached : queues_) {
    if (std::exchange(attached.is_owing, false)) {
      attached.queue->all_has_left();
    }
  }
}

// Behind everything that may have caused some: commands, queues, backlogs.
bool Worker::process_answers() {
  if (!transmit_.has_answers()) {
    return false;
  }
  pipeline_.process_answers(transmit_.take_answers(), ports_.snapshot());
  return true;
}

void Worker::send(Command command) {
  if (commands_.push(std::move(command))) {
    poller_.wake();
  }
}

void Worker::wait_until_drained() {
  if (!is_started()) {
    drain_commands();
  } else if (!commands_.is_at_rest()) {
    // A packet may be in hand that was decided by what has just been replaced and left no megaflow. The end of its
    // round is where this runs.
    send([](Worker&) {});
    commands_.wait_until_drained();
  }
}

void Worker::attach(std::shared_ptr<RxQueue> queue, std::shared_ptr<QueueLoad> load) {
  poller_.add(*queue);
  queues_.push_back({std::move(queue), std::move(load)});
}

void Worker::detach(const RxQueue& queue) {
  // One that is about to leave is not read, and keeps nothing.
  std::erase_if(leaving_, [&](const LeavingQueue& leaving) { return leaving.attached.queue.get() == &queue; });
  const auto found = find_queue(queue);
  if (found != queues_.end()) {
    poller_.remove(*found->queue);
    found->queue->discard(rx_context_);
    queues_.erase(found);
  }
}

std::vector<Worker::AttachedQueue>::iterator Worker::find_queue(const RxQueue& queue) {
  return std::find_if(queues_.begin(), queues_.end(),
                      [&](const AttachedQueue& attached) { return attached.queue.get() == &queue; });
}

void Worker::hand_over(const RxQueue& queue, TakeQueue take) {
  const auto found = find_queue(queue);
  if (found == queues_.end() || found->queue->keeps_frames()) {
    return take(false);
  }
  poller_.remove(*found->queue);
  leaving_.push_back({std::move(*found), std::move(take), SystemClock::instance().now() + hand_over_patience});
  queues_.erase(found);
}

// At the end of a round, so no packet is in hand. True when a queue went, or came back.
bool Worker::finish_hand_overs() {
  const bool are_gone = has_all_left();
  const TimePoint now = SystemClock::instance().now();
  const size_t before = leaving_.size();
  std::erase_if(leaving_, [&](LeavingQueue& leaving) {
    if (!are_gone && now < leaving.give_up) {
      return false;
    }
    if (!are_gone) {
      attach(std::move(leaving.attached.queue), std::move(leaving.attached.load));
    }
    leaving.take(are_gone);
    return true;
  });
  return leaving_.size() != before;
}

void Worker::set_domain_limits(const DomainLimits& limits) {
  megaflows_.set_limits(limits);
  budget_.set_share(limits.miss_share_percent);
}

void Worker::add_domain_status(std::vector<DomainStatus>& to) {
  megaflows_.for_each_domain([&](const MegaflowDomain& domain) {
    to.push_back({index_, domain.key().kind, domain.key().port, swap_network_order(domain.key().tun_id),
                  domain.mask_count(), domain.megaflow_count(), domain.misses, domain.translations, domain.dropped,
                  domain.rounded, domain.refused});
  });
}

// A megaflow that this worker has removed meanwhile stays as it is.
void Worker::run_command(MegaflowCommand& command) {
  Megaflow& megaflow = *command.megaflow;
  if (megaflow.is_dead.load(std::memory_order_relaxed)) {
    return;
  }
  if (command.replacement != nullptr) {
    rcu::retire(MegaflowTable::replace(megaflow, std::move(command.replacement)));
  } else {
    megaflows_.remove(megaflow);
  }
}

void Worker::run_command(ExecuteCommand& command) {
  const auto drop = [this](DropReason reason) { counters_.balance.dropped.add(reason); };
  counters_.balance.originated.add();
  if (command.frame.size() > max_frame_size) {
    return drop(DropReason::oversized_frame);
  }
  PacketPtr packet = pool_.copy_of(command.frame);
  if (packet == nullptr) {
    return drop(DropReason::no_buffer);
  }
  packet->in_port = command.in_port;
  FlowKey key;
  if (const Verdict verdict = extract(*packet, key)) {
    return drop(*verdict);
  }
  pipeline_.execute(std::move(packet), command.decision);
  transmit_.flush();
}

WorkerStatus Worker::status() const {
  WorkerPerf perf = counters_.stages.read();
  counters_.balance.dropped.for_each(
      [&](DropReason reason, uint64_t count) { perf.dropped[static_cast<size_t>(reason)] = count; });
  return {index_,
          counters_.rounds.value(),
          counters_.sleeps.value(),
          counters_.rx_packets.value(),
          counters_.flow_cache_hits.value(),
          counters_.megaflow_hits.value(),
          counters_.misses.value(),
          megaflow_count_.value(),
          mask_count_.value(),
          perf};
}

}  // namespace weft::datapath
