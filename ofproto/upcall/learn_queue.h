// LearnQueue: flows that packets ask for, on their way from workers to the control thread.
//
// Each request has a number. The consumer publishes the flows of some requests and then says up to which number that
// was, so that a worker knows which of the packets that it holds may go on (datapath::Decision::held_for). Bounded as a
// whole and for each port, so that one port's flood of new flows does not keep another from learning.
//
// Threads: push by any thread; the consumer is called on the control thread, with a bounded number of requests a call.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/mutex.h"
#include "ofproto/translate/learn.h"
#include "ofproto/upcall/executor.h"

namespace weft::ofproto {

struct LearnLimits {
  size_t in_all = 4096;
  size_t per_port = 64;
  size_t at_once = 128;  // how many requests one call of the consumer is given
};

class LearnQueue {
 public:
  // `up_to`: the number of the last of these requests.
  using Consumer = std::function<void(std::vector<LearnedFlow> flows, uint64_t up_to)>;

  LearnQueue(Executor post, Consumer consumer, const LearnLimits& limits = {});

  // All that one packet asks for. Its number, from 1; nothing when there are too many.
  std::optional<uint64_t> push(PortId port, std::vector<LearnedFlow> flows);

 private:
  struct Request {
    PortId port;
    std::vector<LearnedFlow> flows;
  };
  // Outlives the queue while a posted call is under way.
  struct Shared {
    Shared(Consumer c, const LearnLimits& l) : consumer(std::move(c)), limits(l) {}
    const Consumer consumer;
    const LearnLimits limits;
    Mutex mutex;
    std::deque<Request> requests GUARDED_BY(mutex);
    std::unordered_map<uint32_t, size_t> waiting_of_port GUARDED_BY(mutex);
    uint64_t last_number GUARDED_BY(mutex) = 0;
  };

  static void post_next(const Executor& post, const std::shared_ptr<Shared>& shared);
  static bool run(Shared& shared);

  const Executor post_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace weft::ofproto
