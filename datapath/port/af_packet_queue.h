// AfPacketQueue: the receiving side of a `system` port, one packet socket.
//
// Threads: receive() by the worker that owns the queue. Cost: one recvmmsg for up to 32 frames.
#pragma once

#include <optional>

#include "datapath/port/landing.h"
#include "datapath/port/port.h"
#include "datapath/port/vnet_header.h"
#include "lib/base/os_error.h"
#include "lib/os/fd.h"

struct msghdr;

namespace weft::datapath {

class AfPacketPort;

// A packet socket on the device with everything set but membership in a fanout group. Protocol 0: only sends. `filter`:
// the descriptor of a BPF program that says which frames come to the socket.
Result<Fd, OsError> open_packet_socket(uint32_t ifindex, uint16_t protocol, int receive_buffer, int send_buffer,
                                       std::optional<int> filter = std::nullopt);

// Makes the socket a member of a fanout group, which shares frames by flow among its members. Without a group it makes
// one, under a number that nobody has (0 to 65535), and says which.
Result<void, OsError> join_fanout(const Fd& socket, std::optional<uint16_t>& group);

// What the kernel tells beside a frame: the tag it took out.
struct StrippedTag {
  uint16_t tpid = 0;
  uint16_t tci = 0;
  bool is_present = false;
};
StrippedTag read_stripped_tag(const msghdr& message);

// Puts the tag back behind the MAC pair; the offload offsets move along.
Verdict put_tag_back(const StrippedTag& tag, Packet& packet);

class AfPacketQueue final : public RxQueue {
 public:
  AfPacketQueue(AfPacketPort& port, Fd socket, const Clock& clock);

  int fd() const override { return socket_.get(); }
  bool receive(PacketBatch& batch, RxContext& context) override;
  void all_has_left() override;

 private:
  struct Slots;

  Verdict accept(const msghdr& message, size_t size, const VnetHeader& header, Packet& packet) const;
  bool met_error(int error, RxContext& context);
  void count_overruns(RxContext& context);

  AfPacketPort& port_;
  const Fd socket_;
  const Clock& clock_;
  LandingCount wanted_;
  bool may_have_overrun_ = false;
  TimePoint statistics_read_{};
  uint64_t taken_ = 0;  // frames that came to the socket, and that the port does not know to have left
};

}  // namespace weft::datapath
