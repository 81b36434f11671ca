#include "lib/os/event_loop.h"

#include <algorithm>
#include <boost/asio.hpp>
#include <chrono>
#include <thread>

#include "lib/base/rcu.h"

namespace weft {

namespace asio = boost::asio;

namespace {

// Whether the next event is worth looking out for instead of sleeping. In a dialogue of small requests and answers, as
// when a controller waits for a barrier after each flow-mod, letting a processor fall asleep and waking it again takes
// longer than the answer. So after some events that each came at once the loop stays awake for a moment; the first that
// keeps it waiting ends that.
class Attention {
 public:
  static constexpr Duration span = std::chrono::microseconds(100);

  bool is_high() const { return quick_ == enough; }
  void waited(Duration duration) { quick_ = duration < span ? std::min(quick_ + 1, enough) : 0; }

 private:
  static constexpr unsigned enough = 8;
  unsigned quick_ = 0;  // events in a row
};

}  // namespace

EventLoop::EventLoop() : context_(1), has_other_processors_(std::thread::hardware_concurrency() > 1) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
  const rcu::OfflineScope between_handlers;
  context_.restart();
  auto work = asio::make_work_guard(context_);
  Attention attention;
  while (!context_.stopped()) {
    if (context_.poll() > 0) {
      continue;
    }
    const TimePoint since = steady_now();
    const bool came = has_other_processors_ && attention.is_high() && look_out(since + Attention::span);
    if (!came) {
      context_.run_one();
    }
    attention.waited(steady_now() - since);
  }
}

// Yields to whoever else wants the processor, now and then: that costs as much as a look.
bool EventLoop::look_out(TimePoint until) {
  constexpr unsigned looks = 4;
  for (unsigned i = 1; context_.poll() == 0; ++i) {
    if (i % looks == 0) {
      if (context_.stopped() || steady_now() >= until) {
        return false;
      }
      std::this_thread::yield();
    }
  }
  return true;
}

void EventLoop::stop() { context_.stop(); }

size_t EventLoop::poll() {
  context_.restart();
  return context_.poll();
}

size_t EventLoop::run_for(Duration limit) {
  const rcu::OfflineScope between_handlers;
  context_.restart();
  return context_.run_for(limit);
}

void EventLoop::post(std::function<void()> task) {
  asio::post(context_, [task = std::move(task)] {
    const Handler handler;
    task();
  });
}

// Shared with the handlers that Asio holds: `generation` tells a handler that it was meant for something that has
// been cancelled or replaced since, also when it was queued already.
struct Timer::State : std::enable_shared_from_this<Timer::State> {
  explicit State(asio::io_context& context) : timer(context) {}

  void arm(TimePoint when, Duration repeat) {
    const uint64_t armed = ++generation;
    is_running = true;
    timer.expires_at(when);
    timer.async_wait([self = shared_from_this(), armed, when, repeat](const boost::system::error_code&) {
      if (armed == self->generation) {
        self->fire(when, repeat);
      }
    });
  }

  void fire(TimePoint when, Duration repeat) {
    // A copy: the callback may replace or destroy the original.
    const std::function<void()> callback = call;
    if (repeat > Duration::zero()) {
      // Counted from when it was due, so that it does not drift; what was slept through is not made up for.
      arm(std::max(when + repeat, std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now())), repeat);
    } else {
      is_running = false;
    }
    const EventLoop::Handler handler;
    callback();
  }

  void cancel() {
    ++generation;
    is_running = false;
    timer.cancel();
  }

  asio::basic_waitable_timer<std::chrono::steady_clock> timer;
  std::function<void()> call;
  uint64_t generation = 0;
  bool is_running = false;
};

Timer::Timer(EventLoop& loop) : state_(std::make_shared<State>(loop.context())) {}
Timer::~Timer() { state_->cancel(); }

void Timer::start(Duration delay, std::function<void()> call) {
  state_->call = std::move(call);
  state_->arm(std::chrono::steady_clock::now() + delay, Duration::zero());
}

void Timer::start_every(Duration period, std::function<void()> call) {
  state_->call = std::move(call);
  state_->arm(std::chrono::steady_clock::now() + period, period);
}

void Timer::cancel() { state_->cancel(); }
bool Timer::is_running() const { return state_->is_running; }

struct FdWatch::State : std::enable_shared_from_this<FdWatch::State> {
  State(asio::io_context& context, int fd) : descriptor(context, fd) {}

  void wait() {
    descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (error || !self->on_readable) {
                              return;
                            }
                            const std::function<void()> callback = self->on_readable;
                            {
                              const EventLoop::Handler handler;
                              callback();
                            }
                            if (self->on_readable) {
                              self->wait();
                            }
                          });
  }

  void end() {
    on_readable = nullptr;
    descriptor.release();  // cancels, and leaves the descriptor to its owner
  }

  asio::posix::stream_descriptor descriptor;
  std::function<void()> on_readable;
};

FdWatch::FdWatch(EventLoop& loop, int fd, std::function<void()> on_readable)
    : state_(std::make_shared<State>(loop.context(), fd)) {
  state_->on_readable = std::move(on_readable);
  state_->wait();
}

FdWatch::~FdWatch() { state_->end(); }

}  // namespace weft
