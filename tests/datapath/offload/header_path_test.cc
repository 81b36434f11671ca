#include "datapath/offload/header_path.h"

#include <gtest/gtest.h>

#include "lib/packet/ethernet.h"
#include "lib/packet/ipv4.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

// An Ethernet frame of `size` zero bytes with numbers of 16 bits in some places.
class RawFrame {
 public:
  explicit RawFrame(size_t size) : bytes_(size) {}

  RawFrame& set16(size_t at, size_t value) {
    bytes_[at] = static_cast<uint8_t>(value >> 8);
    bytes_[at + 1] = static_cast<uint8_t>(value);
    return *this;
  }
  // To the end of the frame, of a protocol.
  RawFrame& ipv4(size_t at, size_t header_size, uint8_t protocol) {
    set16(at, (0x40 | header_size / 4) << 8).set16(at + 2, bytes_.size() - at);
    bytes_[at + 9] = protocol;
    return *this;
  }
  std::span<const uint8_t> bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

// The offset came out as 2, and the walk went on before the header that it came from.
TEST(FrameLayers, AnOffsetBeyondSixteenBitsIsAbsentAndDoesNotWrap) {
  const size_t deep = 65482;
  const RawFrame frame = RawFrame(max_frame_size).ipv4(deep, 56, ip_protocol::udp);
  EXPECT_FALSE(find_ip_layers(frame.bytes(), deep).has_l4());
  const RawFrame shallower = RawFrame(max_frame_size).ipv4(deep, 52, ip_protocol::udp);
  EXPECT_EQ(find_ip_layers(shallower.bytes(), deep).l4, 65534);
}

TEST(FrameLayers, EveryLayerLiesBehindWhereTheSearchBegan) {
  for (const uint16_t type : {eth_type::ipv4, eth_type::ipv6, eth_type::arp, eth_type::mpls}) {
    for (size_t start = 65440; start < FrameLayers::absent; ++start) {
      RawFrame frame(max_frame_size + 200);
      frame.set16(start + 12, type);
      if (type == eth_type::ipv4) {
        frame.ipv4(start + 14, 20, ip_protocol::udp);
      } else if (type == eth_type::ipv6) {
        frame.set16(start + 14, 0x6000).set16(start + 18, 60).set16(start + 20, ip_protocol::udp << 8);
      } else if (type == eth_type::arp) {
        frame.set16(start + 14, 1).set16(start + 16, 0x0800).set16(start + 18, 0x0604);
      }
      const FrameLayers layers = find_layers(frame.bytes(), start);
      for (const uint16_t offset : {layers.l3, layers.l4, layers.mpls, layers.final_dst}) {
        ASSERT_GT(offset, start) << type;
      }
    }
  }
}

Frame labelled(int count) {
  Frame stack = frame();
  for (int i = 0; i < count; ++i) {
    stack = stack.mpls(100);
  }
  return stack.ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2);
}

TEST(HeaderPath, LeadsThroughALabelStackOfReasonableDepth) {
  for (const int count : {1, 8, 24}) {
    const Frame frame = labelled(count);
    const auto path = find_header_path(frame.bytes(), frame.partial_checksum().offload().csum_start);
    ASSERT_TRUE(path.has_value()) << count;
    EXPECT_EQ(path->count, 1) << count;
  }
}

// A stack of 60 KB was read label by label, for every frame, and again for every wrong guess before it.
TEST(HeaderPath, DoesNotReadALabelStackWithoutEnd) {
  const Frame frame = labelled(40);
  EXPECT_FALSE(find_header_path(frame.bytes(), frame.partial_checksum().offload().csum_start).has_value());
}

}  // namespace
}  // namespace weft::datapath
