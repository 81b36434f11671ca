// Actions that read and write fields: load, move, the stack, the tunnel's and MPLS's own, and what a packet's size sets.
#include <string>

#include <fmt/format.h>

#include "lib/openflow/nicira_action.h"

namespace weft::openflow {
namespace {

constexpr uint32_t max_label = 0xfffff;
constexpr uint8_t max_tc = 7;
constexpr size_t wide_action_size = 24;

// 1.3 takes it too, and sends set_field.
Action set_tunnel(ActionBody& from, uint64_t id) {
  const Field& f = field(FieldId::tun_id);
  return SetFieldAction{.field = f.id, .value = {0, id}, .mask = all_bits(f), .is_mod = from.version == Version::v1_0};
}

// Offset and header, then the number of bits; zeros up to 24 bytes.
SubField read_stack(ActionBody& from) {
  const uint16_t offset = from.in.u16();
  const Field& f = read_field(from);
  const SubField bits{f.id, offset, from.in.u16()};
  rest_must_be_zero(from.in);
  return bits;
}

void write_stack(WireWriter& out, uint16_t subtype, const SubField& bits) {
  const size_t begin = out.size();
  write_nicira_action(out, subtype, [&] {
    out.u16(bits.offset);
    write_oxm_header(out, nxm_first(bits.field));
    out.u16(bits.bit_count);
    out.pad_to(begin, wide_action_size);
  });
}

void write_reg_load(WireWriter& out, FieldId id, FieldValue value, BitRun run) {
  write_nicira_action(out, subtype::reg_load, [&] {
    out.u16(run.offset << 6 | (run.count - 1));
    write_oxm_header(out, nxm_first(id));
    out.u64(bits_at(value, run).lo);
  });
}

MoveAction read_bits_of_move(ActionBody& from, uint16_t count, uint16_t from_offset, uint16_t to_offset) {
  MoveAction action;
  action.from = {read_field(from).id, from_offset, count};
  action.to = {read_field(from).id, to_offset, count};
  if (!from.in.failed()) {
    check_source(from.in, action.from);
    check_target(from, action.to);
  }
  return action;
}

}  // namespace

Action read_set_tunnel(ActionBody& from) {
  from.in.pad(2);
  return set_tunnel(from, from.in.u32());
}

Action read_set_tunnel64(ActionBody& from) {
  from.in.pad(6);
  return set_tunnel(from, from.in.u64());
}

Action read_reg_move(ActionBody& from) {
  const uint16_t count = from.in.u16();
  const uint16_t from_offset = from.in.u16();
  const uint16_t to_offset = from.in.u16();
  const MoveAction action = read_bits_of_move(from, count, from_offset, to_offset);
  rest_must_be_zero(from.in);  // behind an experimenter's header
  return action;
}

Action read_copy_field(ActionBody& from) {
  const uint16_t count = from.in.u16();
  const uint16_t from_offset = from.in.u16();
  const uint16_t to_offset = from.in.u16();
  from.in.pad(2);
  const MoveAction action = read_bits_of_move(from, count, from_offset, to_offset);
  rest_must_be_zero(from.in);
  return action;
}

Action read_reg_load(ActionBody& from) {
  const uint16_t ofs_nbits = from.in.u16();
  const Field& f = read_field(from);
  const SubField to = unpack_bits(f.id, ofs_nbits);
  const FieldValue value{0, from.in.u64()};
  check_target(from, to);
  if (!(value & ~FieldValue::ones(to.bit_count)).is_zero()) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, "a value wider than its place"});
  }
  rest_must_be_zero(from.in);
  if (from.in.failed()) {
    return SetFieldAction{};
  }
  return SetFieldAction{
      .field = f.id, .value = value << to.offset, .mask = FieldValue::ones(to.bit_count) << to.offset, .is_load = true};
}

Action read_reg_load2(ActionBody& from) {
  const auto entry = read_oxm(from.in, true);
  if (!entry) {
    from.in.fail(entry.error() == OxmFault::unknown_field ? ErrorCode::ofpbac_bad_set_type
                                                          : ErrorCode::ofpbac_bad_set_argument);
    return SetFieldAction{};
  }
  check_writable(from, *entry->field);
  rest_must_be_zero(from.in);
  return SetFieldAction{.field = entry->field->id, .value = entry->value, .mask = entry->mask, .is_load = true};
}

Action read_stack_push(ActionBody& from) {
  const SubField bits = read_stack(from);
  check_source(from.in, bits);
  return StackPushAction{bits};
}

Action read_stack_pop(ActionBody& from) {
  const SubField bits = read_stack(from);
  check_target(from, bits);
  return StackPopAction{bits};
}

