// From experimenter and number to the function that reads the message, and back.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "lib/openflow/codec_10/nxm.h"
#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/extension/extension.h"

namespace weft::openflow::extension {
namespace {

// NXT_*.
namespace nxt {
constexpr uint32_t role_request = 10;
constexpr uint32_t role_reply = 11;
constexpr uint32_t set_flow_format = 12;
constexpr uint32_t flow_mod = 13;
constexpr uint32_t flow_removed = 14;
constexpr uint32_t flow_mod_table_id = 15;
constexpr uint32_t set_packet_in_format = 16;
constexpr uint32_t packet_in = 17;
constexpr uint32_t set_async = 19;
constexpr uint32_t set_controller_id = 20;
constexpr uint32_t flow_monitor_cancel = 21;
constexpr uint32_t flow_monitor_paused = 22;
constexpr uint32_t flow_monitor_resumed = 23;
constexpr uint32_t tlv_table_mod = 24;
constexpr uint32_t tlv_table_request = 25;
constexpr uint32_t tlv_table_reply = 26;
constexpr uint32_t set_async2 = 27;
constexpr uint32_t resume = 28;
constexpr uint32_t ct_flush_zone = 29;
constexpr uint32_t packet_in2 = 30;
constexpr uint32_t group_mod = 31;
}  // namespace nxt

struct Versions {
  Version first;
  Version last;
  bool has(Version version) const { return first <= version && version <= last; }
};
constexpr Versions every{Version::v1_0, Version::v1_5};
constexpr Versions first{Version::v1_0, Version::v1_0};
constexpr Versions before_oxm{Version::v1_0, Version::v1_1};
constexpr Versions before_properties{Version::v1_0, Version::v1_3};
constexpr Versions only_13{Version::v1_3, Version::v1_3};
constexpr uint32_t onf_id = codec_13::onf_experimenter;

struct Row {
  uint32_t experimenter;
  uint32_t number;
  Versions versions;
  Form form;
  DecodedMessage (*read)(WireReader&, Version);
  Sender sender = Sender::controller;
};
constexpr auto by_switch = Sender::only_switch;

// What a later version says itself it does not say by an extension too, except where the extension says more or stock
// clients send it all the same.
constexpr Row rows[] = {
    {nicira_vendor_id, nxt::role_request, every, Form::nicira, read_role_request},
    {nicira_vendor_id, nxt::role_reply, every, Form::nicira, read_role_reply, by_switch},
    {nicira_vendor_id, nxt::set_flow_format, first, Form::standard, read_set_flow_format},
    {nicira_vendor_id, nxt::flow_mod, first, Form::nicira, codec_10::read_nx_flow_mod},
    {nicira_vendor_id, nxt::flow_removed, first, Form::nicira, codec_10::read_nx_flow_removed, by_switch},
    {nicira_vendor_id, nxt::flow_mod_table_id, before_oxm, Form::standard, read_flow_mod_table_id},
    {nicira_vendor_id, nxt::set_packet_in_format, every, Form::standard, read_set_packet_in_format},
    {nicira_vendor_id, nxt::packet_in, every, Form::nicira, read_packet_in, by_switch},
    {nicira_vendor_id, nxt::set_async, every, Form::nicira, read_set_async},
    {nicira_vendor_id, nxt::set_controller_id, every, Form::standard, read_set_controller_id},
    {nicira_vendor_id, nxt::flow_monitor_cancel, first, Form::nicira, codec_10::read_nx_monitor_cancel},
    {nicira_vendor_id, nxt::flow_monitor_paused, first, Form::nicira, codec_10::read_nx_monitor_paused, by_switch},
    {nicira_vendor_id, nxt::flow_monitor_resumed, first, Form::nicira, codec_10::read_nx_monitor_resumed, by_switch},
    {nicira_vendor_id, nxt::tlv_table_mod, every, Form::standard, read_tlv_table_mod},
    {nicira_vendor_id, nxt::tlv_table_request, every, Form::standard, read_tlv_table_request},
    {nicira_vendor_id, nxt::tlv_table_reply, every, Form::standard, read_tlv_table_reply, by_switch},
    {nicira_vendor_id, nxt::set_async2, before_properties, Form::nicira2, read_set_async2},
    {nicira_vendor_id, nxt::resume, every, Form::standard, read_resume},
    {nicira_vendor_id, nxt::ct_flush_zone, every, Form::standard, read_ct_flush_zone},
    {nicira_vendor_id, nxt::packet_in2, every, Form::nicira2, read_packet_in2, by_switch},
    {nicira_vendor_id, nxt::group_mod, first, Form::nicira, codec_10::read_nx_group_mod},
    {onf_id, onf::flow_monitor_cancel, only_13, Form::onf, read_onf_monitor_cancel},
    {onf_id, onf::flow_monitor_paused, only_13, Form::onf, read_onf_monitor_paused, by_switch},
    {onf_id, onf::flow_monitor_resumed, only_13, Form::onf, read_onf_monitor_resumed, by_switch},
    {onf_id, onf::role_status, only_13, Form::onf, read_onf_role_status, by_switch},
    {onf_id, onf::bundle_control, only_13, Form::onf, read_onf_bundle_control},
    {onf_id, onf::bundle_add, only_13, Form::onf, read_onf_bundle_add},
    {onf_id, onf::request_forward, only_13, Form::onf, read_onf_request_forward, by_switch},
};

DecodedMessage read_unknown(WireReader& in, uint32_t experimenter, uint32_t number) {
  Experimenter message{experimenter, number, {}};
  const auto data = in.take_rest();
  message.data.assign(data.begin(), data.end());
  return Message{std::move(message)};
}

// One overload a message that an extension says; false for those that the version says itself.
class Writer {
 public:
  Writer(WireWriter& out, Version version, Form form) : out_(out), version_(version), form_(form) {}

