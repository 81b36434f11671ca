// Packets that differ in one field: for tests that ask about each field of the registry in turn.
#pragma once

#include <cstdint>
#include <optional>

#include "lib/flow/field.h"
#include "lib/flow/match.h"
#include "tests/support/frame.h"

namespace weft {

// A frame, or the tunnel or port it came by, that has this value of the field. Nothing when no packet can: the field
// is made by the switch itself.
struct FieldPacket {
  Frame frame;
  PacketTunnel tunnel;
  uint16_t in_port = 1;
};
std::optional<FieldPacket> packet_with(const Field& field, FieldValue value);

// Two values that a packet may have and that differ in one bit.
struct FieldValues {
  FieldValue one;
  FieldValue other;
};
FieldValues values_of(const Field& field);

// What a rule must match before it may match the field.
void add_prerequisite(Match& match, const Field& field);

}  // namespace weft
