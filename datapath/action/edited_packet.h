// EditedPacket: a packet while actions change it, and where its layers are now.
//
// The layers are found when an action first asks and kept until one moves headers, so a list of set-fields walks the
// frame once. A set-field that changes what the walk depends on (none does: types and lengths are not writable) would
// have to call headers_moved() too.
//
// Threads: the packet's worker.
#pragma once

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

 private:
  PacketPtr packet_;
  FrameLayers layers_;
  bool is_known_ = false;
};

}  // namespace weft::datapath
