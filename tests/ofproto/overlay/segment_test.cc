#include "ofproto/overlay/segment.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "ofproto/overlay/announcement.h"
#include "ofproto/overlay/overhead.h"

namespace weft::ofproto {
namespace {

TEST(SegmentTable, FindsByNameAndId) {
  SegmentTable table;
  table.put({.name = "red", .vni = 5001});
  table.put({.name = "blue", .vni = 5002, .encap = Encap::geneve});

  EXPECT_EQ(table.find("red"), table.find(5001));
  EXPECT_EQ(table.find(5002)->name, "blue");
  EXPECT_EQ(table.find("green"), nullptr);
  EXPECT_EQ(table.find(1), nullptr);
  EXPECT_TRUE(table.has(Encap::geneve));
  EXPECT_FALSE(table.has(Encap::stt));
}

TEST(SegmentTable, ReplacingMovesTheId) {
  SegmentTable table;
  table.put({.name = "red", .vni = 5001});
  table.put({.name = "red", .vni = 7, .encap = Encap::stt});

  EXPECT_EQ(table.find(5001), nullptr);
  EXPECT_EQ(table.find(7)->name, "red");
  EXPECT_EQ(table.size(), 1U);
  EXPECT_FALSE(table.has(Encap::vxlan));
  EXPECT_TRUE(table.erase("red"));
  EXPECT_FALSE(table.erase("red"));
  EXPECT_EQ(table.find(7), nullptr);
  EXPECT_TRUE(table.empty());
}

// Two segments exchange their ids in one change: each is found by its new one.
TEST(SegmentTable, SegmentsExchangeIds) {
  SegmentTable table;
  table.put({.name = "red", .vni = 1});
  table.put({.name = "blue", .vni = 2});
  table.put({.name = "red", .vni = 2});
  table.put({.name = "blue", .vni = 1});

  EXPECT_EQ(table.find(1)->name, "blue");
  EXPECT_EQ(table.find(2)->name, "red");
}

// A copy shares the segments: a table of ten thousand is copied for each change.
TEST(SegmentTable, CopiesShareSegments) {
  SegmentTable table;
  table.put({.name = "red", .vni = 1});
  SegmentTable copy = table;
  copy.put({.name = "blue", .vni = 2});

  EXPECT_EQ(copy.find("red"), table.find("red"));
  EXPECT_EQ(table.find("blue"), nullptr);
}

TEST(Segment, NamesOfChoicesAreReadBack) {
  for (const Encap encap : all_encaps) {
    EXPECT_EQ(parse_encap(to_string(encap)), encap);
  }
  EXPECT_EQ(parse_segment_mode("multicast"), SegmentMode::multicast);
  EXPECT_EQ(to_string(SegmentMode::controller), "controller");
  EXPECT_EQ(parse_encap("gre"), std::nullopt);
}

TEST(Overhead, IsThatOfTheStandards) {
  EXPECT_EQ(overhead_of(Encap::vxlan, false), 50U);
  EXPECT_EQ(overhead_of(Encap::vxlan, true), 70U);
  EXPECT_EQ(overhead_of(Encap::geneve, false), 50U);
  EXPECT_EQ(overhead_of(Encap::nvgre, false), 42U);
  EXPECT_EQ(overhead_of(Encap::stt, false), std::nullopt);
}

TEST(Announcement, IsARarpRequestOfTheAddressForItself) {
  const auto frame = make_announcement(*MacAddress::parse("02:00:00:00:00:0a"));
  const std::array<uint8_t, 42> expected{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0,  0, 10, 0x80, 0x35,
                                         0,    1,    8,    0,    6,    4,    0, 3, 2, 0,  0, 0,  0,    10,
                                         0,    0,    0,    0,    2,    0,    0, 0, 0, 10, 0, 0,  0,    0};
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), frame.begin()));
}

}  // namespace
}  // namespace weft::ofproto
