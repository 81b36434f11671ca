// Captured packets, whatever is in them, become segments whose data lies in the packet, and a stream that never has more
// bytes than it was given.
//
// Input: packets, each behind one byte with its size.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "utilities/ofctl/captured_segment.h"

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft::ofctl;
  TcpStream stream;
  size_t given = 0;
  size_t taken = 0;
  for (std::span<const uint8_t> rest(data, size); !rest.empty();) {
    const size_t length = std::min<size_t>(rest[0], rest.size() - 1);
    // At the very end of a buffer of its own, where the address sanitizer sees a read beyond it.
    const std::vector<uint8_t> packet(rest.begin() + 1, rest.begin() + 1 + static_cast<std::ptrdiff_t>(length));
    rest = rest.subspan(1 + length);
    const auto found = parse_segment(packet);
    if (!found) {
      continue;
    }
    const auto bytes = found->segment.data;
    require(bytes.empty() ||
            (bytes.data() >= packet.data() && bytes.data() + bytes.size() <= packet.data() + packet.size()));
    given += bytes.size();
    (void)stream.add(found->segment);
    taken += stream.bytes().size();
    stream.bytes().clear();
  }
  while (stream.has_gap()) {
    (void)stream.skip_gap();
    taken += stream.bytes().size();
    stream.bytes().clear();
  }
  require(taken <= given);
  return 0;
}
