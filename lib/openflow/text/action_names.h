// Names of the values that extension actions choose from, as ovs-ofctl spells them: one table each, for reading and
// printing. Private to lib/openflow/text. Threads: constant data.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "lib/openflow/extension_action.h"

namespace weft::openflow {

template <class T>
struct Named {
  std::string_view name;
  T value;
};

inline std::span<const Named<HashFields>> hash_field_names() {
  static constexpr Named<HashFields> names[] = {
      {"eth_src", HashFields::eth_src},
      {"symmetric_l4", HashFields::symmetric_l4},
      {"symmetric_l3l4", HashFields::symmetric_l3l4},
      {"symmetric_l3l4+udp", HashFields::symmetric_l3l4_udp},
      {"nw_src", HashFields::nw_src},
      {"nw_dst", HashFields::nw_dst},
      {"symmetric_l3", HashFields::symmetric_l3},
  };
  return names;
}

inline std::span<const Named<MultipathAlgorithm>> multipath_algorithm_names() {
  static constexpr Named<MultipathAlgorithm> names[] = {
      {"modulo_n", MultipathAlgorithm::modulo_n},
      {"hash_threshold", MultipathAlgorithm::hash_threshold},
      {"hrw", MultipathAlgorithm::hrw},
      {"iter_hash", MultipathAlgorithm::iter_hash},
  };
  return names;
}

inline std::span<const Named<BundleAlgorithm>> bundle_algorithm_names() {
  static constexpr Named<BundleAlgorithm> names[] = {
      {"active_backup", BundleAlgorithm::active_backup},
      {"hrw", BundleAlgorithm::hrw},
  };
  return names;
}

// Connection tracking helpers, by their well-known ports.
inline std::span<const Named<uint16_t>> alg_names() {
  static constexpr Named<uint16_t> names[] = {{"ftp", 21}, {"tftp", 69}};
  return names;
}

template <class T>
std::string_view name_of(std::span<const Named<T>> names, T value) {
  const auto found = std::ranges::find(names, value, &Named<T>::value);
  return found == names.end() ? std::string_view() : found->name;
}

}  // namespace weft::openflow
