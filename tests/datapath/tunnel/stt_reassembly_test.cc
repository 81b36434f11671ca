#include "datapath/tunnel/stt_reassembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/datapath/tunnel/stub_port.h"
#include "tests/reference/stt_frames.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

using std::chrono::milliseconds;

Bytes pattern(size_t size, uint8_t seed = 0) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<uint8_t>(i * 7 + i / 251 + seed);
  }
  return bytes;
}

class SttReassemblyStory : public ::testing::Test {
 protected:
  explicit SttReassemblyStory(const SttReassembly::Limits& limits = {}) : reassembly_(limits, 1) {}
  ~SttReassemblyStory() override { reassembly_.clear(DropReason::port_gone, context_); }

  static SttSegment segment(uint32_t id, size_t frame_size, size_t offset, const char* remote = "192.0.2.1") {
    SttSegment segment;
    segment.frame = {ip(remote), ip("192.0.2.2"), 50000, id};
    segment.frame_size = static_cast<uint16_t>(frame_size);
    segment.offset = static_cast<uint16_t>(offset);
    segment.ttl = 64;
    return segment;
  }
  // The bytes of the frame when it was completed.
  std::optional<Bytes> add(const SttSegment& segment, std::span<const uint8_t> payload) {
    auto frame = reassembly_.add(segment, payload, clock_.now(), context_);
    if (!frame) {
      return std::nullopt;
    }
    last_outer_ = frame->outer;
    return Bytes(frame->packet->data(), frame->packet->data() + frame->packet->size());
  }
  std::optional<Bytes> add(uint32_t id, const Bytes& frame, size_t begin, size_t end,
                           const char* remote = "192.0.2.1") {
    return add(segment(id, frame.size(), begin, remote), std::span(frame).subspan(begin, end - begin));
  }
  uint64_t dropped(DropReason reason) const { return balance_.dropped.value(reason); }

  PacketPool pool_;
  PacketBalance balance_;
  RxContext context_{0, pool_, balance_};
  ManualClock clock_;
  SttReassembly reassembly_;
  OuterHeader last_outer_;
};

TEST_F(SttReassemblyStory, SegmentsInAnyOrderMakeTheFrame) {
  const Bytes frame = pattern(5000);
  EXPECT_EQ(add(1, frame, 2000, 3000), std::nullopt);
  EXPECT_EQ(add(1, frame, 4000, 5000), std::nullopt);
  EXPECT_EQ(add(1, frame, 0, 2000), std::nullopt);
  EXPECT_EQ(add(1, frame, 3000, 4000), frame);
  EXPECT_EQ(balance_.absorbed.value(), 3U);
  EXPECT_EQ(balance_.dropped.total(), 0U);
  EXPECT_TRUE(reassembly_.is_empty());
  EXPECT_EQ(pool_.large_in_use(), 0U);
}

TEST_F(SttReassemblyStory, TheLargestFrame) {
  const Bytes frame = pattern(65535);
  for (size_t at = 0; at < 65535 - 1460; at += 1460) {
    EXPECT_EQ(add(1, frame, at, at + 1460), std::nullopt);
  }
  EXPECT_EQ(add(1, frame, 65535 / 1460 * 1460, 65535), frame);
}

TEST_F(SttReassemblyStory, FramesOfManySendersDoNotMix) {
  const Bytes one = pattern(100, 1);
  const Bytes two = pattern(100, 2);
  add(1, one, 0, 50);
  add(1, two, 50, 100, "192.0.2.9");
  SttSegment other_port = segment(1, 100, 0);
  other_port.frame.src_port = 1;
  add(other_port, std::span(two).first(50));
  EXPECT_EQ(add(2, two, 0, 50), std::nullopt) << "another frame";
  EXPECT_EQ(add(1, one, 50, 100), one);
  EXPECT_EQ(add(1, two, 0, 50, "192.0.2.9"), two);
  EXPECT_EQ(reassembly_.frame_count(), 2U);
}

TEST_F(SttReassemblyStory, WhatIsThereAlreadyIsADuplicate) {
  const Bytes frame = pattern(300);
  add(1, frame, 0, 100);
  add(1, frame, 0, 100);
  add(1, frame, 10, 20);
  EXPECT_EQ(dropped(DropReason::stt_duplicate), 2U);
  add(1, frame, 200, 300);
  EXPECT_EQ(add(1, frame, 100, 200), frame);
}

