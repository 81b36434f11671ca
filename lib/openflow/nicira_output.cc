// Where a packet goes: resubmits, outputs that registers or hashes choose, truncated ones, and 1.0's queue and group.
#include <fmt/format.h>

#include "lib/openflow/flow_message.h"
#include "lib/openflow/nicira_action.h"

namespace weft::openflow {
namespace {

constexpr uint8_t current_table = 0xff;             // in resubmit_table
constexpr uint32_t min_truncated_size = 14;         // an Ethernet header
constexpr uint32_t member_type_port = 0x00000002;   // the NXM header of in_port: members are port numbers
constexpr size_t max_bundle_members = 2048;         // BUNDLE_MAX_SLAVES
constexpr uint16_t min_bits_of_bundle_target = 16;  // a port number
constexpr size_t bundle_member_size = 2;

HashFields read_hash_fields(WireReader& in) {
  const uint16_t fields = in.u16();
  if (fields > static_cast<uint16_t>(HashFields::symmetric_l3)) {
    in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("hash fields {}", fields)});
  }
  return static_cast<HashFields>(fields);
}

void read_resubmit_target(ActionBody& from, ResubmitAction& action) {
  from.in.u16(action.in_port);
  const uint8_t table = from.in.u8();
  must_be_zero(from.in, 3, ErrorCode::ofpbac_bad_argument);
  if (table != current_table) {
    action.table = table;
  }
}

void read_bundle_members(ActionBody& from, BundleAction& action, size_t count) {
  if (count > max_bundle_members) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("{} bundle members", count)});
  } else if (count * bundle_member_size > from.in.remaining()) {
    from.in.fail_short();
  }
  for (size_t i = 0; i < count && !from.in.failed(); ++i) {
    const OfPort member{from.in.u16()};
    check_output_port(from, member);
    action.members.push_back(member);
  }
  skip_padding(from.in);
}

// Both bundles have one layout; where bundle_load has its target, the other has zeros.
Action read_either_bundle(ActionBody& from, bool is_load) {
  BundleAction action;
  const uint16_t algorithm = from.in.u16();
  action.fields = read_hash_fields(from.in);
  from.in.u16(action.basis);
  const uint32_t member_type = from.in.u32();
  const uint16_t count = from.in.u16();
  if (is_load) {
    action.to = read_packed_field(from);
    check_target(from, *action.to);
    if (action.to->bit_count < min_bits_of_bundle_target) {
      from.in.fail({ErrorCode::ofpbac_bad_argument, "bundle_load to fewer than 16 bits"});
    }
  } else {
    must_be_zero(from.in, 6, ErrorCode::ofpbac_bad_argument);
  }
  must_be_zero(from.in, 4, ErrorCode::ofpbac_bad_argument);
  if (algorithm > static_cast<uint16_t>(BundleAlgorithm::hrw) || member_type != member_type_port) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, "a bundle algorithm or member type that is not known"});
  }
  action.algorithm = static_cast<BundleAlgorithm>(algorithm);
  read_bundle_members(from, action, count);
  return action;
}

}  // namespace

Action read_resubmit(ActionBody& from) {
  ResubmitAction action;
  from.in.u16(action.in_port);
  from.in.pad(4);
  return action;
}

Action read_resubmit_table(ActionBody& from) {
  ResubmitAction action;
  read_resubmit_target(from, action);
  return action;
}

Action read_resubmit_table_ct(ActionBody& from) {
  ResubmitAction action;
  read_resubmit_target(from, action);
  action.with_ct = true;
  return action;
}

Action read_output_reg(ActionBody& from) {
  OutputRegAction action;
  action.from = read_packed_field(from);
  from.in.u16(action.max_len);
  must_be_zero(from.in, 6, ErrorCode::ofpbac_bad_argument);
  check_source(from.in, action.from);
  return action;
}

Action read_output_reg2(ActionBody& from) {
  OutputRegAction action;
  const uint16_t ofs_nbits = from.in.u16();
  from.in.u16(action.max_len);
  action.from = unpack_bits(read_field(from).id, ofs_nbits);
  check_source(from.in, action.from);
  rest_must_be_zero(from.in);
  return action;
}

