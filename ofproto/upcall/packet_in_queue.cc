#include "ofproto/upcall/packet_in_queue.h"

#include <chrono>
#include <optional>

namespace weft::ofproto {
namespace {

constexpr auto slice = std::chrono::milliseconds(2);

}  // namespace

PacketInQueue::PacketInQueue(size_t limit, Executor post, Consumer consumer)
    : post_(std::move(post)), shared_(std::make_shared<Shared>(limit, std::move(consumer))) {}

bool PacketInQueue::push(const PacketInContext& context, std::span<const uint8_t> frame) {
  const std::pair source(context.bridge, context.in_port);
  {
    MutexLock lock(shared_->mutex);
    const size_t free = shared_->limit - shared_->packets.size();
    const auto own = shared_->counts.find(source);
    if (free == 0 || (own != shared_->counts.end() && own->second >= free)) {
      return false;
    }
    shared_->packets.push_back({context, {frame.begin(), frame.end()}});
    ++shared_->counts[source];
    if (std::exchange(shared_->is_posted, true)) {
      return true;
    }
  }
  hand_over_later(post_, shared_);
  return true;
}

void PacketInQueue::hand_over_later(const Executor& post, const std::shared_ptr<Shared>& shared) {
  post([weak = std::weak_ptr(shared), post] {
    const auto locked = weak.lock();
    if (!locked) {
      return;
    }
    hand_over(*locked);
    {
      MutexLock lock(locked->mutex);
      locked->is_posted = !locked->packets.empty();
      if (!locked->is_posted) {
        return;
      }
    }
    hand_over_later(post, locked);
  });
}

void PacketInQueue::hand_over(Shared& shared) {
  const auto end = std::chrono::steady_clock::now() + slice;
  do {
    std::optional<PuntedPacket> next;
    {
      MutexLock lock(shared.mutex);
      if (shared.packets.empty()) {
        return;
      }
      next = std::move(shared.packets.front());
      shared.packets.pop_front();
      const auto source = shared.counts.find({next->context.bridge, next->context.in_port});
      if (--source->second == 0) {
        shared.counts.erase(source);
      }
    }
    shared.consumer(std::move(*next));
  } while (std::chrono::steady_clock::now() < end);
}

}  // namespace weft::ofproto
