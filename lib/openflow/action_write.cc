// Writing actions: one overload per struct of the model.
#include "lib/openflow/action_10.h"
#include "lib/openflow/action_codec.h"
#include "lib/openflow/nicira_action.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow {
namespace {

constexpr uint16_t vlan_ethertype = 0x8100;
constexpr uint16_t vid_present = 0x1000;
constexpr uint16_t whole_packet = 0xffff;  // OFPCML_NO_BUFFER

class ActionWriter {
 public:
  ActionWriter(WireWriter& out, Version version, bool is_tagged)
      : out_(out), version_(version), is_10_(version == Version::v1_0), is_tagged_(is_tagged) {}

  // --- output

  void operator()(const OutputAction& action) {
    if (is_10_) {
      return write_output_10(out_, action);
    }
    begin(action_type::output);
    out_.port32(action.port);
    out_.u16(action.max_len);
    out_.pad(6);
    end();
  }
  void operator()(const EnqueueAction& action) {
    if (is_10_) {
      return write_enqueue_10(out_, action);
    }
    (*this)(SetQueueAction{action.queue_id});
    (*this)(OutputAction{action.port, whole_packet});
    (*this)(PopQueueAction{});
  }
  void operator()(const SetQueueAction& action) {
    own_number(action_type::set_queue, subtype::set_queue, action.queue_id);
  }
  void operator()(const GroupAction& action) { own_number(action_type::group, subtype::group, action.group_id); }
  void operator()(const MeterAction& action) {
    if (version_ >= Version::v1_5) {
      with_number(action_type::meter, action.meter_id);
    }
  }

  // --- fields

  void operator()(const SetFieldAction& action) {
    const bool is_exact = action.mask == all_bits(field(action.field));
    if (is_10_) {
      set_field_10(action);
    } else if (version_ < Version::v1_5 && (action.is_load || !is_exact)) {
      write_nicira_load(out_, action, version_);
    } else {
      set_field(action.field, action.value, action.mask);
    }
  }
  void operator()(const MoveAction& action) {
    if (version_ < Version::v1_5) {
      write_nicira(out_, action);
    } else {
      copy_field(action);
    }
  }

  // --- tags

  void operator()(const PushVlanAction& action) {
    if (!is_10_) {  // there set_vlan_vid and set_vlan_pcp push what is missing
      with_ethertype(action_type::push_vlan, action.ethertype);
    }
    is_tagged_ = true;
  }
  void operator()(const PopVlanAction&) {
    is_10_ ? write_strip_vlan_10(out_) : empty(action_type::pop_vlan);
    is_tagged_ = false;
  }
  void operator()(const SetVlanVidAction& action) {
    if (is_10_) {
      return write_set_vlan_vid_10(out_, action.vid);
    }
    ensure_tagged();
    const Field& f = field(FieldId::vlan_vid);
    set_field(f.id, {0, uint64_t{vid_present} | action.vid}, all_bits(f));
  }
  void operator()(const SetVlanPcpAction& action) {
    if (is_10_) {
      return write_set_vlan_pcp_10(out_, action.pcp);
    }
    ensure_tagged();
    const Field& f = field(FieldId::vlan_pcp);
    set_field(f.id, {0, action.pcp}, all_bits(f));
  }
  void operator()(const PushMplsAction& action) {
    own_ethertype(action_type::push_mpls, subtype::push_mpls, action.ethertype);
  }
  void operator()(const PopMplsAction& action) {
    own_ethertype(action_type::pop_mpls, subtype::pop_mpls, action.ethertype);
  }
  void operator()(const PushPbbAction& action) {
    if (!is_10_) {
      with_ethertype(action_type::push_pbb, action.ethertype);
    }
  }
  void operator()(const PopPbbAction&) { only_later(action_type::pop_pbb); }

  // --- times to live

  void operator()(const SetTtlAction& action) {
    if (is_10_) {
      const Field& f = field(FieldId::nw_ttl);
      return write_nicira_load(out_, {.field = f.id, .value = {0, action.ttl}, .mask = all_bits(f)}, version_);
    }
    with_ttl(action_type::set_nw_ttl, action.ttl);
  }
  void operator()(const DecTtlAction& action) {
    if (is_10_ || !action.controller_ids.empty()) {
      write_nicira(out_, action);
    } else {
      empty(action_type::dec_nw_ttl);
    }
  }
  void operator()(const SetMplsTtlAction& action) {
    if (is_10_) {
      return write_nicira_number(out_, subtype::set_mpls_ttl, 0, action.ttl, 1);
    }
    with_ttl(action_type::set_mpls_ttl, action.ttl);
  }
  void operator()(const DecMplsTtlAction&) {
    if (is_10_) {
      return write_nicira_number(out_, subtype::dec_mpls_ttl, 6, 0, 0);
    }
    empty(action_type::dec_mpls_ttl);
  }
  void operator()(const CopyTtlInAction&) { only_later(action_type::copy_ttl_in); }
  void operator()(const CopyTtlOutAction&) { only_later(action_type::copy_ttl_out); }

