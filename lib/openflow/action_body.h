// What the function that reads one action's body is given. Private to the action codec.
#pragma once

#include "lib/openflow/action_codec.h"
#include "lib/openflow/wire.h"

namespace weft::openflow {

struct ActionBody {
  WireReader& in;  // behind type and length; for an experimenter's action behind its subtype
  Version version;
  ActionContext context;
  unsigned depth;  // of lists inside actions: 0 for the list that the rule itself has
};

// Standard action types that only 1.0 has (action_10.cc).
Action read_output_10(ActionBody& from);
Action read_set_vlan_vid_10(ActionBody& from);
Action read_set_vlan_pcp_10(ActionBody& from);
Action read_set_dl_src_10(ActionBody& from);
Action read_set_dl_dst_10(ActionBody& from);
Action read_set_nw_src_10(ActionBody& from);
Action read_set_nw_dst_10(ActionBody& from);
Action read_set_nw_tos_10(ActionBody& from);
Action read_set_tp_src_10(ActionBody& from);
Action read_set_tp_dst_10(ActionBody& from);
Action read_enqueue_10(ActionBody& from);

// One experimenter action's body behind the experimenter id (nicira_action.cc).
Action read_nicira_action(ActionBody& from);

// The body of a 1.5 copy-field, which ONF's extension of 1.3 shares: both have the same meaning as reg_move.
Action read_copy_field(ActionBody& from);

// --- checks that several actions share; a failed one leaves its error in the reader

// Where a packet can be sent to.
void check_output_port(ActionBody& from, OfPort port);
// A field that an action of this list may write, and bits that it has.
void check_writable(ActionBody& from, const Field& field);
void check_bits(WireReader& in, const Field& field, unsigned offset, unsigned bit_count);
void check_target(ActionBody& from, const SubField& to);

uint16_t read_ethertype(ActionBody& from, std::initializer_list<uint16_t> allowed);  // empty: any

// What 1.0 has an action for and later versions a set-field: the whole field, as a "mod_" action writes it.
Action set_whole(FieldId id, uint64_t value);

// Less than eight bytes behind what was read are padding.
void skip_padding(WireReader& in);

}  // namespace weft::openflow
