#include "ofproto/translate/trace.h"

#include <fmt/format.h>

#include "lib/base/big_endian.h"
#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/ipv4.h"
#include "ofproto/translate/decision_text.h"

namespace weft::ofproto {
namespace {

class Trace final : public TranslationListener {
 public:
  explicit Trace(std::string& out) : out_(out) {}

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

  std::string& out_;
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

std::string trace(const Snapshot& snapshot, size_t bridge_index, uint64_t version, OfPort in_port, const FlowKey& key) {
  const BridgeView& bridge = *snapshot.bridges[bridge_index];
  const BridgePortNames names(bridge);
  Flow flow(key);
  set(flow, FieldId::in_port, FieldValue{0, number(in_port)});
  std::string text = "Flow: " + format_flow(flow, &names) + "\n\n";
  Trace listener(text);
  const TranslationResult result = translate({snapshot, bridge_index, version, &listener, nullptr}, in_port, key);

  const bool is_unchanged = listener.final_flow() == flow;
  text += "\nFinal flow: " + (is_unchanged ? std::string("unchanged") : format_flow(listener.final_flow(), &names));
  Match megaflow;
  megaflow.mask() = Flow(result.mask);
  for (unsigned i = 0; i < key_word_count; ++i) {
    megaflow.value().word(i) = flow.word(i) & megaflow.mask().word(i);
  }
  text += "\nMegaflow: " + format_match(megaflow, &names);
  text += "\nDatapath actions: " + format_datapath_actions(result.actions, snapshot) + "\n";
  return text;
}

}  // namespace weft::ofproto
