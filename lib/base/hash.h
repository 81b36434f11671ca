// Keyed 64-bit hashes of words and bytes.
//
// Not cryptographic, but keyed on both sides of every multiplication: who does not know the seed
// cannot choose inputs that collide. Tables that outsiders can fill take random_hash_seed(); tests
// pass a fixed seed and get the same numbers every time. hash_add/hash_finish hash a sequence that
// is made on the way; hash_words is the same for a span, two words a multiplication.
//
// Cost: a few ns up to about 8 words; long input goes to XXH3.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace weft {

namespace detail {

inline constexpr uint64_t hash_secret_0 = 0x9fb21c651e98df25U;
inline constexpr uint64_t hash_secret_1 = 0xc2b2ae3d27d4eb4fU;
inline constexpr size_t long_hash_words = 24;  // from here on XXH3's wide loop is the faster one

uint64_t long_hash(const void* data, size_t size, uint64_t seed);

}  // namespace detail

// Multiplies to 128 bits and folds: every input bit reaches every output bit.
constexpr uint64_t hash_mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Adds one word to a running hash that began as a seed.
constexpr uint64_t hash_add(uint64_t hash, uint64_t word) {
  return hash_mix(hash ^ word ^ detail::hash_secret_0, std::rotl(hash, 32) ^ detail::hash_secret_1);
}

// Adds two words for the price of one.
constexpr uint64_t hash_add(uint64_t hash, uint64_t a, uint64_t b) {
  return hash_mix(hash ^ a ^ detail::hash_secret_0, std::rotl(hash, 32) ^ b ^ detail::hash_secret_1);
}

// Ends a running hash: `count` (of words, or whatever the caller adds up) tells lengths apart.
constexpr uint64_t hash_finish(uint64_t hash, uint64_t count) {
  return hash_mix(hash ^ count ^ detail::hash_secret_1, std::rotl(hash, 29) ^ detail::hash_secret_0);
}

inline uint64_t hash_words(std::span<const uint64_t> words, uint64_t seed) {
  if (words.size() >= detail::long_hash_words) {
    return detail::long_hash(words.data(), words.size_bytes(), seed);
  }
  uint64_t hash = seed;
  size_t i = 0;
  for (; i + 1 < words.size(); i += 2) {
    hash = hash_add(hash, words[i], words[i + 1]);
  }
  if (i < words.size()) {
    hash = hash_add(hash, words[i]);
  }
  return hash_finish(hash, words.size());
}

uint64_t hash_bytes(std::span<const uint8_t> bytes, uint64_t seed);

// Secret of this process: drawn once from the operating system.
uint64_t random_hash_seed();

}  // namespace weft
