// MissBudget: how much of a worker's time goes to packets that its flow cache does not know.
//
// Such a packet costs many times what a known one costs: a walk over masks, perhaps a translation. While known flows
// want the time, misses get a share of it (DomainLimits::miss_share_percent), and what is over it is dropped as
// miss_budget before it has cost more than the look into the flow cache. While nobody else wants the time they may have
// all of it. Others want it when both are so:
//
//   - the worker does not keep up: in the round before some queue had a whole batch waiting;
//   - known flows are there: at least one packet in 64.
//
// The share is divided evenly among the domains that ask (datapath/api/domain.h): a domain's credit, in nanoseconds, grows
// with time, and each miss is charged what it took. What some do not need is for everybody, as long as half of a
// burst is left for who comes next. A turn is 100 ms; a domain that has asked in this turn or the last takes part in
// the division.
//
//     time passes  --share-->  the whole (up to a burst of 50 ms)  --divided by those who ask-->  credit of each (5 ms)
//
// Time is what the worker's thread has run, not what passed: where others use the processor too, a share of that might be
// all that the worker has. A miss is charged at most 0.2 ms: one that took longer was interrupted.
//
// Lookups in a domain of few masks (MegaflowDomain::is_short) are neither charged nor refused: they cost about what a
// hit costs, and where most packets are new flows (a name server's) that is what most packets are.
//
// Threads:   the owning worker. Ownership: of nothing; accounts are in the domains.
// Cost:      a batch without misses: two additions. A refused miss: some nanoseconds. The clock is read twice for a batch
//            of which misses are looked up, and once for each translation; the thread's (a system call) at most once in
//            0.5 ms, or in a tick of the coarse clock where that is longer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "datapath/cache/megaflow_domain.h"
#include "lib/base/clock.h"

namespace weft::datapath {

class MissBudget {
 public:
  MissBudget(const Clock& clock, unsigned share_percent);

  void set_share(unsigned percent) { share_percent_ = percent; }

  // The worker has asked every queue; whether one of them had a full batch.
  void end_round(bool was_behind) { is_behind_ = was_behind; }
  // Of a batch, `hit_count` were in the flow cache.
  void count(size_t packet_count, size_t hit_count) {
    packet_count_ += packet_count;
    hit_count_ += hit_count;
  }

  // Before the misses of a batch: credit is given for the time that has passed up to now, as the coarse clock has it.
  void begin(TimePoint now);
  // Whether so many misses of this domain may be looked up, all or none; counted as dropped where not.
  bool admits_lookups(MegaflowDomain& domain, size_t count);
  // Whether what no megaflow covers may be translated; counted as dropped where not.
  bool admits_translation(MegaflowDomain& domain);

  // Whether one more flow of the domain may take a living flow's place in the flow cache: in a turn it may evict a 64th
  // of the cache, so it takes it at least 6 seconds to evict all, in which whoever is heard of keeps his place.
  bool may_evict(const MegaflowDomain& domain) const {
    return domain.account.may_evict || domain.account.eviction_turn != turn_;
  }
  void evicted(MegaflowDomain& domain, size_t slot_count);

  // Time is taken from here.
  void start();
  // What passed since then goes to this domain's account, and time is taken from here.
  void charge(MegaflowDomain& domain);
  // The same to equal parts for those of these, null or not, whose lookups are charged.
  void charge_lookups(std::span<MegaflowDomain* const> domains);

  // Whether misses are being limited, as of the last begin().
  bool is_limiting() const { return is_behind_ && is_wanted_; }

 private:
  bool admits(MegaflowDomain& domain, size_t count);
  void collect(MissAccount& account);
  void spend(MissAccount& account, int64_t ns);
  int64_t lap(int64_t most);
  void start_turn(TimePoint now);
  void fill();
  Duration time_worked() const;
  void see_who_wants();

  const Clock& clock_;
  unsigned share_percent_;
  bool is_behind_ = false;
  bool is_wanted_ = false;
  size_t packet_count_ = 0;
  size_t hit_count_ = 0;

  TimePoint next_fill_;
  Duration filled_;  // how much of the thread's time credit was given for
  TimePoint lap_;
  int64_t whole_ns_;   // what is left of the share, for all together
  uint64_t level_ns_;  // what a domain that always asked would have been given by now
  uint64_t turn_ = 1;
  TimePoint turn_end_;
  uint64_t asking_now_ = 0;  // domains, in this turn
  uint64_t asking_before_ = 0;
};

}  // namespace weft::datapath
