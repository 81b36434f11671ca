#include "tests/ofproto/translate/random_tables.h"

#include <algorithm>
#include <iterator>

namespace weft {

using namespace openflow;

// A kind of packet that a rule may be about: what it must match, may match, and may set.
struct RandomTables::Kind {
  uint64_t eth_type = 0;  // 0: any
  uint64_t ip_proto = 0;
  std::vector<FieldId> matched;
  std::vector<FieldId> set;
};

namespace {

using F = FieldId;

constexpr FieldId first_option = F::tun_metadata0 + random_option;

const std::vector<FieldId> link_fields = {
    F::eth_dst,  F::eth_src, F::vlan_tci, F::vlan_vid,   F::tun_id,  F::tun_src, F::tun_dst,   F::metadata,     F::reg0,
    F::reg0 + 3, F::tun_tos, F::tun_ttl,  F::tun_gbp_id, F::in_port, F::eth_dst, first_option, first_option + 1};
const std::vector<FieldId> link_sets = {F::eth_dst, F::eth_src, F::reg0,      F::reg0 + 3,     F::metadata,
                                        F::tun_id,  F::tun_dst, first_option, first_option + 1};

std::vector<FieldId> operator+(std::vector<FieldId> a, const std::vector<FieldId>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const std::vector<FieldId> ip_fields = {F::ip_dscp, F::nw_tos, F::ip_ecn, F::nw_ttl, F::ip_frag, F::ip_proto};
const std::vector<FieldId> ip_sets = {F::ip_dscp, F::ip_ecn, F::nw_ttl};
const std::vector<FieldId> v4_fields = {F::ipv4_src, F::ipv4_dst};
const std::vector<FieldId> v6_fields = {F::ipv6_src, F::ipv6_dst, F::ipv6_label};
const std::vector<FieldId> arp = {F::arp_op, F::arp_spa, F::arp_tpa, F::arp_sha, F::arp_tha};

bool is_exact_only(const Field& f) { return !f.is_maskable(); }

}  // namespace

FieldValue RandomTables::value128(FieldId id, uint64_t low) {
  const bool is_v6 = field(id).n_bits == 128;
  return is_v6 ? FieldValue{0xfd00000000000000U | (low & 0x10) << 40, low} : FieldValue{0, low};
}

const std::vector<RandomTables::Kind>& RandomTables::kinds() {
  static const std::vector<Kind> kinds = {
      {0, 0, link_fields, link_sets},
      {0x0800, 0, link_fields + v4_fields + v4_fields + ip_fields, link_sets + v4_fields + ip_sets},
      {0x0800, 6, v4_fields + ip_fields + std::vector{F::tcp_src, F::tcp_dst, F::tcp_flags, F::tcp_dst, F::eth_src},
       link_sets + v4_fields + ip_sets + std::vector{F::tcp_src, F::tcp_dst}},
      {0x0800, 17, v4_fields + ip_fields + std::vector{F::udp_src, F::udp_dst, F::udp_dst, F::reg0},
       link_sets + v4_fields + ip_sets + std::vector{F::udp_src, F::udp_dst}},
      {0x0800, 132, {F::sctp_src, F::sctp_dst, F::in_port}, link_sets + std::vector{F::sctp_src, F::sctp_dst}},
      {0x0800, 1, v4_fields + std::vector{F::icmp_type, F::icmp_code},
       link_sets + v4_fields + std::vector{F::icmp_type, F::icmp_code}},
      {0x86dd, 0, link_fields + v6_fields + v6_fields + ip_fields + std::vector{F::ipv6_exthdr},
       link_sets + v6_fields + ip_sets},
      {0x86dd, 17, v6_fields + ip_fields + std::vector{F::udp_src, F::udp_dst},
       link_sets + v6_fields + ip_sets + std::vector{F::udp_dst}},
      {0x86dd, 6, v6_fields + std::vector{F::tcp_src, F::tcp_dst, F::tcp_flags}, link_sets + v6_fields + ip_sets},
      {0x86dd, 58, v6_fields + std::vector{F::icmpv6_type, F::icmpv6_code}, link_sets + v6_fields},
      {0x0806, 0, link_fields + arp + arp, link_sets + arp},
      {0x8847, 0, link_fields + std::vector{F::mpls_label, F::mpls_tc, F::mpls_bos, F::mpls_ttl},
       link_sets + std::vector{F::mpls_label, F::mpls_tc, F::mpls_ttl}},
      {0x88e7, 0, link_fields + std::vector{F::pbb_isid, F::pbb_uca, F::pbb_isid},
       link_sets + std::vector{F::pbb_isid, F::pbb_uca}},
  };
  return kinds;
}

const RandomTables::Kind& RandomTables::kind() { return kinds()[one_in(3) ? 0 : below(kinds().size())]; }

const RandomTables::Kind& RandomTables::kind_of(uint64_t eth_type) {
  return *std::ranges::find(kinds(), eth_type, &Kind::eth_type);
}

// A value that packets are likely to have.
uint64_t RandomTables::value_of(FieldId id) {
  const auto of = [&](std::initializer_list<uint64_t> values) { return *(values.begin() + below(values.size())); };
  switch (id) {
    case F::eth_src:
    case F::arp_sha:
      return of({0x020000000001, 0x020000000003, 0x060000000001});
    case F::eth_dst:
    case F::arp_tha:
      return of({0x020000000001, 0x020000000002, 0x020000000003, 0xffffffffffff, 0x0180c2000000});
    case F::vlan_tci:
      return of({0, 0x100a, 0x100b, 0x500a});
    case F::vlan_vid:
      return of({0, 0x100a, 0x100b});
    case F::ipv4_src:
    case F::ipv4_dst:
    case F::arp_spa:
    case F::arp_tpa:
    case F::tun_src:
    case F::tun_dst:
      return of({0x0a000001, 0x0a000002, 0x0a000102, 0x8a000001});
    case F::ipv6_src:
    case F::ipv6_dst:
      return of({1, 2, 0x11, 0x8000000000000001});
    case F::tun_id:
      return of({5, 7, 0x105});
    case F::nw_ttl:
    case F::mpls_ttl:
    case F::tun_ttl:
      return of({0, 1, 2, 3, 63, 64, 65, 255});
    case F::ip_dscp:
      return of({0, 1, 46});
    case F::nw_tos:
      return of({0, 4, 0xb8});
    case F::tun_tos:
      return of({0, 4, 0xb8});
    case F::ip_frag:
      return of({0, 1, 3});
    case F::ip_proto:
      return of({1, 6, 17, 58, 132});
    case F::tcp_src:
    case F::tcp_dst:
    case F::udp_src:
    case F::udp_dst:
    case F::sctp_src:
    case F::sctp_dst:
      return of({53, 80, 81, 0x8050});
    case F::icmp_type:
    case F::icmpv6_type:
      return of({0, 8, 128, 135});
    case F::arp_op:
      return of({1, 2});
    case F::in_port:
      return 1 + below(random_port_count);
    case F::pbb_uca:
      return below(2);
    case F::ipv6_exthdr:
      return of({0, 0x20, 0x40});
    default:
      return below(4);
  }
}

void RandomTables::match_field(Match& match, FieldId id) {
  const Field& f = field(id);
  const FieldValue value = value128(id, value_of(id));
  if (is_exact_only(f) || one_in(2)) {
    match.set(f, value & all_bits(f));
    return;
  }
  // A prefix, a suffix, or single bits.
  static const std::vector<uint64_t> masks = {0xff, 1, 0x8000, 0xfffffffffffffff0, 0x1000, 3, 0xffffffffffff0000};
  const FieldValue mask = FieldValue{one_in(2) ? ~uint64_t{0} : 0, pick(masks)} & all_bits(f);
  match.set_masked(f, value & mask, mask);
}

Action RandomTables::output() {
  switch (below(12)) {
    case 0:
      return OutputAction{.port = of_port::flood};
    case 1:
      return OutputAction{.port = of_port::in_port};
    case 2:
      return OutputAction{.port = of_port::normal};
    case 3:
      return OutputAction{.port = of_port::controller, .max_len = 0xffff};
    case 4:
      return GroupAction{1 + static_cast<uint32_t>(below(random_group_count))};
    default:
      return OutputAction{.port = in_port()};
  }
}

Action RandomTables::change(const Kind& kind) {
  if (kind.eth_type == 0x0800 || kind.eth_type == 0x86dd) {
    if (one_in(4)) {
      return DecTtlAction{};
    }
  }
  if (one_in(20)) {
    return DeleteFieldAction{first_option + static_cast<unsigned>(below(random_option_count))};
  }
  if (one_in(20)) {
    return MoveAction{{first_option, 0, 8}, {first_option + 1, static_cast<uint16_t>(8 * below(3)), 8}};
  }
  if (one_in(6)) {
    return MoveAction{{F::eth_src, 0, 8}, {F::reg0, static_cast<uint16_t>(8 * below(3)), 8}};
  }
  const FieldId id = pick(kind.set);
  const Field& f = field(id);
  SetFieldAction set{id, value128(id, value_of(id)) & all_bits(f), all_bits(f)};
  if (f.is_maskable() && one_in(4)) {
    set.mask = FieldValue{0, 0xf} & all_bits(f);
    set.value = set.value & set.mask;
  }
  return set;
}

SubField RandomTables::some_bits(FieldId id) {
  const uint16_t width = field(id).n_bits;
  const auto count = static_cast<uint16_t>(width > 8 && one_in(2) ? 8 : width);
  return {id, static_cast<uint16_t>(width == count ? 0 : 8 * below((width - count) / 8 + 1)), count};
}

LearnAction RandomTables::learn() {
  const SubField src{F::eth_src, 0, 48};
  const SubField dst{F::eth_dst, 0, 48};
  const SubField from{F::in_port, 0, 16};
  Learn learn;
  learn.table_id = random_learn_table;
  const auto which = static_cast<uint16_t>(below(random_learn_kinds));
  learn.priority = random_learn_priority + which;
  if (which == 0) {
    learn.specs = {{LearnSpec::Kind::match, 48, src, dst}, {LearnSpec::Kind::output, 16, from, {}}};
  } else {
    learn.specs = {{LearnSpec::Kind::match, 16, from, from},
                   {LearnSpec::Kind::match, 48, src, src},
                   {LearnSpec::Kind::load, 8, SubField{F::eth_src, 0, 8}, {F::reg0, 8, 8}},
                   {LearnSpec::Kind::output, 16, FieldValue{0, 2}, {}}};
  }
  if (one_in(2)) {
    learn.result = SubField{F::reg0, 0, 1};
  }
  return {learn};
}

Action RandomTables::set_queue() { return SetQueueAction{static_cast<uint32_t>(below(random_queue_count))}; }

ActionList RandomTables::queueing() {
  ActionList actions{set_queue()};
  if (one_in(2)) {
    actions.emplace_back(EnqueueAction{in_port(), static_cast<uint32_t>(below(random_queue_count))});
  }
  if (one_in(3)) {
    actions.emplace_back(PopQueueAction{});
  }
  return actions;
}

// One extension action, and what makes it matter.
ActionList RandomTables::extension(const Kind& kind, uint8_t table_id) {
  static const std::vector<FieldId> registers = {F::reg0, F::reg0 + 3, F::metadata};
  const auto fields = static_cast<HashFields>(below(7));
  const auto basis = static_cast<uint16_t>(below(3));
  const SubField port_bits{F::reg0 + 5, 0, 16};
  switch (below(8)) {
    case 0:
      return {StackPushAction{some_bits(pick(kind.set))}, StackPopAction{some_bits(pick(registers))}};
    case 1: {
      const SubField kept = some_bits(pick(kind.set));
      return {StackPushAction{kept}, change(kind), output(), StackPopAction{one_in(2) ? kept : some_bits(F::eth_dst)}};
    }
    case 2:
      return {SetFieldAction{F::reg0 + 5, {0, 1 + below(6)}, {0, 0xffff}}, OutputRegAction{port_bits, 0xffff}};
    case 3:
      return {MultipathAction{fields, basis, static_cast<MultipathAlgorithm>(below(4)), static_cast<uint16_t>(below(4)),
                              static_cast<uint32_t>(below(8)), port_bits},
              OutputRegAction{port_bits, 0xffff}};
    case 4: {
      BundleAction bundle{one_in(2) ? BundleAlgorithm::hrw : BundleAlgorithm::active_backup, fields, basis, {}, {}};
      for (uint64_t n = below(4); n > 0; --n) {
        bundle.members.push_back(one_in(4) ? OfPort{77} : in_port());
      }
      if (one_in(2)) {
        return {bundle};
      }
      bundle.to = port_bits;
      return {bundle, OutputRegAction{port_bits, 0xffff}};
    }
    case 5:
      return {CloneAction{NestedActions{{change(kind), output()}}}, output()};
    case 6:
      if (table_id == 0) {
        return {learn(), ResubmitAction{.table = random_learn_table}};
      }
      [[fallthrough]];
    default:
      return {FinTimeoutAction{10, 20}, WriteMetadataAction{below(4), 3}, NoteAction{{1, 2, 3}},
              SampleAction{.probability = 1}, output()};
  }
}

Instructions RandomTables::instructions(const Kind& kind, uint8_t table_id) {
  Instructions result;
  ActionList apply;
  for (uint64_t n = below(4); n > 0; --n) {
    apply.push_back(one_in(3) ? output() : change(kind));
  }
  if (one_in(3)) {
    std::ranges::move(extension(kind, table_id), std::back_inserter(apply));
  }
  if (one_in(4)) {
    std::ranges::move(queueing(), std::back_inserter(apply));
  }
  const bool is_egress = table_id >= random_egress_table;
  const unsigned end = is_egress ? random_egress_table + random_egress_count : random_table_count;
  const bool has_next = table_id + 1U < end;
  const auto next = static_cast<uint8_t>(table_id + 1 + (has_next ? below(end - table_id - 1) : 0));
  if (has_next && one_in(4)) {
    apply.push_back(ResubmitAction{.table = next});
  }
  if (one_in(2)) {
    apply.push_back(output());
  }
  if (has_next && one_in(2)) {
    result.goto_table = next;
  }
  if (one_in(4)) {
    result.write = is_egress ? ActionList() : ActionList{output()};
    if (is_egress || one_in(2)) {
      result.write->push_back(
          SetFieldAction{F::eth_dst, FieldValue{0, value_of(F::eth_dst)}, all_bits(field(F::eth_dst))});
    }
  }
  if (result.write && one_in(3)) {
    result.write->push_back(set_queue());
  }
  if (result.goto_table && one_in(3)) {
    result.write_metadata = MetadataWrite{below(4), 3};
  }
  result.clear_actions = one_in(8);
  result.apply = std::move(apply);
  return result;
}

uint8_t RandomTables::table() {
  if (has_egress_ && one_in(3)) {
    return static_cast<uint8_t>(random_egress_table + below(random_egress_count));
  }
  return one_in(2) ? uint8_t{0} : static_cast<uint8_t>(below(random_table_count));
}

FlowMod RandomTables::rule() {
  const Kind& about = kind();
  FlowMod flow;
  flow.table_id = table();
  flow.priority = static_cast<uint16_t>(1 + below(200));
  if (about.eth_type != 0) {
    flow.match.set(F::eth_type, about.eth_type);
  }
  if (about.ip_proto != 0) {
    flow.match.set(F::ip_proto, about.ip_proto);
  }
  for (uint64_t n = below(4); n > 0; --n) {
    const FieldId id = pick(about.matched);
    if (id != F::ip_proto || about.ip_proto == 0) {
      match_field(flow.match, id);
    }
  }
  if (flow.table_id >= random_egress_table && one_in(2)) {
    flow.match.set(F::actset_output, number(in_port()));
  }
  flow.instructions = instructions(about, flow.table_id);
  // Tags are pushed on packets that have none and popped off those that have one.
  const bool is_free = flow.match.is_wild(field(F::vlan_tci)) && about.eth_type != 0x8847 && about.eth_type != 0x88e7;
  const bool is_last = !has_egress_ && flow.table_id + 1 == random_table_count;
  if (is_free && one_in(4)) {
    const bool pushes = one_in(2);
    flow.match.set_masked(F::vlan_tci, pushes ? 0 : 0x1000, 0x1000);
    auto& apply = *flow.instructions.apply;
    apply.insert(apply.begin(), pushes ? Action(PushVlanAction{}) : Action(PopVlanAction{}));
    if (pushes) {
      apply.insert(apply.begin() + 1, SetFieldAction{F::vlan_vid, FieldValue{0, 0x100a}, FieldValue{0, 0x1fff}});
    }
  } else if (about.eth_type == 0x8847 && one_in(2)) {
    // Shallow and deep, right and wrong about what is below; what the instructions say then is about that.
    const bool is_bottom = one_in(2);
    if (one_in(2)) {
      flow.match.set(F::mpls_bos, is_bottom ? 1 : 0);
    }
    ActionList pops(1 + (is_bottom ? 0 : below(3)), PopMplsAction{0x8847});
    pops.back() = PopMplsAction{static_cast<uint16_t>(is_bottom ? 0x0800 : 0x8847)};
    if (one_in(2)) {
      pops.push_back(is_bottom ? change(kind_of(0x0800)) : change(about));
    }
    auto& apply = *flow.instructions.apply;
    std::erase_if(apply, [](const Action& action) {
      return std::holds_alternative<SetFieldAction>(action) || std::holds_alternative<MoveAction>(action);
    });
    apply.insert(apply.begin(), pops.begin(), pops.end());
  } else if (is_last && one_in(4)) {
    hide_what_follows(about, flow);
  }
  return flow;
}

std::vector<FlowMod> RandomTables::conjunction(uint32_t id) {
  const Kind& about = kind();
  std::vector<FlowMod> flows;
  const uint8_t table_id = table();
  const auto priority = static_cast<uint16_t>(1 + below(200));
  const auto add = [&](std::initializer_list<FieldId> fields) -> FlowMod& {
    FlowMod flow;
    flow.table_id = table_id;
    flow.priority = priority;
    if (about.eth_type != 0) {
      flow.match.set(F::eth_type, about.eth_type);
    }
    if (about.ip_proto != 0) {
      flow.match.set(F::ip_proto, about.ip_proto);
    }
    for (const FieldId field_id : fields) {
      match_field(flow.match, field_id);
    }
    const bool is_known = std::ranges::any_of(flows, [&](const FlowMod& other) { return other.match == flow.match; });
    if (!is_known) {
      flows.push_back(flow);
    }
    return flows.back();
  };
  for (uint8_t clause = 0; clause < 2; ++clause) {
    for (uint64_t n = 1 + below(3); n > 0; --n) {
      const FieldId first = clause == 0 ? F::in_port : F::eth_dst;
      const FieldId of_kind = pick(about.matched);
      FlowMod& flow = one_in(2) || of_kind == F::ip_proto ? add({first}) : add({of_kind});
      flow.instructions.apply = ActionList{ConjunctionAction{id, clause, 2}};
    }
  }
  FlowMod& answer = add({});
  answer.match.set(F::conj_id, id);
  answer.instructions = instructions(about, table_id);
  return flows;
}

// Behind these actions fields are out of sight, so no table comes after them.
void RandomTables::hide_what_follows(const Kind& about, FlowMod& flow) {
  const auto set = [&](FieldId id, uint64_t value) {
    return SetFieldAction{id, FieldValue{0, value}, all_bits(field(id))};
  };
  if (about.eth_type == 0x8847 && one_in(2)) {
    flow.match.set(F::mpls_bos, below(2));
    flow.instructions.apply =
        ActionList{one_in(2) ? Action(CopyTtlOutAction{}) : Action(CopyTtlInAction{}), change(about)};
    if (one_in(2)) {
      flow.instructions.apply->push_back(PushMplsAction{});
    }
    flow.instructions.apply->push_back(output());
  } else if (about.eth_type == 0x8847) {
    flow.match.set(F::mpls_bos, 0);
    flow.instructions.apply = ActionList{PopMplsAction{0x8847}, change(about), output()};
    if (one_in(2)) {
      flow.instructions.apply->insert(flow.instructions.apply->begin(), CopyTtlInAction{});
    }
  } else if (about.eth_type == 0x88e7 && one_in(2)) {
    flow.match.set(F::pbb_uca, below(2));
    // NORMAL would learn the address that the pop lays bare.
    flow.instructions.apply =
        ActionList{PopPbbAction{}, set(F::eth_dst, value_of(F::eth_dst)), OutputAction{.port = in_port()}};
  } else if (one_in(3)) {
    flow.instructions.apply =
        ActionList{PushPbbAction{}, set(F::pbb_isid, 9), set(F::eth_dst, value_of(F::eth_dst)), output()};
  } else if (about.ip_proto != 0 && one_in(2)) {
    flow.instructions.apply = ActionList{change(about), set(F::ip_proto, value_of(F::ip_proto)), output()};
  } else if (one_in(2)) {
    flow.instructions.apply = ActionList{change(about), set(F::eth_type, 0x88b5), output()};
  } else {
    flow.instructions.apply = ActionList{PushMplsAction{}, set(F::mpls_label, 9), output()};
    if (about.eth_type == 0x0800 || about.eth_type == 0x86dd) {
      flow.instructions.apply->insert(flow.instructions.apply->begin() + 1, CopyTtlOutAction{});
    }
  }
}

GroupMod RandomTables::group(uint32_t group_id) {
  GroupMod group;
  group.group_id = group_id;
  group.type = static_cast<GroupType>(below(4));
  const uint64_t count = group.type == GroupType::indirect ? 1 : 1 + below(3);
  // Seldom by all there is: then each packet would have a megaflow of its own.
  if (group.type == GroupType::select && !one_in(4)) {
    group.selection.method = "hash";
    group.selection.param = below(100);
    for (uint64_t n = 1 + below(2); n > 0; --n) {
      const Field& f = field(pick(kind().matched));
      const FieldValue mask = f.is_maskable() && one_in(2) ? FieldValue{0, 3} & all_bits(f) : all_bits(f);
      if (!mask.is_zero()) {
        group.selection.add_field(f.id, mask);
      }
    }
  }
  static const Kind link{0, 0, {}, {F::eth_dst, F::eth_src}};
  for (uint64_t i = 0; i < count; ++i) {
    Bucket bucket;
    bucket.bucket_id = static_cast<uint32_t>(i);
    if (group.type == GroupType::select) {
      bucket.weight = static_cast<uint16_t>(below(4));
    }
    const bool may_watch = group.type == GroupType::select || group.type == GroupType::fast_failover;
    const bool must_watch = group.type == GroupType::fast_failover;
    if (may_watch && group_id > 1 && one_in(3)) {
      bucket.watch_group = static_cast<uint32_t>(1 + below(group_id - 1));
    } else if (must_watch || (may_watch && one_in(2))) {
      bucket.watch_port = in_port();
    }
    if (one_in(2)) {
      bucket.actions.push_back(
          SetFieldAction{F::eth_src, FieldValue{0, value_of(F::eth_src)}, all_bits(field(F::eth_src))});
    }
    if (one_in(3)) {
      bucket.actions.push_back(set_queue());
    }
    if (group_id > 1 && one_in(3)) {
      bucket.actions.push_back(GroupAction{static_cast<uint32_t>(1 + below(group_id - 1))});
    } else {
      bucket.actions.push_back(OutputAction{.port = in_port()});
    }
    group.buckets.push_back(std::move(bucket));
  }
  return group;
}

}  // namespace weft
