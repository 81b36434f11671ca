// Executes a list of datapath actions on one packet.
//
// The work of each action is in the file of its family; here is the order of things, and that a packet leaves by
// exactly one door. Only what is used later is copied: the last action that needs the packet gets it itself, and what
// stands behind that one changes nothing that anybody sees and is not run. A verdict of an action ends the list.
//
// A nested list of more than 64 actions that only sends, a flood to many remotes, is handed to Exits::execute_later(), which executes it in
// parts: two thousand copies take ten milliseconds.
//
// Counting: to recirculate a packet is to send it, for here; what becomes of it is counted when it is looked up again.
// A list that sends a packet n times (n > 0) originates n - 1; a verdict, or a copy for which there was no
// buffer, is one more packet that was there, and dropped. Where nothing was sent and nothing failed the packet is
// absorbed by a packet-in, or dropped: for the reason that Drop names, for the one that kept it from the controller, or
// as no_output.
//
// Threads: the packet's worker. Cost: a visit an action; a copy for every output but the last.
#pragma once

#include <cstddef>
#include <memory>

#include "datapath/action/exits.h"
#include "datapath/api/action.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

void execute(const ActionList& actions, PacketPtr packet, Exits& exits);

// A list that is executed a part at a time, with the same outcome and count.
class PartedExecution {
 public:
  PartedExecution(std::shared_ptr<const Clone> list, PacketPtr packet);
  PartedExecution(PartedExecution&&) noexcept;
  PartedExecution& operator=(PartedExecution&&) noexcept;
  ~PartedExecution();

  // Up to `count` more actions. True: there are others.
  bool run(size_t count, Exits& exits);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::datapath
