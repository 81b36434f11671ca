// What a controller gives back as a continuation: read whole or refused, and written again it reads the same.
#include <cstdlib>
#include <span>

#include "lib/openflow/continuation.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft::openflow;
  const auto continuation = decode_continuation(std::span(data, size));
  if (!continuation) {
    return 0;
  }
  const auto bytes = encode_continuation(*continuation, true);
  if (bytes.empty()) {
    return 0;  // too long for a message
  }
  const auto again = decode_continuation(bytes);
  if (!again || encode_continuation(*again, true) != bytes) {
    std::abort();
  }
  return 0;
}
