// What is told to others: packets to the controller, in both of Nicira's forms, samples to collectors, notes to readers.
#include <fmt/format.h>

#include "lib/openflow/nicira_action.h"

namespace weft::openflow {
namespace {

namespace property {
constexpr uint16_t max_len = 0;
constexpr uint16_t controller_id = 1;
constexpr uint16_t reason = 2;
constexpr uint16_t userdata = 3;
constexpr uint16_t pause = 4;
constexpr uint16_t meter_id = 5;
}  // namespace property

PacketInReason read_reason(WireReader& in) {
  const uint8_t reason = in.u8();
  if (reason > static_cast<uint8_t>(PacketInReason::packet_out)) {
    in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("packet-in reason {}", reason)});
  }
  return static_cast<PacketInReason>(reason);
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
      if (*action.meter_id == 0) {
        action.meter_id.reset();
      }
      return;
    default:
      value.fail({ErrorCode::ofpbpc_bad_type, fmt::format("controller property {}", type)});
  }
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
  write_nicira_action(out, subtype::controller2, [&] {
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

constexpr uint16_t port_unset = 0xffff;  // OFPP_NONE as a sampling port

// sample and its successors share what comes first.
SampleAction read_sample_begin(ActionBody& from) {
  SampleAction action;
  from.in.u16(action.probability);
  from.in.u32(action.collector_set_id);
  if (action.probability == 0) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, "a sample with probability 0"});
  }
  return action;
}

void read_observation_ids(ActionBody& from, SampleAction& action) {
  action.observation_domain = from.in.u32();
  action.observation_point = from.in.u32();
}

void read_sampling_port(ActionBody& from, SampleAction& action) {
  const uint16_t port = from.in.u16();
  if (port != port_unset) {
    action.sampling_port = OfPort{port};
  }
}

void read_direction(ActionBody& from, SampleAction& action) {
  const uint8_t direction = from.in.u8();
  if (direction > static_cast<uint8_t>(SampleDirection::egress)) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("sampling direction {}", direction)});
  }
  action.direction = static_cast<SampleDirection>(direction);
}

// A header of zero: the number itself follows; otherwise the field's bits, in the first two of its four bytes.
std::variant<uint32_t, SubField> read_observation_source(ActionBody& from) {
  const auto header = from.in.rest();
  if (header.size() < 4 || load_be<uint32_t>(header.data()) == 0) {
    from.in.pad(4);
    return from.in.u32();
  }
  const Field& f = read_field(from);
  const SubField bits = unpack_bits(f.id, from.in.u16());
  from.in.pad(2);
  check_source(from.in, bits);
  if (bits.bit_count > 32) {
    from.in.fail({ErrorCode::ofpbac_bad_set_len, "an observation id of more than 32 bits"});
  }
  return bits;
}

void write_observation_source(WireWriter& out, const std::variant<uint32_t, SubField>& source) {
  if (const auto* bits = std::get_if<SubField>(&source)) {
    write_oxm_header(out, nxm_first(bits->field));
    out.u16(pack_bits(*bits));
    out.pad(2);
  } else {
    out.u32(0);
    out.u32(std::get<uint32_t>(source));
  }
}

// The oldest form that can say it, as Open vSwitch does.
uint16_t sample_subtype(const SampleAction& action) {
  if (std::holds_alternative<SubField>(action.observation_domain) ||
      std::holds_alternative<SubField>(action.observation_point)) {
    return subtype::sample4;
  }
  if (action.direction != SampleDirection::unspecified) {
    return subtype::sample3;
  }
  return action.sampling_port ? subtype::sample2 : subtype::sample;
}

}  // namespace

Action read_controller(ActionBody& from) {
  ControllerAction action;
  from.in.u16(action.max_len);
  from.in.u16(action.controller_id);
  action.reason = read_reason(from.in);
  from.in.pad(1);
  return action;
}

