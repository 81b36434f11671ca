#include "lib/openflow/text/watch_text.h"

#include <gtest/gtest.h>

namespace weft::openflow {
namespace {

constexpr uint16_t every_change = monitor_flag::all & ~monitor_flag::only_own;

TEST(WatchText, EverythingIsWatchedUnlessSaidOtherwise) {
  const auto watch = parse_watch("");
  ASSERT_TRUE(watch);
  EXPECT_EQ(watch->flags, every_change);
  EXPECT_EQ(watch->table_id, all_tables);
  EXPECT_EQ(watch->out_port, of_port::any);
}

TEST(WatchText, WordsBehindAnExclamationMarkLeaveOut) {
  const auto watch = parse_watch("!initial,table=1,tcp,!own,out_port=2,tp_dst=80,!actions");
  ASSERT_TRUE(watch);
  EXPECT_EQ(watch->flags,
            every_change & ~(monitor_flag::initial | monitor_flag::no_abbrev | monitor_flag::instructions));
  EXPECT_EQ(watch->table_id, 1);
  EXPECT_EQ(watch->out_port, OfPort{2});
  EXPECT_EQ(watch->match.value(FieldId::tcp_dst).lo, 80U);
}

TEST(WatchText, ErrorsPointAtTheWordWhereItStands) {
  const auto exception = parse_watch("tcp,!inital");
  ASSERT_FALSE(exception);
  EXPECT_EQ(exception.error().position, 4U);
  EXPECT_EQ(exception.error().suggestion, "!initial");

  const auto field = parse_watch("!initial,in_prt=1");
  ASSERT_FALSE(field);
  EXPECT_EQ(field.error().position, 9U);
}

}  // namespace
}  // namespace weft::openflow
