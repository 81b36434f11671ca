#include "datapath/port/af_packet_queue.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "datapath/port/af_packet.h"
#include "datapath/port/vnet_header.h"
#include "lib/os/socket.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/vlan.h"

// In the kernel since 5.13, but not in Debian 12's headers.
#ifndef PACKET_FANOUT_FLAG_IGNORE_OUTGOING
#define PACKET_FANOUT_FLAG_IGNORE_OUTGOING 0x4000
#endif

namespace weft::datapath {

namespace {

constexpr Duration statistics_period = std::chrono::milliseconds(100);

Result<void, OsError> set_flag(const Fd& socket, int option, const char* what) {
  const int on = 1;
  return set_socket_option(socket, SOL_PACKET, option, on, what);
}

Result<void, OsError> make_promiscuous(const Fd& socket, uint32_t ifindex) {
  packet_mreq request{};
  request.mr_ifindex = static_cast<int>(ifindex);
  request.mr_type = PACKET_MR_PROMISC;
  return set_socket_option(socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, "promiscuous mode");
}

Result<void, OsError> bind_to_device(const Fd& socket, uint32_t ifindex, uint16_t protocol) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(protocol);
  address.sll_ifindex = static_cast<int>(ifindex);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Unexpected(last_os_error("bind a packet socket to the device"));
  }
  return {};
}

}  // namespace

Result<Fd, OsError> open_packet_socket(uint32_t ifindex, uint16_t protocol, int receive_buffer, int send_buffer,
                                       std::optional<int> filter) {
  // With protocol 0 nothing is received until bind() says what, when every option is in force.
  auto socket = open_socket(AF_PACKET, SOCK_RAW, 0, "a packet socket");
  if (!socket) {
    return socket;
  }
  Result<void, OsError> set = set_flag(*socket, PACKET_VNET_HDR, "PACKET_VNET_HDR");
  if (protocol != 0) {
    set = set.and_then([&] { return set_flag(*socket, PACKET_AUXDATA, "PACKET_AUXDATA"); })
              .and_then([&] { return set_flag(*socket, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING"); })
              .and_then([&] { return make_promiscuous(*socket, ifindex); });
  }
  if (filter) {
    set = set.and_then([&] { return set_socket_option(*socket, SOL_SOCKET, SO_ATTACH_BPF, *filter, "SO_ATTACH_BPF"); });
  }
  set_socket_buffers(*socket, receive_buffer, send_buffer);
  set = set.and_then([&] { return bind_to_device(*socket, ifindex, protocol); });
  if (!set) {
    return Unexpected(set.error());
  }
  return socket;
}

Result<void, OsError> join_fanout(const Fd& socket, std::optional<uint16_t>& group) {
  // The group hooks into the device by itself: what its members ignore, it does not unless told so as well.
  const uint32_t flags = PACKET_FANOUT_FLAG_IGNORE_OUTGOING | (group ? 0 : PACKET_FANOUT_FLAG_UNIQUEID);
  const uint32_t request = (PACKET_FANOUT_HASH | flags) << 16 | group.value_or(0);
  if (auto joined = set_socket_option(socket, SOL_PACKET, PACKET_FANOUT, request, "PACKET_FANOUT"); !joined) {
    return joined;
  }
  uint32_t answer = 0;
  socklen_t size = sizeof answer;
  if (::getsockopt(socket.get(), SOL_PACKET, PACKET_FANOUT, &answer, &size) != 0) {
    return Unexpected(last_os_error("read PACKET_FANOUT"));
  }
  group = static_cast<uint16_t>(answer & 0xffff);
  return {};
}

StrippedTag read_stripped_tag(const msghdr& message) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(const_cast<msghdr*>(&message), control)) {
    if (control->cmsg_level != SOL_PACKET || control->cmsg_type != PACKET_AUXDATA ||
        control->cmsg_len < CMSG_LEN(sizeof(tpacket_auxdata))) {
      continue;
    }
    tpacket_auxdata data;
    std::memcpy(&data, CMSG_DATA(control), sizeof data);
    if ((data.tp_status & TP_STATUS_VLAN_VALID) == 0) {
      return {};
    }
    const bool has_tpid = (data.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
    return {has_tpid ? data.tp_vlan_tpid : uint16_t{ETHERTYPE_VLAN}, data.tp_vlan_tci, true};
  }
  return {};
}

Verdict put_tag_back(const StrippedTag& tag, Packet& packet) {
  if (packet.push(vlan_tag_bytes) == nullptr) {
    return DropReason::no_headroom;
  }
  uint8_t* frame = packet.data();
  std::memmove(frame, frame + vlan_tag_bytes, mac_pair_bytes);
  const VlanTag wire{Be16{tag.tpid}, Be16{tag.tci}};
  std::memcpy(frame + mac_pair_bytes, &wire, sizeof wire);
  return keep;
}

// Everything recvmmsg needs, on the stack of one receive().
struct AfPacketQueue::Slots {
  static constexpr size_t count = PacketBatch::capacity;

  size_t prepare(size_t wanted, PacketPool& pool) {
    return prepare_landings(landings, wanted, pool, [this](size_t i) { prepare_message(i); });
  }

  void prepare_message(size_t i) {
    const auto landing = landings[i].iovecs();
    iovecs[i][0] = {&headers[i], sizeof headers[i]};
    iovecs[i][1] = landing[0];
    iovecs[i][2] = landing[1];
    msghdr& message = messages[i].msg_hdr;
    message = {};
    message.msg_iov = iovecs[i].data();
    message.msg_iovlen = landings[i].takes_large() ? 3 : 2;
    message.msg_control = controls[i].bytes;
    message.msg_controllen = sizeof controls[i].bytes;
  }

  struct Control {
    alignas(cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(tpacket_auxdata))];
  };
  std::array<Landing, count> landings;
  std::array<VnetHeader, count> headers;
  std::array<std::array<iovec, 3>, count> iovecs;
  std::array<Control, count> controls;
  std::array<mmsghdr, count> messages;
};

AfPacketQueue::AfPacketQueue(AfPacketPort& port, Fd socket, const Clock& clock)
    : port_(port), socket_(std::move(socket)), clock_(clock) {}

bool AfPacketQueue::receive(PacketBatch& batch, RxContext& context) {
  Slots slots;
  const size_t ready = slots.prepare(wanted_.value(), context.pool());
  if (ready == 0) {
    // What is given back by other ports in a moment makes room; the frames wait in the socket.
    return false;
  }
  const int received =
      ::recvmmsg(socket_.get(), slots.messages.data(), static_cast<unsigned>(ready), MSG_DONTWAIT, nullptr);
  if (received <= 0) {
    wanted_.used(0);
    return received < 0 && met_error(errno, context);
  }
  const auto count = static_cast<size_t>(received);
  wanted_.used(count);
  taken_ += count;
  if (count == Slots::count) {
    context.is_behind();
  }
  may_have_overrun_ = may_have_overrun_ || count == ready;
  for (size_t i = 0; i < count; ++i) {
    const mmsghdr& message = slots.messages[i];
    const size_t size = message.msg_len - std::min<size_t>(message.msg_len, vnet_header_bytes);
    PacketPtr packet = slots.landings[i].take(size);
    if (const Verdict verdict = accept(message.msg_hdr, size, slots.headers[i], *packet)) {
      context.drop(&port_, *verdict);
    } else {
      packet->in_port = port_.id();
      batch.add(std::move(packet));
    }
  }
  const bool is_drained = count < ready;
  if (may_have_overrun_ && (is_drained || clock_.coarse_now() - statistics_read_ >= statistics_period)) {
    count_overruns(context);
    may_have_overrun_ = !is_drained;
  }
  return !is_drained;
}

Verdict AfPacketQueue::accept(const msghdr& message, size_t size, const VnetHeader& header, Packet& packet) const {
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    return size <= PacketPool::small_room ? DropReason::no_buffer : DropReason::oversized_frame;
  }
  if (size < ethernet_header_bytes) {
    return DropReason::truncated_frame;
  }
  if (const Verdict verdict = read_vnet_header(header, packet)) {
    return verdict;
  }
  const StrippedTag tag = read_stripped_tag(message);
  return tag.is_present ? put_tag_back(tag, packet) : keep;
}

