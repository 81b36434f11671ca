#include "datapath/port/afxdp_socket.h"

#include <linux/if_xdp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <xdp/libxdp.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

// Younger than Debian 12's headers.
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4)
#endif

namespace weft::datapath {

namespace {

constexpr size_t huge_page_bytes = 2 << 20;
constexpr uint32_t pkt_continues = 1;  // XDP_PKT_CONTD
// The kernel takes at most 32 frames a call.
constexpr int calls_a_batch = 4;

constexpr size_t area_bytes(size_t chunk, size_t count) {
  return (chunk * count + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
}

}  // namespace

void AfXdpSocket::Unmap::operator()(uint8_t* area) const {
  ::munmap(area, area_bytes(chunk_bytes, rx_chunks + tx_chunks));
}

Result<std::unique_ptr<AfXdpSocket>, OsError> AfXdpSocket::open(const std::string& device, unsigned queue,
                                                                int socket_map, const Options& options) {
  // libxdp prints by itself unless told not to; what it returns is enough.
  ::libxdp_set_print([](libxdp_print_level, const char*, va_list) { return 0; });
  std::unique_ptr<AfXdpSocket> made(new AfXdpSocket);
  if (auto memory = made->make_memory(); !memory) {
    return Unexpected(memory.error());
  }
  if (auto bound = made->bind(device, queue, options); !bound) {
    return Unexpected(bound.error());
  }
  made->fill_at_first();
  if (const int error = ::xsk_socket__update_xskmap(made->socket_, socket_map); error != 0) {
    return Unexpected(os_error(-error, "enter the AF_XDP socket of " + device + " into its map"));
  }
  return made;
}

AfXdpSocket::~AfXdpSocket() {
  if (socket_ != nullptr) {
    ::xsk_socket__delete(socket_);
  }
  if (umem_ != nullptr) {
    ::xsk_umem__delete(umem_);
  }
}

Result<void, OsError> AfXdpSocket::make_memory() {
  const size_t size = area_bytes(chunk_bytes, rx_chunks + tx_chunks);
  void* area = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) {
    return Unexpected(last_os_error("allocate memory for an AF_XDP socket"));
  }
  area_.reset(static_cast<uint8_t*>(area));
  ::madvise(area, size, MADV_HUGEPAGE);  // where there are some; fewer misses of the TLB
  xsk_umem_config config{};
  config.fill_size = fill_places;
  config.comp_size = tx_chunks;
  config.frame_size = chunk_bytes;
  if (const int error =
          ::xsk_umem__create(&umem_, area, size_t{rx_chunks + tx_chunks} * chunk_bytes, &fill_, &completion_, &config);
      error != 0) {
    umem_ = nullptr;
    return Unexpected(os_error(-error, "register the memory of an AF_XDP socket"));
  }
  return {};
}

// A frame of several chunks is asked for first: a kernel, or driver, that has no such thing refuses.
Result<void, OsError> AfXdpSocket::bind(const std::string& device, unsigned queue, const Options& options) {
  need_wakeup_ = options.need_wakeup;
  xsk_socket_config config{};
  config.rx_size = rx_chunks;
  config.tx_size = tx_places;
  config.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD;  // the program is ours
  config.bind_flags = static_cast<uint16_t>((options.zero_copy ? XDP_ZEROCOPY : XDP_COPY) |
                                            (options.need_wakeup ? XDP_USE_NEED_WAKEUP : 0));
  int error = 0;
  for (const int several : {XDP_USE_SG, 0}) {
    xsk_socket_config wanted = config;
    wanted.bind_flags = static_cast<uint16_t>(wanted.bind_flags | several);
    error = ::xsk_socket__create(&socket_, device.c_str(), queue, umem_, &rx_, &tx_, &wanted);
    if (error == 0) {
      takes_several_chunks_ = several != 0;
      return {};
    }
    socket_ = nullptr;
  }
  return Unexpected(os_error(-error, "open AF_XDP on " + device + " queue " + std::to_string(queue)));
}

void AfXdpSocket::fill_at_first() {
  uint32_t at = 0;
  const uint32_t count = ::xsk_ring_prod__reserve(&fill_, rx_chunks, &at);
  for (uint32_t i = 0; i < count; ++i) {
    *::xsk_ring_prod__fill_addr(&fill_, at + i) = uint64_t{i} * chunk_bytes;
  }
  ::xsk_ring_prod__submit(&fill_, count);
  const MutexLock lock(tx_mutex_);
  for (uint32_t i = 0; i < tx_chunks; ++i) {
    free_chunks_.push_back(uint64_t{rx_chunks + i} * chunk_bytes);
  }
}

size_t AfXdpSocket::max_frame_size() const {
  constexpr size_t most_chunks = 17;  // fragments of a packet in the kernel
  return takes_several_chunks_ ? most_chunks * chunk_bytes : chunk_bytes;
}

void AfXdpSocket::wake_receiving() const {
  if (::xsk_ring_prod__needs_wakeup(&fill_) != 0) {
    (void)::recvfrom(fd(), nullptr, 0, MSG_DONTWAIT, nullptr, nullptr);
  }
}

uint64_t AfXdpSocket::take_overruns() {
  xdp_statistics statistics{};
  socklen_t size = sizeof statistics;
  if (::getsockopt(fd(), SOL_XDP, XDP_STATISTICS, &statistics, &size) != 0) {
    return 0;
  }
  const uint64_t total = statistics.rx_dropped + statistics.rx_ring_full;
  const uint64_t since = total - overruns_told_;
  overruns_told_ = total;
  return since;
}

void AfXdpSocket::reclaim() {
  uint32_t at = 0;
  const uint32_t count = ::xsk_ring_cons__peek(&completion_, tx_chunks, &at);
  for (uint32_t i = 0; i < count; ++i) {
    free_chunks_.push_back(*::xsk_ring_cons__comp_addr(&completion_, at + i) / chunk_bytes * chunk_bytes);
  }
  ::xsk_ring_cons__release(&completion_, count);
}

AfXdpSocket::Sent AfXdpSocket::send(std::span<Packet* const> packets) {
  const MutexLock lock(tx_mutex_);
  reclaim();
  Sent sent;
  // What is put into the ring of a device that is down leaves when it is up again, seconds too late. So a device that
  // refused the last batch is asked first.
  if (is_refused_) {
    sent.error = tell_kernel();
    if (sent.error != 0) {
      return sent;
    }
  }
  size_t chunks = 0;
  for (const Packet* packet : packets) {
    const size_t needed = chunks_for(*packet);
    if (needed > free_chunks_.size()) {
      break;
    }
    put(*packet);
    chunks += needed;
    ++sent.count;
  }
  ::xsk_ring_prod__submit(&tx_, static_cast<uint32_t>(chunks));
  sent.error = tell_kernel();
  return sent;
}

void AfXdpSocket::put(const Packet& packet) {
  const size_t count = chunks_for(packet);
  uint32_t at = 0;
  [[maybe_unused]] const uint32_t reserved = ::xsk_ring_prod__reserve(&tx_, static_cast<uint32_t>(count), &at);
  assert(reserved == count && "the transmit ring has more places than there are chunks");
  size_t offset = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const size_t size = std::min(chunk_bytes, packet.size() - offset);
    const uint64_t chunk = free_chunks_.back();
    free_chunks_.pop_back();
    std::memcpy(area_.get() + chunk, packet.data() + offset, size);
    *::xsk_ring_prod__tx_desc(&tx_, at + i) = {chunk, static_cast<uint32_t>(size), i + 1 < count ? pkt_continues : 0};
    offset += size;
  }
}

// EAGAIN and its like say that the device is not done with what it has: the rest stays in the ring for kick().
int AfXdpSocket::tell_kernel() {
  int error = 0;
  for (int call = 0; call < calls_a_batch; ++call) {
    if (need_wakeup_ && !is_refused_ && ::xsk_ring_prod__needs_wakeup(&tx_) == 0) {
      break;
    }
    error = ::sendto(fd(), nullptr, 0, MSG_DONTWAIT, nullptr, 0) >= 0 ? 0 : errno;
    if (error != EAGAIN) {
      break;
    }
  }
  const bool is_busy = error == EAGAIN || error == EBUSY || error == ENOBUFS;
  has_waiting_.store(is_busy, std::memory_order_relaxed);
  is_refused_ = error != 0 && !is_busy;
  return is_busy ? 0 : error;
}

bool AfXdpSocket::kick() {
  if (has_waiting()) {
    const MutexLock lock(tx_mutex_);
    tell_kernel();
  }
  return has_waiting();
}

}  // namespace weft::datapath
