// DatagramSlots: what one recvmmsg() of datagrams needs: where each lands, who sent it, and what the kernel tells beside.
//
// Threads: the worker that receives, on the stack of one receive(). Cost: only the slots that are asked for are prepared.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "datapath/port/landing.h"
#include "datapath/tunnel/underlay_socket.h"
#include "lib/packet/packet_batch.h"
#include "lib/packet/packet_pool.h"

namespace weft::datapath {

struct DatagramSlots {
  static constexpr size_t count = PacketBatch::capacity;

  size_t prepare(size_t wanted, PacketPool& pool) {
    return prepare_landings(landings, wanted, pool, [this](size_t i) { prepare_message(i); });
  }

  void prepare_message(size_t i) {
    const auto landing = landings[i].iovecs();
    iovecs[i] = {landing[0], landing[1]};
    msghdr& message = messages[i].msg_hdr;
    message = {};
    message.msg_name = &names[i];
    message.msg_namelen = sizeof names[i];
    message.msg_iov = iovecs[i].data();
    message.msg_iovlen = landings[i].takes_large() ? 2 : 1;
    message.msg_control = controls[i].bytes;
    message.msg_controllen = sizeof controls[i].bytes;
  }

  struct Control {
    alignas(cmsghdr) uint8_t bytes[datagram_control_bytes];
  };
  std::array<Landing, count> landings;
  std::array<std::array<iovec, 2>, count> iovecs;
  std::array<sockaddr_in6, count> names;
  std::array<Control, count> controls;
  std::array<mmsghdr, count> messages;
};

}  // namespace weft::datapath
