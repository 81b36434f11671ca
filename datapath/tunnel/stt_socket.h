// The sockets of an STT endpoint.
//
//   guard      a listening TCP socket whose filter lets nothing through: segments for its port belong to somebody, so the
//              kernel's TCP does not answer them with RST, and it never sees one
//   receiver   a raw socket for TCP whose filter lets through what is for the port; it gets a copy of each packet before
//              TCP does, behind the host's INPUT rules, whole where GRO has merged it. Several share by source port.
//              ICMP errors about the segments that were sent reach it too, which is how the kernel learns path MTUs.
//   sender     a packet socket with PACKET_VNET_HDR, bound to no device. A raw IP socket would need no link-layer
//              header, but has no segmentation offload. OUTPUT rules do not see what it sends.
//
// Threads: any. Cost: a few system calls each.
#pragma once

#include <cstdint>
#include <string>

#include "datapath/api/port_spec.h"
#include "datapath/tunnel/underlay_socket.h"
#include "lib/base/os_error.h"
#include "lib/base/result.h"
#include "lib/os/fd.h"

namespace weft::datapath {

// Held: somebody listens on the TCP port already.
Result<Fd, PortError> open_stt_guard(bool ipv6, uint16_t port);

// The `index`-th of `count` receivers, which share by source port.
Result<Fd, OsError> open_stt_receiver(bool ipv6, uint16_t port, unsigned index, unsigned count,
                                      const UnderlayOptions& options);

Result<Fd, OsError> open_stt_sender(const UnderlayOptions& options);

// Whether this host's connection tracking, where rules put it to work, takes STT segments for invalid: it does when it
// takes up no connection that it has not seen the beginning of. Otherwise each one is new to it. Reads /proc/sys.
bool is_invalid_to_conntrack();

}  // namespace weft::datapath