  // --- Nicira's

  void operator()(const CloneAction& action) { write_nicira(out_, action, version_, is_tagged_); }
  void operator()(const CtAction& action) { write_nicira(out_, action, version_); }
  template <class Extension>
  void operator()(const Extension& action) {
    write_nicira(out_, action);
  }

 private:
  void begin(uint16_t type) {
    begin_ = out_.size();
    out_.u16(type);
    out_.u16(0);
  }
  void end() {
    out_.pad_to(begin_);
    out_.patch_u16(begin_ + 2, out_.size() - begin_);
  }
  void empty(uint16_t type) { with_number(type, 0); }
  void with_number(uint16_t type, uint32_t number) {
    begin(type);
    out_.u32(number);
    end();
  }
  void with_ethertype(uint16_t type, uint16_t ethertype) { with_number(type, uint32_t{ethertype} << 16); }
  void with_ttl(uint16_t type, uint8_t ttl) { with_number(type, uint32_t{ttl} << 24); }

  // What 1.0 has as Nicira's, the others as their own.
  void own_number(uint16_t type, uint16_t subtype, uint32_t number) {
    if (is_10_) {
      return write_nicira_number(out_, subtype, 2, number, sizeof number);
    }
    with_number(type, number);
  }
  void own_ethertype(uint16_t type, uint16_t subtype, uint16_t ethertype) {
    if (is_10_) {
      return write_nicira_number(out_, subtype, 0, ethertype, sizeof ethertype);
    }
    with_ethertype(type, ethertype);
  }
  void only_later(uint16_t type) {
    if (!is_10_) {
      empty(type);
    }
  }

  void set_field(FieldId id, FieldValue value, FieldValue mask) {
    // in_port is never set by its OXM number (1.5.1 section 7.2.6.7).
    const Field& f = field(id == FieldId::in_port_oxm ? FieldId::in_port : id);
    begin(action_type::set_field);
    write_oxm(out_, f, value & all_bits(f), mask & all_bits(f), version_);  // no load of nw_tos writes the ECN bits
    end();
  }
  // By 1.0's own action, one of Nicira's, or a reg_load.
  void set_field_10(const SetFieldAction& action) {
    if (write_set_field_10(out_, action)) {
      return;
    }
    if (action.is_mod && action.field == FieldId::tun_id) {
      const bool is_wide = action.value.lo > 0xffffffff;
      return is_wide ? write_nicira_number(out_, subtype::set_tunnel64, 6, action.value.lo, 8)
                     : write_nicira_number(out_, subtype::set_tunnel, 2, action.value.lo, 4);
    }
    if (action.is_mod && action.field == FieldId::mpls_label) {
      return write_nicira_number(out_, subtype::set_mpls_label, 2, action.value.lo, 4);
    }
    if (action.is_mod && action.field == FieldId::mpls_tc) {
      return write_nicira_number(out_, subtype::set_mpls_tc, 0, action.value.lo, 1);
    }
    write_nicira_load(out_, action, version_);
  }
  void copy_field(const MoveAction& action) {  // OpenFlow 1.5.1 section 7.2.6.8
    begin(action_type::copy_field);
    out_.u16(action.to.bit_count);
    out_.u16(action.from.offset);
    out_.u16(action.to.offset);
    out_.pad(2);
    write_oxm_header(out_, preferred_oxm(field(action.from.field), version_));
    write_oxm_header(out_, preferred_oxm(field(action.to.field), version_));
    end();
  }
  void ensure_tagged() {
    if (!is_tagged_) {
      (*this)(PushVlanAction{vlan_ethertype});
    }
  }

  WireWriter& out_;
  Version version_;
  bool is_10_;
  bool is_tagged_;
  size_t begin_ = 0;
};

}  // namespace

void write_actions(WireWriter& out, const ActionList& actions, Version version, bool is_tagged) {
  ActionWriter writer(out, version, is_tagged);
  const Action* previous = nullptr;
  for (const Action& action : actions) {
    const bool is_said = version == Version::v1_0 && previous != nullptr && repeats_transport_port(*previous, action);
    if (!is_said) {
      std::visit(writer, action);
    }
    previous = &action;
  }
}

}  // namespace weft::openflow
