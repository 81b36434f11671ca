// SttReassembly: puts the segments of STT frames together again.
//
// Usually there is nothing to do: the kernel's GRO hands over a frame whole, which never comes here. What is cut (other
// hardware, loss, reordering) is copied to its place in a packet of the frame's size; the ranges that are there already are
// kept sorted and merged. Segments come in any order, and of many senders and frames at once.
//
// Memory is bounded: so many frames, of which so many in large buffers of the worker's pool. When one is needed, the oldest
// frame is given up (stt_overflow), which with loss on the way is a dead one. A sender that holds a quarter of them pays
// with its own oldest, so that one that only begins frames does not end everybody's. What is not complete in time goes as
// stt_timeout. A segment that is there already, and one of a frame that was completed lately, is stt_duplicate; one that
// overlaps others in part or disagrees with them about the frame's size, stt_bad_segment. The frame itself goes on waiting.
//
// Counting: each segment ends in a drop, or is absorbed into the frame that its last one completes.
//
// Threads:   one queue's worker. Ownership: packets of incomplete frames are from the pool of that worker.
// Cost:      a copy, and a few compares; for a frame other than the last segment's a look at 2 KB of hashes.
// Twin:      tests/reference/stt_frames.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "datapath/port/port.h"
#include "datapath/tunnel/stt_frame.h"
#include "lib/base/clock.h"
#include "lib/base/hash.h"

namespace weft::datapath {

class SttReassembly {
 public:
  struct Limits {
    size_t frame_count = 256;
    size_t large_count = 128;  // of these, frames that need a large buffer
    size_t range_count = 64;   // pieces of one frame with gaps between them
    Duration timeout = std::chrono::seconds(1);
  };

  // Of a complete frame: STT header and what follows.
  struct Frame {
    PacketPtr packet;
    OuterHeader outer;  // congestion experienced if any segment said so
  };

  SttReassembly() : SttReassembly(Limits{}) {}
  explicit SttReassembly(const Limits& limits, uint64_t hash_seed = random_hash_seed());

  // The frame, when this was the segment that it lacked. `now` never goes back.
  std::optional<Frame> add(const SttSegment& segment, std::span<const uint8_t> payload, TimePoint now,
                           RxContext& context);

  // Gives up what is older than the time-out.
  void expire(TimePoint now, RxContext& context);
  // When expire() has something to do next; nothing while no frame is incomplete.
  std::optional<TimePoint> next_expiry() const;
  // Gives up all.
  void clear(DropReason reason, RxContext& context);

  bool is_empty() const { return used_.empty(); }
  size_t frame_count() const { return used_.size(); }

 private:
  // Bytes that are there, from the first to the one behind the last.
  struct Range {
    uint16_t begin = 0;
    uint16_t end = 0;
  };
  struct Incomplete {
    SttFrameId id;
    uint16_t size = 0;
    uint8_t tos = 0;
    uint8_t ttl = 0;
    uint32_t segment_count = 0;
    TimePoint began{};
    PacketPtr packet;
    std::vector<Range> ranges;  // sorted, never adjacent; keeps its room
  };
  enum class Placed : uint8_t { added, duplicate, overlap, no_room };

  static constexpr size_t none = ~size_t{0};
  static constexpr size_t completed_slots = 1024;

  uint64_t hash(const SttFrameId& id) const;
  size_t find(const SttFrameId& id, uint64_t hash) const;
  size_t begin_frame(const SttSegment& segment, uint64_t hash, TimePoint now, RxContext& context);
  PacketPtr allocate(const SttSegment& segment, RxContext& context);
  void make_room(const SttSegment& segment, bool needs_large, RxContext& context);
  std::optional<size_t> oldest(const IpAddress* remote, bool large_only) const;
  Placed place(std::vector<Range>& ranges, Range range) const;
  Frame finish(size_t index, RxContext& context);
  void give_up(size_t index, DropReason reason, RxContext& context);
  void forget(size_t index);

  const Limits limits_;
  const uint64_t hash_seed_;
  std::vector<uint64_t> hashes_;  // of used_, beside it, so that a search reads little
  std::vector<Incomplete> used_;
  std::vector<std::vector<Range>> spare_ranges_;
  size_t large_count_ = 0;
  size_t last_ = none;  // where the last segment went
  // Hashes of frames that were completed, each at its own place until another takes it.
  std::array<uint64_t, completed_slots> completed_{};
};

}  // namespace weft::datapath
