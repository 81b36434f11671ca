#include "vswitchd/background.h"

#include <utility>

#include "lib/base/rcu.h"

namespace weft {

Background::Background(std::function<void(std::function<void()>)> post)
    : post_(std::move(post)), thread_([this] { serve(); }) {}

Background::~Background() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Background::run(Work work, Done done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(work), std::move(done)});
  }
  wake_.notify_one();
}

void Background::serve() {
  const rcu::ThreadScope reader;
  for (Job job; next(job);) {
    post_([done = std::move(job.done), text = job.work()]() mutable { done(std::move(text)); });
    rcu::quiescent();
  }
}

// False: this is the end.
bool Background::next(Job& job) {
  const rcu::OfflineScope asleep;
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return !waiting_.empty() || is_stopping_; });
  if (is_stopping_) {
    return false;
  }
  job = std::move(waiting_.front());
  waiting_.pop_front();
  return true;
}

}  // namespace weft