// True when more may be waiting behind the error.
bool AfPacketQueue::met_error(int error, RxContext& context) {
  switch (error) {
    case EAGAIN:
      // An overrun needs a full socket, and a full socket gives full batches: nothing to ask otherwise.
      if (may_have_overrun_) {
        count_overruns(context);
        may_have_overrun_ = false;
      }
      return false;
    case EINTR:
      return true;
    case ENETDOWN:
    case ENODEV:
    case ENXIO:
      port_.device_changed();
      return false;
    default:
      // EINVAL: a GSO kind that virtio_net_hdr cannot say (SCTP, fraglist). That frame is gone, the next may be fine.
      ++taken_;
      context.drop(&port_, DropReason::rx_error);
      port_.counters(context.worker()).rx_errors.add();
      return true;
  }
}

void AfPacketQueue::all_has_left() { port_.frames_have_left(std::exchange(taken_, 0)); }

// The kernel counts from the last time it was asked.
void AfPacketQueue::count_overruns(RxContext& context) {
  statistics_read_ = clock_.coarse_now();
  tpacket_stats statistics{};
  socklen_t size = sizeof statistics;
  if (::getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0 && statistics.tp_drops != 0) {
    context.drop(&port_, DropReason::rx_overrun, statistics.tp_drops);
    taken_ += statistics.tp_drops;
  }
  if (const uint64_t count = port_.take_kernel_drops(); count != 0) {
    context.drop(&port_, DropReason::rx_overrun, count);
  }
}

}  // namespace weft::datapath
