// Revalidator: keeps cached decisions true, and brings their counters home.
//
// A round does, in this order, what there is to do:
//   1. takes the changes published since the last round and finds the megaflows that relied on what they touch,
//   2. translates those again; what is decided differently is replaced, what cannot be is removed,
//   3. removes megaflows that nobody has used for the idle time, which is shorter where they crowd,
//   4. fences the workers, credits final and current counters to rules, groups, MACs,
//   5. posts the callbacks of barrier() and collect() that were waiting when the round began.
//
// A walk over hundreds of thousands of megaflows takes longer than a controller should wait for a barrier. When nothing has
// changed, which is so in most rounds under load (they count and expire), barriers that come meanwhile are passed amid it.
//
// Counters are credited here and nowhere else, each packet once: an Installed knows what was already credited.
// With threads, rounds are woken by changes and requests; while megaflows exist there is one a second, without any
// the thread sleeps until something happens.
//
// Threads:   barrier, collect, wake, made_decision by any thread; start, stop by the control thread; run_once by the
//            revalidator's thread or, when that was not started, by the control thread. The caller of run_once is
//            registered with RCU.
// Cost:      a round looks at every megaflow's record when something changed (a few look-ups each); translation
//            only for those that are touched.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "datapath/api/datapath.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "ofproto/upcall/executor.h"
#include "ofproto/upcall/published_state.h"

namespace weft::ofproto {

class Revalidator {
 public:
  struct Options {
    Duration idle = std::chrono::seconds(10);
    Duration idle_in_a_crowd = std::chrono::seconds(1);  // Megaflow::is_crowded
    // Beyond so many touched megaflows they are removed, to be translated again when a packet comes.
    size_t max_retranslated = 10000;
  };

  Revalidator(const PublishedState& state, const Clock& clock, Executor post, const Options& options);
  ~Revalidator();

  // Before anything else: the datapath it works on.
  void attach(datapath::Datapath& datapath) { datapath_ = &datapath; }
  void start();
  void stop();

  // Posts `done` when all changes published before are in force in the datapath, and what the decisions that they took
  // away have counted is credited. Cheap when nothing has changed since the last one.
  void barrier(std::function<void()> done) EXCLUDES(mutex_);
  // Posts `done` when all counters have been credited.
  void collect(std::function<void()> done) EXCLUDES(mutex_);
  // There is a change, or something else to do.
  void wake() EXCLUDES(mutex_);
  // A worker has a decision that may become a megaflow, or a packet was sent out: cheap unless the thread rests.
  void made_decision();
  // No megaflow is there and none is on its way that rests on what was published before this call: barriers are passed,
  // counters collected, and a change touches nothing. A decision made from now on asks the change log when it is inserted.
  bool is_at_rest() const {
    return is_at_rest_.load(std::memory_order_seq_cst) && is_resting_.load(std::memory_order_seq_cst);
  }

  // One round. False when there was nothing to do.
  bool run_once();

 private:
  struct Requests {
    std::vector<std::function<void()>> barriers;
    std::vector<std::function<void()>> collects;
    bool empty() const { return barriers.empty() && collects.empty(); }
  };
  struct Work;

  void run();
  void wait_for_work() EXCLUDES(mutex_);
  Requests take_requests() EXCLUDES(mutex_);
  void post_all(std::vector<std::function<void()>>& calls);

  void look_at_all(Work& work);
  void pass_barriers() EXCLUDES(mutex_);
  bool has_late_megaflow();
  void look_at(datapath::Megaflow& megaflow, Work& work);
  bool is_idle(const datapath::Megaflow& megaflow, const datapath::Installed& installed, TimePoint now) const;
  void replace_or_remove(Work& work);
  std::unique_ptr<datapath::Installed> translate_again(const datapath::Megaflow& megaflow) const;
  void settle(Work& work);
  static void credit(datapath::Installed& installed);

  const PublishedState& state_;
  const Clock& clock_;
  const Executor post_;
  const Options options_;
  datapath::Datapath* datapath_ = nullptr;
  std::thread thread_;

  // The thread of run_once alone.
  uint64_t processed_ = 0;  // changes up to this one are in force
  TimePoint next_tick_{};

  std::atomic<bool> is_resting_{true};  // no megaflow was there at the last look
  std::atomic<bool> is_at_rest_{true};  // nor behind a fence: what was on its way then had come

  Mutex mutex_;
  CondVar has_work_;
  Requests requests_ GUARDED_BY(mutex_);
  bool is_woken_ GUARDED_BY(mutex_) = false;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace weft::ofproto
