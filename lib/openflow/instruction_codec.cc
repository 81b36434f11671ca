// Instructions on the wire: OpenFlow 1.3.5 section 7.2.4.
#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/flow_message.h"

namespace weft::openflow {
namespace {

void read_goto_table(WireReader& in, Version, Instructions& out) {
  const uint8_t table = in.u8();
  in.pad(3);
  if (table == all_tables) {
    in.fail({ErrorCode::ofpbic_bad_table_id, "goto_table:255"});
  }
  out.goto_table = table;
}

void read_write_metadata(WireReader& in, Version, Instructions& out) {
  MetadataWrite metadata;
  in.pad(4);
  in.u64(metadata.value);
  in.u64(metadata.mask);
  out.write_metadata = metadata;
}

void read_action_list(WireReader& in, Version version, ActionContext context, std::optional<ActionList>& out) {
  in.pad(4);
  auto actions = read_actions(in.take_rest(), version, context);
  if (actions) {
    out = std::move(*actions);
  } else {
    in.fail(actions.error());
  }
}

void read_write_actions(WireReader& in, Version version, Instructions& out) {
  read_action_list(in, version, ActionContext::action_set, out.write);
}

void read_apply_actions(WireReader& in, Version version, Instructions& out) {
  read_action_list(in, version, ActionContext::rule, out.apply);
}

void read_clear_actions(WireReader& in, Version, Instructions& out) {
  in.pad(4);
  out.clear_actions = true;
}

void read_meter(WireReader& in, Version version, Instructions& out) {
  if (version >= Version::v1_5) {  // an action there
    in.fail(ErrorCode::ofpbic_unknown_inst);
  }
  out.meter = in.u32();
  if (*out.meter == 0) {
    in.fail({ErrorCode::ofpmmfc_invalid_meter, "meter 0"});
  }
}

using Read = void (*)(WireReader&, Version, Instructions&);
constexpr Read readers[] = {
    nullptr,   read_goto_table, read_write_metadata, read_write_actions, read_apply_actions, read_clear_actions,
    read_meter};

Result<Read, OpenFlowError> reader_for(uint16_t type) {
  if (type == action_type_experimenter) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbic_bad_experimenter}};
  }
  if (type >= std::size(readers) || readers[type] == nullptr) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbic_unknown_inst, fmt::format("instruction type {}", type)}};
  }
  return readers[type];
}

// What 1.3 and 1.4 can say of metering: the rule's meter, or the first of those that stand among its actions.
std::optional<uint32_t> first_meter(const Instructions& instructions) {
  if (instructions.meter || !instructions.apply) {
    return instructions.meter;
  }
  for (const Action& action : *instructions.apply) {
    if (const auto* meter = std::get_if<MeterAction>(&action)) {
      return meter->meter_id;
    }
  }
  return std::nullopt;
}

class InstructionWriter {
 public:
  explicit InstructionWriter(WireWriter& out) : out_(out) {}

  template <class Body>
  void write(uint16_t type, Body&& body) {
    const size_t begin = out_.size();
    out_.u16(type);
    out_.u16(0);
    body();
    out_.patch_u16(begin + 2, out_.size() - begin);
  }

 private:
  WireWriter& out_;
};

}  // namespace

void lift_meter(Instructions& instructions) {
  if (instructions.meter || !instructions.apply || instructions.apply->empty()) {
    return;
  }
  ActionList& actions = *instructions.apply;
  const auto* meter = std::get_if<MeterAction>(&actions.front());
  if (meter == nullptr) {
    return;
  }
  instructions.meter = meter->meter_id;
  actions.erase(actions.begin());
  if (actions.empty()) {
    instructions.apply.reset();
  }
}

Result<Instructions, OpenFlowError> read_instructions(std::span<const uint8_t> bytes, Version version) {
  Instructions instructions;
  uint32_t seen = 0;
  WireReader list(bytes, ErrorCode::ofpbic_bad_len);
  while (list.remaining() > 0) {
    const uint16_t type = list.u16();
    const uint16_t length = list.u16();
    if (length < 8 || length % 8 != 0 || size_t{length} - 4 > list.remaining()) {
      return Unexpected{OpenFlowError{ErrorCode::ofpbic_bad_len, fmt::format("instruction of {} bytes", length)}};
    }
    const auto read = reader_for(type);
    if (!read) {
      return Unexpected{read.error()};
    }
    if ((seen >> type & 1) != 0) {
      return Unexpected{OpenFlowError{ErrorCode::ofpbic_dup_inst, fmt::format("instruction type {}", type)}};
    }
    seen |= 1U << type;
    WireReader body(list.take(length - 4U), ErrorCode::ofpbic_bad_len);
    (*read)(body, version, instructions);
    if (auto done = body.finish(); !done) {
      return Unexpected{done.error()};
    }
  }
  if (list.failed()) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbic_bad_len}};
  }
  if (version >= Version::v1_5) {
    lift_meter(instructions);
  }
  return instructions;
}

// In the order of execution, as Open vSwitch writes them.
void write_instructions(WireWriter& out, const Instructions& instructions, Version version, bool is_tagged) {
  InstructionWriter writer(out);
  const bool meters_by_action = instructions.meter && version >= Version::v1_5;
  if (version < Version::v1_5) {
    if (const auto meter = first_meter(instructions)) {
      writer.write(instruction_type::meter, [&] { out.u32(*meter); });
    }
  }
  if (instructions.apply || meters_by_action) {
    writer.write(instruction_type::apply_actions, [&] {
      out.pad(4);
      if (meters_by_action) {
        write_actions(out, {MeterAction{*instructions.meter}}, version);
      }
      if (instructions.apply) {
        write_actions(out, *instructions.apply, version, is_tagged);
      }
    });
  }
  if (instructions.clear_actions) {
    writer.write(instruction_type::clear_actions, [&] { out.pad(4); });
  }
  if (instructions.write) {
    writer.write(instruction_type::write_actions, [&] {
      out.pad(4);
      write_actions(out, *instructions.write, version, is_tagged);
    });
  }
  if (instructions.write_metadata) {
    writer.write(instruction_type::write_metadata, [&] {
      out.pad(4);
      out.u64(instructions.write_metadata->value);
      out.u64(instructions.write_metadata->mask);
    });
  }
  if (instructions.goto_table) {
    writer.write(instruction_type::goto_table, [&] {
      out.u8(*instructions.goto_table);
      out.pad(3);
    });
  }
}

}  // namespace weft::openflow
