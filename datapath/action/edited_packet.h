// EditedPacket: a packet while actions change it, and where its layers are now.
//
// The layers are found when an action first asks and kept until one moves headers, so a list of set-fields walks the
// frame once. A set-field that changes what the walk depends on (a type or a protocol) calls headers_moved() too.
//
// A frame from which a pop took something may not leave shorter than a wire allows, and one that is to be cut off is cut
// off, when it is sent (execute.cc): what a later push makes longer again needs no padding, and actions in between still
// find every header. The packet remembers both, also where it is recirculated.
//
// Threads: the packet's worker.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "datapath/offload/frame_layers.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

class EditedPacket {
 public:
  explicit EditedPacket(PacketPtr packet) : packet_(std::move(packet)) {}

  Packet& operator*() { return *packet_; }
  Packet* operator->() { return packet_.get(); }
  PacketPtr take() { return std::move(packet_); }

  const FrameLayers& layers() {
    if (!is_known_) {
      layers_ = find_layers(packet_->bytes());
      is_known_ = true;
    }
    return layers_;
  }
  void headers_moved() { is_known_ = false; }

  // Headers came or went before the bytes that size_limit counts.
  void grown(size_t size) {
    if (packet_->size_limit != 0) {
      packet_->size_limit += static_cast<uint32_t>(size);
    }
  }
  void shortened(size_t size) {
    packet_->was_shortened = true;
    if (packet_->size_limit != 0) {
      packet_->size_limit -= std::min(packet_->size_limit - 1, static_cast<uint32_t>(size));
    }
  }
  void limit_size(uint32_t size) {
    packet_->size_limit = packet_->size_limit == 0 ? size : std::min(size, packet_->size_limit);
  }

 private:
  PacketPtr packet_;
  FrameLayers layers_;
  bool is_known_ = false;
};

}  // namespace weft::datapath
