// The Nicira extension actions that 1.3's users type and stock tools send: experimenter 0x00002320, then a 16-bit
// subtype. Layouts as in Open vSwitch's protocol documentation; "ofs_nbits" is offset << 6 | (count - 1).
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow {
namespace {

namespace subtype {
constexpr uint16_t resubmit = 1;
constexpr uint16_t set_tunnel = 2;
constexpr uint16_t set_queue = 4;
constexpr uint16_t pop_queue = 5;
constexpr uint16_t reg_move = 6;
constexpr uint16_t reg_load = 7;
constexpr uint16_t note = 8;
constexpr uint16_t set_tunnel64 = 9;
constexpr uint16_t resubmit_table = 14;
constexpr uint16_t exit = 17;
constexpr uint16_t dec_ttl = 18;
constexpr uint16_t controller = 20;
constexpr uint16_t dec_ttl_ids = 21;
constexpr uint16_t reg_load2 = 33;
constexpr uint16_t controller2 = 37;
}  // namespace subtype

constexpr uint8_t current_table = 0xff;  // in resubmit_table

namespace property {
constexpr uint16_t max_len = 0;
constexpr uint16_t controller_id = 1;
constexpr uint16_t reason = 2;
constexpr uint16_t userdata = 3;
constexpr uint16_t pause = 4;
constexpr uint16_t meter_id = 5;
}  // namespace property

// --- reading

Action read_resubmit(WireReader& in) {
  ResubmitAction action;
  in.u16(action.in_port);
  in.pad(4);
  return action;
}

Action read_resubmit_table(WireReader& in) {
  ResubmitAction action;
  in.u16(action.in_port);
  const uint8_t table = in.u8();
  in.pad(3);
  if (table != current_table) {
    action.table = table;
  }
  return action;
}

Action tunnel_id(uint64_t id) {
  const Field& f = field(FieldId::tun_id);
  return SetFieldAction{f.id, {0, id}, all_bits(f)};
}

Action read_set_tunnel(WireReader& in) {
  in.pad(2);
  return tunnel_id(in.u32());
}

Action read_set_tunnel64(WireReader& in) {
  in.pad(6);
  return tunnel_id(in.u64());
}

Action read_set_queue(WireReader& in) {
  in.pad(2);
  return SetQueueAction{in.u32()};
}

template <class Empty>
Action read_empty(WireReader& in) {
  in.pad(6);
  return Empty{};
}

ErrorCode field_error(OxmFault fault) {
  return fault == OxmFault::cut_short ? ErrorCode::ofpbac_bad_len : ErrorCode::ofpbac_bad_set_type;
}

const Field& read_field(WireReader& in) {
  const auto f = read_oxm_header(in);
  if (!f) {
    in.fail(field_error(f.error()));
    return field(FieldId::reg0);
  }
  return **f;
}

void check_target(WireReader& in, const Field& f, unsigned offset, unsigned count) {
  if (!f.is_writable || is_connection_field(f.id)) {
    in.fail({ErrorCode::ofpbac_bad_argument, std::string(f.name) + " cannot be set"});
  } else if (count == 0 || offset + count > f.n_bits) {
    in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("{} bits from {} of {}", count, offset, f.name)});
  }
}

Action read_reg_move(WireReader& in) {
  MoveAction action;
  const uint16_t count = in.u16();
  in.u16(action.from.offset);
  in.u16(action.to.offset);
  const Field& from = read_field(in);
  const Field& to = read_field(in);
  action.from = {from.id, action.from.offset, count};
  action.to = {to.id, action.to.offset, count};
  check_target(in, to, action.to.offset, count);
  if (unsigned{action.from.offset} + count > from.n_bits) {
    in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("{} bits of {}", count, from.name)});
  }
  if (in.remaining() < 8) {  // padding behind an experimenter's header
    in.take_rest();
  }
  return action;
}

Action read_reg_load(WireReader& in) {
  const uint16_t offset_and_count = in.u16();
  const unsigned offset = offset_and_count >> 6;
  const unsigned count = (offset_and_count & 0x3f) + 1U;
  const Field& f = read_field(in);
  const FieldValue value{0, in.u64()};
  check_target(in, f, offset, count);
  if (!(value & ~FieldValue::ones(count)).is_zero()) {
    in.fail({ErrorCode::ofpbac_bad_argument, "a value wider than its place"});
  }
  if (in.failed()) {
    return SetFieldAction{};
  }
  return SetFieldAction{f.id, value << offset, FieldValue::ones(count) << offset, true};
}

