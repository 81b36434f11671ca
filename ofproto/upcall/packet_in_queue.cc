#include "ofproto/upcall/packet_in_queue.h"

namespace weft::ofproto {

PacketInQueue::PacketInQueue(size_t limit, Executor post, Consumer consumer)
    : post_(std::move(post)), shared_(std::make_shared<Shared>(limit, std::move(consumer))) {}

bool PacketInQueue::push(const PacketInContext& context, std::span<const uint8_t> frame) {
  const auto pushed = shared_->packets.push(PuntedPacket{context, {frame.begin(), frame.end()}});
  if (pushed == MpscQueue<PuntedPacket>::Push::first) {
    post_([weak = std::weak_ptr(shared_)] {
      const auto shared = weak.lock();
      for (PuntedPacket& packet : shared ? shared->packets.take_all() : std::vector<PuntedPacket>()) {
        shared->consumer(std::move(packet));
      }
    });
  }
  return pushed != MpscQueue<PuntedPacket>::Push::full;
}

}  // namespace weft::ofproto
