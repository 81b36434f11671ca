// The table of Nicira's actions: which versions have them, as Open vSwitch sends and takes them. What is standard from 1.1
// on is Nicira's in 1.0 only; load and move end where 1.5 has masked set-field and copy-field.
#include "lib/openflow/nicira_action.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::openflow {
namespace {

template <class Empty>
Action read_empty_nicira(ActionBody& from) {
  from.in.pad(6);
  return Empty{};
}

struct NiciraRow {
  uint16_t subtype;
  Action (*read)(ActionBody&);
  Version until = Version::v1_5;
};

constexpr NiciraRow nicira_rows[] = {
    {subtype::resubmit, read_resubmit},
    {subtype::set_tunnel, read_set_tunnel},
    {subtype::set_queue, read_set_queue_10, Version::v1_0},
    {subtype::pop_queue, read_empty_nicira<PopQueueAction>},
    {subtype::reg_move, read_reg_move, Version::v1_4},
    {subtype::reg_load, read_reg_load, Version::v1_4},
    {subtype::note, read_note},
    {subtype::set_tunnel64, read_set_tunnel64},
    {subtype::multipath, read_multipath},
    {subtype::bundle, read_bundle},
    {subtype::bundle_load, read_bundle_load},
    {subtype::resubmit_table, read_resubmit_table},
    {subtype::output_reg, read_output_reg},
    {subtype::learn, read_learn},
    {subtype::exit, read_empty_nicira<ExitAction>},
    {subtype::dec_ttl, read_empty_nicira<DecTtlAction>},
    {subtype::fin_timeout, read_fin_timeout},
    {subtype::controller, read_controller},
    {subtype::dec_ttl_ids, read_dec_ttl_ids},
    {subtype::write_metadata, read_write_metadata},
    {subtype::push_mpls, read_push_mpls_10, Version::v1_0},
    {subtype::pop_mpls, read_pop_mpls_10, Version::v1_0},
    {subtype::set_mpls_ttl, read_set_mpls_ttl_10, Version::v1_0},
    {subtype::dec_mpls_ttl, read_empty_nicira<DecMplsTtlAction>, Version::v1_0},
    {subtype::stack_push, read_stack_push},
    {subtype::stack_pop, read_stack_pop},
    {subtype::sample, read_sample},
    {subtype::set_mpls_label, read_set_mpls_label, Version::v1_0},
    {subtype::set_mpls_tc, read_set_mpls_tc, Version::v1_0},
    {subtype::output_reg2, read_output_reg2},
    {subtype::reg_load2, read_reg_load2, Version::v1_4},
    {subtype::conjunction, read_conjunction},
    {subtype::ct, read_ct},
    {subtype::nat, read_nat},
    {subtype::controller2, read_controller2},
    {subtype::sample2, read_sample2},
    {subtype::output_trunc, read_output_trunc},
    {subtype::group, read_group_10, Version::v1_0},
    {subtype::sample3, read_sample3},
    {subtype::clone, read_clone},
    {subtype::ct_clear, read_empty_nicira<CtClearAction>},
    {subtype::resubmit_table_ct, read_resubmit_table_ct},
    {subtype::learn2, read_learn2},
    {subtype::check_pkt_larger, read_check_pkt_larger},
    {subtype::delete_field, read_delete_field},
    {subtype::sample4, read_sample4},
};

ErrorCode field_error(OxmFault fault) {
  return fault == OxmFault::cut_short ? ErrorCode::ofpbac_bad_len : ErrorCode::ofpbac_bad_set_type;
}

}  // namespace

Action read_nicira_action(ActionBody& from) {
  const uint16_t subtype = from.in.u16();
  const auto* row = std::ranges::find(nicira_rows, subtype, &NiciraRow::subtype);
  if (row == std::end(nicira_rows) || from.version > row->until) {
    from.in.fail({ErrorCode::ofpbac_bad_exp_type, fmt::format("Nicira action {}", subtype)});
    return ExitAction{};
  }
  return row->read(from);
}

const Field& read_field(ActionBody& from) {
  const auto f = read_oxm_header(from.in);
  if (!f) {
    from.in.fail(field_error(f.error()));
    return field(FieldId::reg0);
  }
  return **f;
}

const Field& read_short_field(ActionBody& from) {
  const Field& f = read_field(from);
  if (nxm_first(f.id).experimenter != 0) {
    from.in.fail({ErrorCode::ofpbac_bad_set_type, "an experimenter's field has no place here"});
  }
  return f;
}

SubField unpack_bits(FieldId field, uint16_t ofs_nbits) {
  return {field, static_cast<uint16_t>(ofs_nbits >> 6), static_cast<uint16_t>((ofs_nbits & 0x3f) + 1)};
}

SubField read_packed_field(ActionBody& from) {
  const uint16_t ofs_nbits = from.in.u16();
  return unpack_bits(read_short_field(from).id, ofs_nbits);
}

uint16_t pack_bits(const SubField& bits) { return static_cast<uint16_t>(bits.offset << 6 | (bits.bit_count - 1)); }

void check_source(WireReader& in, const SubField& bits) {
  check_bits(in, field(bits.field), bits.offset, bits.bit_count);
}

void must_be_zero(WireReader& in, size_t size, const OpenFlowError& otherwise) {
  const auto bytes = in.take(size);
  if (std::ranges::any_of(bytes, [](uint8_t byte) { return byte != 0; })) {
    in.fail(otherwise);
  }
}

void rest_must_be_zero(WireReader& in) {
  if (in.remaining() < 8) {
    must_be_zero(in, in.remaining(), nicira_error(NiciraError::must_be_zero));
  }
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

void write_nicira_number(WireWriter& out, uint16_t subtype, unsigned padding, uint64_t number, unsigned size) {
  write_nicira_action(out, subtype, [&] {
    out.pad(padding);
    for (unsigned i = size; i-- > 0;) {
      out.u8(number >> (8 * i));
    }
  });
}

void write_nicira(WireWriter& out, const ExitAction&) { write_nicira_number(out, subtype::exit, 6, 0, 0); }
void write_nicira(WireWriter& out, const PopQueueAction&) { write_nicira_number(out, subtype::pop_queue, 6, 0, 0); }
void write_nicira(WireWriter& out, const CtClearAction&) { write_nicira_number(out, subtype::ct_clear, 6, 0, 0); }

}  // namespace weft::openflow
