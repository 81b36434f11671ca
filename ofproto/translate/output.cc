// Output: to one port, to many, across a patch port, and to the numbers with a meaning of their own.
#include <algorithm>

#include "lib/openflow/port_message.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {

void Translation::output(const openflow::OutputAction& action) {
  if (action.port == of_port::in_port) {
    output_to_port(packet_.in_port(), true);
  } else if (action.port == of_port::table) {
    if (place_.is_packet_out) {
      place_.is_packet_out = false;
      run_pipeline();
      // What follows in the list is the packet-out's own again.
      place_.is_packet_out = true;
      place_.rule = nullptr;
      place_.table_id = 0;
    }
  } else if (action.port == of_port::normal) {
    normal();
  } else if (action.port == of_port::flood) {
    flood(true);
  } else if (action.port == of_port::all) {
    flood(false);
  } else if (action.port == of_port::controller) {
    const openflow::PacketInReason reason = controller_reason();
    openflow::ControllerAction punt;
    punt.max_len = action.max_len;
    send_to_controller(reason, punt);
  } else if (action.port != of_port::none && action.port != of_port::unset) {
    output_to_port(action.port, false);
  }
}

// For this port alone: what follows meets the whole packet.
void Translation::output_cut_off(const openflow::OutputTruncAction& action) {
  isolated([&] {
    out_.actions.push_back(datapath::Truncate{action.max_size});
    output(openflow::OutputAction{.port = action.port});
  });
}

void Translation::output_to_port(OfPort number, bool even_to_in_port) {
  const bool is_bound_for_it = place_.in_action_set && place_.egress_port == number;
  if (number == packet_.in_port() && !even_to_in_port && !is_bound_for_it) {
    note("skipping output to input port");
    note_drop(DropReason::no_output);
    return;
  }
  const PortView* port = find_port(number);
  if (port == nullptr) {
    note("no such port");
    note_drop(DropReason::port_gone);
  } else if (may_send(*port)) {
    send(*port);
  }
}

bool Translation::may_send(const PortView& port) {
  if ((port.config & (openflow::port_config::no_fwd | openflow::port_config::down)) != 0) {
    note("port does not forward");
    note_drop(DropReason::port_down);
    return false;
  }
  if (!port.is_patch && port.port_id == port_id::none) {
    note("the port's device is gone");
    note_drop(DropReason::port_down);
    return false;
  }
  return true;
}

void Translation::send(const PortView& port) {
  if (has_egress_before_it()) {
    start_egress(port);
  } else {
    deliver(port);
  }
}

void Translation::deliver(const PortView& port) {
  if (port.is_patch) {
    cross_patch(port);
  } else if (port.tunnel) {
    send_to_tunnel(port);
  } else {
    packet_.commit(looked_at_, out_.actions);
    out_.actions.push_back(output_of(port));
  }
}

// Plain ports together, then those that do something of their own.
void Translation::send_to_all(const std::vector<const PortView*>& ports) {
  if (has_egress_before_it()) {
    std::ranges::for_each(ports, [this](const PortView* port) { start_egress(*port); });
    return;
  }
  const auto is_plain = [](const PortView& port) { return !port.is_patch && !port.tunnel && port.queues == nullptr; };
  std::vector<PortId> plain;
  for (const PortView* port : ports) {
    if (is_plain(*port)) {
      plain.push_back(port->port_id);
    }
  }
  if (!plain.empty()) {
    packet_.commit(looked_at_, out_.actions);
  }
  if (plain.size() == 1) {
    out_.actions.push_back(datapath::Output{plain.front()});
  } else if (plain.size() > 1) {
    out_.actions.push_back(datapath::OutputSet{std::move(plain)});
  }
  for (const PortView* port : ports) {
    if (!is_plain(*port)) {
      deliver(*port);
    }
  }
}

void Translation::flood(bool only_flooding_ports) {
  depend_on(dependency::port_set(place_.bridge->id));
  std::vector<const PortView*> ports;
  for (const auto& [number, port] : place_.bridge->ports) {
    const bool floods = (port.config & openflow::port_config::no_flood) == 0;
    if (number != packet_.in_port() && (floods || !only_flooding_ports) && may_send(port)) {
      ports.push_back(&port);
    }
  }
  if (ports.empty()) {
    note_drop(DropReason::no_output);
  }
  send_to_all(ports);
}

// The far side is a packet's arrival there: another bridge's tables, registers and action set of its own. What it
// does to the packet does not come back.
void Translation::cross_patch(const PortView& port) {
  if (!port.peer) {
    note("patch port without a peer");
    note_drop(DropReason::port_gone);
    return;
  }
  if (!take_step() || !enter_deeper()) {
    return;
  }
  const auto outer = std::make_unique<Place>(std::move(place_));
  isolated([&] {
    enter_bridge(port.peer->bridge_index);
    const PortView* arrival = find_port(port.peer->port);
    if (arrival == nullptr || (arrival->config & (openflow::port_config::no_recv | openflow::port_config::down)) != 0) {
      note_drop(DropReason::port_down);
      leave_bridge();
      return;
    }
    out_.credits.patches.push_back({port.patch_counters, false});
    out_.credits.patches.push_back({arrival->patch_counters, true});
    packet_.cross_patch(arrival->of_port);
    if (packet_.is_parsed(looked_at_)) {
      run_pipeline();
    } else {
      freeze_goto(0);
    }
    end_pipeline();
    leave_bridge();
  });
  place_ = std::move(*outer);
  leave_deeper();
}

}  // namespace weft::ofproto