// Whoever sends a recorded segment again opens no frame that waits for the rest.
TEST_F(SttReassemblyStory, SegmentsOfAFrameThatIsCompleteAreReplayed) {
  const Bytes frame = pattern(300);
  add(1, frame, 0, 100);
  ASSERT_EQ(add(1, frame, 100, 300), frame);
  EXPECT_EQ(add(1, frame, 0, 100), std::nullopt);
  EXPECT_EQ(add(1, frame, 100, 300), std::nullopt);
  EXPECT_EQ(dropped(DropReason::stt_duplicate), 2U);
  EXPECT_TRUE(reassembly_.is_empty());
}

TEST_F(SttReassemblyStory, OverlapsAndOtherSizesContradictTheFrame) {
  const Bytes frame = pattern(300);
  const Bytes longer = pattern(301);
  add(1, frame, 100, 200);
  add(1, frame, 50, 101);
  add(1, frame, 199, 300);
  add(1, frame, 50, 300);
  add(1, longer, 0, 100);
  EXPECT_EQ(dropped(DropReason::stt_bad_segment), 4U);
  add(1, frame, 0, 100);
  EXPECT_EQ(add(1, frame, 200, 300), frame);
}

TEST_F(SttReassemblyStory, CongestionOnAnySegmentIsTheFrames) {
  const Bytes frame = pattern(200);
  SttSegment first = segment(1, 200, 0);
  first.tos = 0xb9;
  SttSegment second = segment(1, 200, 100);
  second.tos = 0xbb;
  add(first, std::span(frame).first(100));
  ASSERT_EQ(add(second, std::span(frame).subspan(100)), frame);
  EXPECT_EQ(last_outer_.tos, 0xbb);
  EXPECT_EQ(last_outer_.remote, ip("192.0.2.1"));
  EXPECT_EQ(last_outer_.ttl, 64);
}

TEST_F(SttReassemblyStory, WhatIsNotCompleteInTimeGoes) {
  const Bytes frame = pattern(300);
  add(1, frame, 0, 100);
  clock_.advance(milliseconds(600));
  add(1, frame, 100, 200);
  add(2, frame, 0, 100);
  EXPECT_EQ(reassembly_.next_expiry(), clock_.now() + milliseconds(400));
  clock_.advance(milliseconds(399));
  reassembly_.expire(clock_.now(), context_);
  EXPECT_EQ(dropped(DropReason::stt_timeout), 0U);
  clock_.advance(milliseconds(1));
  reassembly_.expire(clock_.now(), context_);
  EXPECT_EQ(dropped(DropReason::stt_timeout), 2U);
  clock_.advance(milliseconds(600));
  reassembly_.expire(clock_.now(), context_);
  EXPECT_EQ(dropped(DropReason::stt_timeout), 3U);
  EXPECT_EQ(reassembly_.next_expiry(), std::nullopt);
  EXPECT_EQ(pool_.small_in_use(), 0U);
}

TEST_F(SttReassemblyStory, ManyGapsAreRefused) {
  const Bytes frame = pattern(300);
  for (size_t i = 0; i < 65; ++i) {
    add(1, frame, 2 * i, 2 * i + 1);
  }
  EXPECT_EQ(dropped(DropReason::stt_overflow), 1U);
  EXPECT_EQ(add(1, frame, 1, 2), std::nullopt) << "closes a gap";
  EXPECT_EQ(add(1, frame, 128, 129), std::nullopt) << "finds room now";
  EXPECT_EQ(dropped(DropReason::stt_overflow), 1U);
}

class SttSmallReassemblyStory : public SttReassemblyStory {
 protected:
  SttSmallReassemblyStory() : SttReassemblyStory({.frame_count = 16, .large_count = 8}) {}
};

TEST_F(SttSmallReassemblyStory, MemoryIsBoundedAndTheOldestGoes) {
  const Bytes frame = pattern(40000);
  for (uint32_t sender = 1; sender <= 20; ++sender) {
    add(7, frame, 0, 1000, ("192.0.2." + std::to_string(sender + 10)).c_str());
    clock_.advance(milliseconds(1));
  }
  EXPECT_EQ(pool_.large_in_use(), 8U);
  EXPECT_EQ(dropped(DropReason::stt_overflow), 12U);
  EXPECT_EQ(add(7, frame, 1000, 40000, "192.0.2.30"), frame) << "the newest is there";
  EXPECT_EQ(add(7, frame, 1000, 40000, "192.0.2.11"), std::nullopt) << "the oldest is not";
}