Action read_reg_load2(WireReader& in) {
  in.pad(6);
  const auto entry = read_oxm(in);
  if (!entry) {
    in.fail(entry.error() == OxmFault::unknown_field ? ErrorCode::ofpbac_bad_set_type
                                                     : ErrorCode::ofpbac_bad_set_argument);
    return SetFieldAction{};
  }
  if (!entry->field->is_writable || is_connection_field(entry->field->id)) {
    in.fail({ErrorCode::ofpbac_bad_argument, std::string(entry->field->name) + " cannot be set"});
  }
  if (in.remaining() < 8) {
    in.take_rest();
  }
  return SetFieldAction{entry->field->id, entry->value, entry->mask, true};
}

Action read_note(WireReader& in) {
  const auto data = in.take_rest();
  return NoteAction{{data.begin(), data.end()}};
}

Action read_dec_ttl_ids(WireReader& in) {
  DecTtlAction action;
  const uint16_t count = in.u16();
  in.pad(4);
  if (size_t{count} * 2 > in.remaining()) {
    in.fail(ErrorCode::ofpbac_bad_len);
    return action;
  }
  for (unsigned i = 0; i < count; ++i) {
    action.controller_ids.push_back(in.u16());
  }
  if (in.remaining() < 8) {
    in.take_rest();
  }
  return action;
}

PacketInReason read_reason(WireReader& in) {
  const uint8_t reason = in.u8();
  if (reason > static_cast<uint8_t>(PacketInReason::packet_out)) {
    in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("packet-in reason {}", reason)});
  }
  return static_cast<PacketInReason>(reason);
}

Action read_controller(WireReader& in) {
  ControllerAction action;
  in.u16(action.max_len);
  in.u16(action.controller_id);
  action.reason = read_reason(in);
  in.pad(1);
  return action;
}

// With or without two bytes of padding counted in.
void read_padded(WireReader& value, uint16_t& out) {
  value.u16(out);
  if (value.remaining() == 2) {
    value.pad(2);
  }
}

void read_controller_property(uint16_t type, WireReader& value, ControllerAction& action) {
  switch (type) {
    case property::max_len:
      return read_padded(value, action.max_len);
    case property::controller_id:
      return read_padded(value, action.controller_id);
    case property::reason:
      action.reason = read_reason(value);
      return;
    case property::userdata: {
      const auto data = value.take_rest();
      action.userdata.assign(data.begin(), data.end());
      return;
    }
    case property::pause:
      action.pause = true;
      return;
    case property::meter_id:
      action.meter_id = value.u32();
      return;
    default:
      value.fail({ErrorCode::ofpbac_bad_argument, fmt::format("controller property {}", type)});
  }
}

// Properties: type, length (without padding), value; each padded to 8 bytes.
Action read_controller2(WireReader& in) {
  ControllerAction action;
  in.pad(6);
  while (in.remaining() > 0 && !in.failed()) {
    const uint16_t type = in.u16();
    const uint16_t length = in.u16();
    const size_t padded = (size_t{length} + 7) / 8 * 8;
    if (length < 4 || padded - 4 > in.remaining()) {
      in.fail(ErrorCode::ofpbac_bad_len);
      break;
    }
    WireReader value(in.take(padded - 4).first(length - 4U), ErrorCode::ofpbac_bad_len);
    read_controller_property(type, value, action);
    if (auto done = value.finish(); !done) {
      in.fail(done.error());
    }
  }
  return action;
}

struct NiciraRow {
  uint16_t subtype;
  Action (*read)(WireReader&);
};

constexpr NiciraRow nicira_rows[] = {
    {subtype::resubmit, read_resubmit},
    {subtype::set_tunnel, read_set_tunnel},
    {subtype::set_queue, read_set_queue},
    {subtype::pop_queue, read_empty<PopQueueAction>},
    {subtype::reg_move, read_reg_move},
    {subtype::reg_load, read_reg_load},
    {subtype::note, read_note},
    {subtype::set_tunnel64, read_set_tunnel64},
    {subtype::resubmit_table, read_resubmit_table},
    {subtype::exit, read_empty<ExitAction>},
    {subtype::dec_ttl, read_empty<DecTtlAction>},
    {subtype::controller, read_controller},
    {subtype::dec_ttl_ids, read_dec_ttl_ids},
    {subtype::reg_load2, read_reg_load2},
    {subtype::controller2, read_controller2},
};

// --- writing

// These actions are older than OXM: they name a field by its NXM number where it has one.
const OxmId& nxm_first(const Field& f) { return preferred_oxm(f, Version::v1_0); }

// Writes header and body, then pads and fills in the length.
template <class Body>
void write(WireWriter& out, uint16_t subtype, Body&& body) {
  const size_t begin = out.size();
  out.u16(action_type_experimenter);
  out.u16(0);
  out.u32(nicira_vendor_id);
  out.u16(subtype);
  body();
  out.pad_to(begin);
  out.patch_u16(begin + 2, out.size() - begin);
}

template <class Body>
void write_property(WireWriter& out, uint16_t type, Body&& body) {
  const size_t begin = out.size();
  out.u16(type);
  out.u16(0);
  body();
  out.patch_u16(begin + 2, out.size() - begin);
  out.pad_to(begin);
}

