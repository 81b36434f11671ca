// TunnelOptions: the options of one packet's Geneve header that fields are mapped to (tun_metadata0 to 63), four bytes each.
//
// Kept as a bitmap of fields and the values of just those, in their order: a packet seldom has more than one or two.
//
// Threads: values. Cost: a copy copies the values there are.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace weft {

class TunnelOptions {
 public:
  static constexpr unsigned field_count = 64;
  static constexpr unsigned max_count =
      31;  // as many as 252 bytes hold, with four bytes of header and four of data each

  TunnelOptions() {}  // NOLINT(modernize-use-equals-default): the values are left unset on purpose
  TunnelOptions(const TunnelOptions& other) { *this = other; }
  TunnelOptions& operator=(const TunnelOptions& other) {
    present_ = other.present_;
    std::memmove(values_.data(), other.values_.data(), count() * sizeof(uint32_t));
    return *this;
  }

  bool empty() const { return present_ == 0; }
  unsigned count() const { return static_cast<unsigned>(std::popcount(present_)); }
  uint64_t present() const { return present_; }  // bit n: tun_metadata n
  bool has(unsigned field) const { return (present_ >> field & 1) != 0; }
  std::span<const uint32_t> values() const { return {values_.data(), count()}; }          // host order, by field
  uint32_t value(unsigned field) const { return has(field) ? values_[rank(field)] : 0; }  // 0: absent

  void clear() { present_ = 0; }

  // `field`: below field_count. False: it is one more than there is room for.
  bool set(unsigned field, uint32_t value) {
    const unsigned at = rank(field);
    if (!has(field)) {
      if (count() == max_count) {
        return false;
      }
      std::memmove(&values_[at] + 1, &values_[at], (count() - at) * sizeof(uint32_t));
      present_ |= uint64_t{1} << field;
    }
    values_[at] = value;
    return true;
  }

  // `visit(field, value)`, the lowest field first.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    unsigned i = 0;
    for (uint64_t rest = present_; rest != 0; rest &= rest - 1) {
      visit(static_cast<unsigned>(std::countr_zero(rest)), values_[i++]);
    }
  }

  friend bool operator==(const TunnelOptions& a, const TunnelOptions& b) {
    return a.present_ == b.present_ &&
           std::memcmp(a.values_.data(), b.values_.data(), a.count() * sizeof(uint32_t)) == 0;
  }

 private:
  unsigned rank(unsigned field) const {
    return static_cast<unsigned>(std::popcount(present_ & ((uint64_t{1} << field) - 1)));
  }

  uint64_t present_ = 0;
  std::array<uint32_t, max_count> values_;
};

}  // namespace weft
