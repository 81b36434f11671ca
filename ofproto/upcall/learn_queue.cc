#include "ofproto/upcall/learn_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weft::ofproto {

LearnQueue::LearnQueue(Executor post, Consumer consumer, const LearnLimits& limits)
    : post_(std::move(post)), shared_(std::make_shared<Shared>(std::move(consumer), limits)) {}

std::optional<uint64_t> LearnQueue::push(PortId port, std::vector<LearnedFlow> flows) {
  Shared& shared = *shared_;
  uint64_t request = 0;
  bool is_first = false;
  {
    MutexLock lock(shared.mutex);
    size_t& waiting = shared.waiting_of_port[number(port)];
    if (shared.requests.size() >= shared.limits.in_all || waiting >= shared.limits.per_port) {
      return std::nullopt;
    }
    ++waiting;
    is_first = shared.requests.empty();
    shared.requests.push_back({port, std::move(flows)});
    request = ++shared.last_number;
  }
  if (is_first) {
    post_next(post_, shared_);
  }
  return request;
}

void LearnQueue::post_next(const Executor& post, const std::shared_ptr<Shared>& shared) {
  post([post, weak = std::weak_ptr(shared)] {
    const auto alive = weak.lock();
    if (alive && run(*alive)) {
      post_next(post, alive);
    }
  });
}

// True: there is more. What was taken is numbered from last_number down.
bool LearnQueue::run(Shared& shared) {
  std::vector<LearnedFlow> flows;
  uint64_t up_to = 0;
  bool has_more = false;
  {
    MutexLock lock(shared.mutex);
    const size_t count = std::min(shared.requests.size(), shared.limits.at_once);
    for (size_t i = 0; i < count; ++i) {
      Request& request = shared.requests.front();
      std::ranges::move(request.flows, std::back_inserter(flows));
      const auto waiting = shared.waiting_of_port.find(number(request.port));
      if (--waiting->second == 0) {
        shared.waiting_of_port.erase(waiting);
      }
      shared.requests.pop_front();
    }
    has_more = !shared.requests.empty();
    up_to = shared.last_number - shared.requests.size();
  }
  shared.consumer(std::move(flows), up_to);
  return has_more;
}

}  // namespace weft::ofproto
