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

TEST(Database, AnEmptyValueIsAsGoodAsNone) {
  OneBridge a;
  const Database before = a.database;
  ASSERT_TRUE(a.database.apply({update("Port", a.port, {{"tag", Datum{}}})}, Writer::user));
  EXPECT_EQ(a.database.version(), before.version());
  ASSERT_TRUE(a.database.apply({update("Port", a.port, {{"tag", Datum::of(int64_t{5})}})}, Writer::user));
  ASSERT_TRUE(a.database.apply({update("Port", a.port, {{"tag", Datum{}}})}, Writer::user));
  EXPECT_EQ(a.database, before);
}

TEST(Database, AllOrNothing) {
  OneBridge a;
  EXPECT_EQ(refusal(a.database, {update("Port", a.port, {{"tag", Datum::of(int64_t{5})}}),
                                 update("Port", a.port, {{"tag", Datum::of(int64_t{5000})}})}),
            "Port.tag: 5000 is not in the valid range 0 to 4095 (inclusive)");
}

TEST(Database, RefusesWhatTheSchemaDoesNotKnow) {
  OneBridge a;
  EXPECT_EQ(refusal(a.database, {insert("Mirror", Uuid::random(), {})}), "there is no table Mirror");
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

// As in Open vSwitch: a QoS may be made for later, and is still there when its port has gone.
TEST(Database, QosAndQueuesStayUntilTheyAreDestroyed) {
  OneBridge a;
  const Uuid qos = Uuid::random();
  const Uuid queue = Uuid::random();
  ASSERT_TRUE(a.database.apply({insert("QoS", qos, {}), insert("Queue", queue, {})}, Writer::user));
  Datum queues;
  queues.put(int64_t{1}, queue);
  ASSERT_TRUE(a.database.apply(
      {update("QoS", qos, {{"queues", queues}}), update("Port", a.port, {{"qos", Datum::of(qos)}})}, Writer::user));
  EXPECT_EQ(refusal(a.database, {remove("Queue", queue)}),
            "QoS.queues refers to row " + queue.text + ", which does not exist in table Queue");
  EXPECT_EQ(refusal(a.database, {remove("QoS", qos)}),
            "Port.qos refers to row " + qos.text + ", which does not exist in table QoS");
  ASSERT_TRUE(a.database.apply({update("Open_vSwitch", a.root, {{"bridges", Datum{}}})}, Writer::user));
  EXPECT_NE(a.database.find("QoS", qos), nullptr);
  EXPECT_NE(a.database.find("Queue", queue), nullptr);
  EXPECT_EQ(refusal(a.database, {remove("QoS", qos), remove("Queue", queue)}), "accepted");
}

TEST(Database, AQueuesNumberIsOneOfOpenFlow) {
  OneBridge a;
  const Uuid queue = Uuid::random();
  Datum queues;
  queues.put(int64_t{0xffffffff}, queue);
  EXPECT_EQ(refusal(a.database, {insert("Queue", queue, {}), insert("QoS", Uuid::random(), {{"queues", queues}})}),
            "QoS.queues: 4294967295 is not in the valid range 0 to 4294967294 (inclusive)");
}

TEST(Database, NamesAreUniqueAndNotEmpty) {
  OneBridge a;
  const Uuid again = Uuid::random();
  Datum ports = (*a.database.find("Bridge", a.bridge))["ports"];
  ports.add(again);
  const auto use = update("Bridge", a.bridge, {{"ports", ports}});
  const Uuid its_interface = Uuid::random();
  EXPECT_EQ(refusal(a.database,
                    {insert("Interface", its_interface, {{"name", text("p2")}}),
                     insert("Port", again, {{"name", text("p1")}, {"interfaces", Datum::of(its_interface)}}), use}),
            "two records of table Port are named p1");
  EXPECT_EQ(refusal(a.database, {insert("Port", again, {}), use}), "a record of table Port needs a name");
}

TEST(Database, ANameIsFreeOnceItsRowIsGone) {
  OneBridge a;
  const Uuid again = Uuid::random();
  Datum ports;
  ports.add(a.local_port);
  ports.add(again);
  const Uuid its_interface = Uuid::random();
  EXPECT_EQ(
      refusal(a.database, {remove("Port", a.port), insert("Interface", its_interface, {{"name", text("p1")}}),
                           insert("Port", again, {{"name", text("p1")}, {"interfaces", Datum::of(its_interface)}}),
                           update("Bridge", a.bridge, {{"ports", ports}})}),
      "accepted");
  EXPECT_EQ(a.database.find("Interface", a.interface), nullptr);
}

// Such a port was accepted, passed nothing and showed its error nowhere.
TEST(Database, APortHasExactlyOneInterface) {
  OneBridge a;
  Datum two = Datum::of(a.interface);
  two.add(a.local_interface);
  EXPECT_EQ(refusal(a.database, {update("Port", a.port, {{"interfaces", Datum{}}})}),
            "Port.interfaces: 0 value(s) given, at least 1 needed");
  EXPECT_EQ(refusal(a.database, {update("Port", a.port, {{"interfaces", two}})}),
            "Port.interfaces: 2 values given, at most 1 allowed");
  const Uuid added = Uuid::random();
  const std::vector<Operation> without{insert("Port", added, {{"name", text("p2")}}),
                                       update("Bridge", a.bridge, {{"ports", Datum::of(added)}})};
  EXPECT_EQ(refusal(a.database, without), "Port.interfaces: 0 value(s) given, at least 1 needed");
  auto given_later = without;
  given_later.push_back(update("Port", added, {{"interfaces", Datum::of(a.interface)}}));
  EXPECT_EQ(refusal(a.database, given_later), "accepted");
}

// The name of a file outside of the run directory, say.
TEST(Database, RulesAreForUsers) {
  OneBridge a;
  const Uuid added = Uuid::random();
  Datum bridges = Datum::of(a.bridge);
  bridges.add(added);
  const std::vector<Operation> operations{insert("Bridge", added, {{"name", text("../evil")}}),
                                          update("Open_vSwitch", a.root, {{"bridges", bridges}})};
  EXPECT_EQ(refusal(a.database, operations).find("Bridge.name: \"../evil\" is no name for a bridge"), 0u);
  EXPECT_TRUE(a.database.apply(operations, Writer::daemon));
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

// An older tool reads what a newer daemon tells; a state file goes back and forth between versions.
TEST(Database, KeepsWhatANewerProgramLoads) {
  const OneBridge a;
  const Uuid mirror = Uuid::random();
  std::vector<std::pair<std::string, Row>> rows{{"Mirror", Row{mirror, {{"select_port", Datum::of(a.port)}}}}};
  for (const auto& [table, some] : a.database.all()) {
    for (const auto& [uuid, row] : some) {
      rows.emplace_back(table, row);
      if (uuid == a.bridge) {
        rows.back().second.columns["mirrors"] = Datum::of(mirror);
      }
    }
  }
  Database loaded;
  const auto done = loaded.load(7, rows);
  ASSERT_TRUE(done) << done.error();
  ASSERT_TRUE(loaded.apply({update("Port", a.port, {{"tag", Datum::of(int64_t{5})}})}, Writer::user));
  EXPECT_EQ((*loaded.find("Bridge", a.bridge))["mirrors"], Datum::of(mirror));
  EXPECT_EQ((*loaded.find("Mirror", mirror))["select_port"], Datum::of(a.port));
  EXPECT_EQ(refusal(loaded, {update("Bridge", a.bridge, {{"mirrors", Datum{}}})}),
            "table Bridge has no column mirrors");
  EXPECT_EQ(refusal(loaded, {remove("Mirror", mirror)}), "there is no table Mirror");
}

}  // namespace
}  // namespace weft::management
