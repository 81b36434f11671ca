#include "datapath/worker/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cassert>

namespace weft::datapath {

Poller::Poller() : epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)), wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  assert(epoll_fd_ >= 0 && wake_fd_ >= 0 && "descriptors are left for a worker's own two");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // nobody's queue: the wake-up
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event);
}

Poller::~Poller() {
  ::close(wake_fd_);
  ::close(epoll_fd_);
}

void Poller::add(RxQueue& queue) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &queue;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, queue.fd(), &event);
}

void Poller::remove(RxQueue& queue) { ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, queue.fd(), nullptr); }

void Poller::poll(int timeout_ms, const std::function<void(RxQueue&)>& ready) {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < count; ++i) {
    if (auto* queue = static_cast<RxQueue*>(events[static_cast<size_t>(i)].data.ptr)) {
      ready(*queue);
    } else {
      eventfd_t ignored = 0;
      ::eventfd_read(wake_fd_, &ignored);
    }
  }
}

void Poller::wake() const { ::eventfd_write(wake_fd_, 1); }

}  // namespace weft::datapath
