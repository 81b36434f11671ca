#include "lib/openflow/consistency.h"

#include <string>

#include <fmt/format.h>

#include "lib/flow/field_text.h"
#include "lib/openflow/flow_message.h"

namespace weft::openflow {
namespace {

constexpr uint64_t vid_present = 0x1000;

using Complaint = std::optional<OpenFlowError>;

Complaint inconsistent(std::string why) { return OpenFlowError{ErrorCode::ofpbac_match_inconsistent, std::move(why)}; }

// A tag may also have been pushed.
std::string what_it_needs(Prerequisite prerequisite) {
  const bool is_vlan = prerequisite == Prerequisite::vlan;
  return fmt::format("a match on {}{}", match_for(prerequisite), is_vlan ? ", or push_vlan before it" : "");
}

// What is known of a packet while the actions change it. A visitor: one call an action.
class KnownPacket {
 public:
  explicit KnownPacket(const Match& match) : match_(match) {}

  Complaint operator()(const SetFieldAction& action) { return need(field(action.field)); }
  Complaint operator()(const MoveAction& action) {
    auto complaint = need(field(action.from.field));
    return complaint ? complaint : need(field(action.to.field));
  }

  Complaint operator()(const PushVlanAction&) { return tag(); }
  Complaint operator()(const SetVlanVidAction&) { return tag(); }
  Complaint operator()(const SetVlanPcpAction&) { return tag(); }
  Complaint operator()(const PopVlanAction&) {
    if (auto complaint = need(Prerequisite::vlan, "pop_vlan")) {
      return complaint;
    }
    // There may be another tag below, but nothing says so.
    match_.set_masked(FieldId::vlan_tci, 0, 0xffff);
    return std::nullopt;
  }

  Complaint operator()(const PushMplsAction& action) { return become(action.ethertype); }
  Complaint operator()(const PopMplsAction& action) {
    auto complaint = need(Prerequisite::mpls, "pop_mpls");
    return complaint ? complaint : become(action.ethertype);
  }
  Complaint operator()(const PushPbbAction& action) { return become(action.ethertype); }
  Complaint operator()(const PopPbbAction&) {
    auto complaint = need(Prerequisite::pbb, "pop_pbb");
    match_.clear(field(FieldId::eth_type));
    return complaint;
  }

  Complaint operator()(const SetTtlAction&) { return need(Prerequisite::ip, "setting the TTL"); }
  Complaint operator()(const DecTtlAction&) { return need(Prerequisite::ip, "dec_ttl"); }
  Complaint operator()(const SetMplsTtlAction&) { return need(Prerequisite::mpls, "set_mpls_ttl"); }
  Complaint operator()(const DecMplsTtlAction&) { return need(Prerequisite::mpls, "dec_mpls_ttl"); }

  template <class Other>
  Complaint operator()(const Other&) {
    return std::nullopt;
  }

 private:
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
  Complaint tag() {
    match_.set_masked(FieldId::vlan_tci, vid_present, vid_present);
    return std::nullopt;
  }
  Complaint become(uint16_t ethertype) {
    match_.set(FieldId::eth_type, ethertype);
    return std::nullopt;
  }

  Match match_;
};

// Of an action set, whose order is its own, only what is set must be known to exist: by a push that stands before it in
// the list, or by the match.
bool is_checked_in_write_actions(const Action& action) {
  return std::holds_alternative<SetFieldAction>(action) || std::holds_alternative<MoveAction>(action);
}

std::optional<Inconsistency> check_list(KnownPacket& packet, const ActionList& actions, bool in_write_actions) {
  for (size_t i = 0; i < actions.size(); ++i) {
    auto complaint = std::visit(packet, actions[i]);
    if (complaint && (!in_write_actions || is_checked_in_write_actions(actions[i]))) {
      return Inconsistency{std::move(*complaint), in_write_actions, i};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Inconsistency> find_inconsistency(const Match& match, const Instructions& instructions,
                                                uint8_t table_id) {
  KnownPacket packet(match);
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
