// Sockets on the underlay: those that receive on a tunnel's UDP port, or raw ones for GRE, and those that send, for UDP
// from many source ports.
//
// Receiving: one socket for each family and worker on the port, shared out by the kernel (SO_REUSEPORT), which tells
// destination address, TTL and TOS of each datagram, joins datagrams of a flow (UDP_GRO), and counts what it dropped.
// Multicast that other sockets have joined is not delivered here (IP_MULTICAST_ALL 0): a socket of its own, bound to the
// group, receives that, so that a flooded copy enters exactly once. A raw socket gets every GRE packet of the host, so
// there is one for each family; over IPv4 it hands over the IP header too.
//
// Sending: the source port carries the entropy of the inner flow, so that ECMP and receive-side scaling spread. A
// SourcePorts is a set of up to 1,024 sockets, each bound to a port of its own when it is first used. They receive nothing
// (a filter drops all), but tell of ICMP errors (IP_RECVERR).
//
// The ports are a block of consecutive ones, aligned to its size, somewhere in the host's range for such: what routers
// hash by (CRC, XOR, Toeplitz: all linear) spreads such a block evenly, where it would make of ports drawn at random an
// uneven lot. A port that is taken, or a host whose range has no room or has ports set apart
// (ip_local_reserved_ports), gets ports of the kernel's choice.
//
// Threads:   SourcePorts::socket() from any worker: a race for the first use of a slot has one winner. The rest on the
//            control thread.
// Ownership: the sets own their sockets.
// Cost:      a load for a socket that is open; six system calls, once, for one that is not. 2.6 KB of kernel memory
//            each.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "datapath/api/port_spec.h"
#include "datapath/tunnel/tunnel.h"
#include "lib/base/os_error.h"
#include "lib/base/result.h"
#include "lib/os/fd.h"

struct msghdr;

namespace weft::datapath {

struct UnderlayOptions {
  unsigned source_port_count = 1024;
  // Socket buffers in bytes, set by the FORCE options.
  int receive_buffer = 16 << 20;
  int send_buffer = 4 << 20;
};

// Whether `port` is free for us. Busy: the error names the kernel's tunnel device that holds it, if one does.
Result<void, PortError> check_port_is_free(bool ipv6, uint16_t port);

Result<Fd, OsError> open_receive_socket(bool ipv6, uint16_t port, const UnderlayOptions& options);
Result<Fd, OsError> open_gre_socket(bool ipv6, const UnderlayOptions& options);
// Joined on the interface that the host's route to the group names (IGMP, MLD: the kernel), until it is closed.
Result<Fd, OsError> open_group_socket(const IpAddress& group, uint16_t port, const UnderlayOptions& options);

// What recvmsg() tells beside a datagram.
struct DatagramInfo {
  OuterHeader outer;
  size_t gro_size = 0;         // size of each joined datagram but the last; 0: a single one
  uint32_t overrun_count = 0;  // dropped by the socket since it was opened
};
inline constexpr size_t datagram_control_bytes = 192;
DatagramInfo read_datagram_info(const msghdr& message);

// Reads and forgets the ICMP errors that wait at a socket, so that they fail no other datagram. True: there were some.
// Changes errno.
bool drain_error_queue(int socket);

class SourcePorts {
 public:
  struct Kind {
    bool ipv6 = false;
    bool dont_fragment = true;
    bool checksum = true;
    bool is_gre = false;  // a raw socket: GRE has no ports, so one socket is the whole set
  };

  SourcePorts(Kind kind, const UnderlayOptions& options);
  ~SourcePorts();
  SourcePorts(const SourcePorts&) = delete;
  SourcePorts& operator=(const SourcePorts&) = delete;

  // The socket for a flow; -1 when not even one can be opened.
  int socket(uint64_t flow_hash);

 private:
  int open(unsigned index) const;
  Result<Fd, OsError> open_socket(unsigned index) const;
  Result<void, OsError> bind_source(const Fd& socket, unsigned index) const;

  const Kind kind_;
  const unsigned count_;
  const uint16_t first_port_;  // 0: the kernel chooses
  const UnderlayOptions options_;
  const std::unique_ptr<std::atomic<int>[]> sockets_;  // -1: not yet
};

}  // namespace weft::datapath
