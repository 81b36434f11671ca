// Egress tables (OpenFlow 1.5.1 section 5.5): what a copy goes through between the decision to send it to a port and the
// port. Which tables these are: ofproto/table/table_stages.h.
//
// Every output to a port starts it, whoever asks for it: a rule, a packet-out, the action set, a bucket, and for each
// copy NORMAL, FLOOD and ALL; a patch port too, before the packet crosses. CONTROLLER is no port in this sense, and
// a packet-out's TABLE starts in ingress. What may not be sent (a port that is down, the port that it came in by) does
// not start.
//
// The copy has the packet's fields, metadata, registers and stack as they are then, and an action set that holds only
// output:PORT, so that actset_output is the port. What egress tables do to it the packet behind the output does not see.
// - A miss drops the copy; so does a rule that clears the action set. A rule without instructions, which texts call
//   "drop", lets it go: its action set is executed, as everywhere.
// - An output or group in apply-actions of an egress table is sent as it is, not through egress again.
// - The action set may send it back where it came from, since whoever asked for IN_PORT meant that.
// - Each copy may take steps of its own (goto_table, resubmit): max_egress_steps for all together.
#include "ofproto/translate/translation.h"

namespace weft::ofproto {

void Translation::start_egress(const PortView& port) {
  if (!enter_deeper()) {
    return;
  }
  const uint8_t first_table = *place_.bridge->first_egress;
  const auto outer = std::make_unique<Place>(std::move(place_));
  place_ = Place{};
  place_.bridge = outer->bridge;
  place_.stack = outer->stack;
  place_.egress_port = port.of_port;
  if (take_step()) {
    isolated([&] { run_egress(first_table, port); });
    if (in_.listener != nullptr) {
      in_.listener->end_egress(packet_.flow());
    }
  }
  place_ = std::move(*outer);
  leave_deeper();
}

void Translation::run_egress(uint8_t first_table, const PortView& port) {
  place_.action_set = {openflow::OutputAction{.port = port.of_port}};
  note_action_set_output();
  if (in_.listener != nullptr) {
    in_.listener->begin_egress(first_table, port, packet_.flow());
  }
  if (!packet_.is_known_to_lookups(looked_at_)) {
    freeze_goto(first_table);
  } else if (!run_table(first_table, packet_.in_port())) {
    end_at_miss(true);
  }
  end_pipeline();
}

}  // namespace weft::ofproto
