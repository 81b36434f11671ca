#include "lib/management/convert.h"

#include <gtest/gtest.h>

#include "tests/lib/management/database_support.h"

namespace weft::management {
namespace {

TEST(Convert, AStateComesBackAsItWas) {
  OneBridge a;
  Datum options;
  options.put(std::string("key"), std::string("5"));
  ASSERT_TRUE(a.database.apply({update("Interface", a.interface, {{"options", options}})}, Writer::user));
  a.database.report("Interface", a.interface, "ofport", Datum::of(int64_t{4}));
  const auto back = from_wire(to_wire(a.database, true));
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(*back, a.database);
  EXPECT_EQ(back->version(), a.database.version());
}

TEST(Convert, WhatIsEphemeralIsNotSaved) {
  OneBridge a;
  a.database.report("Interface", a.interface, "ofport", Datum::of(int64_t{4}));
  a.database.report("Interface", a.interface, "mtu", Datum::of(int64_t{1500}));
  const auto back = from_wire(to_wire(a.database, false));
  ASSERT_TRUE(back) << back.error();
  const Row& row = *back->find("Interface", a.interface);
  EXPECT_EQ(row["ofport"].integer(), 4);
  EXPECT_TRUE(row["mtu"].empty());
}

TEST(Convert, AnOperationComesBackAsItWas) {
  for (const auto& operation : {insert("Port", Uuid::random(), {{"name", text("p1")}, {"tag", Datum::of(int64_t{-5})}}),
                                update("Bridge", Uuid::random(), {{"controller", Datum::of(Uuid::random())}}),
                                remove("Port", Uuid::random())}) {
    const auto back = from_wire(to_wire(operation));
    ASSERT_TRUE(back) << back.error();
    EXPECT_EQ(back->kind, operation.kind);
    EXPECT_EQ(back->table, operation.table);
    EXPECT_EQ(back->row, operation.row);
  }
}

TEST(Convert, RefusesWhatProtobufLetsThrough) {
  const auto good = to_wire(insert("Port", Uuid::random(), {{"name", text("p1")}}));
  auto bad = good;
  bad.mutable_row()->set_uuid("x");
  EXPECT_EQ(from_wire(bad).error(), "\"x\" is not a valid UUID");
  bad = good;
  (*bad.mutable_row()->mutable_columns())["name"].add_keys();
  EXPECT_EQ(from_wire(bad).error(), "Port.name: an atom without a value");
  bad = good;
  auto& map = (*bad.mutable_row()->mutable_columns())["name"];
  map.add_values()->set_text("a");
  map.add_values()->set_text("b");
  EXPECT_EQ(from_wire(bad).error(), "Port.name: a map with 1 keys and 2 values");
  bad = good;
  bad.set_kind(static_cast<pb::Operation::Kind>(7));
  EXPECT_EQ(from_wire(bad).error(), "unknown operation 7");
  bad = good;
  (*bad.mutable_row()->mutable_columns())["interfaces"].add_keys()->set_uuid("y");
  EXPECT_EQ(from_wire(bad).error(), "Port.interfaces: \"y\" is not a valid UUID");
}

TEST(Convert, ANewerStateIsReadAndSavedAsItIs) {
  const OneBridge a;
  pb::State newer = to_wire(a.database, true);
  pb::Row& mirror = *newer.add_rows();
  mirror.set_table("Mirror");
  mirror.set_uuid(Uuid::random().text);
  (*newer.mutable_rows(0)->mutable_columns())["of_tomorrow"].add_keys()->set_text("x");
  const auto database = from_wire(newer);
  ASSERT_TRUE(database) << database.error();
  for (const bool with_ephemeral : {true, false}) {
    const pb::State again = to_wire(*database, with_ephemeral);
    EXPECT_EQ(again.rows_size(), newer.rows_size());
    EXPECT_NE(again.DebugString().find("of_tomorrow"), std::string::npos);
    EXPECT_NE(again.DebugString().find(mirror.uuid()), std::string::npos);
  }
}

TEST(Convert, RefusesAStateWithoutItsRoot) { EXPECT_FALSE(from_wire(pb::State())); }

}  // namespace
}  // namespace weft::management
