// TCP streams out of captured packets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "tests/support/frame.h"
#include "utilities/ofctl/captured_segment.h"
#include "utilities/ofctl/tcp_stream.h"

namespace weft::ofctl {
namespace {

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

class Stream {
 public:
  StreamLoss add(uint32_t sequence, std::string_view data, bool syn = false) {
    return stream_.add({sequence, syn, bytes_of(data)});
  }
  std::string take() {
    std::string text(stream_.bytes().begin(), stream_.bytes().end());
    stream_.bytes().clear();
    return text;
  }
  TcpStream& operator*() { return stream_; }

 private:
  TcpStream stream_;
};

TEST(TcpStream, SegmentsAreOneStream) {
  Stream stream;
  stream.add(99, "", true);
  stream.add(100, "abc");
  stream.add(103, "def");
  EXPECT_EQ(stream.take(), "abcdef");
}

TEST(TcpStream, WhatComesTwiceIsThereOnce) {
  Stream stream;
  stream.add(99, "", true);
  stream.add(99, "", true);
  stream.add(100, "abc");
  stream.add(99, "", true);
  stream.add(100, "abc");
  stream.add(102, "cde");
  stream.add(99, "");
  EXPECT_EQ(stream.take(), "abcde");
}

TEST(TcpStream, ACaptureMayBeginInTheMiddleAndNumbersWrap) {
  Stream stream;
  stream.add(0xfffffffe, "abcd");
  stream.add(2, "ef");
  EXPECT_EQ(stream.take(), "abcdef");
}

TEST(TcpStream, AGapIsWaitedForOrGivenUp) {
  Stream stream;
  stream.add(100, "ab");
  stream.add(105, "fg");
  stream.add(109, "jk");
  EXPECT_EQ((*stream).bytes().size(), 2u);
  stream.add(102, "cde");
  EXPECT_EQ(stream.take(), "abcdefg");
  ASSERT_TRUE((*stream).has_gap());
  stream.add(107, "h");
  const StreamLoss loss = (*stream).skip_gap();
  EXPECT_EQ(loss.unread, 1u);
  EXPECT_EQ(loss.missing, 1u);
  EXPECT_EQ(stream.take(), "jk");
  EXPECT_FALSE((*stream).has_gap());
}

TEST(TcpStream, AGapTooLongIsGivenUp) {
  Stream stream;
  stream.add(100, "ab");
  const std::string block(1 << 16, 'x');
  uint32_t sequence = 200;
  uint64_t missing = 0;
  while (missing == 0 && sequence < 200 + 2 * TcpStream::most_waiting) {
    missing = stream.add(sequence, block).missing;
    sequence += static_cast<uint32_t>(block.size());
  }
  EXPECT_EQ(missing, 98u);
  EXPECT_GT((*stream).bytes().size(), TcpStream::most_waiting);
}

TEST(TcpStream, AnotherConnectionOfTheSameNumbersBeginsAnew) {
  Stream stream;
  stream.add(99, "", true);
  stream.add(100, "abc");
  const StreamLoss loss = stream.add(5000, "", true);
  EXPECT_EQ(loss.unread, 3u);
  stream.add(5001, "xyz");
  EXPECT_EQ(stream.take(), "xyz");
  stream.add(0x90000000, "far");
  EXPECT_EQ(stream.take(), "far");
}

// Pieces that overlap, in any order, some twice.
TEST(TcpStream, AnyOrderGivesTheSameStream) {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    for (int i = 0; i < 400; ++i) {
      text += static_cast<char>(random());
    }
    const auto start = static_cast<uint32_t>(random());
    std::vector<std::pair<size_t, size_t>> pieces;
    for (size_t at = 0; at < text.size();) {
      const size_t size = 1 + random() % 40;
      pieces.emplace_back(at - std::min<size_t>(at, random() % 10), at + size);
      at += size;
      if (random() % 4 == 0) {
        pieces.push_back(pieces[random() % pieces.size()]);
      }
    }
    std::shuffle(pieces.begin(), pieces.end(), random);
    Stream stream;
    stream.add(start - 1, "", true);
    std::string got;
    for (const auto& [begin, end] : pieces) {
      stream.add(start + static_cast<uint32_t>(begin), std::string_view(text).substr(begin, end - begin));
      got += stream.take();
    }
    ASSERT_EQ(got, text) << "seed " << seed;
    ASSERT_FALSE((*stream).has_gap()) << "seed " << seed;
  }
}

constexpr size_t ip_at = 14;

std::string data_of(const std::optional<CapturedSegment>& found) {
  return found ? std::string(found->segment.data.begin(), found->segment.data.end()) : "nothing";
}

std::optional<CapturedSegment> segment_of(const Bytes& frame) { return parse_segment(std::span(frame).subspan(ip_at)); }

TEST(CapturedSegment, AddressesPortsAndData) {
  const Bytes frame4 = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 6653, 2).tcp_sequence(77).payload("hi").padded();
  const auto found = segment_of(frame4);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->src.to_string() + " " + found->dst.to_string(), "10.0.0.1 10.0.0.2");
  EXPECT_EQ(found->src_port, 4000);
  EXPECT_EQ(found->dst_port, 6653);
  EXPECT_EQ(found->segment.sequence, 77u);
  EXPECT_TRUE(found->segment.syn);
  EXPECT_EQ(data_of(found), "hi") << "padding is none";
  const Bytes frame6 =
      frame().ipv6("fe80::1", "fe80::2").extension(60).tcp(4000, 6653).tcp_options({1, 1}).payload("hi");
  EXPECT_EQ(data_of(segment_of(frame6)), "hi");
}

TEST(CapturedSegment, ALengthOfZeroIsThatOfAllThatIsThere) {
  EXPECT_EQ(data_of(segment_of(frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload("hi").ip_length(0))), "hi");
  EXPECT_EQ(data_of(segment_of(frame().ipv6("fe80::1", "fe80::2").tcp(1, 2).payload("hi").ip_length(0))), "hi");
}

TEST(CapturedSegment, OtherPacketsAreNone) {
  EXPECT_FALSE(segment_of(frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(30)));
  EXPECT_FALSE(segment_of(frame().ipv6("fe80::1", "fe80::2").udp(1, 2).payload_size(30)));
  EXPECT_FALSE(segment_of(frame().ipv4("10.0.0.1", "10.0.0.2").fragment(8, true).payload_size(30)));
}

TEST(CapturedSegment, EveryCutIsEitherNoneOrHasLessData) {
  for (const Bytes& whole : {frame().ipv4("10.0.0.1", "10.0.0.2").ip_options({1, 1}).tcp(1, 2).payload("hello").bytes(),
                             frame().ipv6("fe80::1", "fe80::2").extension(60).tcp(1, 2).payload("hello").bytes()}) {
    for (size_t size = ip_at; size < whole.size(); ++size) {
      const auto found = parse_segment(std::span(whole).first(size).subspan(ip_at));
      EXPECT_LT(data_of(found).size(), std::string("nothing").size() + 1) << size;
      EXPECT_TRUE(!found || std::string("hello").starts_with(data_of(found))) << size;
    }
  }
}

}  // namespace
}  // namespace weft::ofctl
