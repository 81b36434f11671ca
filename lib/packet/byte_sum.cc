#include "lib/packet/byte_sum.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weft {

namespace {

uint64_t load_bytes(const uint8_t* from, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, from, size);
  return word;
}

uint64_t end_around(uint64_t a, uint64_t b) {
  const uint64_t sum = a + b;
  return sum + (sum < b ? 1 : 0);
}

uint64_t plain_copy_and_sum(uint8_t* to, const uint8_t* from, size_t size) {
  // In pieces that stay in the first-level cache between the copy and the sum.
  constexpr size_t piece_size = 4096;
  uint64_t sum = 0;
  for (size_t at = 0; at < size; at += piece_size) {
    const size_t piece = std::min(piece_size, size - at);
    std::memcpy(to + at, from + at, piece);
    sum = end_around(sum, plain_byte_sum(from + at, piece));
  }
  return sum;
}

#if defined(__x86_64__)

constexpr size_t vector_bytes = 32;

struct VectorSum {
  __m256i low, high;  // sums of the low and of the high halves of 64-bit words
};

__attribute__((target("avx2"))) inline void add_vector(VectorSum& sum, __m256i bytes) {
  const __m256i low_half = _mm256_set1_epi64x(0xffffffff);
  sum.low = _mm256_add_epi64(sum.low, _mm256_and_si256(bytes, low_half));
  sum.high = _mm256_add_epi64(sum.high, _mm256_srli_epi64(bytes, 32));
}

// Lanes hold less than 2^63, so their end-around sum is that of the bytes. 2^32 is 1 modulo 65,535: halves just add.
__attribute__((target("avx2"))) inline uint64_t total(const VectorSum& sum) {
  alignas(vector_bytes) uint64_t lanes[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), _mm256_add_epi64(sum.low, sum.high));
  return end_around(end_around(lanes[0], lanes[1]), end_around(lanes[2], lanes[3]));
}

template <bool copies>
__attribute__((target("avx2"))) inline void take_vector(VectorSum& sum, uint8_t* to, const uint8_t* from, size_t at) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + at));
  if constexpr (copies) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + at), bytes);
  }
  add_vector(sum, bytes);
}

template <bool copies>
__attribute__((target("avx2"))) inline uint64_t sum_vectors(uint8_t* to, const uint8_t* from, size_t size) {
  VectorSum even{_mm256_setzero_si256(), _mm256_setzero_si256()};
  VectorSum odd = even;
  size_t at = 0;
  for (; at + 2 * vector_bytes <= size; at += 2 * vector_bytes) {
    take_vector<copies>(even, to, from, at);
    take_vector<copies>(odd, to, from, at + vector_bytes);
  }
  if constexpr (copies) {
    if (at < size) {
      std::memcpy(to + at, from + at, size - at);
    }
  }
  return end_around(end_around(total(even), total(odd)), plain_byte_sum(from + at, size - at));
}

__attribute__((target("avx2"))) uint64_t avx2_byte_sum(const uint8_t* from, size_t size) {
  return sum_vectors<false>(nullptr, from, size);
}

__attribute__((target("avx2"))) uint64_t avx2_copy_and_sum(uint8_t* to, const uint8_t* from, size_t size) {
  return sum_vectors<true>(to, from, size);
}

// False until it is set, when other files' variables may be in the making: the plain way is right then too.
const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;

#else

constexpr bool has_avx2 = false;
uint64_t avx2_byte_sum(const uint8_t* from, size_t size) { return plain_byte_sum(from, size); }
uint64_t avx2_copy_and_sum(uint8_t* to, const uint8_t* from, size_t size) { return plain_copy_and_sum(to, from, size); }

#endif

}  // namespace

// Two chains of additions run side by side; carries are counted and put back in at the end.
uint64_t plain_byte_sum(const uint8_t* from, size_t size) {
  using Wide = unsigned __int128;
  Wide even = 0;
  Wide odd = 0;
  size_t at = 0;
  for (; at + 16 <= size; at += 16) {
    even += load_bytes(from + at, 8);
    odd += load_bytes(from + at + 8, 8);
  }
  if (at + 8 <= size) {
    even += load_bytes(from + at, 8);
    at += 8;
  }
  if (at < size) {
    odd += load_bytes(from + at, size - at);
  }
  const Wide sum = even + odd;
  return end_around(static_cast<uint64_t>(sum), static_cast<uint64_t>(sum >> 64));
}

uint64_t byte_sum(const uint8_t* from, size_t size) {
  return has_avx2 ? avx2_byte_sum(from, size) : plain_byte_sum(from, size);
}

uint64_t copy_and_byte_sum(uint8_t* to, const uint8_t* from, size_t size) {
  return has_avx2 ? avx2_copy_and_sum(to, from, size) : plain_copy_and_sum(to, from, size);
}

}  // namespace weft
