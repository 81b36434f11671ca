#include "ofproto/translate/rendezvous.h"

#include <algorithm>
#include <cmath>

#include "lib/base/hash.h"

namespace weft::ofproto {
namespace {

// Evenly between 0 and 1, both excluded.
double draw(uint64_t hash, uint32_t id) {
  constexpr double step = 1.0 / (uint64_t{1} << 53);
  const uint64_t bits = hash_finish(hash_add(hash, id), 1) >> 11;
  return (static_cast<double>(bits) + 0.5) * step;
}

}  // namespace

std::optional<size_t> rendezvous(std::span<const Candidate> candidates, uint64_t hash) {
  const bool all_weigh_nothing = std::ranges::all_of(candidates, [](const Candidate& c) { return c.weight == 0; });
  std::optional<size_t> winner;
  double best = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const double weight = all_weigh_nothing ? 1 : candidates[i].weight;
    const double score = -weight / std::log(draw(hash, candidates[i].id));
    if (score > best) {
      winner = i;
      best = score;
    }
  }
  return winner;
}

}  // namespace weft::ofproto
