// Flows that packets make or change: learn, fin_timeout, conjunction.
//
// The specs of learn are a list of its own: a 16-bit header (source kind, destination kind, number of bits), then the
// source, a field or as many 16-bit words as hold the bits, then the destination, a field or for output nothing. A header
// of zero, or the end, ends it.
#include <fmt/format.h>

#include "lib/openflow/nicira_action.h"
#include "lib/openflow/nicira_error.h"

namespace weft::openflow {
namespace {

namespace learn_flag {
constexpr uint16_t send_flow_removed = 1;
constexpr uint16_t delete_learned = 2;
constexpr uint16_t write_result = 4;
}  // namespace learn_flag

namespace spec {
constexpr uint16_t source_immediate = 1 << 13;
constexpr unsigned kind_shift = 11;
constexpr uint16_t kind_bits = 3;
constexpr uint16_t count_bits = 0x3ff;
constexpr uint16_t unused_bits = 0xc000;
}  // namespace spec

constexpr uint8_t no_table = 0xff;
constexpr unsigned word_bits = 16;
constexpr unsigned max_value_bits = 128;
constexpr uint8_t max_clauses = 64;

unsigned words_of(unsigned bit_count) { return (bit_count + word_bits - 1) / word_bits; }

FieldValue read_immediate(WireReader& in, unsigned bit_count) {
  FieldValue value;
  for (unsigned i = 0; i < words_of(bit_count); ++i) {
    value = value << word_bits | FieldValue{0, in.u16()};
  }
  if (bit_count > max_value_bits || !(value & ~FieldValue::ones(bit_count)).is_zero()) {
    in.fail(bad_argument("an immediate wider than its bits"));
  }
  return value;
}

void write_immediate(WireWriter& out, FieldValue value, unsigned bit_count) {
  for (unsigned i = words_of(bit_count); i-- > 0;) {
    out.u16((value >> (i * word_bits)).lo);
  }
}

SubField read_spec_field(ActionBody& from, uint16_t bit_count) {
  const FieldId id = read_short_field(from).id;
  return {id, from.in.u16(), bit_count};
}

void write_spec_field(WireWriter& out, const SubField& bits) {
  write_oxm_header(out, nxm_first(bits.field));
  out.u16(bits.offset);
}

void read_spec(ActionBody& from, uint16_t header, Learn& learn) {
  LearnSpec one;
  const unsigned kind = header >> spec::kind_shift & spec::kind_bits;
  one.bit_count = header & spec::count_bits;
  if (kind > static_cast<unsigned>(LearnSpec::Kind::output) || (header & spec::unused_bits) != 0) {
    from.in.fail(bad_argument(fmt::format("learn spec {:#06x}", header)));
    return;
  }
  one.kind = static_cast<LearnSpec::Kind>(kind);
  if (one.kind == LearnSpec::Kind::output && (header & spec::source_immediate) != 0) {
    from.in.fail(bad_argument("a learned output to a number"));
  }
  if ((header & spec::source_immediate) != 0) {
    one.source = read_immediate(from.in, one.bit_count);
  } else {
    const SubField source = read_spec_field(from, one.bit_count);
    check_source(from.in, source);
    one.source = source;
  }
  if (one.kind != LearnSpec::Kind::output) {
    one.to = read_spec_field(from, one.bit_count);
    check_bits(from.in, field(one.to.field), one.to.offset, one.to.bit_count);
  }
  if (one.kind == LearnSpec::Kind::load) {
    check_writable(from, field(one.to.field));
  }
  learn.specs.push_back(one);
}

void read_specs(ActionBody& from, Learn& learn) {
  while (from.in.remaining() >= sizeof(uint16_t) && !from.in.failed()) {
    const uint16_t header = from.in.u16();
    if (header == 0) {
      break;
    }
    read_spec(from, header, learn);
  }
  must_be_zero(from.in, from.in.remaining(), ErrorCode::ofpbac_bad_argument);
}

// What both learns begin with; what else the flags say is left to the caller.
uint16_t read_learn_begin(ActionBody& from, Learn& learn) {
  from.in.u16(learn.idle_timeout);
  from.in.u16(learn.hard_timeout);
  from.in.u16(learn.priority);
  from.in.u64(learn.cookie);
  const uint16_t flags = from.in.u16();
  from.in.u8(learn.table_id);
  const uint8_t pad = from.in.u8();
  from.in.u16(learn.fin_idle_timeout);
  from.in.u16(learn.fin_hard_timeout);
  learn.send_flow_removed = (flags & learn_flag::send_flow_removed) != 0;
  learn.delete_learned = (flags & learn_flag::delete_learned) != 0;
  if (learn.table_id == no_table || pad != 0) {
    from.in.fail(bad_argument("learn into table 255"));
  }
  return flags;
}

void check_flags(WireReader& in, uint16_t flags, uint16_t known) {
  if ((flags & ~known) != 0) {
    in.fail(bad_argument(fmt::format("learn flags {:#06x}", flags)));
  }
}

void write_spec(WireWriter& out, const LearnSpec& one) {
  const auto* immediate = std::get_if<FieldValue>(&one.source);
  out.u16((immediate != nullptr ? spec::source_immediate : 0) | static_cast<unsigned>(one.kind) << spec::kind_shift |
          one.bit_count);
  if (immediate != nullptr) {
    write_immediate(out, *immediate, one.bit_count);
  } else {
    write_spec_field(out, std::get<SubField>(one.source));
  }
  if (one.kind != LearnSpec::Kind::output) {
    write_spec_field(out, one.to);
  }
}

// The newer form only for what the older cannot say.
bool needs_learn2(const Learn& learn) { return learn.limit != 0 || learn.result.has_value(); }

void write_learn2_part(WireWriter& out, const Learn& learn) {
  out.u32(learn.limit);
  out.u16(learn.result ? learn.result->offset : 0);
  out.pad(2);
  if (learn.result) {
    write_oxm_header(out, nxm_first(learn.result->field));
  }
}

}  // namespace

Action read_learn(ActionBody& from) {
  Learn learn;
  const uint16_t flags = read_learn_begin(from, learn);
  check_flags(from.in, flags, learn_flag::send_flow_removed | learn_flag::delete_learned);
  read_specs(from, learn);
  return LearnAction{std::move(learn)};
}

Action read_learn2(ActionBody& from) {
  Learn learn;
  const uint16_t flags = read_learn_begin(from, learn);
  check_flags(from.in, flags, learn_flag::send_flow_removed | learn_flag::delete_learned | learn_flag::write_result);
  from.in.u32(learn.limit);
  const uint16_t offset = from.in.u16();
  must_be_zero(from.in, 2, nicira_error(NiciraError::action_must_be_zero));
  if ((flags & learn_flag::write_result) != 0) {
    learn.result = SubField{read_field(from).id, offset, 1};
    check_target(from, *learn.result);
  } else if (offset != 0) {
    from.in.fail(bad_argument("a learn result without its flag"));
  }
  read_specs(from, learn);
  return LearnAction{std::move(learn)};
}

Action read_fin_timeout(ActionBody& from) {
  FinTimeoutAction action;
  from.in.u16(action.idle_timeout);
  from.in.u16(action.hard_timeout);
  from.in.pad(2);
  return action;
}

Action read_conjunction(ActionBody& from) {
  ConjunctionAction action;
  from.in.u8(action.clause);
  from.in.u8(action.clause_count);
  from.in.u32(action.id);
  if (action.clause_count < 2 || action.clause_count > max_clauses || action.clause >= action.clause_count) {
    from.in.fail(nicira_error(NiciraError::bad_conjunction,
                              fmt::format("clause {} of {}", action.clause + 1, action.clause_count)));
  }
  return action;
}

void write_nicira(WireWriter& out, const LearnAction& action) {
  const Learn& learn = *action.learn;
  const bool is_learn2 = needs_learn2(learn);
  write_nicira_action(out, is_learn2 ? subtype::learn2 : subtype::learn, [&] {
    out.u16(learn.idle_timeout);
    out.u16(learn.hard_timeout);
    out.u16(learn.priority);
    out.u64(learn.cookie);
    out.u16((learn.send_flow_removed ? learn_flag::send_flow_removed : 0) |
            (learn.delete_learned ? learn_flag::delete_learned : 0) | (learn.result ? learn_flag::write_result : 0));
    out.u8(learn.table_id);
    out.pad(1);
    out.u16(learn.fin_idle_timeout);
    out.u16(learn.fin_hard_timeout);
    if (is_learn2) {
      write_learn2_part(out, learn);
    }
    for (const LearnSpec& one : learn.specs) {
      write_spec(out, one);
    }
  });
}

void write_nicira(WireWriter& out, const FinTimeoutAction& action) {
  write_nicira_action(out, subtype::fin_timeout, [&] {
    out.u16(action.idle_timeout);
    out.u16(action.hard_timeout);
    out.pad(2);
  });
}

void write_nicira(WireWriter& out, const ConjunctionAction& action) {
  write_nicira_action(out, subtype::conjunction, [&] {
    out.u8(action.clause);
    out.u8(action.clause_count);
    out.u32(action.id);
  });
}

}  // namespace weft::openflow