  bool operator()(const Experimenter& m) const {
    out_.u32(m.experimenter);
    out_.u32(m.exp_type);
    out_.bytes(m.data);
    return true;
  }
  bool operator()(const SetFlowFormat& m) const { return nicira(nxt::set_flow_format, m); }
  bool operator()(const FlowModTableId& m) const { return nicira(nxt::flow_mod_table_id, m); }
  bool operator()(const SetPacketInFormat& m) const { return nicira(nxt::set_packet_in_format, m); }
  bool operator()(const SetControllerId& m) const { return nicira(nxt::set_controller_id, m); }
  bool operator()(const TlvTableMod& m) const { return nicira(nxt::tlv_table_mod, m); }
  bool operator()(const TlvTableRequest&) const {
    begin(nicira_vendor_id, nxt::tlv_table_request);
    return true;
  }
  bool operator()(const TlvTableReply& m) const { return nicira(nxt::tlv_table_reply, m); }
  bool operator()(const CtFlushZone& m) const { return nicira(nxt::ct_flush_zone, m); }
  bool operator()(const Resume& m) const {
    begin(nicira_vendor_id, nxt::resume);
    write_packet_in2(out_, m.packet_in, version_);
    return true;
  }

  // What a version says itself, unless the form, or what there is to say, wants otherwise.
  bool operator()(const PacketIn& m) const {
    if (form_ == Form::nicira2) {
      begin(nicira_vendor_id, nxt::packet_in2);
      write_packet_in2(out_, m, version_);
    } else if (form_ == Form::nicira) {
      begin(nicira_vendor_id, nxt::packet_in);
      write_packet_in(out_, m);
    }
    return form_ == Form::nicira || form_ == Form::nicira2;
  }
  bool operator()(const RoleRequest& m) const { return role(nxt::role_request, m.role); }
  bool operator()(const RoleReply& m) const { return role(nxt::role_reply, m.role); }
  bool operator()(const SetAsync& m) const {
    if (form_ == Form::nicira2) {
      begin(nicira_vendor_id, nxt::set_async2);
      write_set_async2(out_, m);
      return true;
    }
    if (form_ == Form::nicira || version_ < Version::v1_3) {
      begin(nicira_vendor_id, nxt::set_async);
      write_set_async(out_, m);
      return true;
    }
    return false;
  }
  bool operator()(const FlowMod& m) const {
    return version_ == Version::v1_0 && (form_ == Form::nicira || codec_10::needs_nicira(m)) && nxm(nxt::flow_mod, m);
  }
  bool operator()(const GroupMod& m) const { return version_ == Version::v1_0 && nxm(nxt::group_mod, m); }
  bool operator()(const FlowRemoved& m) const {
    return version_ == Version::v1_0 && form_ == Form::nicira && nxm(nxt::flow_removed, m);
  }