// A sender that only begins frames takes nothing from others.
TEST_F(SttSmallReassemblyStory, AFloodEndsOnlyTheFloodersFrames) {
  const Bytes frame = pattern(40000);
  const Bytes small = pattern(200);
  add(1, frame, 0, 1000, "192.0.2.10");
  add(2, small, 0, 100, "192.0.2.10");
  for (uint32_t id = 0; id < 1000; ++id) {
    add(id, frame, 0, 1000, "192.0.2.66");
    add(10000 + id, small, 0, 100, "192.0.2.66");
  }
  EXPECT_EQ(add(1, frame, 1000, 40000, "192.0.2.10"), frame);
  EXPECT_EQ(add(2, small, 100, 200, "192.0.2.10"), small);
  EXPECT_LE(reassembly_.frame_count(), 4U + 2U);
}

TEST_F(SttReassemblyStory, WithoutABufferTheSegmentGoes) {
  std::vector<PacketPtr> taken;
  while (PacketPtr packet = pool_.allocate(PacketPool::large_room)) {
    taken.push_back(std::move(packet));
  }
  add(1, pattern(40000), 0, 1000);
  EXPECT_EQ(dropped(DropReason::no_buffer), 1U);
}

struct Piece {
  std::string key;
  SttSegment segment;
  Bytes payload;
};

// Frames of several senders, cut anywhere, some segments twice, some missing, some of another cut.
std::vector<Piece> random_pieces(std::mt19937& random) {
  const auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  std::vector<Piece> pieces;
  for (uint32_t i = 0; i < 12; ++i) {
    const Bytes frame = pattern(32 + below(below(4) == 0 ? 65000 : 3000), static_cast<uint8_t>(i));
    SttSegment segment;
    segment.frame = {ip(("192.0.2." + std::to_string(1 + below(4))).c_str()), ip("192.0.2.100"),
                     static_cast<uint16_t>(50000 + below(2)), i / 2};
    const std::string key = segment.frame.remote.to_string() + " " + std::to_string(segment.frame.src_port) + " " +
                            std::to_string(segment.frame.id);
    segment.frame_size = static_cast<uint16_t>(frame.size());
    const size_t copies = below(4) == 0 ? 2 : 1;
    for (size_t copy = 0; copy < copies; ++copy) {
      for (size_t at = 0; at < frame.size();) {
        const size_t size = std::min(frame.size() - at, 1 + below(frame.size() / 8 + 1));
        segment.offset = static_cast<uint16_t>(at);
        const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(at);
        const size_t times = below(30) == 0 ? 0 : below(10) == 0 ? 2 : 1;
        for (size_t n = 0; n < times; ++n) {
          pieces.push_back({key, segment, Bytes(begin, begin + static_cast<std::ptrdiff_t>(size))});
        }
        at += size;
      }
    }
  }
  std::shuffle(pieces.begin(), pieces.end(), random);
  return pieces;
}

TEST_F(SttReassemblyStory, RandomSegmentsEndAsTheTwinSays) {
  size_t completed = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    SttReassembly reassembly({.range_count = 1000}, seed);
    reference::SttFrames twin;
    for (const Piece& piece : random_pieces(random)) {
      const uint64_t duplicates = dropped(DropReason::stt_duplicate);
      const uint64_t contradictions = dropped(DropReason::stt_bad_segment);
      const auto frame = reassembly.add(piece.segment, piece.payload, clock_.now(), context_);
      const auto expected = twin.add(piece.key, piece.segment.frame_size, piece.segment.offset, piece.payload);
      using enum reference::SttFrames::Verdict;
      EXPECT_EQ(dropped(DropReason::stt_duplicate) - duplicates, expected.verdict == duplicate ? 1U : 0U);
      EXPECT_EQ(dropped(DropReason::stt_bad_segment) - contradictions, expected.verdict == contradiction ? 1U : 0U);
      ASSERT_EQ(frame.has_value(), expected.frame.has_value());
      if (frame) {
        ++completed;
        EXPECT_EQ(Bytes(frame->packet->data(), frame->packet->data() + frame->packet->size()), *expected.frame);
      }
    }
    reassembly.clear(DropReason::stt_timeout, context_);
  }
  EXPECT_GT(completed, 100U);
  EXPECT_EQ(dropped(DropReason::stt_overflow), 0U);
  EXPECT_EQ(pool_.small_in_use() + pool_.large_in_use(), 0U);
}

}  // namespace
}  // namespace weft::datapath
