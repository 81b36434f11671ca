// Datapath actions: everything that may happen to a packet on the fast path, as plain values.
//
// Translation (ofproto/translate) compiles flow tables down to a list of these; datapath/action executes them
// in order. A list that ends without an Output, Controller or Drop is a drop of reason `no_output`: no packet
// leaves by no door. What is stated is the change, not the way there: SetField names a registry field, and
// the executor fixes checksums (partial ones included) and moves offload offsets.
//
// Offloadable by construction: no pointers except Controller's context, which never leaves user space.
//
// Threads: lists are immutable once handed to the datapath. Cost: one switch and one function per action.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/ids.h"
#include "lib/flow/field.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/tunnel_metadata.h"

namespace weft::datapath {

// Sends a copy of the packet as it is at this point. The last use of a packet moves it instead.
struct Output {
  PortId port;
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

// Subtracts one from the IPv4 TTL or IPv6 hop limit. Translation has proved that it is at least 2; a packet
// for which that is not so is dropped as ttl_exceeded.
struct DecTtl {
  friend bool operator==(const DecTtl&, const DecTtl&) = default;
};

// Sets what the next Output to a tunnel port encapsulates with. Replaces all of it.
struct SetTunnel {
  TunnelMetadata tunnel;
  friend bool operator==(const SetTunnel&, const SetTunnel&) = default;
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
  friend bool operator==(const Controller& a, const Controller& b) {
    return a.context == b.context || (a.context && b.context && a.context->describe() == b.context->describe());
  }
};

// Ends the list: counted under the reason unless the packet has already been output or punted.
struct Drop {
  DropReason reason;
  friend bool operator==(const Drop&, const Drop&) = default;
};

// Executes a list on a copy: what it changes does not reach what follows (group buckets, clone).
struct Clone;

using Action = std::variant<Output, OutputSet, SetField, PushVlan, PopVlan, PushMpls, PopMpls, DecTtl, SetTunnel,
                            Controller, Drop, std::shared_ptr<const Clone>>;
using ActionList = std::vector<Action>;

struct Clone {
  ActionList actions;
  friend bool operator==(const Clone&, const Clone&) = default;
};

}  // namespace weft::datapath
