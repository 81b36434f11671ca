// HeldPackets: packets that wait for a change which their own translation asked for (Decision::held_for).
//
// In order of arrival. A flow, as far as its hash tells, waits as a whole: what comes after a held packet of its flow is
// held behind it, whatever the tables say of it by then. Bounded for each port and in all.
//
// Threads:   the worker. Cost: a packet of a worker that holds none: a test.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "lib/flow/flow_key.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

struct HeldPacket {
  PacketPtr packet;
  FlowKey key;
  uint64_t hash = 0;
  uint64_t held_for = 0;  // number of the change it waits for; 0: only behind others of its flow
};

class HeldPackets {
 public:
  static constexpr size_t per_port = 64;
  static constexpr size_t in_all = 1024;

  bool empty() const { return packets_.empty(); }
  size_t size() const { return packets_.size(); }
  bool has_flow(uint64_t hash) const { return !packets_.empty() && flows_.contains(hash); }

  // False, and the packet stays with the caller, when there is no room for it.
  bool add(HeldPacket&& held);
  // All of them, in order.
  std::deque<HeldPacket> take_all();

 private:
  std::deque<HeldPacket> packets_;
  std::unordered_map<uint64_t, size_t> flows_;  // how many of each hash
  std::unordered_map<uint32_t, size_t> ports_;  // how many of each port
};

}  // namespace weft::datapath
