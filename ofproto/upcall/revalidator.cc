#include "ofproto/upcall/revalidator.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/rcu.h"
#include "ofproto/upcall/flow_record.h"

namespace weft::ofproto {
namespace {

constexpr Duration tick = std::chrono::seconds(1);
constexpr size_t between_barriers = 256;  // megaflows, looked at in well below a millisecond

// Hands megaflows on in their order, each some steps after it came: meanwhile what lies behind it is fetched, a link at a
// step. Of a hundred thousand megaflows hardly any is in a cache, and a look follows five links.
template <class Look>
class FetchAhead {
 public:
  explicit FetchAhead(Look look) : look_(std::move(look)) {}

  void push(datapath::Megaflow& megaflow) {
    __builtin_prefetch(&megaflow.installed);
    step(&megaflow);
  }
  // Those that are still on their way.
  void finish() {
    for (size_t i = 0; i < links * distance; ++i) {
      step(nullptr);
    }
  }

 private:
  static constexpr size_t links = 5;
  static constexpr size_t distance = 6;  // steps between two of them
  struct Place {
    datapath::Megaflow* megaflow = nullptr;
    const datapath::Installed* installed = nullptr;
  };

  Place& before(size_t steps) { return places_[(next_ - steps) % places_.size()]; }

  void step(datapath::Megaflow* megaflow) {
    before(0) = {megaflow, nullptr};
    fetch_decision(before(distance));
    fetch_record(before(2 * distance));
    fetch_common(before(3 * distance));
    fetch_dependencies(before(4 * distance));
    Place& last = before(links * distance);
    if (last.megaflow != nullptr) {
      look_(*std::exchange(last.megaflow, nullptr));
    }
    ++next_;
  }
  static void fetch_decision(Place& place) {
    if (place.megaflow != nullptr) {
      place.installed = place.megaflow->installed.load(std::memory_order_acquire);
      __builtin_prefetch(place.installed);
      __builtin_prefetch(place.installed != nullptr ? &place.installed->used_ns : nullptr);
    }
  }
  static void fetch_record(const Place& place) {
    __builtin_prefetch(place.installed != nullptr ? place.installed->decision.record.get() : nullptr);
  }
  static const FlowRecord* record_at(const Place& place) {
    return place.installed != nullptr ? record_of(place.installed->decision) : nullptr;
  }
  static void fetch_common(const Place& place) {
    const FlowRecord* record = record_at(place);
    __builtin_prefetch(record != nullptr ? record->common() : nullptr);
  }
  static void fetch_dependencies(const Place& place) {
    if (const FlowRecord* record = record_at(place)) {
      __builtin_prefetch(record->dependencies().ids.data());
      __builtin_prefetch(record->dependencies().tables.data());
    }
  }

  Look look_;
  std::array<Place, 32> places_{};
  size_t next_ = links * distance;
};

// Whether every bit of `inner` is in `outer` too.
bool is_within(const KeptMask& inner, const KeptMask& outer) {
  bool is_inside = true;
  inner.set().for_each([&](unsigned i) { is_inside = is_inside && (inner.word(i) & ~outer.word(i)) == 0; });
  return is_inside;
}

}  // namespace

// What one round has found and done.
struct Revalidator::Work {
  TimePoint now;
  const TouchIndex* touches = nullptr;  // of the changes since the last round
  bool everything_is_touched = false;
  bool has_changes = false;
  bool expires_idle = false;
  bool collects = false;

  size_t megaflow_count = 0;
  std::vector<datapath::Megaflow*> touched;
  std::vector<datapath::Installed*> superseded;  // commands were sent for these
};

Revalidator::Revalidator(const PublishedState& state, const Clock& clock, Executor post, const Options& options)
    : state_(state), clock_(clock), post_(std::move(post)), options_(options) {}

Revalidator::~Revalidator() { stop(); }

void Revalidator::start() {
  thread_ = std::thread([this] { run(); });
}

void Revalidator::stop() {
  if (!thread_.joinable()) {
    return;
  }
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    has_work_.notify_one();
  }
  const rcu::OfflineScope offline;
  thread_.join();
}

