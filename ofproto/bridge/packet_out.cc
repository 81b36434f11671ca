#include "ofproto/bridge/packet_out.h"

namespace weft::ofproto {
namespace {

// Registers by their 32 bits, which the wider ones are views of.
bool is_before_the_frame(const Field& f) {
  const bool is_wide_register = FieldId::xreg0 <= f.id && f.id <= FieldId::xxreg0 + 3;
  return f.has_place() && f.is_writable && !is_wide_register && f.prerequisite == Prerequisite::none &&
         f.first_word() < static_cast<unsigned>(KeyWord::eth_dst);
}

}  // namespace

openflow::ActionList all_actions_of(const openflow::PacketOut& packet_out) {
  openflow::ActionList actions;
  for (const Field& f : all_fields()) {
    if (is_before_the_frame(f) && !packet_out.metadata.is_wild(f)) {
      actions.push_back(openflow::SetFieldAction{f.id, packet_out.metadata.value(f), packet_out.metadata.mask(f)});
    }
  }
  actions.insert(actions.end(), packet_out.actions.begin(), packet_out.actions.end());
  return actions;
}

}  // namespace weft::ofproto