void write_padded(WireWriter& out, uint16_t value) {
  out.u16(value);
  out.pad(2);
}

bool needs_properties(const ControllerAction& action) {
  return !action.userdata.empty() || action.pause || action.meter_id.has_value();
}

void write_controller2(WireWriter& out, const ControllerAction& action) {
  write(out, subtype::controller2, [&] {
    out.pad(6);
    if (action.max_len != 0xffff) {
      write_property(out, property::max_len, [&] { write_padded(out, action.max_len); });
    }
    if (action.controller_id != 0) {
      write_property(out, property::controller_id, [&] { write_padded(out, action.controller_id); });
    }
    if (action.reason != PacketInReason::action) {
      write_property(out, property::reason, [&] { out.u8(action.reason); });
    }
    if (!action.userdata.empty()) {
      write_property(out, property::userdata, [&] { out.bytes(action.userdata); });
    }
    if (action.pause) {
      write_property(out, property::pause, [] {});
    }
    if (action.meter_id) {
      write_property(out, property::meter_id, [&] { out.u32(*action.meter_id); });
    }
  });
}

void write_reg_load(WireWriter& out, const Field& f, FieldValue value, BitRun run) {
  write(out, subtype::reg_load, [&] {
    out.u16(run.offset << 6 | (run.count - 1));
    write_oxm_header(out, nxm_first(f));
    out.u64(bits_at(value, run).lo);
  });
}

}  // namespace

Action read_nicira_action(WireReader& in) {
  const uint16_t subtype = in.u16();
  const auto* row = std::find_if(std::begin(nicira_rows), std::end(nicira_rows),
                                 [&](const NiciraRow& one) { return one.subtype == subtype; });
  if (row == std::end(nicira_rows)) {
    in.fail({ErrorCode::ofpbac_bad_exp_type, fmt::format("Nicira action {}", subtype)});
    return ExitAction{};
  }
  return row->read(in);
}

std::vector<BitRun> runs_of(FieldValue mask, unsigned n_bits) {
  const auto bit = [&](unsigned i) { return ((i < 64 ? mask.lo >> i : mask.hi >> (i - 64)) & 1) != 0; };
  std::vector<BitRun> runs;
  for (unsigned i = 0; i < n_bits;) {
    if (!bit(i)) {
      ++i;
      continue;
    }
    BitRun run{i, 0};
    while (i < n_bits && bit(i) && run.count < 64) {
      ++i;
      ++run.count;
    }
    runs.push_back(run);
  }
  return runs;
}

FieldValue bits_at(FieldValue value, BitRun run) { return (value >> run.offset) & FieldValue::ones(run.count); }

void write_nicira(WireWriter& out, const ResubmitAction& action) {
  write(out, subtype::resubmit_table, [&] {
    out.u16(action.in_port);
    out.u8(action.table.value_or(current_table));
    out.pad(3);
  });
}

void write_nicira(WireWriter& out, const MoveAction& action) {
  write(out, subtype::reg_move, [&] {
    out.u16(action.to.bit_count);
    out.u16(action.from.offset);
    out.u16(action.to.offset);
    write_oxm_header(out, nxm_first(field(action.from.field)));
    write_oxm_header(out, nxm_first(field(action.to.field)));
  });
}

void write_nicira(WireWriter& out, const ControllerAction& action) {
  if (needs_properties(action)) {
    return write_controller2(out, action);
  }
  write(out, subtype::controller, [&] {
    out.u16(action.max_len);
    out.u16(action.controller_id);
    out.u8(action.reason);
    out.pad(1);
  });
}

void write_nicira(WireWriter& out, const NoteAction& action) {
  write(out, subtype::note, [&] { out.bytes(action.data); });
}

void write_nicira(WireWriter& out, const ExitAction&) {
  write(out, subtype::exit, [&] { out.pad(6); });
}

void write_nicira(WireWriter& out, const PopQueueAction&) {
  write(out, subtype::pop_queue, [&] { out.pad(6); });
}

void write_nicira(WireWriter& out, const DecTtlAction& action) {
  write(out, subtype::dec_ttl_ids, [&] {
    out.u16(action.controller_ids.size());
    out.pad(4);
    for (const uint16_t id : action.controller_ids) {
      out.u16(id);
    }
  });
}

void write_nicira_load(WireWriter& out, const SetFieldAction& action, Version version) {
  const Field& f = field(action.field);
  const auto runs = runs_of(action.mask, f.n_bits);
  if (action.is_load && runs.size() != 1) {
    write(out, subtype::reg_load2, [&] {
      out.pad(6);
      write_oxm(out, f, action.value, action.mask, version);
    });
    return;
  }
  for (const BitRun run : runs) {
    write_reg_load(out, f, action.value, run);
  }
}

}  // namespace weft::openflow
