// The translator: what the flow tables say about a packet, as datapath actions and the bits that decided it.
//
//     TranslationResult result = translate({.snapshot = snapshot, .bridge_index = 0, .version = v}, in_port, key);
//
// A pure function: it takes no lock and changes nothing. Its inputs are the snapshot, the tables at one version and
// the packet's key, and of the key only the bits that the result's mask names: every packet that agrees with this
// one on those bits gets the same actions, credits and effects. So a worker may translate a miss on the spot, the
// revalidator runs the same function again, and a trace is the same function with a listener.
//
// How: the packet's fields are followed through tables, action set, groups, patch ports and NORMAL. Three masks ride
// along (packet_state.h): bits looked at, bits that an action wrote (looking at those costs nothing), bits written
// but not yet told to the datapath, which are committed before the next output. What changes a packet for one branch
// only (a bucket, a patch port's far side) becomes a Clone.
//
//   translator.cc  pipeline: tables, resubmit, instructions, branches        packet_state.cc  masks
//   action.cc      each action, the action set                               set_field.cc     set, TTL, commit
//   output.cc      ports, floods, patch ports                                egress.cc        tables on the way there
//   normal.cc segment.cc  learning switch                                    vlan.cc mpls.cc  tags and labels
//                                                                            mpls_ttl.cc pbb.cc reshape.cc
//   group.cc       buckets: all, chosen by hash, or the first live one       liveness.cc      which are live
//   select_hash.cc rendezvous.cc  what is hashed, and whose it is            tunnel.cc        outer headers
//   freeze.cc      stopping and going on                                     layers.cc        who must wait for that
//   meter.cc       meters
//   controller.cc  packet-in                                                 trace.cc         the listener that writes
//   learn.cc       flows that packets make
//   port_security.cc  who a port's guest says it is, before all that
//   extension.cc   stack, multipath, bundle, clone, fin_timeout              link_choice.cc   what they hash
//
// Limits are Open vSwitch's: 4,096 resubmits in all, 64 levels of resubmit to the same or a lower table, of groups
// and of patch ports, an output's egress tables being a level; beyond, the packet is dropped as recursion_limit. Egress
// tables have 65,536 gotos and resubmits of their own.
//
// Threads:   any, registered with RCU, not quiescent while it runs. Ownership: the result owns what it names, except
//            tables and MAC tables, which outlive it (translation_result.h).
// Cost:      a classifier lookup per table, plus some microseconds.
// Where it cannot see on it stops, and goes on when the packet comes back (frozen_state.h): behind a label that was
// popped, and where the datapath is to choose a bucket.
//
// Not here:  applying effects and credits (ofproto/upcall).
#pragma once

#include <cstdint>

#include "lib/flow/flow_key.h"
#include "lib/openflow/action.h"
#include "ofproto/translate/frozen_states.h"
#include "ofproto/translate/listener.h"
#include "ofproto/translate/snapshot.h"
#include "ofproto/translate/translation_result.h"

namespace weft::ofproto {

struct TranslationInput {
  const Snapshot& snapshot;
  size_t bridge_index = 0;
  uint64_t version = 0;                     // of the tables
  TranslationListener* listener = nullptr;  // or none
  // A packet-out: these actions instead of the tables; output to TABLE enters them.
  const openflow::ActionList* actions = nullptr;
  // Of a megaflow that is translated again: bits that all its packets share, so that looking at them costs nothing. The
  // result's mask names them all.
  const FlowMask* shared_bits = nullptr;
  // Goes on from here; bridge_index is that of the state's bridge.
  FrozenStatePtr resumed = nullptr;
  // Gives numbers to where it stops. Null: there are none, and the result is only to be read (a trace).
  const FrozenStates* frozen_states = nullptr;
  // False: what the packet would learn it has tried to; a flow that is not there stays away.
  bool may_learn = true;
};

// `key` is the packet's key; its in_port is replaced by `in_port`, the number on the bridge.
TranslationResult translate(const TranslationInput& input, OfPort in_port, const FlowKey& key);

}  // namespace weft::ofproto
