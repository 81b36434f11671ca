#include "datapath/tunnel/stt_queue.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <cerrno>

#include "datapath/tunnel/datagram_slots.h"
#include "datapath/tunnel/stt_receiver.h"
#include "datapath/tunnel/underlay_socket.h"

namespace weft::datapath {

namespace {

// Strangers choose the addresses that are looked up here.
constexpr unsigned stt_route_lookups_per_second = 1000;
// The clock that frames are judged by may be so far behind the timer's.
constexpr Duration clock_lag = std::chrono::milliseconds(10);

Result<void, OsError> watch(const Fd& epoll, const Fd& watched) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, watched.get(), &event) != 0) {
    return Unexpected(last_os_error("watch a socket"));
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<SttQueue>, OsError> SttQueue::make(Fd socket, bool ipv6,
                                                          std::shared_ptr<const TunnelTable> table,
                                                          const Clock& clock) {
  Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer.is_open()) {
    return Unexpected(last_os_error("make a timer"));
  }
  Fd ready(::epoll_create1(EPOLL_CLOEXEC));
  if (!ready.is_open()) {
    return Unexpected(last_os_error("make an epoll instance"));
  }
  if (auto watched = watch(ready, socket).and_then([&] { return watch(ready, timer); }); !watched) {
    return Unexpected(watched.error());
  }
  return std::shared_ptr<SttQueue>(
      new SttQueue(std::move(socket), std::move(timer), std::move(ready), ipv6, std::move(table), clock));
}

SttQueue::SttQueue(Fd socket, Fd timer, Fd ready, bool ipv6, std::shared_ptr<const TunnelTable> table,
                   const Clock& clock)
    : socket_(std::move(socket)),
      timer_(std::move(timer)),
      ready_(std::move(ready)),
      ipv6_(ipv6),
      table_(std::move(table)),
      clock_(clock),
      paths_(clock, stt_route_lookups_per_second) {}

bool SttQueue::receive(PacketBatch& batch, RxContext& context) {
  DatagramSlots slots;
  const size_t ready = slots.prepare(wanted_.value(), context.pool());
  if (ready == 0) {
    return false;
  }
  const int received =
      ::recvmmsg(socket_.get(), slots.messages.data(), static_cast<unsigned>(ready), MSG_DONTWAIT, nullptr);
  const int error = errno;
  if (is_timer_set_ && clock_.coarse_now() >= timer_due_) {
    check_timer(context);
  }
  if (received <= 0) {
    wanted_.used(0);
    return received < 0 && (met_icmp_error() || error != EAGAIN);
  }
  const auto count = static_cast<size_t>(received);
  wanted_.used(count);
  if (count == DatagramSlots::count) {
    context.is_behind();
  }
  take_all(slots, count, batch, context);
  if (!reassembly_.is_empty() && !is_timer_set_) {
    set_timer();
  }
  return count == ready;
}

// What ICMPv6 said of something that was sent has told the kernel; it must not be left here, where it wakes the worker for
// good. True: more may be behind it.
bool SttQueue::met_icmp_error() const { return ipv6_ && drain_error_queue(socket_.get()); }

void SttQueue::take_all(DatagramSlots& slots, size_t count, PacketBatch& batch, RxContext& context) {
  SttReceiver receiver(*table_, paths_, reassembly_, clock_.coarse_now(), context, batch);
  for (size_t i = 0; i < count; ++i) {
    const mmsghdr& message = slots.messages[i];
    const DatagramInfo info = read_datagram_info(message.msg_hdr);
    count_overruns(info.overrun_count, context);
    if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      context.drop(nullptr, DropReason::no_buffer);
    } else if (ipv6_) {
      receiver.take(slots.landings[i].take(message.msg_len), info.outer);
    } else {
      receiver.take_ipv4(slots.landings[i].take(message.msg_len));
    }
  }
}

void SttQueue::check_timer(RxContext& context) {
  uint64_t expirations = 0;
  if (::read(timer_.get(), &expirations, sizeof expirations) != sizeof expirations) {
    return;
  }
  is_timer_set_ = false;
  reassembly_.expire(clock_.coarse_now(), context);
  if (!reassembly_.is_empty()) {
    set_timer();
  }
}

void SttQueue::set_timer() {
  const TimePoint now = clock_.coarse_now();
  timer_due_ = std::max(now, *reassembly_.next_expiry());
  const Duration rest = timer_due_ - now + clock_lag;
  itimerspec setting{};
  setting.it_value.tv_sec = static_cast<time_t>(rest / std::chrono::seconds(1));
  setting.it_value.tv_nsec = static_cast<long>((rest % std::chrono::seconds(1)).count());
  is_timer_set_ = ::timerfd_settime(timer_.get(), 0, &setting, nullptr) == 0;
}

void SttQueue::discard(RxContext& context) { reassembly_.clear(DropReason::port_gone, context); }

void SttQueue::count_overruns(uint32_t total, RxContext& context) {
  if (total != 0 && total != overruns_seen_) {
    context.drop(nullptr, DropReason::rx_overrun, static_cast<uint32_t>(total - overruns_seen_));
    overruns_seen_ = total;
  }
}

}  // namespace weft::datapath
