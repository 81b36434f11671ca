// PortMaker: makes the port that a PortSpec asks for, and holds what ports of a kind share.
//
// One of the few places that know every port type. A type that needs state beyond one port (the sockets of all VXLAN
// ports on one UDP port) keeps it here, so it dies with the datapath and not at program exit.
//
// Threads:   the control thread. Ownership: ports must be gone before their maker.
#pragma once

#include <memory>

#include "datapath/api/port_spec.h"
#include "datapath/port/port.h"
#include "lib/base/result.h"

namespace weft::datapath {

class PortMaker {
 public:
  PortMaker();
  ~PortMaker();

  // The port is open and may already queue frames, but nothing is read before a worker is given its queues.
  Result<std::unique_ptr<Port>, PortError> make(const PortSpec& spec, const PortEnvironment& environment);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace weft::datapath
