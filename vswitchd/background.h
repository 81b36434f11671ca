// Background: a thread for answers that take long to put together, such as all megaflows in words.
//
// Control goes on meanwhile: 100,000 megaflows take a second and more, and an echo is to be answered at any time.
//
// Threads:   run() by the control thread. `work` runs on this object's thread, a reader under RCU, one at a time, in
//            order; `done` by way of `post`.
// Ownership: of its thread. What `work` refers to must outlive this object, whose end waits for what has begun and
//            leaves out the rest.
// Cost:      a thread that sleeps. What a long work reads is not freed before it ends.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace weft {

class Background {
 public:
  using Work = std::function<std::string()>;
  using Done = std::function<void(std::string)>;

  // `post` runs a function on the control thread.
  explicit Background(std::function<void(std::function<void()>)> post);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  void run(Work work, Done done);

 private:
  struct Job {
    Work work;
    Done done;
  };

  void serve();
  bool next(Job& job);

  const std::function<void(std::function<void()>)> post_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace weft
