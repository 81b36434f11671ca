#include "lib/openflow/consistency.h"

#include <string>

#include <fmt/format.h>

#include "lib/flow/field_text.h"
#include "lib/openflow/flow_message.h"

namespace weft::openflow {
namespace {

constexpr uint64_t tci_vid_present = 0x1000;
constexpr uint16_t alg_ftp = 21;
constexpr uint16_t alg_tftp = 69;

using Complaint = std::optional<OpenFlowError>;

Complaint inconsistent(std::string why) { return OpenFlowError{ErrorCode::ofpbac_match_inconsistent, std::move(why)}; }

// A tag may also have been pushed.
std::string what_it_needs(Prerequisite prerequisite) {
  const bool is_vlan = prerequisite == Prerequisite::vlan;
  return fmt::format("a match on {}{}", match_for(prerequisite), is_vlan ? ", or push_vlan before it" : "");
}

template <class... Kinds>
bool is_one_of(const Action& action) {
  return (std::holds_alternative<Kinds>(action) || ...);
}

// What Nicira's extensions brought to 1.0 later is checked there too.
bool is_checked_in_10(const Action& action) {
  const auto* set = std::get_if<SetFieldAction>(&action);
  return set != nullptr ? !set->is_mod
                        : !is_one_of<PopVlanAction, PopMplsAction, SetTtlAction, DecTtlAction, SetMplsTtlAction,
                                     DecMplsTtlAction, FinTimeoutAction>(action);
}

// What is known of a packet while the actions change it. A visitor: one call an action.
class KnownPacket {
 public:
  explicit KnownPacket(const Match& match, Version version = Version::v1_3)
      : match_(match), is_10_(version == Version::v1_0) {}

  Complaint look_at(const Action& action) {
    auto complaint = std::visit(*this, action);
    return is_10_ && !is_checked_in_10(action) ? std::nullopt : std::move(complaint);
  }

  Complaint operator()(const SetFieldAction& action) { return need(field(action.field)); }
  Complaint operator()(const MoveAction& action) {
    auto complaint = need(field(action.from.field));
    return complaint ? complaint : need(field(action.to.field));
  }

  Complaint operator()(const PushVlanAction&) { return tag(); }
  Complaint operator()(const SetVlanVidAction&) { return tag(); }
  Complaint operator()(const SetVlanPcpAction&) { return tag(); }
  Complaint operator()(const PopVlanAction&) {
    auto complaint = need(Prerequisite::vlan, "pop_vlan");
    // There may be another tag below, but nothing says so.
    match_.set_masked(FieldId::vlan_tci, 0, 0xffff);
    return complaint;
  }

  Complaint operator()(const PushMplsAction& action) { return become(action.ethertype); }
  Complaint operator()(const PopMplsAction& action) {
    auto complaint = need(Prerequisite::mpls, "pop_mpls");
    become(action.ethertype);
    return complaint;
  }
  Complaint operator()(const PushPbbAction& action) {
    match_.set_masked(FieldId::vlan_tci, 0, 0xffff);  // the tags are the hidden customer's
    return become(action.ethertype);
  }
  Complaint operator()(const PopPbbAction&) {
    auto complaint = need(Prerequisite::pbb, "pop_pbb");
    match_.clear(field(FieldId::eth_type));
    return complaint;
  }

  Complaint operator()(const SetTtlAction&) { return need(Prerequisite::ip, "setting the TTL"); }
  Complaint operator()(const DecTtlAction&) { return need(Prerequisite::ip, "dec_ttl"); }
  Complaint operator()(const SetMplsTtlAction&) { return need(Prerequisite::mpls, "set_mpls_ttl"); }
  Complaint operator()(const DecMplsTtlAction&) { return need(Prerequisite::mpls, "dec_mpls_ttl"); }

  Complaint operator()(const CopyTtlInAction&) { return need(Prerequisite::mpls, "copy_ttl_in"); }
  Complaint operator()(const CopyTtlOutAction&) { return need(Prerequisite::mpls, "copy_ttl_out"); }

  Complaint operator()(const StackPushAction& action) { return need_bits(field(action.from.field)); }
  Complaint operator()(const StackPopAction& action) { return need_bits(field(action.to.field)); }
  Complaint operator()(const OutputRegAction& action) { return need_bits(field(action.from.field)); }
  Complaint operator()(const MultipathAction& action) { return need_bits(field(action.to.field)); }
  Complaint operator()(const BundleAction& action) {
    return action.to ? need_bits(field(action.to->field)) : std::nullopt;
  }
  Complaint operator()(const CheckPacketLargerAction& action) { return need_bits(field(action.to.field)); }
  Complaint operator()(const SampleAction& action) {
    auto complaint = need(action.observation_domain);
    return complaint ? complaint : need(action.observation_point);
  }

  Complaint operator()(const FinTimeoutAction&) { return need(Prerequisite::tcp, "fin_timeout"); }
  Complaint operator()(const LearnAction& action) {
    KnownPacket learned{Match()};
    for (const LearnSpec& spec : action.learn->specs) {
      if (const auto* source = std::get_if<SubField>(&spec.source)) {
        if (auto complaint = need_bits(field(source->field))) {
          return complaint;
        }
      }
      if (auto complaint = learned.learn(spec)) {
        return complaint;
      }
    }
    return action.learn->result ? need_bits(field(action.learn->result->field)) : std::nullopt;
  }

