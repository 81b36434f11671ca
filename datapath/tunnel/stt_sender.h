// SttSender: one worker's way from frames to STT segments on the underlay's devices.
//
// A frame leaves as one super-segment: headers from a scratch buffer, the frame from where it lies, and the size of its
// pieces in a virtio_net_hdr. The kernel or the device cuts it; on a path that takes it whole (veth, another host on this
// machine) nobody does. What does not fit one IP packet (frames beyond 65,450 bytes) leaves as two. All frames of a call
// share a sendmmsg().
//
// Only a full socket buffer (EAGAIN) makes frames wait. What the kernel refuses for any other reason is dropped:
// tunnel_mtu_exceeded, tunnel_no_route where the device has gone, tx_queue_full where its queue discipline dropped it,
// else tx_error.
//
// Threads: one worker. Cost: one system call for up to 32 frames; no allocation.
#pragma once

#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <span>

#include "datapath/port/port.h"
#include "datapath/port/vnet_header.h"
#include "datapath/tunnel/stt_frame.h"
#include "datapath/tunnel/stt_paths.h"
#include "lib/os/fd.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/tcp.h"

namespace weft::datapath {

// Frame ids of one sender, of `count` that must not give the same: every count-th number.
class SttFrameIds {
 public:
  SttFrameIds(uint32_t first, uint32_t count) : next_(first), step_(count) {}
  uint32_t take() {
    next_ += step_;
    return next_;
  }

 private:
  uint32_t next_;
  const uint32_t step_;
};

class SttSender {
 public:
  // The largest frame that STT carries: the size of an STT frame has 16 bits.
  static constexpr size_t max_inner_size = max_stt_frame_size - stt_header_bytes;

  // `socket`: as open_stt_sender() makes it.
  SttSender(Fd socket, SttPaths paths, SttFrameIds ids)
      : socket_(std::move(socket)), paths_(std::move(paths)), ids_(ids) {}

  // The packet's next hop is being asked for: it should wait a moment.
  bool is_resolving(const TunnelSpec& spec, const Packet& packet);

  // As BackloggedPort::send.
  size_t send(Port& port, std::span<Packet* const> packets, TxContext& context);

 private:
  static constexpr size_t max_messages = 64;
  static constexpr size_t max_packets = max_messages / 2;  // none leaves as more than two

  // What becomes of a packet: a drop, or messages, which lie one behind the other.
  struct Plan {
    Verdict drop;
    size_t message_count = 0;
  };
  struct Message {
    VnetHeader vnet;
    std::array<uint8_t, ethernet_header_bytes + ipv6_header_bytes + tcp_header_bytes + stt_header_bytes> headers;
    std::array<iovec, 3> iovecs;
    sockaddr_ll to;
  };

  size_t send_some(Port& port, std::span<Packet* const> packets, TxContext& context);
  Plan plan(const TunnelSpec& spec, Packet& packet);
  void add_message(const SttHop& hop, const SttOuter& outer, const SttHeader& header, const Packet& packet,
                   size_t offset, size_t size, size_t mss);
  int send_messages(size_t first, size_t count);
  DropReason refused(int error, Port& port, const Packet& packet, TxContext& context);

  const Fd socket_;
  SttPaths paths_;
  SttFrameIds ids_;
  uint16_t ip_id_ = 0;
  size_t message_count_ = 0;
  std::array<Message, max_messages> messages_;
  std::array<mmsghdr, max_messages> headers_;
};

}  // namespace weft::datapath
