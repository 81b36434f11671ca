// PacketState: the packet at one point of a translation, and what is known about it.
//
//   flow      the fields as the next lookup sees them
//   written   bits of `flow` that do not come from the packet any more (an action wrote them), or never did
//             (registers start as zero): looking at them says nothing about the packet
//   pending   written bits that the datapath has not been told yet: commit() emits them
//   base      what the datapath's packet holds now, as far as `committed` or the mask knows it
//
// A value: a branch (bucket, patch port) copies it and puts the copy back. What was looked at is kept outside, in
// LookedAt, because that is never taken back.
//
// Some changes move bits to another place (push and pop of tags and labels) or derive them (dec_ttl). Then bits of
// `flow` no longer say which bits of the packet they came from; looking at one marks all it may have come from.
//
// Threads: the translating thread. Cost: 3.5 KB a copy.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "datapath/api/action.h"
#include "lib/base/mac_address.h"
#include "lib/flow/field.h"
#include "lib/flow/flow_key.h"
#include "lib/flow/match.h"
#include "lib/packet/tunnel_metadata.h"

namespace weft::ofproto {

// The bits of the original packet that have been looked at.
struct LookedAt {
  Flow mask;
};

// `known_*`: bits that an action wrote.
struct VlanTag {
  uint16_t tpid = 0;
  uint16_t tci = 0;  // with vlan_tag_present
  uint16_t known_tpid = 0;
  uint16_t known_tci = 0;
};

class TagStack {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool is_full() const { return size_ == tags_.size(); }
  // 0 is the outermost; beyond the innermost there are empty tags.
  VlanTag at(size_t depth) const { return depth < size_ ? tags_[size_ - 1 - depth] : VlanTag{}; }
  VlanTag& top() { return tags_[size_ - 1]; }
  void push(VlanTag tag) { tags_[size_++] = tag; }
  void pop() { --size_; }

 private:
  std::array<VlanTag, 8> tags_{};
  uint8_t size_ = 0;
};

class PacketState {
 public:
  // A packet as it came: registers, metadata and the tunnel fields of a port that is no tunnel are zero by nature.
  PacketState(const FlowKey& key, OfPort in_port, bool is_from_tunnel);
  // A packet that comes back: `pipeline` says what is known of its metadata, registers and tunnel fields.
  PacketState(const FlowKey& key, OfPort in_port, const MiniMatch& pipeline);

  const Flow& flow() const { return flow_; }
  // The bits of `flow` that all packets share which agree on what was looked at.
  Flow known(const LookedAt& looked_at) const;

  // What the second constructor gets when the packet comes back. Looks at what would be lost on the way.
  Match pipeline(LookedAt& looked_at) const;

  // Whether the fields behind the tags are those of the packet. Not so when a label was popped and what it covered was
  // never read.
  bool is_parsed(LookedAt& looked_at) const;
  // Whether the addresses and tags are those of the packet. Not so when a backbone header was popped.
  bool is_link_parsed() const { return !addresses_uncovered_; }
  // Whether a lookup would find every field: the datapath may have written what is not in the key.
  bool is_known_to_lookups(LookedAt& looked_at) const {
    return is_parsed(looked_at) && is_link_parsed() && (unknown_label_ttls_ & 1) == 0;
  }

  // Whether a lookup and known() would give the same for both.
  bool looks_like(const PacketState& other) const;

  OfPort in_port() const;
  void set_in_port(OfPort port);
  // The packet as a rule sees it that asks for this conj_id: all clauses of that conjunction were met.
  void set_conjunction(uint32_t id);
  // The match field actset_output: the port that the action set outputs to, of_port::unset for none.
  void set_action_set_output(OfPort port);
  // By which of a port's queues it leaves. No field: nothing can match on it.
  uint32_t queue_id() const { return queue_id_; }
  void set_queue_id(uint32_t queue_id) { queue_id_ = queue_id; }
  // The far side of a patch port: metadata, registers and tunnel fields start afresh.
  void cross_patch(OfPort in_port);

  // --- looking
  // Marks these bits of `flow` as looked at.
  void look_at(const Flow& bits, LookedAt& looked_at) const;
  void look_at(const Field& field, LookedAt& looked_at) const;
  void look_at(const Field& field, FieldValue bits, LookedAt& looked_at) const;
  FieldValue read(FieldId id, LookedAt& looked_at) const;
  // Whether the packet has the header that the field lives in.
  bool has_header_of(const Field& field, LookedAt& looked_at) const;
  bool is_ip(LookedAt& looked_at) const;
  bool has_vlan_tag(LookedAt& looked_at) const;
  // Which of a set of tunnel options (bit n: tun_metadata n) there are.
  void look_at_options(uint64_t fields, LookedAt& looked_at) const {
    mark_word(KeyWord::tun_options_present, fields, looked_at);
  }
  // The tunnel options that there are, of a set of fields (bit n: tun_metadata n). Nothing: more than a header holds.
  std::optional<TunnelOptions> read_options(uint64_t fields, LookedAt& looked_at) const;
  bool is_mpls(LookedAt& looked_at) const;
  bool has_second_vlan_tag(LookedAt& looked_at) const;
  // Of a neighbour message: its target's link-layer address; options that are no link-layer addresses (lib/flow/nd_options.h).
  bool has_target_link_option(LookedAt& looked_at) const;
  bool has_other_nd_options(LookedAt& looked_at) const;