// --- requests

void Revalidator::barrier(std::function<void()> done) {
  MutexLock lock(mutex_);
  requests_.barriers.push_back(std::move(done));
  has_work_.notify_one();
}

void Revalidator::collect(std::function<void()> done) {
  MutexLock lock(mutex_);
  requests_.collects.push_back(std::move(done));
  has_work_.notify_one();
}

void Revalidator::wake() {
  MutexLock lock(mutex_);
  is_woken_ = true;
  has_work_.notify_one();
}

void Revalidator::made_decision() {
  if (is_resting_.load(std::memory_order_seq_cst) && is_resting_.exchange(false)) {
    wake();
  }
}

Revalidator::Requests Revalidator::take_requests() {
  MutexLock lock(mutex_);
  is_woken_ = false;
  return std::exchange(requests_, {});
}

void Revalidator::post_all(std::vector<std::function<void()>>& calls) {
  for (std::function<void()>& call : calls) {
    post_(std::move(call));
  }
}

// --- the thread

void Revalidator::run() {
  const rcu::ThreadScope rcu_scope;
  for (;;) {
    wait_for_work();
    {
      MutexLock lock(mutex_);
      if (is_stopping_) {
        return;
      }
    }
    run_once();
    rcu::quiescent();
  }
}

void Revalidator::wait_for_work() {
  const rcu::OfflineScope offline;
  MutexLock lock(mutex_);
  while (!is_stopping_ && !is_woken_ && requests_.empty()) {
    if (is_resting_.load(std::memory_order_seq_cst)) {
      has_work_.wait(mutex_);
    } else if (!has_work_.wait_for(mutex_, tick)) {
      return;
    }
  }
}

// --- a round

bool Revalidator::run_once() {
  Requests requests = take_requests();
  const uint64_t target = state_.changes.sequence();
  Work work;
  work.now = clock_.now();
  const std::unique_ptr<TouchIndex> touches = state_.changes.since(processed_);
  work.touches = touches.get();
  work.everything_is_touched = touches == nullptr;
  work.expires_idle = work.now >= next_tick_ && !is_resting_.load(std::memory_order_seq_cst);
  work.has_changes = target != processed_;
  work.collects = work.expires_idle || !requests.collects.empty();
  // A barrier alone waits for the workers and for no megaflow: what was changed before is in force since the last round.
  const bool looks = work.has_changes || work.collects;
  if (!looks && requests.empty()) {
    return false;
  }
  if (work.expires_idle) {
    next_tick_ = work.now + tick;
  }
  if (looks) {
    look_at_all(work);
    replace_or_remove(work);
  }
  if (work.has_changes || !work.superseded.empty() || !requests.barriers.empty()) {
    datapath_->fence();
    settle(work);
  }
  processed_ = target;
  post_all(requests.barriers);
  post_all(requests.collects);
  return work.has_changes || !requests.empty() || !work.superseded.empty();
}

void Revalidator::look_at_all(Work& work) {
  if (is_at_rest()) {
    return;
  }
  is_at_rest_.store(false, std::memory_order_seq_cst);
  // Said before looking, so that a decision made meanwhile says again that there may be one.
  is_resting_.store(true, std::memory_order_seq_cst);
  FetchAhead ahead([&](datapath::Megaflow& megaflow) {
    look_at(megaflow, work);
    if (!work.has_changes && work.megaflow_count % between_barriers == 0) {
      pass_barriers();
    }
  });
  datapath_->for_each_megaflow([&](datapath::Megaflow& megaflow) { ahead.push(megaflow); });
  ahead.finish();
  const bool has_any = work.megaflow_count != 0 || has_late_megaflow();
  is_at_rest_.store(!has_any, std::memory_order_seq_cst);
  if (has_any) {
    is_resting_.store(false, std::memory_order_seq_cst);
  }
}