Action read_output_trunc(ActionBody& from) {
  OutputTruncAction action;
  from.in.u16(action.port);
  from.in.u32(action.max_size);
  if (!is_ordinary(action.port) && action.port != of_port::in_port && action.port != of_port::local) {
    from.in.fail({ErrorCode::ofpbac_bad_out_port, fmt::format("truncated output to {}", number(action.port))});
  } else if (action.max_size < min_truncated_size) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("output cut to {} bytes", action.max_size)});
  }
  return action;
}

Action read_set_queue_10(ActionBody& from) {
  from.in.pad(2);
  return SetQueueAction{from.in.u32()};
}

Action read_group_10(ActionBody& from) {
  from.in.pad(2);
  const uint32_t group_id = from.in.u32();
  if (group_id > max_group) {
    from.in.fail({ErrorCode::ofpbac_bad_out_group, fmt::format("group {:#x}", group_id)});
  }
  return GroupAction{group_id};
}

Action read_multipath(ActionBody& from) {
  MultipathAction action;
  action.fields = read_hash_fields(from.in);
  from.in.u16(action.basis);
  from.in.pad(2);
  const uint16_t algorithm = from.in.u16();
  from.in.u16(action.max_link);
  from.in.u32(action.argument);
  from.in.pad(2);
  action.to = read_packed_field(from);
  check_target(from, action.to);
  if (algorithm > static_cast<uint16_t>(MultipathAlgorithm::iter_hash)) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("multipath algorithm {}", algorithm)});
  } else if (action.to.bit_count < 16 && action.max_link >> action.to.bit_count != 0) {
    from.in.fail({ErrorCode::ofpbac_bad_argument,
                  fmt::format("{} links in {} bits", action.max_link + 1U, action.to.bit_count)});
  }
  action.algorithm = static_cast<MultipathAlgorithm>(algorithm);
  return action;
}

Action read_bundle(ActionBody& from) { return read_either_bundle(from, false); }
Action read_bundle_load(ActionBody& from) { return read_either_bundle(from, true); }

void write_nicira(WireWriter& out, const ResubmitAction& action) {
  write_nicira_action(out, action.with_ct ? subtype::resubmit_table_ct : subtype::resubmit_table, [&] {
    out.u16(action.in_port);
    out.u8(action.table.value_or(current_table));
    out.pad(3);
  });
}

void write_nicira(WireWriter& out, const OutputRegAction& action) {
  const OxmId& id = nxm_first(action.from.field);
  if (id.experimenter != 0) {  // eight bytes of header do not fit into the older form
    write_nicira_action(out, subtype::output_reg2, [&] {
      out.u16(pack_bits(action.from));
      out.u16(action.max_len);
      write_oxm_header(out, id);
    });
    return;
  }
  write_nicira_action(out, subtype::output_reg, [&] {
    out.u16(pack_bits(action.from));
    write_oxm_header(out, id);
    out.u16(action.max_len);
    out.pad(6);
  });
}

void write_nicira(WireWriter& out, const OutputTruncAction& action) {
  write_nicira_action(out, subtype::output_trunc, [&] {
    out.u16(action.port);
    out.u32(action.max_size);
  });
}

void write_nicira(WireWriter& out, const MultipathAction& action) {
  write_nicira_action(out, subtype::multipath, [&] {
    out.u16(action.fields);
    out.u16(action.basis);
    out.pad(2);
    out.u16(action.algorithm);
    out.u16(action.max_link);
    out.u32(action.argument);
    out.pad(2);
    out.u16(pack_bits(action.to));
    write_oxm_header(out, nxm_first(action.to.field));
  });
}

void write_nicira(WireWriter& out, const BundleAction& action) {
  write_nicira_action(out, action.to ? subtype::bundle_load : subtype::bundle, [&] {
    out.u16(action.algorithm);
    out.u16(action.fields);
    out.u16(action.basis);
    out.u32(member_type_port);
    out.u16(action.members.size());
    if (action.to) {
      out.u16(pack_bits(*action.to));
      write_oxm_header(out, nxm_first(action.to->field));
    } else {
      out.pad(6);
    }
    out.pad(4);
    for (const OfPort member : action.members) {
      out.u16(member);
    }
  });
}

}  // namespace weft::openflow
