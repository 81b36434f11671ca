#include "lib/packet/drop_reason.h"

#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(DropReason, EveryReasonHasANameAndALine) {
  std::set<std::string_view> names;
  std::set<std::string_view> lines;
  for (size_t i = 0; i < drop_reason_count; ++i) {
    const auto reason = static_cast<DropReason>(i);
    EXPECT_TRUE(names.insert(to_string(reason)).second) << reason;
    EXPECT_TRUE(lines.insert(explain(reason)).second) << reason;
    EXPECT_EQ(parse_drop_reason(to_string(reason)), reason);
    EXPECT_GT(explain(reason).size(), 10u) << reason;
    EXPECT_NE(explain(reason).back(), '.') << reason;
  }
  EXPECT_EQ(to_string(DropReason::tunnel_no_route), "tunnel_no_route");
  EXPECT_EQ(parse_drop_reason("because"), std::nullopt);
}

TEST(Verdict, KeepIsTheEmptyOne) {
  const Verdict verdict = DropReason::no_buffer;
  EXPECT_NE(verdict, keep);
  EXPECT_FALSE(keep.has_value());
}

TEST(DropCounters, CountByReason) {
  DropCounters drops;
  drops.add(DropReason::no_headroom);
  drops.add(DropReason::table_miss, 5);
  EXPECT_EQ(drops.value(DropReason::table_miss), 5u);
  EXPECT_EQ(drops.value(DropReason::port_gone), 0u);
  EXPECT_EQ(drops.total(), 6u);
  std::map<DropReason, uint64_t> seen;
  drops.for_each([&](DropReason reason, uint64_t count) { seen[reason] = count; });
  EXPECT_EQ(seen, (std::map<DropReason, uint64_t>{{DropReason::no_headroom, 1}, {DropReason::table_miss, 5}}));
}

}  // namespace
}  // namespace weft
