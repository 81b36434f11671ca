// Writing actions: one overload per struct of the model.
#include <cassert>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow {
namespace {

constexpr uint16_t vlan_ethertype = 0x8100;
constexpr uint16_t vid_present = 0x1000;

class ActionWriter {
 public:
  ActionWriter(WireWriter& out, Version version, bool is_tagged)
      : out_(out), version_(version), is_tagged_(is_tagged) {}

  void operator()(const OutputAction& action) {
    begin(action_type::output);
    out_.port32(action.port);
    out_.u16(action.max_len);
    out_.pad(6);
    end();
  }

  void operator()(const SetFieldAction& action) {
    const bool is_exact = action.mask == all_bits(field(action.field));
    if (version_ < Version::v1_5 && (action.is_load || !is_exact)) {
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

  void operator()(const PushVlanAction& action) {
    with_ethertype(action_type::push_vlan, action.ethertype);
    is_tagged_ = true;
  }
  void operator()(const PopVlanAction&) {
    empty(action_type::pop_vlan);
    is_tagged_ = false;
  }
  void operator()(const SetVlanVidAction& action) {
    ensure_tagged();
    const Field& f = field(FieldId::vlan_vid);
    set_field(f.id, {0, uint64_t{vid_present} | action.vid}, all_bits(f));
  }
  void operator()(const SetVlanPcpAction& action) {
    ensure_tagged();
    const Field& f = field(FieldId::vlan_pcp);
    set_field(f.id, {0, action.pcp}, all_bits(f));
  }

  void operator()(const PushMplsAction& action) { with_ethertype(action_type::push_mpls, action.ethertype); }
  void operator()(const PopMplsAction& action) { with_ethertype(action_type::pop_mpls, action.ethertype); }
  void operator()(const PushPbbAction& action) { with_ethertype(action_type::push_pbb, action.ethertype); }
  void operator()(const PopPbbAction&) { empty(action_type::pop_pbb); }
  void operator()(const SetTtlAction& action) { with_ttl(action_type::set_nw_ttl, action.ttl); }
  void operator()(const SetMplsTtlAction& action) { with_ttl(action_type::set_mpls_ttl, action.ttl); }
  void operator()(const DecMplsTtlAction&) { empty(action_type::dec_mpls_ttl); }
  void operator()(const CopyTtlInAction&) { empty(action_type::copy_ttl_in); }
  void operator()(const CopyTtlOutAction&) { empty(action_type::copy_ttl_out); }
  void operator()(const DecTtlAction& action) {
    if (action.controller_ids.empty()) {
      empty(action_type::dec_nw_ttl);
    } else {
      write_nicira(out_, action);
    }
  }

  void operator()(const SetQueueAction& action) { with_number(action_type::set_queue, action.queue_id); }
  void operator()(const GroupAction& action) { with_number(action_type::group, action.group_id); }
  void operator()(const MeterAction& action) { with_number(action_type::meter, action.meter_id); }

  void operator()(const PopQueueAction& action) { write_nicira(out_, action); }
  void operator()(const ResubmitAction& action) { write_nicira(out_, action); }
  void operator()(const ControllerAction& action) { write_nicira(out_, action); }
  void operator()(const NoteAction& action) { write_nicira(out_, action); }
  void operator()(const ExitAction& action) { write_nicira(out_, action); }

  template <class Other>
  void operator()(const Other&) {
    assert(false && "an action that no reader makes");
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

  void set_field(FieldId id, FieldValue value, FieldValue mask) {
    begin(action_type::set_field);
    write_oxm(out_, field(id), value, mask, version_);
    end();
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
  bool is_tagged_;
  size_t begin_ = 0;
};

}  // namespace

void write_actions(WireWriter& out, const ActionList& actions, Version version, bool is_tagged) {
  ActionWriter writer(out, version, is_tagged);
  for (const Action& action : actions) {
    std::visit(writer, action);
  }
}

}  // namespace weft::openflow
