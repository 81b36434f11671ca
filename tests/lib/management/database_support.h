// Rows and operations in few words.
#pragma once

#include "lib/management/database.h"

namespace weft::management {

inline Operation insert(std::string table, Uuid uuid, Columns columns) {
  return {Operation::Kind::insert, std::move(table), {std::move(uuid), std::move(columns)}};
}
inline Operation update(std::string table, Uuid uuid, Columns columns) {
  return {Operation::Kind::update, std::move(table), {std::move(uuid), std::move(columns)}};
}
inline Operation remove(std::string table, Uuid uuid) {
  return {Operation::Kind::remove, std::move(table), {std::move(uuid), {}}};
}
inline Datum text(std::string value) { return Datum::of(std::move(value)); }

// br0 with its LOCAL port and p1.
struct OneBridge {
  Database database = Database::make_empty();
  Uuid root = database.root().uuid;
  Uuid bridge = Uuid::random(), local_port = Uuid::random(), local_interface = Uuid::random(), port = Uuid::random(),
       interface = Uuid::random();

  OneBridge() {
    Datum ports;
    ports.add(local_port);
    ports.add(port);
    const auto done =
        database.apply({insert("Interface", local_interface, {{"name", text("br0")}, {"type", text("internal")}}),
                        insert("Interface", interface, {{"name", text("p1")}}),
                        insert("Port", local_port, {{"name", text("br0")}, {"interfaces", Datum::of(local_interface)}}),
                        insert("Port", port, {{"name", text("p1")}, {"interfaces", Datum::of(interface)}}),
                        insert("Bridge", bridge, {{"name", text("br0")}, {"ports", ports}}),
                        update("Open_vSwitch", root, {{"bridges", Datum::of(bridge)}})},
                       Writer::user);
    assert(done.has_value());
    static_cast<void>(done);
  }
};

}  // namespace weft::management
