// header_at<H>(bytes, offset): the wire struct H inside a frame, or null when it is cut off.
//
// Wire structs are made of bytes (Be16, MacAddress, ...), so they have alignment 1 and may be
// looked at anywhere in a frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace weft {

template <class H>
concept WireHeader = std::is_trivially_copyable_v<H> && alignof(H) == 1;

template <WireHeader H>
H* header_at(std::span<uint8_t> bytes, size_t offset = 0) {
  return offset <= bytes.size() && bytes.size() - offset >= sizeof(H) ? reinterpret_cast<H*>(bytes.data() + offset)
                                                                      : nullptr;
}

template <WireHeader H>
const H* header_at(std::span<const uint8_t> bytes, size_t offset = 0) {
  return offset <= bytes.size() && bytes.size() - offset >= sizeof(H)
             ? reinterpret_cast<const H*>(bytes.data() + offset)
             : nullptr;
}

}  // namespace weft