  Complaint operator()(const ResubmitAction& action) {
    return action.with_ct ? need(Prerequisite::ct, "resubmit with ct") : std::nullopt;
  }
  Complaint operator()(const CloneAction& action) { return KnownPacket(*this).check(action.nested->actions); }
  Complaint operator()(const CtAction& action) {
    auto complaint = need(Prerequisite::ip, "ct");
    if (!complaint && action.alg == alg_ftp) {
      complaint = need(Prerequisite::tcp, "ct(alg=ftp)");
    } else if (!complaint && action.alg == alg_tftp) {
      complaint = need(Prerequisite::udp, "ct(alg=tftp)");
    }
    if (const auto* zone = std::get_if<SubField>(&action.zone); zone != nullptr && !complaint) {
      complaint = need_bits(field(zone->field));
    }
    return complaint ? complaint : KnownPacket(*this).check(action.nested->actions);
  }
  Complaint operator()(const NatAction& action) {
    if (!action.address_min) {
      return need(Prerequisite::ip, "nat");
    }
    return action.address_min->is_v4() ? need(Prerequisite::ipv4, "nat to an IPv4 address")
                                       : need(Prerequisite::ipv6, "nat to an IPv6 address");
  }

  template <class Other>
  Complaint operator()(const Other&) {
    return std::nullopt;
  }

 private:
  // A flow that is being learned: what it matches as a value is known of the packets it loads fields of.
  Complaint learn(const LearnSpec& spec) {
    if (spec.kind == LearnSpec::Kind::output) {
      return std::nullopt;
    }
    const Field& to = field(spec.to.field);
    if (auto complaint = need_bits(to)) {
      complaint->detail = "what is learned: " + complaint->detail;
      return complaint;
    }
    if (const auto* value = std::get_if<FieldValue>(&spec.source);
        value != nullptr && spec.kind == LearnSpec::Kind::match) {
      match_.set_masked(to, *value << spec.to.offset, FieldValue::ones(spec.bit_count) << spec.to.offset);
    }
    return std::nullopt;
  }
  Complaint check(const ActionList& actions) {
    for (const Action& action : actions) {
      if (auto complaint = look_at(action)) {
        return complaint;
      }
    }
    return std::nullopt;
  }
  Complaint need(const std::variant<uint32_t, SubField>& source) const {
    const auto* bits = std::get_if<SubField>(&source);
    return bits != nullptr ? need_bits(field(bits->field)) : std::nullopt;
  }
  Complaint need(Prerequisite prerequisite, std::string_view who) const {
    if (match_.meets_prerequisite(prerequisite)) {
      return std::nullopt;
    }
    return inconsistent(fmt::format("{} needs {}", who, what_it_needs(prerequisite)));
  }
  Complaint need(const Field& f) const {
    const bool needs_tag = f.id == FieldId::vlan_vid || f.id == FieldId::dl_vlan || f.id == FieldId::dl_vlan_pcp;
    return need(needs_tag ? Prerequisite::vlan : f.prerequisite, f.name);
  }
  // What is read, or written without being meant for a tag: vlan_vid is there to be zero.
  Complaint need_bits(const Field& f) const { return need(f.prerequisite, f.name); }
  Complaint tag() {
    match_.set_masked(FieldId::vlan_tci, tci_vid_present, tci_vid_present);
    return std::nullopt;
  }
  Complaint become(uint16_t ethertype) {
    match_.set(FieldId::eth_type, ethertype);
    return std::nullopt;
  }

  Match match_;
  bool is_10_;
};

// Of an action set, whose order is its own, only what is set must be known to exist: by a push that stands before it in
// the list, or by the match.
bool is_checked_in_write_actions(const Action& action) {
  return std::holds_alternative<SetFieldAction>(action) || std::holds_alternative<MoveAction>(action);
}

std::optional<Inconsistency> check_list(KnownPacket& packet, const ActionList& actions, bool in_write_actions) {
  for (size_t i = 0; i < actions.size(); ++i) {
    auto complaint = packet.look_at(actions[i]);
    if (complaint && (!in_write_actions || is_checked_in_write_actions(actions[i]))) {
      return Inconsistency{std::move(*complaint), in_write_actions, i};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Inconsistency> find_inconsistency(const Match& match, const Instructions& instructions, uint8_t table_id,
                                                Version version) {
  KnownPacket packet(match, version);
  if (instructions.apply) {
    if (auto found = check_list(packet, *instructions.apply, false)) {
      return found;
    }
  }
  if (instructions.write) {
    if (auto found = check_list(packet, *instructions.write, true)) {
      return found;
    }
  }
  if (instructions.goto_table && table_id != all_tables && *instructions.goto_table <= table_id) {
    return Inconsistency{{ErrorCode::ofpbic_bad_table_id, fmt::format("goto_table:{} from table {} does not go forward",
                                                                      *instructions.goto_table, table_id)},
                         false,
                         std::nullopt};
  }
  return std::nullopt;
}

}  // namespace weft::openflow