  // --- changing (set_field.cc, vlan.cc, mpls.cc, mpls_ttl.cc, neighbour.cc, pbb.cc, reshape.cc)
  // Nothing happens to a field that the packet does not have.
  void set_field(const Field& field, FieldValue value, FieldValue mask, LookedAt& looked_at);
  // Takes a tunnel option away; setting one adds it.
  void delete_option(const Field& option);
  // False: the TTL has run out, nothing was changed. Looks at as few bits as prove it.
  bool decrement_ttl(LookedAt& looked_at);
  void push_vlan(uint16_t tpid, LookedAt& looked_at);
  void pop_vlan(LookedAt& looked_at);
  // The tag of NORMAL: exactly this VLAN, or no tag. Keeps the priority of a tag that is there.
  void set_vlan(std::optional<uint16_t> vlan, LookedAt& looked_at);
  void push_mpls(uint16_t eth_type, LookedAt& looked_at, datapath::ActionList& actions);
  void pop_mpls(uint16_t eth_type, LookedAt& looked_at, datapath::ActionList& actions);
  void copy_ttl_out(LookedAt& looked_at, datapath::ActionList& actions);
  void copy_ttl_in(LookedAt& looked_at, datapath::ActionList& actions);
  // False: the TTL has run out, nothing was changed.
  bool decrement_mpls_ttl(LookedAt& looked_at, datapath::ActionList& actions);
  void push_pbb(uint16_t eth_type, LookedAt& looked_at, datapath::ActionList& actions);
  void pop_pbb(LookedAt& looked_at, datapath::ActionList& actions);
  // A neighbour solicitation, whose only option is its source's address, becomes the advertisement that answers it: `mac`
  // has the address that is asked for.
  void answer_solicitation(MacAddress mac, uint32_t flags, LookedAt& looked_at, datapath::ActionList& actions);
  // Writing eth_type or ip_proto: what lies behind is called something else, so its fields are out of sight.
  static bool reshapes(FieldId id) { return id == FieldId::eth_type || id == FieldId::ip_proto; }
  void reshape(const Field& field, FieldValue value, LookedAt& looked_at, datapath::ActionList& actions);

  // Appends what makes the datapath's packet equal to `flow`.
  void commit(const LookedAt& looked_at, datapath::ActionList& actions);
  void commit_tunnel(const PacketTunnel& tunnel, datapath::ActionList& actions);
  bool has_uncommitted() const;
  // A meter's band may change the DSCP: what is known of the packet's is not what the datapath's has.
  void note_metered() { is_metered_ = true; }

  // After a branch whose actions ran on the same packet: what it told the datapath about tunnels stays told.
  void inherit_tunnel(const PacketState& branch) { tunnel_sent_ = branch.tunnel_sent_; }

 private:
  bool is_known(const Field& field) const;
  void mark_word(KeyWord word, uint64_t bits, LookedAt& looked_at) const;
  bool has_presence(uint16_t bits, LookedAt& looked_at) const;
  bool has_eth_type(uint16_t a, uint16_t b, LookedAt& looked_at) const;
  bool has_protocol(Prerequisite prerequisite, LookedAt& looked_at) const;
  bool has_neighbor_message(Prerequisite prerequisite, LookedAt& looked_at) const;

  void set_in_phy_port(OfPort port);
  void write(const Field& field, FieldValue value, FieldValue mask);
  void set_constant(KeyWord word, uint64_t value, uint64_t bits = ~uint64_t{0});
  void set_vlan_field(const Field& field, FieldValue value, FieldValue mask, LookedAt& looked_at);
  void write_tag(uint16_t tci, uint16_t mask);
  void rebuild_tags();
  void note_own_labels();
  void note_pop(bool has_more);
  void replace_network_layer(uint16_t eth_type, uint16_t present_bits);
  void hide_words_from(KeyWord first);
  bool is_always_told(const Field& field) const;
  bool is_bottom_label(LookedAt& looked_at) const;
  void write_inner_label_ttl();

  void commit_field(const Field& field, const LookedAt& looked_at, datapath::ActionList& actions);
  void commit_fields(const LookedAt& looked_at, datapath::ActionList& actions);
  void commit_tags(datapath::ActionList& actions);
  void commit_ttl(datapath::ActionList& actions);

  Flow flow_;
  Flow written_;
  Flow pending_;
  Flow base_;
  Flow committed_;
  bool has_pending_ = false;

  // The packet's tags as they shall be. Of those the datapath's packet has, so many are to be popped; the tags above
  // what is left are to be pushed; if none is, bits of the outermost may wait to be set.
  TagStack tags_;
  uint8_t datapath_tag_count_ = 0;
  uint8_t tags_to_pop_ = 0;
  uint16_t pending_tci_ = 0;
  bool tags_moved_ = false;
  bool labels_moved_ = false;
  bool has_no_more_tags_ = false;  // beyond those there are none, whatever the packet came with
  bool is_metered_ = false;
  bool addresses_uncovered_ = false;  // a popped backbone header has laid bare others, which are not known

  // Bit i: the TTL of label i, the outermost being 0, was copied from where the key does not reach; `flow` has zero.
  uint8_t unknown_label_ttls_ = 0;
  // Of the IP header that a pushed label hides.
  std::optional<uint8_t> hidden_ttl_;

  // Labels. The key holds three of the packet's own: which of them are bottoms (bit n: the n-th), and how many are gone.
  // Of those in `flow`, so many from the outermost are right.
  uint8_t own_bottoms_ = 0;
  uint8_t own_labels_popped_ = 0;
  uint8_t known_label_count_ = 3;
  uint16_t labels_pushed_ = 0;     // ... and not popped again
  bool is_bottom_pushed_ = false;  // the packet had no label before
  bool is_network_hidden_ = false;

  // How often the packet's own TTL was decremented, and how much of that the datapath has not been told.
  uint8_t ttl_decrements_ = 0;
  uint8_t ttl_uncommitted_ = 0;
  std::optional<PacketTunnel> tunnel_sent_;
  uint32_t queue_id_ = 0;
};

}  // namespace weft::ofproto