Action read_write_metadata(ActionBody& from) {
  WriteMetadataAction action;
  must_be_zero(from.in, 6, nicira_error(NiciraError::must_be_zero));
  from.in.u64(action.value);
  from.in.u64(action.mask);
  return action;
}

Action read_check_pkt_larger(ActionBody& from) {
  CheckPacketLargerAction action;
  from.in.u16(action.size);
  const uint16_t offset = from.in.u16();
  action.to = {read_field(from).id, offset, 1};
  check_target(from, action.to);
  rest_must_be_zero(from.in);
  return action;
}

// A tunnel option, mapped or not: what stands here is its header, and there is nothing to read or write in it.
Action read_delete_field(ActionBody& from) {
  const uint16_t oxm_class = from.in.u16();
  const uint8_t number_and_mask = from.in.u8();
  const uint8_t length = from.in.u8();
  const Field* f = find_numbered(oxm_class, number_and_mask >> 1).field;
  if (f == nullptr || !is_tunnel_option(f->id)) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, "only a tunnel option can be deleted"});
  } else if ((number_and_mask & 1) != 0 || length > max_tunnel_option_size) {
    from.in.fail({ErrorCode::ofpbac_bad_set_len, std::string(f->name)});
  }
  from.in.pad(10);
  return DeleteFieldAction{f != nullptr ? f->id : FieldId::tun_metadata0};
}

Action read_set_mpls_label(ActionBody& from) {
  from.in.pad(2);
  const uint32_t label = from.in.u32();
  if (label > max_label) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("MPLS label {}", label)});
  }
  return set_whole(FieldId::mpls_label, label);
}

Action read_set_mpls_tc(ActionBody& from) {
  const uint8_t tc = from.in.u8();
  from.in.pad(5);
  if (tc > max_tc) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("MPLS traffic class {}", tc)});
  }
  return set_whole(FieldId::mpls_tc, tc);
}

Action read_push_mpls_10(ActionBody& from) {
  const uint16_t ethertype = read_ethertype(from, {0x8847, 0x8848});
  from.in.pad(4);
  return PushMplsAction{ethertype};
}

Action read_pop_mpls_10(ActionBody& from) {
  const uint16_t ethertype = read_ethertype(from, {});
  from.in.pad(4);
  return PopMplsAction{ethertype};
}

Action read_set_mpls_ttl_10(ActionBody& from) {
  const uint8_t ttl = from.in.u8();
  from.in.pad(5);
  return SetMplsTtlAction{ttl};
}

void write_nicira(WireWriter& out, const MoveAction& action) {
  write_nicira_action(out, subtype::reg_move, [&] {
    out.u16(action.to.bit_count);
    out.u16(action.from.offset);
    out.u16(action.to.offset);
    write_oxm_header(out, nxm_first(action.from.field));
    write_oxm_header(out, nxm_first(action.to.field));
  });
}

void write_nicira(WireWriter& out, const StackPushAction& action) {
  write_stack(out, subtype::stack_push, action.from);
}

void write_nicira(WireWriter& out, const StackPopAction& action) { write_stack(out, subtype::stack_pop, action.to); }

void write_nicira(WireWriter& out, const WriteMetadataAction& action) {
  write_nicira_action(out, subtype::write_metadata, [&] {
    out.pad(6);
    out.u64(action.value);
    out.u64(action.mask);
  });
}

void write_nicira(WireWriter& out, const CheckPacketLargerAction& action) {
  const size_t begin = out.size();
  write_nicira_action(out, subtype::check_pkt_larger, [&] {
    out.u16(action.size);
    out.u16(action.to.offset);
    write_oxm_header(out, nxm_first(action.to.field));
    out.pad_to(begin, wide_action_size);
  });
}

void write_nicira(WireWriter& out, const DeleteFieldAction& action) {
  const size_t begin = out.size();
  write_nicira_action(out, subtype::delete_field, [&] {
    write_oxm_header(out, nxm_first(action.field));
    out.pad_to(begin, wide_action_size);
  });
}

void write_nicira_load(WireWriter& out, const SetFieldAction& action, Version version) {
  const Field& f = field(action.field);
  const auto runs = runs_of(action.mask, f.n_bits);
  if (action.is_load && runs.size() != 1) {
    write_nicira_action(out, subtype::reg_load2, [&] { write_oxm(out, f, action.value, action.mask, version); });
    return;
  }
  for (const BitRun run : runs) {
    write_reg_load(out, f.id, action.value, run);
  }
}

}  // namespace weft::openflow
