// Rendezvous hashing: which of several weighted candidates a hash belongs to, with as little moving as can be.
//
// Each candidate draws a number from the hash and its own id, and the one that draws best, for its weight, wins
// (highest random weight; D. Thaler and C. Ravishankar, "A name-based mapping scheme for rendezvous", 1996; with weights
// as -weight / ln(draw)). A candidate's draw knows nothing of the others: when one goes, only what it had won moves, and
// when one's weight grows, it takes its new share from all and nothing moves between others.
//
// Threads: pure functions. Cost: some 10 ns a candidate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace weft::ofproto {

struct Candidate {
  uint32_t id = 0;  // no two have the same
  uint16_t weight = 0;
};

// The winner's place in `candidates`; nothing when there is none. A weight of 0 wins nothing, unless all are 0: then
// they count the same.
std::optional<size_t> rendezvous(std::span<const Candidate> candidates, uint64_t hash);

}  // namespace weft::ofproto
