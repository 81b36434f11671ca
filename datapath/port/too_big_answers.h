// TooBigAnswers: of one tunnel port, what its senders are told about frames that do not fit (datapath/icmp), not too
// often.
//
// An answer enters the switch in the same round as if the far side had sent it through the port: flow tables, VLANs and
// NORMAL bring it to the guest as they bring what comes from there. It counts as originated, and nothing is learned
// from it, for where its sender is has only been guessed: the frame may have been flooded.
//
// Threads:   answer: any worker. Ownership: none; the port's, which outlives it.
// Cost:      a frame that is dropped: what the answer costs, and a compare-and-swap. No allocation beyond the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "datapath/meter/token_bucket.h"
#include "datapath/port/port.h"

namespace weft::datapath {

class TooBigAnswers {
 public:
  // So many answers a second, and at once; 0: none.
  TooBigAnswers(Port& port, uint32_t rate, const Clock& clock);

  // `packet` is about to be dropped because the path takes frames of up to `max_frame_size` bytes. `from_there` is what
  // the outer header of a packet from its destination would say.
  void answer(Packet& packet, const TunnelMetadata& from_there, size_t max_frame_size, TxContext& context);

 private:
  Port& port_;
  const Clock& clock_;
  std::optional<TokenBucket> bucket_;
};

}  // namespace weft::datapath
