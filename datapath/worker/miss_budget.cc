#include "datapath/worker/miss_budget.h"

#include <ctime>

#include <algorithm>
#include <utility>

namespace weft::datapath {
namespace {

using namespace std::chrono_literals;

constexpr int64_t ns(Duration time) { return time.count(); }

constexpr int64_t burst_of_all = ns(50ms);
constexpr int64_t burst_of_one = ns(5ms);
// Of one, while all together have nothing left: many domains that come at once do not each bring a burst.
constexpr int64_t burst_when_spent = ns(100us);
constexpr int64_t longest_miss = ns(200us);
constexpr Duration turn_length = 100ms;
constexpr Duration fill_interval = 500us;
constexpr Duration longest_fill = 1s;

// Fewer packets say nothing about who is there.
constexpr size_t enough_packets = 256;
constexpr size_t packets_per_wanting_hit = 64;

constexpr size_t share_of_evictions = 64;

}  // namespace

MissBudget::MissBudget(const Clock& clock, unsigned share_percent)
    : clock_(clock),
      share_percent_(share_percent),
      next_fill_(clock.now()),
      filled_(time_worked()),
      lap_(next_fill_),
      whole_ns_(burst_of_all),
      level_ns_(burst_of_one),
      turn_end_(next_fill_ + turn_length) {}

// A clock that is not the system's knows no threads: all its time is the worker's.
Duration MissBudget::time_worked() const {
  if (&clock_ != &SystemClock::instance()) {
    return clock_.now().time_since_epoch();
  }
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

void MissBudget::begin(TimePoint now) {
  if (now >= turn_end_) {
    start_turn(now);
  }
  if (now >= next_fill_) {
    next_fill_ = now + fill_interval;
    fill();
  }
  see_who_wants();
}

void MissBudget::start_turn(TimePoint now) {
  asking_before_ = now - turn_end_ < turn_length ? asking_now_ : 0;
  asking_now_ = 0;
  ++turn_;
  turn_end_ = now + turn_length;
}

// The budget is made on one thread and used on another, whose time may be less.
void MissBudget::fill() {
  const Duration worked = time_worked();
  const Duration passed = std::clamp(worked - std::exchange(filled_, worked), Duration::zero(), longest_fill);
  const int64_t given = ns(passed) * share_percent_ / 100;
  whole_ns_ = std::min(whole_ns_ + given, burst_of_all);
  level_ns_ += static_cast<uint64_t>(given) / std::max<uint64_t>({asking_now_, asking_before_, 1});
}

void MissBudget::see_who_wants() {
  if (packet_count_ >= enough_packets) {
    is_wanted_ = hit_count_ * packets_per_wanting_hit >= packet_count_;
    packet_count_ = 0;
    hit_count_ = 0;
  }
}

bool MissBudget::admits_lookups(MegaflowDomain& domain, size_t count) {
  domain.misses += count;
  return domain.is_short() || admits(domain, count);
}

bool MissBudget::admits_translation(MegaflowDomain& domain) {
  const bool is_admitted = admits(domain, 1);
  domain.translations += is_admitted ? 1 : 0;
  return is_admitted;
}

bool MissBudget::admits(MegaflowDomain& domain, size_t count) {
  collect(domain.account);
  const bool is_admitted = !is_limiting() || domain.account.credit_ns > 0 || whole_ns_ > burst_of_all / 2;
  domain.dropped += is_admitted ? 0 : count;
  return is_admitted;
}

// Gives the account what has been divided since it last asked.
void MissBudget::collect(MissAccount& account) {
  if (account.last_turn != turn_) {
    account.last_turn = turn_;
    ++asking_now_;
  }
  const auto most = static_cast<uint64_t>(burst_of_all);  // what was divided long ago is more than any burst
  const auto given = static_cast<int64_t>(std::min(level_ns_ - account.level_ns, most));
  account.level_ns = level_ns_;
  account.credit_ns = std::min(account.credit_ns + given, whole_ns_ > 0 ? burst_of_one : burst_when_spent);
}

void MissBudget::evicted(MegaflowDomain& domain, size_t slot_count) {
  MissAccount& account = domain.account;
  if (std::exchange(account.eviction_turn, turn_) != turn_) {
    account.evictions = 0;
  }
  account.may_evict = ++account.evictions < std::max<size_t>(slot_count / share_of_evictions, 1);
}

void MissBudget::start() { lap_ = clock_.now(); }

int64_t MissBudget::lap(int64_t most) {
  const TimePoint now = clock_.now();
  return std::clamp<int64_t>(ns(now - std::exchange(lap_, now)), 0, most);
}

void MissBudget::charge(MegaflowDomain& domain) { spend(domain.account, lap(longest_miss)); }

void MissBudget::charge_lookups(std::span<MegaflowDomain* const> domains) {
  const auto is_charged = [](const MegaflowDomain* domain) { return domain != nullptr && !domain->is_short(); };
  const auto count = std::count_if(domains.begin(), domains.end(), is_charged);
  if (count == 0) {
    return;
  }
  const int64_t each = lap(longest_miss) / count;
  for (MegaflowDomain* domain : domains) {
    if (is_charged(domain)) {
      spend(domain->account, each);
    }
  }
}

void MissBudget::spend(MissAccount& account, int64_t ns_spent) {
  if (is_limiting()) {
    account.credit_ns = std::max(account.credit_ns - ns_spent, -burst_of_one);
    whole_ns_ = std::max(whole_ns_ - ns_spent, -burst_of_all);
  }
}

}  // namespace weft::datapath
