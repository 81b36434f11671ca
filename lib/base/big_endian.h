// Big-endian integers: values in network byte order with types of their own.
//
// Be16, Be32 and Be64 hold the bytes as they are on the wire. They are made from a host integer
// only explicitly, give it back only through host(), and know no arithmetic, so a forgotten
// conversion does not compile. They are plain bytes (alignment 1): a wire struct made of them may
// lie at any address. load_be*/store_be* do the same for a bare pointer.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

namespace weft {

// Swaps between host and network order; its own inverse.
template <std::unsigned_integral T>
constexpr T swap_network_order(T value) {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return __builtin_bswap16(value);
  } else if constexpr (sizeof(T) == 4) {
    return __builtin_bswap32(value);
  } else {
    return __builtin_bswap64(value);
  }
}

template <std::unsigned_integral T>
class BigEndian {
 public:
  constexpr BigEndian() = default;
  constexpr explicit BigEndian(T host) : bytes_(std::bit_cast<Bytes>(swap_network_order(host))) {}

  constexpr T host() const { return swap_network_order(wire()); }

  // The bytes as they lie in memory, seen as one native integer: for system calls that take
  // network order (sin_port) and for checksums, nothing else.
  constexpr T wire() const { return std::bit_cast<T>(bytes_); }
  static constexpr BigEndian from_wire(T wire) {
    BigEndian value;
    value.bytes_ = std::bit_cast<Bytes>(wire);
    return value;
  }

  // Spelled out: of arrays the compiler makes a call.
  friend constexpr bool operator==(const BigEndian& a, const BigEndian& b) { return a.wire() == b.wire(); }

 private:
  using Bytes = std::array<uint8_t, sizeof(T)>;
  Bytes bytes_{};
};

using Be16 = BigEndian<uint16_t>;
using Be32 = BigEndian<uint32_t>;
using Be64 = BigEndian<uint64_t>;

static_assert(sizeof(Be16) == 2 && sizeof(Be32) == 4 && sizeof(Be64) == 8);
static_assert(alignof(Be64) == 1);

template <std::unsigned_integral T>
T load_be(const uint8_t* from) {
  T wire;
  std::memcpy(&wire, from, sizeof wire);
  return swap_network_order(wire);
}

template <std::unsigned_integral T>
void store_be(uint8_t* to, T value) {
  const T wire = swap_network_order(value);
  std::memcpy(to, &wire, sizeof wire);
}

inline uint16_t load_be16(const uint8_t* from) { return load_be<uint16_t>(from); }
inline uint32_t load_be32(const uint8_t* from) { return load_be<uint32_t>(from); }
inline uint64_t load_be64(const uint8_t* from) { return load_be<uint64_t>(from); }
inline void store_be16(uint8_t* to, uint16_t value) { store_be<uint16_t>(to, value); }
inline void store_be32(uint8_t* to, uint32_t value) { store_be<uint32_t>(to, value); }
inline void store_be64(uint8_t* to, uint64_t value) { store_be<uint64_t>(to, value); }

}  // namespace weft

template <class T>
struct std::hash<weft::BigEndian<T>> {
  size_t operator()(const weft::BigEndian<T>& value) const { return std::hash<T>{}(value.wire()); }
};