// Properties: type, length (without padding), value; each padded to 8 bytes.
Action read_controller2(ActionBody& from) {
  ControllerAction action;
  must_be_zero(from.in, 6, nicira_error(NiciraError::must_be_zero));
  while (from.in.remaining() > 0 && !from.in.failed()) {
    const uint16_t type = from.in.u16();
    const uint16_t length = from.in.u16();
    const size_t padded = (size_t{length} + 7) / 8 * 8;
    if (length < 4 || padded - 4 > from.in.remaining()) {
      from.in.fail(ErrorCode::ofpbpc_bad_len);
      break;
    }
    WireReader value(from.in.take(padded - 4).first(length - 4U), ErrorCode::ofpbpc_bad_len);
    read_controller_property(type, value, action);
    if (auto done = value.finish(); !done) {
      from.in.fail(done.error());
    }
  }
  return action;
}

Action read_dec_ttl_ids(ActionBody& from) {
  DecTtlAction action;
  const uint16_t count = from.in.u16();
  must_be_zero(from.in, 4, nicira_error(NiciraError::must_be_zero));
  if (size_t{count} * 2 > from.in.remaining()) {
    from.in.fail_short();
    return action;
  }
  for (unsigned i = 0; i < count; ++i) {
    action.controller_ids.push_back(from.in.u16());
  }
  skip_padding(from.in);
  return action;
}

Action read_note(ActionBody& from) {
  const auto data = from.in.take_rest();
  return NoteAction{{data.begin(), data.end()}};
}

Action read_sample(ActionBody& from) {
  SampleAction action = read_sample_begin(from);
  read_observation_ids(from, action);
  return action;
}

Action read_sample2(ActionBody& from) {
  SampleAction action = read_sample_begin(from);
  read_observation_ids(from, action);
  read_sampling_port(from, action);
  from.in.pad(6);
  return action;
}

Action read_sample3(ActionBody& from) {
  SampleAction action = read_sample_begin(from);
  read_observation_ids(from, action);
  read_sampling_port(from, action);
  read_direction(from, action);
  from.in.pad(5);
  return action;
}

Action read_sample4(ActionBody& from) {
  SampleAction action = read_sample_begin(from);
  action.observation_domain = read_observation_source(from);
  action.observation_point = read_observation_source(from);
  read_sampling_port(from, action);
  read_direction(from, action);
  from.in.pad(5);
  return action;
}

void write_nicira(WireWriter& out, const ControllerAction& action) {
  if (needs_properties(action)) {
    return write_controller2(out, action);
  }
  write_nicira_action(out, subtype::controller, [&] {
    out.u16(action.max_len);
    out.u16(action.controller_id);
    out.u8(action.reason);
    out.pad(1);
  });
}

void write_nicira(WireWriter& out, const NoteAction& action) {
  write_nicira_action(out, subtype::note, [&] { out.bytes(action.data); });
}

void write_nicira(WireWriter& out, const DecTtlAction& action) {
  if (action.controller_ids.empty()) {
    return write_nicira_number(out, subtype::dec_ttl, 6, 0, 0);
  }
  write_nicira_action(out, subtype::dec_ttl_ids, [&] {
    out.u16(action.controller_ids.size());
    out.pad(4);
    for (const uint16_t id : action.controller_ids) {
      out.u16(id);
    }
  });
}

void write_nicira(WireWriter& out, const SampleAction& action) {
  const uint16_t subtype = sample_subtype(action);
  write_nicira_action(out, subtype, [&] {
    out.u16(action.probability);
    out.u32(action.collector_set_id);
    if (subtype == subtype::sample4) {
      write_observation_source(out, action.observation_domain);
      write_observation_source(out, action.observation_point);
    } else {
      out.u32(std::get<uint32_t>(action.observation_domain));
      out.u32(std::get<uint32_t>(action.observation_point));
    }
    if (subtype != subtype::sample) {
      out.u16(action.sampling_port ? number(*action.sampling_port) : port_unset);
      out.u8(action.direction);
      out.pad(5);
    }
  });
}

}  // namespace weft::openflow
