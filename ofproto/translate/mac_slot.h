// What the two words of a MacTable's slot say, bit by bit. Only mac_table*.cc include it.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <limits>

#include "lib/base/clock.h"

namespace weft::ofproto::mac_slot {

inline constexpr Duration::rep never = std::numeric_limits<Duration::rep>::max();

// Of the time in a slot, whose 34 bits last for five years of uptime.
inline constexpr Duration::rep tick = Duration(std::chrono::milliseconds(10)).count();

// A slot's id is the address above the lower half of its domain; that it is taken is said by the bit that would make it
// a group's address, which none is. Empty slots end a run, removed ones do not.
inline constexpr uint64_t taken = uint64_t{1} << 56;
inline constexpr uint64_t removed_id = 1;

constexpr bool is_taken(uint64_t id) { return (id & taken) != 0; }

// Bits of a slot's state, from the lowest on.
inline constexpr unsigned used_bits = 34, place_bits = 20, fixed_bits = 1;
inline constexpr unsigned place_at = used_bits, fixed_at = place_at + place_bits, domain_at = fixed_at + fixed_bits;
inline constexpr uint64_t used_mask = (uint64_t{1} << used_bits) - 1;
inline constexpr uint64_t place_mask = (uint64_t{1} << place_bits) - 1;

constexpr uint32_t place_of(uint64_t state) { return static_cast<uint32_t>(state >> place_at & place_mask); }
constexpr bool is_fixed(uint64_t state) { return (state >> fixed_at & 1) != 0; }
constexpr Duration::rep used_of(uint64_t state) { return static_cast<Duration::rep>(state & used_mask); }
constexpr uint64_t with_used(uint64_t state, Duration::rep used) {
  return (state & ~used_mask) | (static_cast<uint64_t>(used) & used_mask);
}
constexpr uint64_t with_place(uint64_t state, uint32_t place) {
  return (state & ~(place_mask << place_at)) | uint64_t{place} << place_at;
}
// Bit 31 of a domain and eight of a VNI are what it has above its lower half.
constexpr uint64_t domain_above(uint32_t bits) { return uint64_t{bits >> 31} << 8 | (bits >> 16 & 0xff); }

inline Duration::rep ticks(TimePoint time) { return time.time_since_epoch().count() / tick; }
inline TimePoint time_of(Duration::rep ticks_since_epoch) { return TimePoint(Duration(ticks_since_epoch * tick)); }

}  // namespace weft::ofproto::mac_slot