  bool operator()(const BundleControl& m) const { return onf_13(onf::bundle_control, m); }
  bool operator()(const BundleAdd& m) const { return onf_13(onf::bundle_add, m); }
  bool operator()(const RoleStatus& m) const { return onf_13(onf::role_status, m); }
  bool operator()(const RequestForward& m) const { return onf_13(onf::request_forward, m); }

  // A cancellation, "paused" and "resumed": Nicira's in 1.0, the ONF's in 1.3, parts of the multipart from 1.4 on.
  bool operator()(const FlowMonitorRequest& m) const {
    const bool cancels = m.monitors.size() == 1 && m.monitors.front().command == FlowMonitorCommand::remove;
    if (!cancels || !monitor(nxt::flow_monitor_cancel, onf::flow_monitor_cancel)) {
      return false;
    }
    out_.u32(m.monitors.front().id);
    return true;
  }
  bool operator()(const FlowMonitorReply& m) const {
    const auto event = m.entries.size() == 1 ? m.entries.front().event : FlowUpdateEvent::added;
    if (event < FlowUpdateEvent::paused) {
      return false;
    }
    return event == FlowUpdateEvent::paused ? monitor(nxt::flow_monitor_paused, onf::flow_monitor_paused)
                                            : monitor(nxt::flow_monitor_resumed, onf::flow_monitor_resumed);
  }

  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }

 private:
  void begin(uint32_t experimenter, uint32_t number) const {
    out_.u32(experimenter);
    out_.u32(number);
  }
  template <class M>
  bool nicira(uint32_t number, const M& message) const {
    begin(nicira_vendor_id, number);
    write_body(out_, message);
    return true;
  }
  template <class M>
  bool nxm(uint32_t number, const M& message) const {
    begin(nicira_vendor_id, number);
    codec_10::write_nicira(out_, message);
    return true;
  }
  bool role(uint32_t number, Role role) const {
    if (role == Role::no_change || (form_ != Form::nicira && version_ > Version::v1_1)) {
      return false;
    }
    begin(nicira_vendor_id, number);
    write_role(out_, role);
    return true;
  }

  bool monitor(uint32_t nicira_number, uint32_t onf_number) const {
    if (version_ >= Version::v1_4) {
      return false;
    }
    const bool is_onf = version_ == Version::v1_3;
    begin(is_onf ? onf_id : nicira_vendor_id, is_onf ? onf_number : nicira_number);
    return true;
  }
  template <class M>
  bool onf_13(uint32_t number, const M& message) const {
    if (version_ != Version::v1_3) {
      return false;
    }
    begin(onf_id, number);
    write_body(out_, message);
    return true;
  }

  WireWriter& out_;
  Version version_;
  Form form_;
};

}  // namespace

namespace {

const Row* find_row(uint32_t experimenter, uint32_t number, Version version) {
  const auto* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& one) {
    return one.experimenter == experimenter && one.number == number && one.versions.has(version);
  });
  return row == std::end(rows) ? nullptr : row;
}

}  // namespace

bool is_from_switch(std::span<const uint8_t> body, Version version) {
  WireReader in(body);
  const uint32_t experimenter = in.u32();
  const uint32_t number = in.u32();
  const Row* row = in.failed() ? nullptr : find_row(experimenter, number, version);
  return row != nullptr && row->sender == by_switch;
}

DecodedMessage read(std::span<const uint8_t> body, Version version, Spelling& spelling) {
  WireReader in(body);
  const uint32_t experimenter = in.u32();
  const uint32_t number = in.u32();
  if (auto header = in.result(); !header) {
    return Unexpected{header.error()};
  }
  const Row* row = find_row(experimenter, number, version);
  if (row == nullptr) {
    return read_unknown(in, experimenter, number);
  }
  spelling.form = row->form;
  return row->read(in, version);
}

bool write(WireWriter& out, const Message& message, Version version, Form form) {
  return std::visit(Writer(out, version, form), message);
}

}  // namespace weft::openflow::extension
