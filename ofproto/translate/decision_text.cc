#include "ofproto/translate/decision_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/big_endian.h"
#include "lib/flow/field_text.h"
#include "lib/flow/match_text.h"

namespace weft::ofproto {
namespace {

// Of one port: LOCAL, which each bridge has, would not say whose. So another number stands for a port with a name.
class OwnName : public PortNames {
 public:
  OwnName(const Snapshot& snapshot, const Snapshot::Place& place)
      : port_(snapshot.bridges[place.bridge_index]->port(place.of_port)),
        stand_in_(port_ == nullptr ? place.of_port : OfPort{1}) {}
  OfPort stand_in() const { return stand_in_; }
  std::optional<OfPort> find_port(std::string_view) const override { return std::nullopt; }
  std::optional<std::string> port_name(OfPort) const override {
    return port_ == nullptr ? std::nullopt : std::optional(port_->name);
  }

 private:
  const PortView* port_;
  OfPort stand_in_;
};

class ActionWriter {
 public:
  explicit ActionWriter(const Snapshot& snapshot) : snapshot_(snapshot) {}

  std::string list(const datapath::ActionList& actions) const {
    std::string text;
    for (const datapath::Action& action : actions) {
      text += text.empty() ? "" : ",";
      text += std::visit(*this, action);
    }
    return text.empty() ? "drop" : text;
  }

  std::string operator()(const datapath::Output& a) const {
    return a.queue == nullptr ? "output:" + port_name(a.port)
                              : fmt::format("enqueue:{}:{}", port_name(a.port), a.queue_id);
  }
  std::string operator()(const datapath::OutputSet& a) const {
    std::string text;
    for (const PortId port : a.ports) {
      text += (text.empty() ? "output:" : ",output:") + port_name(port);
    }
    return text;
  }
  std::string operator()(const datapath::SetField& a) const {
    const Field& f = field(a.field);
    return fmt::format("set_field:{}->{}", format_value(f, MaskedValue{a.value, a.mask}), f.name);
  }
  std::string operator()(const datapath::PushVlan& a) const {
    const std::string tpid = a.tpid == 0x8100 ? "" : fmt::format("tpid={:#06x},", a.tpid);
    return fmt::format("push_vlan({}vid={},pcp={})", tpid, a.tci & 0x0fff, a.tci >> 13);
  }
  std::string operator()(const datapath::PopVlan&) const { return "pop_vlan"; }
  std::string operator()(const datapath::PushMpls& a) const {
    return fmt::format("push_mpls(label={},tc={},ttl={},bos={},eth_type={:#06x})", a.lse >> 12, a.lse >> 9 & 7,
                       a.lse & 0xff, a.lse >> 8 & 1, a.eth_type);
  }
  std::string operator()(const datapath::PopMpls& a) const {
    return fmt::format("pop_mpls(eth_type={:#06x})", a.eth_type);
  }
  std::string operator()(const datapath::PushPbb& a) const {
    return fmt::format("push_pbb(isid={},pcp={},eth_type={:#06x})", a.tag & 0xffffff, a.tag >> 29, a.eth_type);
  }
  std::string operator()(const datapath::PopPbb&) const { return "pop_pbb"; }
  std::string operator()(const datapath::CopyTtlOut&) const { return "copy_ttl_out"; }
  std::string operator()(const datapath::CopyTtlIn&) const { return "copy_ttl_in"; }
  std::string operator()(const datapath::DecMplsTtl&) const { return "dec_mpls_ttl"; }
  std::string operator()(const datapath::DecTtl&) const { return "dec_ttl"; }
  std::string operator()(const datapath::SetTunnel& a) const {
    const TunnelMetadata& t = a.tunnel;
    std::string text = fmt::format("set_tunnel(tun_id={:#x}", t.id);
    if (!t.source().is_unspecified()) {
      text += ",src=" + t.source().to_string();
    }
    text += fmt::format(",dst={}", t.destination().to_string());
    if (t.tos != 0) {
      text += fmt::format(",tos={:#x}", t.tos);
    }
    if (t.gbp_id != 0 || t.gbp_flags != 0) {
      text += fmt::format(",gbp={}/{:#x}", t.gbp_id, t.gbp_flags);
    }
    return text + fmt::format(",ttl={}{}{})", t.ttl, (t.flags & TunnelMetadata::flag_dont_fragment) != 0 ? ",df" : "",
                              (t.flags & TunnelMetadata::flag_checksum) != 0 ? ",csum" : "");
  }
  std::string operator()(const datapath::SetTunnelOptions& a) const {
    std::string text;
    a.options->for_each([&](unsigned field, uint32_t value) {
      text += fmt::format("{}tun_metadata{}={:#x}", text.empty() ? "" : ",", field, value);
    });
    return fmt::format("set_tunnel_options({})", text);
  }
  std::string operator()(const datapath::Hash& a) const {
    return fmt::format("hash(slots={},param={:#x})", a.to->slots.size(), a.param);
  }
  std::string operator()(const datapath::Recirculate& a) const { return fmt::format("recirc({:#x})", a.id); }
  std::string operator()(const datapath::CheckLarger& a) const {
    return fmt::format("check_pkt_len(size={},gt({}),le({}))", a.size, list(a.larger->actions), list(a.other->actions));
  }
  std::string operator()(const datapath::Truncate& a) const { return fmt::format("trunc({})", a.max_size); }
  std::string operator()(const datapath::ApplyMeter& a) const {
    return fmt::format("{}({})", a.reason == DropReason::storm_limit ? "storm_limit" : "meter", a.id);
  }
  std::string operator()(const datapath::Controller& a) const { return a.context->describe(); }
  std::string operator()(const datapath::Drop& a) const { return fmt::format("drop({})", to_string(a.reason)); }
  std::string operator()(const std::shared_ptr<const datapath::Clone>& a) const {
    return fmt::format("clone({})", list(a->actions));
  }

