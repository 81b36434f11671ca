// Framing of management messages: a 4-byte big-endian size, then that many bytes of Protobuf.
//
// Pure functions over a growing buffer; both ends use them. A size above max_frame_bytes is an error before any
// byte of it is stored.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace weft::management {

inline constexpr size_t frame_header_bytes = 4;
inline constexpr size_t max_frame_bytes = 64u << 20;

// The message as it travels.
std::string framed(std::string_view message);

// The size in bytes of the message whose header is at the front of `bytes`, or nothing while the header is short.
Result<std::optional<size_t>, std::string> frame_size(std::string_view bytes);

}  // namespace weft::management
