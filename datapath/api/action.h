// Datapath actions: everything that may happen to a packet on the fast path, as plain values.
//
// Translation (ofproto/translate) compiles flow tables down to a list of these; datapath/action executes them
// in order. A list that ends without an Output, Recirculate, Controller or Drop is a drop of reason `no_output`: no packet
// leaves by no door. What is stated is the change, not the way there: SetField names a registry field, and
// the executor fixes checksums (partial ones included) and moves offload offsets.
//
// Offloadable by construction: no pointers except the contexts of Controller and Recirculate, which never leave user
// space, and meters, which a device that has some would be told of by number.
//
// Threads: lists are immutable once handed to the datapath. Cost: one switch and one function per action.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "datapath/api/meter.h"
#include "datapath/api/queue.h"
#include "lib/base/hash.h"
#include "lib/base/ids.h"
#include "lib/base/small_blocks.h"
#include "lib/flow/field.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/tunnel_metadata.h"

namespace weft::datapath {

// Sends a copy of the packet as it is at this point. The last use of a packet moves it instead. A frame that a pop has
// shortened leaves no shorter than a wire allows (min_frame_bytes), unless something about it is still promised
// (Offload). What exceeds the rate of its queue is dropped (queue_rate_exceeded); the list goes on.
struct Output {
  PortId port;
  std::shared_ptr<Queue> queue = nullptr;  // or null: no limit
  uint32_t queue_id = 0;                   // OpenFlow's number, for dumps
  friend bool operator==(const Output&, const Output&) = default;
};

// Sends to every port of the list: flood sets. Same meaning as that many Outputs.
struct OutputSet {
  std::vector<PortId> ports;
  friend bool operator==(const OutputSet&, const OutputSet&) = default;
};

// Writes (value & mask) over the field's bits. Only fields that live in the frame, and pkt_mark.
struct SetField {
  FieldId field;
  FieldValue value;
  FieldValue mask;
  friend bool operator==(const SetField&, const SetField&) = default;
};

struct PushVlan {
  uint16_t tpid;  // 0x8100 or 0x88a8
  uint16_t tci;   // 0x1000 (present) is ignored
  friend bool operator==(const PushVlan&, const PushVlan&) = default;
};
struct PopVlan {
  friend bool operator==(const PopVlan&, const PopVlan&) = default;
};
struct PushMpls {
  uint16_t eth_type;  // 0x8847 or 0x8848
  uint32_t lse;       // label stack entry, host order
  friend bool operator==(const PushMpls&, const PushMpls&) = default;
};
struct PopMpls {
  uint16_t eth_type;  // of what is left
  friend bool operator==(const PopMpls&, const PopMpls&) = default;
};
// Puts a backbone header before the whole frame (pbb.h); its addresses are the frame's own.
struct PushPbb {
  uint16_t eth_type;  // 0x88e7
  uint32_t tag;       // I-TAG TCI, host order
  friend bool operator==(const PushPbb&, const PushPbb&) = default;
};
// Takes the backbone header off. Tags before the I-TAG stay, before the customer's own.
struct PopPbb {
  friend bool operator==(const PopPbb&, const PopPbb&) = default;
};

// Copy the time to live between the outermost label and what is next: another label, IPv4 or IPv6. Behind the bottom of
// the stack may be something without one; then nothing happens.
struct CopyTtlOut {
  friend bool operator==(const CopyTtlOut&, const CopyTtlOut&) = default;
};
struct CopyTtlIn {
  friend bool operator==(const CopyTtlIn&, const CopyTtlIn&) = default;
};
// Subtracts one from the outermost label's TTL, which translation does not know; below 2 the packet is dropped as
// ttl_exceeded.
struct DecMplsTtl {
  friend bool operator==(const DecMplsTtl&, const DecMplsTtl&) = default;
};

// Subtracts one from the IPv4 TTL or IPv6 hop limit. Translation has proved that it is at least 2; a packet
// for which that is not so is dropped as ttl_exceeded.
struct DecTtl {
  friend bool operator==(const DecTtl&, const DecTtl&) = default;
};

// Sets what the next Output to a tunnel port encapsulates with. Replaces all of it, options too: then there are none.
struct SetTunnel {
  TunnelMetadata tunnel;
  friend bool operator==(const SetTunnel&, const SetTunnel&) = default;
};
// Gives the tunnel header these options. Stands behind SetTunnel, and apart from it so that actions stay small.
struct SetTunnelOptions {
  std::shared_ptr<const TunnelOptions> options;
  friend bool operator==(const SetTunnelOptions& a, const SetTunnelOptions& b) { return *a.options == *b.options; }
};

// What a packet-in tells about its packet beyond the bytes. Made by ofproto, opaque to the datapath, which
// hands it back with the packet as it is at this point (UpcallSink::punt).
class PuntContext {
 public:
  virtual ~PuntContext() = default;
  virtual std::string describe() const = 0;  // for dumps: "controller(reason=action,max_len=128)"
};
struct Controller {
  std::shared_ptr<const PuntContext> context;
  std::shared_ptr<Meter> meter =
      nullptr;  // or null; a packet that it would drop is not told (meter_exceeded) and goes on
  friend bool operator==(const Controller& a, const Controller& b) {
    const bool is_same_context =
        a.context == b.context || (a.context && b.context && a.context->describe() == b.context->describe());
    return is_same_context && a.meter == b.meter;
  }
};

// Chooses by the packet's flow hash: dp_hash becomes one of the slots. `param` makes one choice differ from another.
struct HashSlots {
  std::vector<uint32_t> slots;  // a power of two of them, none of them 0
};
struct Hash {
  uint64_t param = 0;
  std::shared_ptr<const HashSlots> to;
  friend bool operator==(const Hash& a, const Hash& b) {
    return a.param == b.param && (a.to == b.to || (a.to && b.to && a.to->slots == b.to->slots));
  }
};

// What dp_hash becomes for a packet of this flow hash (lib/flow/flow_hash.h, flow_entropy).
inline uint32_t chosen_slot(const Hash& action, uint64_t flow_hash) {
  const std::vector<uint32_t>& slots = action.to->slots;
  return slots[hash_finish(hash_add(flow_hash, action.param), 1) & (slots.size() - 1)];
}

// Sends a copy of the packet as it is at this point back to the beginning: its key is made again, and carries the id, so
// that other megaflows cover it. What they do the sink knows by the id, for as long as the context lives.
class RecirculationContext {
 public:
  virtual ~RecirculationContext() = default;
};
struct Recirculate {
  uint32_t id = 0;  // not 0
  std::shared_ptr<const RecirculationContext> context;
  friend bool operator==(const Recirculate& a, const Recirculate& b) { return a.id == b.id; }
};

// Charges the packet to a meter, which may drop it (`reason`: the list ends) or remark its DSCP.
struct ApplyMeter {
  std::shared_ptr<Meter> meter;
  uint32_t id = 0;  // for dumps: OpenFlow's number; of a storm limit its rate
  DropReason reason = DropReason::meter_exceeded;
  friend bool operator==(const ApplyMeter&, const ApplyMeter&) = default;
};

// What is sent from here on is cut off behind so many bytes, counted from the frame as it is at this point. Of a frame
// that will be cut into segments, each of them is.
struct Truncate {
  uint32_t max_size = 0;
  friend bool operator==(const Truncate&, const Truncate&) = default;
};

// Ends the list: counted under the reason unless the packet has already been output or punted.
struct Drop {
  DropReason reason;
  friend bool operator==(const Drop&, const Drop&) = default;
};

// Executes a list on a copy: what it changes does not reach what follows (group buckets, clone).
struct Clone;

// Executes one list or the other on a copy: `larger` when the frame is longer than `size` bytes, or the longest of those
// that it stands for.
struct CheckLarger {
  uint32_t size = 0;
  std::shared_ptr<const Clone> larger;
  std::shared_ptr<const Clone> other;
  friend bool operator==(const CheckLarger& a, const CheckLarger& b);
};

using Action = std::variant<Output, OutputSet, SetField, PushVlan, PopVlan, PushMpls, PopMpls, PushPbb, PopPbb,
                            CopyTtlOut, CopyTtlIn, DecMplsTtl, DecTtl, SetTunnel, SetTunnelOptions, Truncate,
                            ApplyMeter, Hash, Recirculate, Controller, Drop, CheckLarger, std::shared_ptr<const Clone>>;
// Most have one or two, and are kept with a decision.
using ActionList = std::vector<Action, SmallBlockAllocator<Action>>;

struct Clone {
  ActionList actions;
  friend bool operator==(const Clone&, const Clone&) = default;
};

inline bool operator==(const CheckLarger& a, const CheckLarger& b) {
  return a.size == b.size && *a.larger == *b.larger && *a.other == *b.other;
}

}  // namespace weft::datapath
