// What a flow key says of a neighbour message's options that no field names: whether there are others than the link-layer
// addresses, or bytes behind them. Whoever turns a solicitation into its answer must know: a nonce or a signature
// (RFC 3971) is for the one asked alone.
//
// Not a field, as presence bits are none: no rule can match on it. A bit of the word that nd_tll and nd_options_type
// lie in.
#pragma once

#include <cstdint>

#include "lib/flow/flow_key.h"

namespace weft {

inline constexpr uint8_t nd_other_options = 1;  // of the word's last byte
inline constexpr uint64_t nd_other_options_in_word = swap_network_order(uint64_t{nd_other_options});

}  // namespace weft
