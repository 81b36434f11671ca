// TunnelSender: one worker's way from frames to datagrams on one tunnel endpoint.
//
// A GSO frame is not cut into packets: its pieces' headers (tunnel, Ethernet, IP, TCP) are written into a scratch
// buffer, the payload is sent from where it lies, and one sendmsg() with UDP_SEGMENT makes up to 64 datagrams of equal
// size of headers and payload slices in turn. The only pass over the payload in user space is the inner checksum.
// Frames of a flow that come one after the other and have one size are joined likewise: 32 acknowledgements are one
// datagram to the kernel's stack, and what is left of a 64 KB frame beyond the first full datagram leaves with the first
// pieces of the next. What else leaves by the same socket shares a sendmmsg().
//
// GRE has no such help from the kernel: each piece is a message of its own there, and one sendmmsg() takes up to 64.
//
// What does not fit the path's MTU is dropped as tunnel_mtu_exceeded, GSO frames by their pieces; without "don't
// fragment" the kernel fragments instead. A frame's sender is told what fits
// (datapath/port/too_big_answers.h). ICMP errors that wait at a socket make the next send on it fail, whoever it is for:
// they are drained and the send is tried once more.
//
// Only a full socket buffer (EAGAIN) makes frames wait. What the kernel refuses for any other reason is dropped, or it
// would stand before everything behind it for good. That goes for ENOBUFS too: the datagram was taken and the device's
// queue discipline (or an egress filter) has dropped it, so there is nothing to wait for. It is counted as
// tx_queue_full; sending again is left to the guests, as the kernel's own tunnels leave it.
//
// Threads: one worker. Cost: one system call a GSO frame or run of frames of one flow; no allocation.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "datapath/offload/gso.h"
#include "datapath/port/port.h"
#include "datapath/tunnel/path_cache.h"
#include "datapath/tunnel/tunnel_header.h"
#include "datapath/tunnel/underlay_socket.h"
#include "lib/os/socket.h"

namespace weft::datapath {

// The sockets of an endpoint that send, of every kind there is.
class SenderSockets {
 public:
  // `type`: of the endpoint's ports.
  explicit SenderSockets(const UnderlayOptions& options, PortType type = PortType::vxlan);
  SourcePorts& of(SourcePorts::Kind kind);

 private:
  std::array<std::unique_ptr<SourcePorts>, 8> sets_;
};

class TunnelSender {
 public:
  TunnelSender(SenderSockets& sockets, PathCache paths);

  static constexpr unsigned route_lookups_per_second = 10000;

  // As BackloggedPort::send. `pieces_done`: how many pieces of the first packet left in earlier calls, kept by the
  // caller between calls.
  size_t send(Port& port, std::span<Packet* const> packets, size_t& pieces_done, TxContext& context);

 private:
  static constexpr size_t max_messages = 64;
  static constexpr size_t max_iovecs = 2048;
  static constexpr size_t header_bytes = 128 * 1024;

  // What becomes of packets, in order: a drop, or a message that ends `packet_count` packets from `packet` on and carries
  // `pieces` of the one behind them, which goes on in the next.
  struct Entry {
    size_t packet = 0;
    Verdict drop;
    size_t packet_count = 1;
    size_t pieces = 0;

    size_t packets_touched() const { return packet_count + (pieces > 0 ? 1 : 0); }
  };
  // The last message, while further frames may join it.
  struct Joinable {
    bool is_open = false;
    Encapsulation to;
    size_t piece_size = 0;
    size_t pieces_left = 0;
  };
  // How a frame is made into datagrams.
  struct Shape {
    size_t piece_count = 1;
    size_t piece_size = 0;  // UDP payload of all pieces but the last
    size_t pieces_each = 1;
  };
  // How a system call ended: errno as it was right behind it.
  struct Sent {
    size_t count = 0;
    int error = 0;
  };
  struct Call {
    Port& port;
    std::span<Packet* const> packets;
    size_t& pieces_done;
    TxContext& context;
    size_t done = 0;
    bool is_blocked = false;
  };

  void add(Call& call, size_t index);
  Verdict add_datagrams(Call& call, size_t index);
  Verdict choose_socket(Call& call, const TunnelSpec& spec, const Encapsulation& to, const Packet& packet);
  void tell_sender(Call& call, size_t index);
  size_t max_frame_size(const PortSpec& spec, const Encapsulation& to, const TunnelHeader& header);
  Verdict shape_of(const PortSpec& spec, const Encapsulation& to, size_t frame_size, Shape& shape);
  bool add_single(Call& call, const Encapsulation& to, size_t index, const Shape& shape);
  bool may_join(const Encapsulation& to, size_t index, size_t piece_size) const;
  bool join_last(Call& call, const Encapsulation& to, size_t index, const Shape& shape);
  bool add_pieces(Call& call, const Encapsulation& to, size_t index, const Segmenter& segmenter, const Shape& shape);
  size_t join_pieces(const Encapsulation& to, size_t index, const Segmenter& segmenter, size_t first,
                     const Shape& shape);
  void write_frame(const Packet& frame);
  void write_pieces(const Segmenter& segmenter, size_t first, size_t end);

  bool has_room(size_t pieces, size_t headers) const;
  void add_slice(std::span<const uint8_t> headers, std::span<const uint8_t> payload);
  uint8_t* take_headers(size_t size);
  void begin_message(Call& call, const Encapsulation& to, size_t segment_size);
  void end_message(size_t index, size_t packet_count, size_t pieces);

  // False when the socket would block: nothing is left to send then.
  bool flush(Call& call);
  void clear();
  size_t send_run(Call& call, size_t first_entry, size_t first_message);
  Sent send_messages(size_t first, size_t count);
  void finish_datagram(Call& call, const Entry& entry) const;
  static void drop_packets(Call& call, DropReason reason, size_t count);
  DropReason refused(int error, Call& call, size_t index);

  SenderSockets& sockets_;
  PathCache paths_;
  int socket_ = -1;
  TunnelHeader header_;  // of the packet at hand
  std::vector<Entry> entries_;
  Joinable joinable_;
  size_t abandoned_ = ~size_t{0};  // packet whose remaining datagrams are not sent

  struct Control {
    alignas(cmsghdr) uint8_t bytes[128];
  };
  std::vector<mmsghdr> messages_;
  std::array<SocketAddress, max_messages> names_;
  std::array<Control, max_messages> controls_;
  std::vector<iovec> iovecs_;
  std::unique_ptr<uint8_t[]> headers_;
  size_t headers_used_ = 0;
  size_t message_iovec_ = 0;  // where the message that is being built begins
};

}  // namespace weft::datapath
