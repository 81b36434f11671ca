#include "lib/management/framing.h"

#include <fmt/format.h>

#include "lib/base/big_endian.h"

namespace weft::management {

std::string framed(std::string_view message) {
  std::string out(frame_header_bytes, '\0');
  store_be32(reinterpret_cast<uint8_t*>(out.data()), static_cast<uint32_t>(message.size()));
  return out.append(message);
}

Result<std::optional<size_t>, std::string> frame_size(std::string_view bytes) {
  if (bytes.size() < frame_header_bytes) {
    return std::optional<size_t>();
  }
  const size_t size = load_be32(reinterpret_cast<const uint8_t*>(bytes.data()));
  if (size > max_frame_bytes) {
    return Unexpected{fmt::format("a message of {} bytes; at most {} are accepted", size, max_frame_bytes)};
  }
  return std::optional<size_t>(size);
}

}  // namespace weft::management
