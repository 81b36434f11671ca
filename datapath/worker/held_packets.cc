#include "datapath/worker/held_packets.h"

#include <utility>

namespace weft::datapath {

bool HeldPackets::add(HeldPacket&& held) {
  size_t& of_port = ports_[number(held.packet->in_port)];
  if (packets_.size() >= in_all || of_port >= per_port) {
    return false;
  }
  ++of_port;
  ++flows_[held.hash];
  packets_.push_back(std::move(held));
  return true;
}

std::deque<HeldPacket> HeldPackets::take_all() {
  flows_.clear();
  ports_.clear();
  return std::exchange(packets_, {});
}

}  // namespace weft::datapath