// Those before which nothing was published that is not in force. What this round has removed so far was idle, not wrong.
void Revalidator::pass_barriers() {
  std::vector<std::function<void()>> barriers;
  {
    MutexLock lock(mutex_);
    // In this order: what was published before one of them is in the number.
    if (requests_.barriers.empty() || state_.changes.sequence() != processed_) {
      return;
    }
    barriers = std::exchange(requests_.barriers, {});
  }
  datapath_->fence();
  post_all(barriers);
}

// A worker that told of its decision before the look began inserts it before it takes the next packet.
bool Revalidator::has_late_megaflow() {
  datapath_->fence();
  bool has_any = false;
  datapath_->for_each_megaflow([&](datapath::Megaflow&) { has_any = true; });
  return has_any;
}

void Revalidator::look_at(datapath::Megaflow& megaflow, Work& work) {
  datapath::Installed* installed = megaflow.installed.load(std::memory_order_acquire);
  if (installed == nullptr || megaflow.is_dead.load(std::memory_order_acquire)) {
    return;
  }
  ++work.megaflow_count;
  if (work.collects) {
    credit(*installed);
  }
  const FlowRecord* record = record_of(installed->decision);
  if (work.everything_is_touched || record == nullptr || work.touches->touches(record->dependencies())) {
    work.touched.push_back(&megaflow);
  } else if (work.expires_idle && is_idle(megaflow, *installed, work.now)) {
    work.superseded.push_back(installed);
    datapath_->send({&megaflow, nullptr});
  }
}

bool Revalidator::is_idle(const datapath::Megaflow& megaflow, const datapath::Installed& installed,
                          TimePoint now) const {
  return now - std::max(installed.count().used, megaflow.created) >=
         (megaflow.is_crowded ? options_.idle_in_a_crowd : options_.idle);
}

void Revalidator::replace_or_remove(Work& work) {
  const bool are_too_many = work.touched.size() > options_.max_retranslated;
  for (datapath::Megaflow* megaflow : work.touched) {
    work.superseded.push_back(megaflow->installed.load(std::memory_order_acquire));
    datapath_->send({megaflow, are_too_many ? nullptr : translate_again(*megaflow)});
  }
}

// Null: the megaflow must go. That is so when its port is gone, when a packet would teach something new, and when
// the new decision looks at bits that the megaflow does not fix.
std::unique_ptr<datapath::Installed> Revalidator::translate_again(const datapath::Megaflow& megaflow) const {
  const FlowMask shared_bits = megaflow.mask;
  std::optional<Translated> translated = translate_key(state_, megaflow.key, {.shared_bits = &shared_bits});
  if (!translated || !translated->result.effects.empty() || !translated->result.is_cacheable) {
    return nullptr;
  }
  datapath::Decision decision = make_decision(std::move(translated->result), translated->sequence);
  if (!is_within(decision.mask, megaflow.mask)) {
    return nullptr;
  }
  decision.mask = megaflow.mask;
  return std::make_unique<datapath::Installed>(std::move(decision));
}

// The workers have taken the commands: what the superseded decisions counted is final. The datapath frees them, but
// not before this thread is quiescent.
void Revalidator::settle(Work& work) {
  for (datapath::Installed* installed : work.superseded) {
    credit(*installed);
  }
}

void Revalidator::credit(datapath::Installed& installed) {
  const datapath::MegaflowCount count = installed.count();
  if (count.packets == installed.credited_packets && count.bytes == installed.credited_bytes) {
    return;
  }
  if (const FlowRecord* record = record_of(installed.decision)) {
    record->credits().apply(count.packets - installed.credited_packets, count.bytes - installed.credited_bytes,
                            count.used);
  }
  installed.credited_packets = count.packets;
  installed.credited_bytes = count.bytes;
}

}  // namespace weft::ofproto
