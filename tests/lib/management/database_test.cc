#include "lib/management/database.h"

#include <gtest/gtest.h>

#include "tests/lib/management/database_support.h"

namespace weft::management {
namespace {

// The refusal; nothing has changed then.
std::string refusal(Database& database, const std::vector<Operation>& operations) {
  const Database before = database;
  const auto done = database.apply(operations, Writer::user);
  if (done) {
    return "accepted";
  }
  EXPECT_EQ(database, before);
  EXPECT_EQ(database.version(), before.version());
  return done.error();
}

TEST(Database, FindsRowsByNameAndReferrer) {
  const OneBridge a;
  EXPECT_EQ(a.database.find_by_name("Port", "p1")->uuid, a.port);
  EXPECT_EQ(a.database.referrer("Bridge", "ports", a.port)->name(), "br0");
  EXPECT_EQ(a.database.find_by_name("Port", "p2"), nullptr);
  EXPECT_EQ(a.database.rows("Nothing").size(), 0u);
}

TEST(Database, FillsInDefaults) {
  const OneBridge a;
  const Row& bridge = *a.database.find("Bridge", a.bridge);
  EXPECT_EQ(bridge["stp_enable"].boolean(), false);
  EXPECT_TRUE(bridge["fail_mode"].empty());
}

TEST(Database, AChangeRaisesTheVersionAndNoChangeDoesNot) {
  OneBridge a;
  const auto version = a.database.version();
  ASSERT_TRUE(a.database.apply({update("Port", a.port, {{"tag", Datum::of(int64_t{5})}})}, Writer::user));
  EXPECT_EQ(a.database.version(), version + 1);
  ASSERT_TRUE(a.database.apply({update("Port", a.port, {{"tag", Datum::of(int64_t{5})}})}, Writer::user));
  ASSERT_TRUE(a.database.apply({}, Writer::user));
  EXPECT_EQ(a.database.version(), version + 1);
}

TEST(Database, AllOrNothing) {
  OneBridge a;
  EXPECT_EQ(refusal(a.database, {update("Port", a.port, {{"tag", Datum::of(int64_t{5})}}),
                                 update("Port", a.port, {{"tag", Datum::of(int64_t{5000})}})}),
            "Port.tag: 5000 is not in the valid range 0 to 4095 (inclusive)");
}

TEST(Database, RefusesWhatTheSchemaDoesNotKnow) {
  OneBridge a;
  EXPECT_EQ(refusal(a.database, {insert("Queue", Uuid::random(), {})}), "there is no table Queue");
  EXPECT_EQ(refusal(a.database, {update("Port", a.port, {{"tagg", Datum{}}})}), "table Port has no column tagg");
  EXPECT_EQ(refusal(a.database, {update("Port", a.port, {{"tag", text("5")}})}), "Port.tag: \"5\" has the wrong type");
  EXPECT_EQ(refusal(a.database, {update("Port", a.port, {{"name", text("x")}})}),
            "cannot modify immutable column name in table Port");
  EXPECT_EQ(refusal(a.database, {update("Bridge", a.bridge, {{"fail_mode", text("open")}})}),
            "Bridge.fail_mode: \"open\" is not one of the allowed values");
  EXPECT_EQ(refusal(a.database, {update("Bridge", a.bridge, {{"other_config", text("open")}})}),
            "Bridge.other_config: a map needs key=value pairs");
  EXPECT_EQ(refusal(a.database, {update("Interface", a.interface, {{"type", Datum{}}})}),
            "Interface.type: 0 value(s) given, at least 1 needed");
}

TEST(Database, UsersDoNotWriteWhatTheSwitchReports) {
  OneBridge a;
  const auto change = update("Interface", a.interface, {{"ofport", Datum::of(int64_t{3})}});
  EXPECT_EQ(refusal(a.database, {change}), "cannot modify read-only column ofport in table Interface");
  EXPECT_TRUE(a.database.apply({change}, Writer::daemon));
}

TEST(Database, ReferencesMustExist) {
  OneBridge a;
  const Uuid nobody = Uuid::random();
  EXPECT_EQ(refusal(a.database, {update("Bridge", a.bridge, {{"controller", Datum::of(nobody)}})}),
            "Bridge.controller refers to row " + nobody.text + ", which does not exist in table Controller");
  EXPECT_EQ(refusal(a.database, {remove("Port", a.port)}),
            "Bridge.ports refers to row " + a.port.text + ", which does not exist in table Port");
  // Of the wrong table.
  EXPECT_NE(refusal(a.database, {update("Bridge", a.bridge, {{"controller", Datum::of(a.port)}})}), "accepted");
}

TEST(Database, RowsThatNothingRefersToGo) {
  OneBridge a;
  const Uuid controller = Uuid::random();
  const Database before = a.database;
  ASSERT_TRUE(a.database.apply({insert("Controller", controller, {{"target", text("tcp:192.0.2.1")}})}, Writer::user));
  EXPECT_EQ(a.database.find("Controller", controller), nullptr);
  EXPECT_EQ(a.database, before) << "an empty table is no difference";
  EXPECT_EQ(a.database.version(), before.version());
  ASSERT_TRUE(a.database.apply({update("Open_vSwitch", a.root, {{"bridges", Datum{}}})}, Writer::user));
  EXPECT_TRUE(a.database.rows("Bridge").empty());
  EXPECT_TRUE(a.database.rows("Port").empty());
  EXPECT_TRUE(a.database.rows("Interface").empty());
}

TEST(Database, NamesAreUniqueAndNotEmpty) {
  OneBridge a;
  const Uuid again = Uuid::random();
  Datum ports = (*a.database.find("Bridge", a.bridge))["ports"];
  ports.add(again);
  const auto use = update("Bridge", a.bridge, {{"ports", ports}});
  EXPECT_EQ(refusal(a.database, {insert("Port", again, {{"name", text("p1")}}), use}),
            "two records of table Port are named p1");
  EXPECT_EQ(refusal(a.database, {insert("Port", again, {}), use}), "a record of table Port needs a name");
}

TEST(Database, ANameIsFreeOnceItsRowIsGone) {
  OneBridge a;
  const Uuid again = Uuid::random();
  Datum ports;
  ports.add(a.local_port);
  ports.add(again);
  EXPECT_EQ(refusal(a.database, {remove("Port", a.port), insert("Port", again, {{"name", text("p1")}}),
                                 update("Bridge", a.bridge, {{"ports", ports}})}),
            "accepted");
  EXPECT_EQ(a.database.find("Interface", a.interface), nullptr);
}

TEST(Database, RefusesRowsThatExistOrDoNot) {
  OneBridge a;
  EXPECT_EQ(refusal(a.database, {insert("Port", a.port, {{"name", text("p9")}})}),
            "row " + a.port.text + " exists already");
  const Uuid nobody = Uuid::random();
  EXPECT_EQ(refusal(a.database, {update("Port", nobody, {})}), "table Port has no row " + nobody.text);
  EXPECT_EQ(refusal(a.database, {remove("Port", nobody)}), "table Port has no row " + nobody.text);
  EXPECT_EQ(refusal(a.database, {update("Port", Uuid{"p1"}, {})}), "\"p1\" is not a valid UUID");
}

// A second root row would make the saved state unreadable.
TEST(Database, ThereIsExactlyOneRoot) {
  OneBridge a;
  EXPECT_EQ(refusal(a.database, {insert("Open_vSwitch", Uuid::random(), {})}),
            "there is exactly one Open_vSwitch record");
  EXPECT_EQ(refusal(a.database, {remove("Open_vSwitch", a.root)}), "the Open_vSwitch record cannot be destroyed");
}

TEST(Database, ReportsDoNotRaiseTheVersion) {
  OneBridge a;
  const auto version = a.database.version();
  a.database.report("Interface", a.interface, "ofport", Datum::of(int64_t{4}));
  a.database.report("Interface", Uuid::random(), "ofport", Datum::of(int64_t{4}));
  a.database.report("Nothing", a.interface, "ofport", Datum::of(int64_t{4}));
  EXPECT_EQ(a.database.version(), version);
  EXPECT_EQ((*a.database.find("Interface", a.interface))["ofport"].integer(), 4);
}

TEST(Database, LoadsOnlyWithOneRoot) {
  Database database = Database::make_empty();
  const Database before = database;
  EXPECT_FALSE(database.load(7, {}));
  EXPECT_EQ(database, before);
  ASSERT_TRUE(database.load(7, {{"Open_vSwitch", Row{Uuid::random(), {}}}}));
  EXPECT_EQ(database.version(), 7u);
}

}  // namespace
}  // namespace weft::management
