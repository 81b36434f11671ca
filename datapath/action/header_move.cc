#include "datapath/action/header_move.h"

#include <cstring>

namespace weft::datapath {

Verdict open_gap(EditedPacket& packet, size_t offset, size_t size) {
  uint8_t* front = packet->push(size);
  if (front == nullptr) {
    return DropReason::no_headroom;
  }
  std::memmove(front, front + size, offset);
  packet.headers_moved();
  packet.grown(size);
  return keep;
}

void close_gap(EditedPacket& packet, size_t offset, size_t size) {
  std::memmove(packet->data() + size, packet->data(), offset);
  packet->pull(size);
  packet.headers_moved();
  packet.shortened(size);
}

}  // namespace weft::datapath
