// Exits: the doors through which a packet leaves an action list. The worker stands behind them.
//
// Threads: the worker that executes.
#pragma once

#include <cstdint>
#include <memory>

#include "datapath/api/action.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

class Exits {
 public:
  virtual ~Exits() = default;

  // Takes the packet; it is sent or dropped, and counted, by whoever gets it.
  virtual void output(PortId port, PacketPtr packet) = 0;
  // Takes the packet, to be looked up again once the list is through; or drops and counts it.
  virtual void recirculate(const Recirculate& action, PacketPtr packet) = 0;
  // Takes the packet and a long list, which is to be executed on it a part at a time (PartedExecution), so that nobody else
  // waits for all of it. The packet has left, for the list that it comes from. Unless overridden, at once.
  virtual void execute_later(std::shared_ptr<const Clone> list, PacketPtr packet);
  // Takes a copy of the bytes, or says why not: no room for it, or it cannot be made what a controller may see.
  virtual Verdict punt(const PuntContext& context, const Packet& packet) = 0;

  // How the packets of a list that did not go out are counted: execute.h, "Counting".
  virtual void dropped(DropReason reason) = 0;
  virtual void absorbed() = 0;
  virtual void originated(uint64_t count) = 0;
};

}  // namespace weft::datapath
