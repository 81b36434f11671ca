// Extraction on any bytes: what comes out is what the dull twin says, and nothing beyond the frame is read.
#include <cstdlib>
#include <cstring>

#include "lib/flow/extract.h"
#include "lib/flow/match_text.h"
#include "lib/packet/packet_pool.h"
#include "tests/reference/extract.h"

namespace weft {
namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// At the very end of its buffer, where a read beyond the frame is seen by the address sanitizer.
PacketPtr packet_of(PacketPool& pool, std::span<const uint8_t> frame) {
  PacketPtr packet = pool.allocate(frame.size());
  packet->append(packet->tailroom());
  packet->pull(packet->size() - frame.size());
  if (!frame.empty()) {
    std::memcpy(packet->data(), frame.data(), frame.size());
  }
  return packet;
}

uint16_t as_offset(int offset) { return offset < 0 ? Packet::unknown_offset : static_cast<uint16_t>(offset); }

void extract_and_compare(std::span<const uint8_t> frame) {
  static PacketPool pool;
  const PacketPtr packet = packet_of(pool, frame);
  packet->in_port = PortId{1};
  FlowKey key;
  const Verdict verdict = extract(*packet, key);
  const reference::Extracted twin = reference::extract(frame, 1);
  require(Flow(key) == twin.flow);
  require(verdict.has_value() == twin.is_truncated);
  require(packet->l2_5_offset == as_offset(twin.l2_5));
  require(packet->l3_offset == as_offset(twin.l3));
  require(packet->l4_offset == as_offset(twin.l4));
  require(match_of(twin.flow).matches(twin.flow));
  require(!format_flow(twin.flow).empty());
}

}  // namespace
}  // namespace weft

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size <= weft::max_frame_size) {
    weft::extract_and_compare({data, size});
  }
  return 0;
}
