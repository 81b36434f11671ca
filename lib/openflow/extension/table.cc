// From experimenter and number to the function that reads the message, and back.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "lib/openflow/extension/extension.h"

namespace weft::openflow::extension {
namespace {

// NXT_*.
namespace nxt {
constexpr uint32_t set_flow_format = 12;
constexpr uint32_t flow_mod_table_id = 15;
constexpr uint32_t set_packet_in_format = 16;
constexpr uint32_t set_controller_id = 20;
constexpr uint32_t tlv_table_mod = 24;
constexpr uint32_t tlv_table_request = 25;
constexpr uint32_t tlv_table_reply = 26;
constexpr uint32_t ct_flush_zone = 29;
}  // namespace nxt

struct Versions {
  Version first;
  Version last;
  bool has(Version version) const { return first <= version && version <= last; }
};
constexpr Versions every{Version::v1_0, Version::v1_5};
constexpr Versions before_oxm{Version::v1_0, Version::v1_1};

struct Row {
  uint32_t experimenter;
  uint32_t number;
  Versions versions;
  Form form;
  DecodedMessage (*read)(WireReader&, Version);
};

constexpr Row rows[] = {
    {nicira_vendor_id, nxt::set_flow_format, {Version::v1_0, Version::v1_0}, Form::standard, read_set_flow_format},
    {nicira_vendor_id, nxt::flow_mod_table_id, before_oxm, Form::standard, read_flow_mod_table_id},
    {nicira_vendor_id, nxt::set_packet_in_format, every, Form::standard, read_set_packet_in_format},
    {nicira_vendor_id, nxt::set_controller_id, every, Form::standard, read_set_controller_id},
    {nicira_vendor_id, nxt::tlv_table_mod, every, Form::standard, read_tlv_table_mod},
    {nicira_vendor_id, nxt::tlv_table_request, every, Form::standard, read_tlv_table_request},
    {nicira_vendor_id, nxt::tlv_table_reply, every, Form::standard, read_tlv_table_reply},
    {nicira_vendor_id, nxt::ct_flush_zone, every, Form::standard, read_ct_flush_zone},
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

  WireWriter& out_;
  [[maybe_unused]] Version version_;
  [[maybe_unused]] Form form_;
};

}  // namespace

DecodedMessage read(std::span<const uint8_t> body, Version version, Spelling& spelling) {
  WireReader in(body);
  const uint32_t experimenter = in.u32();
  const uint32_t number = in.u32();
  if (auto header = in.result(); !header) {
    return Unexpected{header.error()};
  }
  const auto* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& one) {
    return one.experimenter == experimenter && one.number == number && one.versions.has(version);
  });
  if (row == std::end(rows)) {
    return read_unknown(in, experimenter, number);
  }
  spelling.form = row->form;
  return row->read(in, version);
}

bool write(WireWriter& out, const Message& message, Version version, Form form) {
  return std::visit(Writer(out, version, form), message);
}

}  // namespace weft::openflow::extension
