#include "lib/base/hash.h"

#include <sys/random.h>

#include <cerrno>
#include <chrono>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace weft {

uint64_t detail::long_hash(const void* data, size_t size, uint64_t seed) {
  return XXH3_64bits_withSeed(data, size, seed);
}

uint64_t hash_bytes(std::span<const uint8_t> bytes, uint64_t seed) {
  if (bytes.size() >= detail::long_hash_words * sizeof(uint64_t)) {
    return detail::long_hash(bytes.data(), bytes.size(), seed);
  }
  uint64_t hash = seed;
  size_t at = 0;
  for (; bytes.size() - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    hash = hash_add(hash, word);
  }
  if (at < bytes.size()) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, bytes.size() - at);
    hash = hash_add(hash, word);
  }
  return hash_finish(hash, bytes.size());
}

namespace {

uint64_t draw_seed() {
  uint64_t seed = 0;
  ssize_t drawn;
  do {
    drawn = getrandom(&seed, sizeof seed, 0);
  } while (drawn < 0 && errno == EINTR);
  if (drawn != sizeof seed) {
    // No entropy to be had (a sandbox without the system call): time and layout are better than nothing.
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    seed = hash_mix(static_cast<uint64_t>(now), reinterpret_cast<uintptr_t>(&seed) | 1);
  }
  return seed;
}

}  // namespace

uint64_t random_hash_seed() {
  static const uint64_t seed = draw_seed();
  return seed;
}

}  // namespace weft
