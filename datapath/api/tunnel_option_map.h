// TunnelOptionMap: which Geneve option is which field, tun_metadata0 to 63, on the tunnel ports of one bridge.
//
// An option is known by its class and type (RFC 8926 section 3.5; the highest bit of the type says that it is critical)
// and has four bytes of data here.
//
// Threads: immutable once a port has it. Cost: a lookup is a binary search among the mapped options, which are few.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/packet/tunnel_options.h"

namespace weft::datapath {

class TunnelOptionMap {
 public:
  struct Option {
    uint16_t option_class = 0;
    uint8_t type = 0;
    friend bool operator==(const Option&, const Option&) = default;
  };

  // `field`: below TunnelOptions::field_count. Neither it nor the option is mapped yet.
  void add(unsigned field, Option option) {
    options_[field] = option;
    fields_ |= uint64_t{1} << field;
    const Entry entry{number(option), static_cast<uint8_t>(field)};
    by_option_.insert(std::ranges::lower_bound(by_option_, entry.option, {}, &Entry::option), entry);
  }

  uint64_t fields() const { return fields_; }  // bit n: tun_metadata n
  bool has(unsigned field) const { return (fields_ >> field & 1) != 0; }
  Option option_of(unsigned field) const { return options_[field]; }  // of a field that has one
  std::optional<unsigned> field_of(Option option) const {
    const auto found = std::ranges::lower_bound(by_option_, number(option), {}, &Entry::option);
    return found != by_option_.end() && found->option == number(option) ? std::optional<unsigned>(found->field)
                                                                        : std::nullopt;
  }

 private:
  struct Entry {
    uint32_t option;
    uint8_t field;
  };
  static uint32_t number(Option option) { return uint32_t{option.option_class} << 8 | option.type; }

  uint64_t fields_ = 0;
  std::array<Option, TunnelOptions::field_count> options_{};
  std::vector<Entry> by_option_;  // sorted
};

}  // namespace weft::datapath
