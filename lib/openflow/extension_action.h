// The extension actions that no OpenFlow version has by itself: Nicira's, as ovs-actions(7) describes them.
//
// They are alternatives of Action (action.h), which is what to include. Those that hold actions or are large are boxed, so
// that the variant stays as small as its common alternatives.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "lib/base/boxed.h"
#include "lib/base/ids.h"
#include "lib/base/ip_address.h"
#include "lib/openflow/sub_field.h"

namespace weft::openflow {

// A list of actions inside an action; complete in action.h.
struct NestedActions;

// --- registers and the stack

struct StackPushAction {
  SubField from;
  friend bool operator==(const StackPushAction&, const StackPushAction&) = default;
};
// What was pushed is cut to the field's low bits, or extended with zeros. An empty stack leaves the field alone.
struct StackPopAction {
  SubField to;
  friend bool operator==(const StackPopAction&, const StackPopAction&) = default;
};

// Writes (value & mask) over the metadata, in a list of actions: the form 1.0 has. Later versions have the instruction.
struct WriteMetadataAction {
  uint64_t value = 0;
  uint64_t mask = ~uint64_t{0};
  friend bool operator==(const WriteMetadataAction&, const WriteMetadataAction&) = default;
};

// Sets the bit to whether the packet, its Ethernet header included, is larger than `size` bytes.
struct CheckPacketLargerAction {
  uint16_t size = 0;
  SubField to;  // one bit
  friend bool operator==(const CheckPacketLargerAction&, const CheckPacketLargerAction&) = default;
};

// Takes a tunnel option (tun_metadata) off.
struct DeleteFieldAction {
  FieldId field{};
  friend bool operator==(const DeleteFieldAction&, const DeleteFieldAction&) = default;
};

// --- outputs

// To the port whose number the bits hold. max_len counts for CONTROLLER, as in OutputAction.
struct OutputRegAction {
  SubField from;
  uint16_t max_len = 0xffff;
  friend bool operator==(const OutputRegAction&, const OutputRegAction&) = default;
};

// At most the first `max_size` bytes go out; at least 14, an Ethernet header.
struct OutputTruncAction {
  OfPort port{};
  uint32_t max_size = 0;
  friend bool operator==(const OutputTruncAction&, const OutputTruncAction&) = default;
};

// 1.0's output by way of a queue. Later versions say set_queue, output, pop_queue.
struct EnqueueAction {
  OfPort port{};
  uint32_t queue_id = 0;
  friend bool operator==(const EnqueueAction&, const EnqueueAction&) = default;
};

// Which of a packet's fields a choice hashes (NX_HASH_FIELDS_*).
enum class HashFields : uint16_t {
  eth_src = 0,
  symmetric_l4 = 1,
  symmetric_l3l4 = 2,
  symmetric_l3l4_udp = 3,  // also the ports of UDP
  nw_src = 4,
  nw_dst = 5,
  symmetric_l3 = 6,
};

// NX_MP_ALG_*
enum class MultipathAlgorithm : uint16_t { modulo_n = 0, hash_threshold = 1, hrw = 2, iter_hash = 3 };

// Hashes the packet to a link number from 0 to `max_link`, both possible, and writes it to a field.
struct MultipathAction {
  HashFields fields{};
  uint16_t basis = 0;
  MultipathAlgorithm algorithm{};
  uint16_t max_link = 0;  // one less than the number of links, as on the wire
  uint32_t argument = 0;
  SubField to;
  friend bool operator==(const MultipathAction&, const MultipathAction&) = default;
};

// NX_BD_ALG_*
enum class BundleAlgorithm : uint16_t { active_backup = 0, hrw = 1 };

// Chooses a live one of the member ports and outputs to it, or writes its number to a field (bundle_load).
struct BundleAction {
  BundleAlgorithm algorithm{};
  HashFields fields{};
  uint16_t basis = 0;
  std::optional<SubField> to;
  std::vector<OfPort> members;
  friend bool operator==(const BundleAction&, const BundleAction&) = default;
};

// --- flows made and changed by packets

// What a learned flow does or matches with bits of the packet, or with a value.
struct LearnSpec {
  enum class Kind : uint8_t { match = 0, load = 1, output = 2 };
  Kind kind{};
  uint16_t bit_count = 0;
  std::variant<SubField, FieldValue> source;  // a FieldValue: right-aligned, `bit_count` bits
  SubField to;                                // of match and load; has bit_count bits
  friend bool operator==(const LearnSpec&, const LearnSpec&) = default;
};

struct Learn {
  uint16_t idle_timeout = 0;  // seconds; 0: none
  uint16_t hard_timeout = 0;
  uint16_t fin_idle_timeout = 0;  // after a TCP FIN or RST; 0: unchanged
  uint16_t fin_hard_timeout = 0;
  uint16_t priority = 0x8000;
  uint64_t cookie = 0;
  bool send_flow_removed = false;
  bool delete_learned = false;  // the learned flows go when the last flow that learns goes
  uint8_t table_id = 1;
  uint32_t limit = 0;              // how many flows with this cookie the table may have; 0: any number
  std::optional<SubField> result;  // one bit: whether the flow is there now, the limit considered
  std::vector<LearnSpec> specs;
  friend bool operator==(const Learn&, const Learn&) = default;
};
struct LearnAction {
  Boxed<Learn> learn;
  friend bool operator==(const LearnAction&, const LearnAction&) = default;
};

// Shortens the timeouts of the rule that the packet met, when the packet is a TCP FIN or RST. Seconds; 0: unchanged.
struct FinTimeoutAction {
  uint16_t idle_timeout = 0;
  uint16_t hard_timeout = 0;
  friend bool operator==(const FinTimeoutAction&, const FinTimeoutAction&) = default;
};

// The rule's match is one dimension of a conjunctive match. `clause` counts from 0; text counts from 1.
struct ConjunctionAction {
  uint32_t id = 0;
  uint8_t clause = 0;
  uint8_t clause_count = 0;  // 2 to 64
  friend bool operator==(const ConjunctionAction&, const ConjunctionAction&) = default;
};

// --- sampling

enum class SampleDirection : uint8_t { unspecified = 0, ingress = 1, egress = 2 };

// Sends about `probability` in 65535 packets to the collectors of a set (IPFIX).
struct SampleAction {
  uint16_t probability = 0;  // 1 to 65535
  uint32_t collector_set_id = 0;
  std::variant<uint32_t, SubField> observation_domain{};
  std::variant<uint32_t, SubField> observation_point{};
  std::optional<OfPort> sampling_port{};
  SampleDirection direction{};
  friend bool operator==(const SampleAction&, const SampleAction&) = default;
};

// --- branches

// Runs the actions on a copy: what they change does not reach what follows.
struct CloneAction {
  Boxed<NestedActions> nested;
  friend bool operator==(const CloneAction&, const CloneAction&) = default;
};

// --- connection tracking

inline constexpr uint16_t alg_none = 0;  // otherwise the helper's well-known port: 21 for FTP, 69 for TFTP

// Sends the packet through the connection tracker.
struct CtAction {
  bool commit = false;
  bool force = false;
  std::variant<uint16_t, SubField> zone;
  std::optional<uint8_t> table;  // where the tracked packet goes on; absent: nowhere
  uint16_t alg = alg_none;
  Boxed<NestedActions> nested;  // nat, and what writes ct_mark and ct_label
  friend bool operator==(const CtAction&, const CtAction&) = default;
};

enum class NatDirection : uint8_t { existing /* what the connection has */, source, destination };

// Only inside ct.
struct NatAction {
  NatDirection direction{};
  bool persistent = false;
  bool hash = false;
  bool random = false;
  // Both of one family. Absent: no range; only `address_max` absent: the one address.
  std::optional<IpAddress> address_min;
  std::optional<IpAddress> address_max;
  uint16_t port_min = 0;  // 0: absent
  uint16_t port_max = 0;
  friend bool operator==(const NatAction&, const NatAction&) = default;
};

// Forgets what the connection tracker said.
struct CtClearAction {
  friend bool operator==(const CtClearAction&, const CtClearAction&) = default;
};

}  // namespace weft::openflow
