#include "datapath/tunnel/stt_reassembly.h"

#include <algorithm>
#include <cstring>

#include "lib/base/hash.h"

namespace weft::datapath {

namespace {

constexpr size_t sender_share = 4;  // of the limits, as a divisor

uint8_t merged_tos(uint8_t tos, uint8_t other) {
  const bool has_congestion = (tos & ecn_mask) == ecn_mask || (other & ecn_mask) == ecn_mask;
  return static_cast<uint8_t>(tos | (has_congestion ? ecn_mask : 0));
}

}  // namespace

SttReassembly::SttReassembly(const Limits& limits, uint64_t hash_seed) : limits_(limits), hash_seed_(hash_seed) {
  hashes_.reserve(limits.frame_count);
  used_.reserve(limits.frame_count);
  spare_ranges_.reserve(limits.frame_count);
}

uint64_t SttReassembly::hash(const SttFrameId& id) const {
  const std::hash<IpAddress> address;
  const uint64_t sum = hash_add(hash_seed_, address(id.remote), address(id.local));
  return hash_finish(hash_add(sum, uint64_t{id.src_port} << 32 | id.id), 3);
}

size_t SttReassembly::find(const SttFrameId& id, uint64_t hash) const {
  if (last_ != none && hashes_[last_] == hash && used_[last_].id == id) {
    return last_;
  }
  for (size_t i = 0; i < hashes_.size(); ++i) {
    if (hashes_[i] == hash && used_[i].id == id) {
      return i;
    }
  }
  return none;
}

std::optional<SttReassembly::Frame> SttReassembly::add(const SttSegment& segment, std::span<const uint8_t> payload,
                                                       TimePoint now, RxContext& context) {
  const uint64_t key = hash(segment.frame);
  const auto refuse = [&](DropReason reason) {
    context.drop(nullptr, reason);
    return std::nullopt;
  };
  size_t at = find(segment.frame, key);
  if (at == none) {
    if (completed_[key % completed_slots] == key) {
      return refuse(DropReason::stt_duplicate);
    }
    at = begin_frame(segment, key, now, context);
    if (at == none) {
      return refuse(DropReason::no_buffer);
    }
  }
  Incomplete& frame = used_[at];
  last_ = at;
  const size_t end = segment.offset + payload.size();
  if (frame.size != segment.frame_size || end > frame.size) {
    return refuse(DropReason::stt_bad_segment);
  }
  switch (place(frame.ranges, {segment.offset, static_cast<uint16_t>(end)})) {
    case Placed::added:
      break;
    case Placed::duplicate:
      return refuse(DropReason::stt_duplicate);
    case Placed::overlap:
      return refuse(DropReason::stt_bad_segment);
    case Placed::no_room:
      return refuse(DropReason::stt_overflow);
  }
  std::memcpy(frame.packet->data() + segment.offset, payload.data(), payload.size());
  frame.tos = merged_tos(frame.tos, segment.tos);
  ++frame.segment_count;
  if (frame.ranges.size() == 1 && frame.ranges[0].begin == 0 && frame.ranges[0].end == frame.size) {
    return finish(at, context);
  }
  return std::nullopt;
}

SttReassembly::Placed SttReassembly::place(std::vector<Range>& ranges, Range range) const {
  // The first that ends behind the beginning of the new one is the only one that can hold it.
  const auto next = std::find_if(ranges.begin(), ranges.end(), [&](const Range& r) { return r.end > range.begin; });
  if (next != ranges.end() && next->begin < range.end) {
    const bool is_inside = next->begin <= range.begin && range.end <= next->end;
    return is_inside ? Placed::duplicate : Placed::overlap;
  }
  const bool joins_next = next != ranges.end() && next->begin == range.end;
  const bool joins_previous = next != ranges.begin() && (next - 1)->end == range.begin;
  if (joins_previous) {
    (next - 1)->end = joins_next ? next->end : range.end;
    if (joins_next) {
      ranges.erase(next);
    }
  } else if (joins_next) {
    next->begin = range.begin;
  } else if (ranges.size() == limits_.range_count) {
    return Placed::no_room;
  } else {
    ranges.insert(next, range);
  }
  return Placed::added;
}

size_t SttReassembly::begin_frame(const SttSegment& segment, uint64_t hash, TimePoint now, RxContext& context) {
  PacketPtr packet = allocate(segment, context);
  if (packet == nullptr) {
    return none;
  }
  packet->set_size(segment.frame_size);
  large_count_ += packet->is_large() ? 1 : 0;
  Incomplete frame;
  frame.id = segment.frame;
  frame.size = segment.frame_size;
  frame.tos = segment.tos;
  frame.ttl = segment.ttl;
  frame.began = now;
  frame.packet = std::move(packet);
  if (spare_ranges_.empty()) {
    frame.ranges.reserve(limits_.range_count);
  } else {
    frame.ranges = std::move(spare_ranges_.back());
    spare_ranges_.pop_back();
  }
  hashes_.push_back(hash);
  used_.push_back(std::move(frame));
  return used_.size() - 1;
}

PacketPtr SttReassembly::allocate(const SttSegment& segment, RxContext& context) {
  const bool needs_large = segment.frame_size > PacketPool::small_room;
  make_room(segment, needs_large, context);
  PacketPtr packet = context.pool().allocate(segment.frame_size);
  if (packet == nullptr) {
    // Others of this worker have them all but ours.
    if (const auto victim = oldest(nullptr, needs_large)) {
      give_up(*victim, DropReason::stt_overflow, context);
      packet = context.pool().allocate(segment.frame_size);
    }
  }
  return packet;
}

void SttReassembly::make_room(const SttSegment& segment, bool needs_large, RxContext& context) {
  const bool lacks_large = needs_large && large_count_ >= limits_.large_count;
  const bool lacks_any = used_.size() >= limits_.frame_count;
  const size_t limit = needs_large ? limits_.large_count : limits_.frame_count;
  // The count of a sender is asked for only when it can be too high.
  if (used_.size() >= limit / sender_share) {
    const IpAddress& remote = segment.frame.remote;
    const auto its = std::count_if(used_.begin(), used_.end(), [&](const Incomplete& frame) {
      return frame.id.remote == remote && (!needs_large || frame.packet->is_large());
    });
    if (static_cast<size_t>(its) >= std::max<size_t>(limit / sender_share, 1)) {
      give_up(*oldest(&remote, needs_large), DropReason::stt_overflow, context);
      return;
    }
  }
  if (lacks_large || lacks_any) {
    if (const auto victim = oldest(nullptr, lacks_large)) {
      give_up(*victim, DropReason::stt_overflow, context);
    }
  }
}

std::optional<size_t> SttReassembly::oldest(const IpAddress* remote, bool large_only) const {
  std::optional<size_t> found;
  for (size_t i = 0; i < used_.size(); ++i) {
    const Incomplete& frame = used_[i];
    const bool is_meant =
        (remote == nullptr || frame.id.remote == *remote) && (!large_only || frame.packet->is_large());
    if (is_meant && (!found || frame.began < used_[*found].began)) {
      found = i;
    }
  }
  return found;
}

SttReassembly::Frame SttReassembly::finish(size_t index, RxContext& context) {
  Incomplete& frame = used_[index];
  context.absorb(frame.segment_count - 1);
  completed_[hashes_[index] % completed_slots] = hashes_[index];
  large_count_ -= frame.packet->is_large() ? 1 : 0;
  Frame done{std::move(frame.packet), {frame.id.remote, frame.id.local, frame.tos, frame.ttl}};
  forget(index);
  return done;
}

void SttReassembly::give_up(size_t index, DropReason reason, RxContext& context) {
  Incomplete& frame = used_[index];
  context.drop(nullptr, reason, frame.segment_count);
  large_count_ -= frame.packet->is_large() ? 1 : 0;
  frame.packet.reset();
  forget(index);
}

// The last takes the place, so that there are no gaps.
void SttReassembly::forget(size_t index) {
  used_[index].ranges.clear();
  spare_ranges_.push_back(std::move(used_[index].ranges));
  if (index + 1 != used_.size()) {
    used_[index] = std::move(used_.back());
    hashes_[index] = hashes_.back();
  }
  used_.pop_back();
  hashes_.pop_back();
  last_ = none;
}

void SttReassembly::expire(TimePoint now, RxContext& context) {
  for (size_t i = used_.size(); i-- > 0;) {
    if (now - used_[i].began >= limits_.timeout) {
      give_up(i, DropReason::stt_timeout, context);
    }
  }
}

std::optional<TimePoint> SttReassembly::next_expiry() const {
  const auto first = oldest(nullptr, false);
  return first ? std::optional(used_[*first].began + limits_.timeout) : std::nullopt;
}

void SttReassembly::clear(DropReason reason, RxContext& context) {
  while (!used_.empty()) {
    give_up(used_.size() - 1, reason, context);
  }
}

}  // namespace weft::datapath
