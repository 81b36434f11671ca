#include "ofproto/translate/trace.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "lib/base/big_endian.h"
#include "lib/flow/extract.h"
#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/ipv4.h"
#include "ofproto/translate/decision_text.h"
#include "ofproto/translate/trace_listener.h"

namespace weft::ofproto {
namespace {

uint16_t implied_presence(const Flow& flow) {
  const uint64_t type = get(flow, FieldId::eth_type).lo;
  const uint64_t protocol = get(flow, FieldId::ip_proto).lo;
  const bool is_later_fragment = (get(flow, FieldId::ip_frag).lo & 2) != 0;
  uint16_t bits = 0;
  if (type == eth_type::ipv4 || type == eth_type::ipv6) {
    bits |= present::ip | present::ip_protocol;
    if (!is_later_fragment && (protocol == ip_protocol::tcp || protocol == ip_protocol::udp || protocol == 132)) {
      bits |= present::ports | (protocol == ip_protocol::tcp ? present::tcp_flags : 0);
    }
    if (!is_later_fragment && protocol == (type == eth_type::ipv4 ? ip_protocol::icmp : ip_protocol::icmpv6)) {
      bits |= present::icmp;
    }
  } else if (type == eth_type::arp || type == eth_type::rarp) {
    bits |= present::arp;
  } else if (type == eth_type::mpls || type == eth_type::mpls_multicast) {
    bits |= present::mpls;
  }
  return bits;
}

}  // namespace

void complete_flow(Flow& flow) {
  const uint16_t bits = implied_presence(flow);
  flow.word(present_word) |= present_in_word(bits);
  if ((bits & present::ip) != 0 && get(flow, FieldId::nw_ttl).is_zero()) {
    set(flow, FieldId::nw_ttl, FieldValue{0, 64});
  }
  const uint64_t tags = swap_network_order(flow.word(KeyWord::vlan));
  if ((tags >> 32 & 0x1000) != 0 && tags >> 48 == 0) {
    flow.word(KeyWord::vlan) |= swap_network_order(uint64_t{eth_type::vlan} << 48);
  }
}

namespace {

Result<OfPort, TraceError> in_port_of(const TraceRequest& request, const BridgeView& bridge, const Match& match) {
  const OfPort in_port{static_cast<uint16_t>(match.value(field(FieldId::in_port)).lo)};
  if (is_ordinary(in_port) && bridge.port(in_port) == nullptr) {
    const size_t begin = request.flow.find("in_port");
    const std::string_view word = request.flow.substr(std::min(begin, request.flow.size()));
    return Unexpected(
        TraceError{request.flow, error_at(request.flow, word.substr(0, word.find(',')),
                                          fmt::format("bridge {} has no port {}", bridge.name, number(in_port)))});
  }
  return in_port;
}

// The packet's own headers; of the flow's text what comes with a packet.
Result<Flow, TraceError> flow_of(const TraceRequest& request, PacketPool& packets, const Match& match) {
  const PacketPtr packet = packets.copy_of(request.packet);
  FlowKey key;
  if (packet == nullptr || extract(*packet, key)) {
    return Unexpected(
        TraceError{request.flow, {"the packet is shorter than an Ethernet header, or too long", 0, 0, {}}});
  }
  Flow flow(key);
  for (unsigned i = 0; i < index(KeyWord::packet_type); ++i) {
    flow.word(i) |= match.value().word(i);
  }
  return flow;
}

// One pass of the packet through the datapath, from its arrival or from where it was recirculated.
void trace_pass(const TranslationInput& input, OfPort in_port, const TracePass& pass, std::vector<TracePass>& later,
                bool explains, std::string& text) {
  const BridgePortNames names(*input.snapshot.bridges[input.bridge_index]);
  text += "Flow: " + format_flow(pass.flow, &names) + "\n\n";
  TraceListener listener(text, pass, later, input.version, explains);
  TranslationInput heard = input;
  heard.listener = &listener;
  heard.resumed = pass.state;
  const TranslationResult result = translate(heard, in_port, FlowKey(pass.flow));

  const bool is_unchanged = listener.final_flow() == pass.flow;
  text += "\nFinal flow: " + (is_unchanged ? std::string("unchanged") : format_flow(listener.final_flow(), &names));
  Match megaflow;
  megaflow.mask() = Flow(result.mask);
  for (unsigned i = 0; i < key_word_count; ++i) {
    megaflow.value().word(i) = pass.flow.word(i) & megaflow.mask().word(i);
  }
  text += "\nMegaflow: " + format_match(megaflow, &names);
  text += "\nDatapath actions: " + format_datapath_actions(result.actions, input.snapshot) + "\n";
}

size_t bridge_index(const Snapshot& snapshot, BridgeId id) {
  const auto found = std::ranges::find(snapshot.bridges, id, [](const auto& view) { return view->id; });
  return static_cast<size_t>(found - snapshot.bridges.begin());
}

std::string trace_all(const TranslationInput& input, OfPort in_port, const Flow& flow, bool explains) {
  TracePass first{nullptr, flow};
  set(first.flow, FieldId::in_port, FieldValue{0, number(in_port)});
  std::string text;
  std::vector<TracePass> later;
  trace_pass(input, in_port, first, later, explains, text);
  for (size_t i = 0; i < later.size(); ++i) {
    const TracePass pass = later[i];
    text += fmt::format("\npass {}:\n", i + 2);
    trace_pass({input.snapshot, bridge_index(input.snapshot, pass.state->bridge), input.version}, pass.state->in_port,
               pass, later, explains, text);
  }
  return text;
}

}  // namespace

Result<std::string, TraceError> trace(const Snapshot& snapshot, uint64_t version, PacketPool& packets,
                                      const TraceRequest& request) {
  const auto found = std::ranges::find(snapshot.bridges, request.bridge, [](const auto& view) { return view->name; });
  if (found == snapshot.bridges.end()) {
    return Unexpected(
        TraceError{request.bridge, {fmt::format("there is no bridge named {}", request.bridge), 0, 0, {}}});
  }
  const BridgePortNames names(**found);
  const auto match = openflow::parse_match(request.flow, &names);
  if (!match) {
    return Unexpected(TraceError{request.flow, match.error()});
  }
  const auto in_port = in_port_of(request, **found, *match);
  if (!in_port) {
    return Unexpected(in_port.error());
  }
  openflow::ActionList actions;
  if (request.actions) {
    auto parsed = openflow::parse_actions(*request.actions, &names);
    if (!parsed) {
      return Unexpected(TraceError{*request.actions, parsed.error()});
    }
    actions = std::move(*parsed);
  }
  Flow flow = match->value();
  if (request.packet.empty()) {
    complete_flow(flow);
  } else if (auto extracted = flow_of(request, packets, *match)) {
    flow = *extracted;
  } else {
    return Unexpected(extracted.error());
  }
  const TranslationInput input{.snapshot = snapshot,
                               .bridge_index = static_cast<size_t>(found - snapshot.bridges.begin()),
                               .version = version,
                               .actions = request.actions ? &actions : nullptr};
  return trace_all(input, *in_port, flow, request.explains);
}

}  // namespace weft::ofproto
