#include "lib/openflow/continuation.h"

#include <utility>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/flow_message.h"
#include "lib/openflow/nicira_error.h"
#include "lib/openflow/wire.h"

namespace weft::openflow {
namespace {

constexpr uint32_t magic = 0x77656674;
constexpr uint8_t layout_number = 1;
constexpr Version continuation_version = Version::v1_3;
constexpr size_t part_header_size = 8;
constexpr size_t max_size = 60000;  // leaves room for a packet of any usual length in the message

enum class Part : uint16_t { step = 1, action_set = 2, stack = 3 };

namespace step_flag {
constexpr uint8_t has_goto = 1 << 0;
constexpr uint8_t has_write = 1 << 1;
constexpr uint8_t has_metadata = 1 << 2;
constexpr uint8_t clears = 1 << 3;
constexpr uint8_t packet_out = 1 << 4;
constexpr uint8_t in_action_set = 1 << 5;
constexpr uint8_t in_group = 1 << 6;
constexpr uint8_t pipeline = 1 << 7;
}  // namespace step_flag

uint8_t flags_of(const ContinuationStep& step) {
  uint8_t flags = 0;
  const auto set = [&](uint8_t flag, bool holds) { flags |= holds ? flag : uint8_t{0}; };
  set(step_flag::has_goto, step.then.goto_table.has_value());
  set(step_flag::has_write, step.then.write.has_value());
  set(step_flag::has_metadata, step.then.write_metadata.has_value());
  set(step_flag::clears, step.then.clear_actions);
  set(step_flag::packet_out, step.is_packet_out);
  set(step_flag::in_action_set, step.is_in_action_set);
  set(step_flag::in_group, step.is_in_group);
  set(step_flag::pipeline, step.is_pipeline);
  return flags;
}

// Runs `body` between a part's header and its padding.
template <class Body>
void write_part(WireWriter& out, Part type, Body&& body) {
  const size_t begin = out.size();
  out.u16(type);
  out.u16(0);
  out.pad(4);
  body();
  out.patch_u16(begin + 2, out.size() - begin);
  out.pad_to(begin);
}

void write_step(WireWriter& out, const ContinuationStep& step, bool is_tagged) {
  out.u8(step.table_id);
  out.u8(flags_of(step));
  out.u8(step.then.goto_table.value_or(0));
  out.pad(1);
  const size_t sizes = out.size();
  out.pad(4);
  out.u64(step.cookie);
  const MetadataWrite metadata = step.then.write_metadata.value_or(MetadataWrite{0, 0});
  out.u64(metadata.value);
  out.u64(metadata.mask);
  const size_t actions = out.size();
  write_actions(out, step.actions, continuation_version, is_tagged);
  out.patch_u16(sizes, out.size() - actions);
  const size_t to_write = out.size();
  write_actions(out, step.then.write.value_or(ActionList{}), continuation_version, is_tagged);
  out.patch_u16(sizes + 2, out.size() - to_write);
}

OpenFlowError stale(std::string why) { return nicira_error(NiciraError::resume_stale, std::move(why)); }

ActionList read_list(WireReader& in, size_t size) {
  auto actions = read_actions(in.take(size), continuation_version, ActionContext::packet_out);
  if (!actions) {
    in.fail(actions.error());
    return {};
  }
  return std::move(*actions);
}

std::vector<FieldValue> read_stack(WireReader& in) {
  std::vector<FieldValue> stack;
  while (in.remaining() > 0 && !in.failed()) {
    FieldValue& value = stack.emplace_back();
    in.u64(value.hi);
    in.u64(value.lo);
  }
  return stack;
}

ContinuationStep read_step(WireReader& in) {
  ContinuationStep step;
  in.u8(step.table_id);
  const uint8_t flags = in.u8();
  const uint8_t goto_table = in.u8();
  in.pad(1);
  const size_t actions_size = in.u16();
  const size_t write_size = in.u16();
  in.u64(step.cookie);
  MetadataWrite metadata;
  in.u64(metadata.value);
  in.u64(metadata.mask);
  step.actions = read_list(in, actions_size);
  ActionList to_write = read_list(in, write_size);
  if ((flags & step_flag::has_write) != 0) {
    step.then.write = std::move(to_write);
  } else if (!to_write.empty()) {
    in.fail(stale("actions to write where none are"));
  }
  if ((flags & step_flag::has_goto) != 0) {
    step.then.goto_table = goto_table;
  }
  if ((flags & step_flag::has_metadata) != 0) {
    step.then.write_metadata = metadata;
  }
  step.then.clear_actions = (flags & step_flag::clears) != 0;
  step.is_packet_out = (flags & step_flag::packet_out) != 0;
  step.is_in_action_set = (flags & step_flag::in_action_set) != 0;
  step.is_in_group = (flags & step_flag::in_group) != 0;
  step.is_pipeline = (flags & step_flag::pipeline) != 0;
  if (step.table_id == all_tables || goto_table == all_tables) {
    in.fail({ErrorCode::ofpbic_bad_table_id, "table 255"});
  }
  return step;
}

// True when it was the last, the action set.
bool read_part(WireReader& in, Continuation& continuation) {
  const uint16_t type = in.u16();
  const size_t size = in.u16();
  in.pad(4);
  if (size < part_header_size) {
    in.fail(stale("a part without a header"));
    return false;
  }
  WireReader part(in.take(size - part_header_size));
  in.pad((8 - size % 8) % 8);
  if (type == static_cast<uint16_t>(Part::step)) {
    continuation.steps.push_back(read_step(part));
  } else if (type == static_cast<uint16_t>(Part::action_set)) {
    continuation.action_set = read_list(part, part.remaining());
  } else if (type == static_cast<uint16_t>(Part::stack)) {
    continuation.stack = read_stack(part);
  } else {
    part.fail(stale("a part of unknown type"));
  }
  if (auto done = part.finish(); !done) {
    in.fail(done.error());
  }
  return type == static_cast<uint16_t>(Part::action_set);
}

}  // namespace

std::vector<uint8_t> encode_continuation(const Continuation& continuation, bool is_tagged) {
  std::vector<uint8_t> bytes;
  WireWriter out(bytes);
  out.u32(magic);
  out.u8(layout_number);
  out.u8(continuation.runs_action_set ? 1 : 0);
  out.pad(2);
  out.u64(continuation.datapath_id);
  out.port32(continuation.in_port);
  out.port32(continuation.egress_port.value_or(OfPort{}));
  for (const ContinuationStep& step : continuation.steps) {
    write_part(out, Part::step, [&] { write_step(out, step, is_tagged); });
    if (bytes.size() > max_size) {
      return {};
    }
  }
  if (!continuation.stack.empty()) {
    write_part(out, Part::stack, [&] {
      for (const FieldValue& value : continuation.stack) {
        out.u64(value.hi);
        out.u64(value.lo);
      }
    });
  }
  write_part(out, Part::action_set,
             [&] { write_actions(out, continuation.action_set, continuation_version, is_tagged); });
  return bytes.size() > max_size ? std::vector<uint8_t>() : bytes;
}

Result<Continuation, OpenFlowError> decode_continuation(std::span<const uint8_t> bytes) {
  WireReader in(bytes);
  if (in.u32() != magic || in.u8() != layout_number) {
    return Unexpected{stale("not a continuation of this switch")};
  }
  Continuation continuation;
  continuation.runs_action_set = in.u8() != 0;
  in.pad(2);
  in.u64(continuation.datapath_id);
  in.port32(continuation.in_port);
  OfPort egress_port{};
  in.port32(egress_port);
  continuation.egress_port = egress_port == OfPort{} ? std::nullopt : std::optional(egress_port);
  bool is_whole = false;
  while (in.remaining() > 0 && !in.failed()) {
    if (is_whole) {
      in.fail(stale("a part behind the last"));
    }
    is_whole = read_part(in, continuation);
  }
  if (!in.failed() && !is_whole) {
    in.fail(stale("the end is missing"));
  }
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return continuation;
}

}  // namespace weft::openflow
