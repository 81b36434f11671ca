// A frame run through extraction, for tests: the packet stands at the very end of its buffer, so that the address
// sanitizer sees a read beyond it.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <span>

#include "lib/flow/extract.h"
#include "lib/flow/match_text.h"
#include "lib/packet/packet_pool.h"

namespace weft {

inline PacketPtr packet_at_end_of_buffer(PacketPool& pool, std::span<const uint8_t> frame) {
  PacketPtr packet = pool.allocate(frame.size());
  packet->append(packet->tailroom());
  packet->pull(packet->size() - frame.size());
  if (!frame.empty()) {
    std::memcpy(packet->data(), frame.data(), frame.size());
  }
  return packet;
}

struct Extracted {
  explicit Extracted(std::span<const uint8_t> frame) : packet(packet_at_end_of_buffer(pool(), frame)) {
    packet->in_port = PortId{1};
    verdict = extract(*packet, key);
  }

  static PacketPool& pool() {
    static PacketPool pool;
    return pool;
  }

  std::string text() const { return format_flow(Flow(key)); }
  uint64_t value(FieldId id) const { return get(key, id).lo; }
  uint16_t present() const { return present_from_word(key.word(present_word)); }

  PacketPtr packet;
  FlowKey key;
  Verdict verdict;
};

}  // namespace weft
