#include "ofproto/bridge/change_queue.h"

#include <chrono>

namespace weft::ofproto {

namespace {
// Of changes that are short, as many as fit; one slice more is still well below 5 ms.
constexpr auto turn_time = std::chrono::milliseconds(1);
}  // namespace

void ChangeQueue::run(std::function<void()> change) {
  if (is_free()) {
    return change();
  }
  waiting_.push_back([change = std::move(change)] {
    change();
    return false;
  });
}

void ChangeQueue::run_sliced(Slice slice) {
  waiting_.push_back(std::move(slice));
  if (waiting_.size() == 1) {
    work();
  }
}

void ChangeQueue::go_on() {
  post_([this] { work(); });
}

// The one at work stays in the queue, so that what it causes waits for its end.
void ChangeQueue::work() {
  const auto end = std::chrono::steady_clock::now() + turn_time;
  while (!waiting_.empty()) {
    if (!waiting_.front()()) {
      waiting_.pop_front();
    }
    if (!waiting_.empty() && std::chrono::steady_clock::now() > end) {
      return go_on();
    }
  }
}

}  // namespace weft::ofproto
