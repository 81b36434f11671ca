// FrozenStates: gives frozen states numbers, equal states equal ones, for as long as anybody holds them.
//
// The number is the recirc_id that a packet carries when it is looked up again. A megaflow holds the states that it leads
// to (in its Recirculate actions) and the one it goes on from (in its record); when the last of these is gone, so is the
// number. It is given again only after all others have been.
//
// One for the whole switch: workers, revalidator and packet-outs have to agree on numbers, and only a translation
// that stops or goes on asks here, which is part of a miss.
//
// Threads: any; a lock for the length of a look-up. Ownership: holds nothing itself; states may outlive it.
#pragma once

#include <cstdint>
#include <memory>

#include "ofproto/translate/frozen_state.h"

namespace weft::ofproto {

class FrozenStates {
 public:
  static constexpr size_t default_limit = 65536;

  explicit FrozenStates(size_t limit = default_limit);

  // The state of this content; null when there are too many already.
  FrozenStatePtr intern(FrozenState state) const;
  // Null: nobody holds such a state.
  FrozenStatePtr find(uint32_t id) const;
  size_t count() const;

 private:
  struct Shared;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace weft::ofproto
