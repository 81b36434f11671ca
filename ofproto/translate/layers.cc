// Which actions must know what lies behind a label that was popped.
#include "ofproto/translate/layers.h"

#include "lib/packet/ethernet.h"

namespace weft::ofproto {
namespace {

bool is_behind_link_layer(FieldId id) {
  const Field& f = field(id);
  return f.has_place() && f.first_word() >= index(KeyWord::mpls01);
}

// Those that look at no header behind the tags; any other might.
struct LooksBehind {
  bool operator()(const openflow::OutputAction& a) const { return a.port == of_port::table; }
  bool operator()(const openflow::ControllerAction&) const { return false; }
  bool operator()(const openflow::SetFieldAction& a) const { return is_behind_link_layer(a.field); }
  bool operator()(const openflow::MoveAction& a) const {
    return is_behind_link_layer(a.from.field) || is_behind_link_layer(a.to.field);
  }
  bool operator()(const openflow::PushVlanAction&) const { return false; }
  bool operator()(const openflow::PopVlanAction&) const { return false; }
  bool operator()(const openflow::SetVlanVidAction&) const { return false; }
  bool operator()(const openflow::SetVlanPcpAction&) const { return false; }
  bool operator()(const openflow::SetQueueAction&) const { return false; }
  bool operator()(const openflow::PopQueueAction&) const { return false; }
  bool operator()(const openflow::GroupAction&) const { return false; }  // its buckets' actions; select: group.cc
  bool operator()(const openflow::NoteAction&) const { return false; }
  bool operator()(const openflow::ExitAction&) const { return false; }
  template <class Other>
  bool operator()(const Other&) const {
    return true;
  }
};

}  // namespace

bool looks_behind_link_layer(const openflow::Action& action) { return std::visit(LooksBehind{}, action); }

bool looks_at_link_layer(const openflow::Action& action) {
  if (const auto* output = std::get_if<openflow::OutputAction>(&action)) {
    return output->port == of_port::table || output->port == of_port::normal;
  }
  if (const auto* set = std::get_if<openflow::SetFieldAction>(&action)) {
    const bool is_whole = set->mask == all_bits(field(set->field));
    const bool is_address = set->field == FieldId::eth_dst || set->field == FieldId::eth_src;
    const bool is_of_link = field(set->field).has_place() && field(set->field).first_word() >= index(KeyWord::eth_dst);
    return is_of_link && !(is_address && is_whole);
  }
  return !std::holds_alternative<openflow::ControllerAction>(action) &&
         !std::holds_alternative<openflow::NoteAction>(action) && !std::holds_alternative<openflow::ExitAction>(action);
}

bool looks_up(const openflow::Action& action) {
  const auto* output = std::get_if<openflow::OutputAction>(&action);
  return std::holds_alternative<openflow::ResubmitAction>(action) ||
         std::holds_alternative<openflow::MoveAction>(action) || (output != nullptr && output->port == of_port::table);
}

}  // namespace weft::ofproto
