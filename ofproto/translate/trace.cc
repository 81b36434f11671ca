#include "ofproto/translate/trace.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "lib/base/big_endian.h"
#include "lib/flow/flow_hash.h"
#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/ipv4.h"
#include "ofproto/translate/decision_text.h"

namespace weft::ofproto {
namespace {

class Trace final : public TranslationListener {
 public:
  // What goes on when the packet comes back.
  struct Pass {
    FrozenStatePtr state;  // null: the first
    Flow flow;
  };

  Trace(std::string& out, Pass& pass, std::vector<Pass>& later) : out_(out), start_(pass.flow), later_(later) {}

  void enter_bridge(const BridgeView& bridge, const Flow& /*flow*/) override {
    const std::string title = fmt::format("bridge(\"{}\")", bridge.name);
    line(title);
    line(std::string(title.size(), '-'));
    bridges_.push_back(&bridge);
  }
  void leave_bridge() override {
    if (!bridges_.empty()) {
      bridges_.pop_back();
    }
  }
  void begin_table(uint8_t table_id, const FlowRule* rule) override {
    const BridgePortNames names(*bridges_.back());
    if (rule == nullptr) {
      line(fmt::format("{:>2}. No match.", table_id));
    } else {
      line(fmt::format("{:>2}. {}", table_id, describe(*rule, names)));
    }
    ++depth_;
  }
  void end_table() override { --depth_; }
  void action(const openflow::Action& action) override {
    const BridgePortNames names(*bridges_.back());
    line(openflow::format_action(action, &names));
  }
  void instruction(const openflow::Instructions& what) override {
    openflow::Instructions rest = what;
    rest.apply.reset();
    if (!rest.empty()) {
      const BridgePortNames names(*bridges_.back());
      line(openflow::format_instructions(rest, &names));
    } else if (what.empty() || (what.apply && what.apply->empty())) {
      line("drop");
    }
  }
  void note(std::string_view text) override { line(fmt::format(" -> {}", text)); }
  void recirculate(const FrozenStatePtr& state, const Flow& flow, const datapath::Hash* hash) override {
    if (later_.size() >= max_passes) {
      note("to be looked up again too often");
      return;
    }
    Flow next = flow;
    if (hash != nullptr) {
      set(next, FieldId::dp_hash, FieldValue{0, datapath::chosen_slot(*hash, flow_entropy(FlowKey(start_)))});
    }
    later_.push_back({state, next});
    note(fmt::format("the packet is looked up again: pass {}", later_.size() + 1));
  }
  void end(const Flow& flow) override { final_ = flow; }

  const Flow& final_flow() const { return final_; }

 private:
  static std::string describe(const FlowRule& rule, const PortNames& names) {
    std::string text = format_match(rule.match().expand(), &names);
    text += fmt::format("{}priority {}", text.empty() ? "" : ", ", rule.priority());
    if (rule.cookie() != 0) {
      text += fmt::format(", cookie {:#x}", rule.cookie());
    }
    return text;
  }
  void line(const std::string& text) { out_ += std::string(depth_ * 4, ' ') + text + "\n"; }

  static constexpr size_t max_passes = 64;

  std::string& out_;
  const Flow start_;
  std::vector<Pass>& later_;
  size_t depth_ = 0;
  std::vector<const BridgeView*> bridges_;
  Flow final_;
};

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

// One pass of the packet through the datapath, from its arrival or from where it was recirculated.
void trace_pass(const TranslationInput& input, OfPort in_port, Trace::Pass pass, std::vector<Trace::Pass>& later,
                std::string& text) {
  const BridgePortNames names(*input.snapshot.bridges[input.bridge_index]);
  text += "Flow: " + format_flow(pass.flow, &names) + "\n\n";
  Trace listener(text, pass, later);
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

}  // namespace

std::string trace(const Snapshot& snapshot, size_t first_bridge, uint64_t version, OfPort in_port, const FlowKey& key) {
  Trace::Pass first{nullptr, Flow(key)};
  set(first.flow, FieldId::in_port, FieldValue{0, number(in_port)});
  std::string text;
  std::vector<Trace::Pass> later;
  trace_pass({snapshot, first_bridge, version}, in_port, first, later, text);
  for (size_t i = 0; i < later.size(); ++i) {
    const Trace::Pass pass = later[i];
    text += fmt::format("\npass {}:\n", i + 2);
    trace_pass({snapshot, bridge_index(snapshot, pass.state->bridge), version}, pass.state->in_port, pass, later, text);
  }
  return text;
}

}  // namespace weft::ofproto
