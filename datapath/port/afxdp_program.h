// XdpProgram: the XDP program of an `afxdp` port, which hands every frame of the device to the AF_XDP socket of its
// receive queue; a frame of a queue without a socket is dropped.
//
// A VLAN tag that the device has taken out of the frame is beside it, where no AF_XDP socket sees it. Where the driver
// tells programs of such tags (a veth does, kernel 6.8 and later) the program puts the tag back.
//
// It is attached by a BPF link, so it ends with the process, however that ends: a crashed switch leaves no device
// behind that swallows its frames. What keeps the device closed then is the guard (guard.h).
//
// Written as instructions, because a compiler for BPF would be one more thing to need for 25 of them.
//
// Threads: the control thread. Ownership: program, map and attachment go with the object.
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/os_error.h"
#include "lib/base/result.h"
#include "lib/os/fd.h"

namespace weft::datapath {

class XdpProgram {
 public:
  enum class Hook : uint8_t {
    driver,   // before the kernel makes a packet of it; the driver must have it
    generic,  // any device, at the price of a packet made first
  };

  // EBUSY: another XDP program is at the device.
  static Result<XdpProgram, OsError> attach(const std::string& device, uint32_t ifindex, Hook hook,
                                            unsigned queue_count);

  int socket_map() const { return socket_map_.get(); }
  bool puts_tags_back() const { return puts_tags_back_; }

 private:
  XdpProgram() = default;

  Fd socket_map_;
  Fd program_;
  Fd link_;
  bool puts_tags_back_ = false;
};

}  // namespace weft::datapath