 private:
  std::string port_name(PortId port) const {
    const Snapshot::Place* place = snapshot_.place(port);
    if (place == nullptr) {
      return fmt::format("#{}", number(port));
    }
    const OwnName name(snapshot_, *place);
    return format_port(name.stand_in(), &name);
  }

  const Snapshot& snapshot_;
};

}  // namespace

std::optional<OfPort> BridgePortNames::find_port(std::string_view name) const {
  const auto found = std::ranges::find(bridge_.ports, name, [](const auto& entry) { return entry.second.name; });
  return found == bridge_.ports.end() ? std::nullopt : std::optional(found->first);
}

std::optional<std::string> BridgePortNames::port_name(OfPort port) const {
  const PortView* view = bridge_.port(port);
  return view == nullptr ? std::nullopt : std::optional(view->name);
}

std::string format_datapath_actions(const datapath::ActionList& actions, const Snapshot& snapshot) {
  return ActionWriter(snapshot).list(actions);
}

std::string format_megaflow_match(const FlowKey& key, const FlowMask& mask, const Snapshot& snapshot) {
  Match match;
  match.value() = Flow(key);
  match.mask() = Flow(mask);
  constexpr uint64_t port_id_bits = 0xffffffff;
  const PortId port{static_cast<uint32_t>(swap_network_order(key.word(KeyWord::hash_port)) & port_id_bits)};
  uint64_t& value_word = match.value().word(KeyWord::hash_port);
  uint64_t& mask_word = match.mask().word(KeyWord::hash_port);
  const uint64_t in_port_bits = swap_network_order(port_id_bits);
  value_word &= ~in_port_bits;
  mask_word &= ~in_port_bits;
  if (match.value(FieldId::recirc_id).is_zero()) {
    match.clear(field(FieldId::recirc_id));  // as received: every megaflow but those says so
  }
  const Snapshot::Place* place = snapshot.place(port);
  if (place == nullptr) {
    return format_match(match);
  }
  const OwnName name(snapshot, *place);
  match.set(FieldId::in_port, number(name.stand_in()));
  return format_match(match, &name);
}

}  // namespace weft::ofproto
