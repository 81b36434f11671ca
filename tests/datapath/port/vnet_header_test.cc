#include "datapath/port/vnet_header.h"

#include <gtest/gtest.h>

#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

class VnetHeaderStory : public ::testing::Test {
 protected:
  VnetHeaderStory() : packet_(make_packet(pool_, guest_frame())) { packet_->offload = {}; }

  static Frame guest_frame() {
    return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).payload_size(4000).partial_checksum().gso(1448);
  }
  // What a guest's kernel writes before that frame.
  static VnetHeader honest() {
    return {VnetHeader::needs_checksum, VnetHeader::gso_tcp4, /*hdr_len=*/54, /*gso_size=*/1448, /*csum_start=*/34,
            /*csum_offset=*/16};
  }
  void expect_refused(const VnetHeader& header) {
    EXPECT_EQ(read_vnet_header(header, *packet_), DropReason::bad_vnet_header);
    EXPECT_EQ(packet_->offload, Offload{}) << "nothing changed";
  }

  PacketPool pool_;
  PacketPtr packet_;
};

TEST_F(VnetHeaderStory, AGuestsSegmentKeepsItsPromise) {
  EXPECT_EQ(read_vnet_header(honest(), *packet_), keep);
  Offload expected = guest_frame().offload();
  expected.hdr_len = 0;  // check_offload settles it
  EXPECT_EQ(packet_->offload, expected);
}

TEST_F(VnetHeaderStory, WhatIsReadIsWrittenAgain) {
  ASSERT_EQ(read_vnet_header(honest(), *packet_), keep);
  const VnetHeader written = make_vnet_header(*packet_);
  EXPECT_EQ(written.flags, VnetHeader::needs_checksum);
  EXPECT_EQ(written.gso_type, VnetHeader::gso_tcp4);
  EXPECT_EQ(written.gso_size, 1448);
  EXPECT_EQ(written.csum_start, 34);
  EXPECT_EQ(written.csum_offset, 16);
}

TEST_F(VnetHeaderStory, TheCongestionFlagSurvives) {
  VnetHeader header = honest();
  header.gso_type |= VnetHeader::gso_ecn;
  ASSERT_EQ(read_vnet_header(header, *packet_), keep);
  EXPECT_TRUE(packet_->offload.gso_ecn);
  EXPECT_EQ(make_vnet_header(*packet_).gso_type, VnetHeader::gso_tcp4 | VnetHeader::gso_ecn);
}

// It came out as a promise that no header could express.
TEST_F(VnetHeaderStory, TheCongestionFlagMeansNothingForUdp) {
  packet_ = make_packet(pool_, frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(4000));
  VnetHeader header{VnetHeader::needs_checksum, VnetHeader::gso_udp_l4 | VnetHeader::gso_ecn, 42, 1000, 34, 6};
  ASSERT_EQ(read_vnet_header(header, *packet_), keep);
  EXPECT_FALSE(packet_->offload.gso_ecn);
}

// A lie about it could make the promise vanish when a tag is put back.
TEST_F(VnetHeaderStory, TheHeaderLengthIsNotBelieved) {
  VnetHeader header = honest();
  header.hdr_len = 0xffff;
  ASSERT_EQ(read_vnet_header(header, *packet_), keep);
  EXPECT_EQ(packet_->offload.hdr_len, 0);
}

TEST_F(VnetHeaderStory, AChecksumFieldBeyondTheFrameIsRefused) {
  VnetHeader header = honest();
  header.csum_start = static_cast<uint16_t>(packet_->size() - 1);
  expect_refused(header);
  header = honest();
  header.csum_offset = 0xffff;
  expect_refused(header);
  header.csum_start = 0xffff;  // and no sum of the two wraps around
  expect_refused(header);
}

TEST_F(VnetHeaderStory, AChecksumThatBeginsInTheEthernetHeaderIsRefused) {
  VnetHeader header = honest();
  header.gso_type = VnetHeader::gso_none;
  header.csum_start = 13;
  expect_refused(header);
}

TEST_F(VnetHeaderStory, GsoWithoutASizeIsRefused) {
  VnetHeader header = honest();
  header.gso_size = 0;
  expect_refused(header);
}

TEST_F(VnetHeaderStory, GsoWithoutAChecksumToFinishIsRefused) {
  VnetHeader header = honest();
  header.flags = 0;
  expect_refused(header);
}

TEST_F(VnetHeaderStory, KindsThatNobodySendsAnyMoreAreRefused) {
  for (const uint8_t type : {uint8_t{2}, uint8_t{3}, uint8_t{6}, uint8_t{0x7f}, VnetHeader::gso_ecn}) {
    VnetHeader header = honest();
    header.gso_type = type;
    expect_refused(header);
  }
}

TEST_F(VnetHeaderStory, AVerifiedChecksumIsRemembered) {
  VnetHeader header;
  header.flags = VnetHeader::data_valid;
  ASSERT_EQ(read_vnet_header(header, *packet_), keep);
  EXPECT_EQ(packet_->offload.checksum, Offload::Checksum::verified);
  EXPECT_EQ(make_vnet_header(*packet_).flags, VnetHeader::data_valid);
}

}  // namespace
}  // namespace weft::datapath
