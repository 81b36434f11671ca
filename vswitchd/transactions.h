// Transactions: what a management request does to the database, the switch and the state file, in that order.
//
// One after the other: the next is looked at when the one before is followed and saved, so an answer always describes
// the state that its own change led to. Who does not wait is answered when the change is on disk.
//
// A change that could not be saved is in force and refused. From then on the state on disk is behind, and is saved
// again with the next change and every few seconds; until that works a transaction that changes nothing, as a retry
// does, is refused as well.
//
// Threads: control thread.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "lib/management/convert.h"
#include "lib/os/event_loop.h"
#include "vswitchd/config/reconciler.h"
#include "vswitchd/config/state_file.h"

namespace weft {

class Transactions {
 public:
  using Answer = std::function<void(management::pb::Response)>;

  Transactions(EventLoop& loop, management::Database database, config::Reconciler& reconciler,
               config::StateSaver& saver, Duration pause_before_saving_again = std::chrono::seconds(5));

  ~Transactions();
  Transactions(const Transactions&) = delete;
  Transactions& operator=(const Transactions&) = delete;

  // Follows the state as it was loaded, then calls `done`.
  void start(std::function<void()> done);

  void submit(management::pb::Transaction transaction, Answer answer);
  // The state with everything the switch reports at this moment.
  management::pb::Response current_state();

 private:
  struct Waiting {
    management::pb::Transaction transaction;
    Answer answer;
  };

  void run_next();
  void run(const Waiting& waiting);
  void answer(const Waiting& waiting, const Result<void, std::string>& saved);
  void save(config::StateSaver::Done done);
  void save_unasked();
  Result<void, std::string> apply(const management::pb::Transaction& transaction);

  management::Database database_;
  config::Reconciler& reconciler_;
  config::StateSaver& saver_;
  std::string save_error_;  // of the last save; empty: the state is on disk
  Timer save_again_;
  const Duration pause_before_saving_again_;
  std::deque<Waiting> waiting_;
  bool is_busy_ = false;
};

}  // namespace weft
