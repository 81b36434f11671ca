// InstructionCache: rules that do the same share one copy of their instructions.
//
// Most rules of a table say one of a few things ("output to 7", "go on to table 3"), and a list of actions is as large as
// the rest of a rule. A fixed number of places, chosen by a hash of what the instructions say, remembers what was last
// made; equal instructions are taken from there. Those that miss each other are kept twice, which costs memory and
// nothing else.
//
// Threads: the control thread's; what it gives is immutable. Ownership: none; a place does not keep what no rule has.
// Cost: a walk over the actions for the hash, one comparison; 32 KB.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "lib/openflow/instruction.h"

namespace weft::ofproto {

class InstructionCache {
 public:
  std::shared_ptr<const openflow::Instructions> shared(const openflow::Instructions& instructions);

 private:
  static constexpr size_t place_count = 2048;
  std::array<std::weak_ptr<const openflow::Instructions>, place_count> places_;
};

}  // namespace weft::ofproto
