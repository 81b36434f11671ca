// Trace: a translation told in words, as Open vSwitch's ofproto/trace does.
//
//     Flow: in_port=p1,...
//
//     bridge("br0")
//     -------------
//      0. in_port=p1,dl_vlan=10, priority 32768
//         pop_vlan
//         output:p2
//
//     Final flow: ...
//     Megaflow: in_port=p1,dl_vlan=10
//     Datapath actions: pop_vlan,output:p2
//
// A packet that the datapath looks up again is followed: "pass 2:" and the same once more. What the frame holds behind a
// label that was popped the text of the flow does not say; there it counts as empty.
//
// Threads: any thread under RCU, but for `explains`: the control thread. Nothing is changed, counted or learned.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/packet/packet_pool.h"
#include "ofproto/translate/translator.h"

namespace weft::ofproto {

// What to trace. Texts are a user's: errors point into them.
struct TraceRequest {
  std::string_view bridge;
  std::string_view flow;                 // "in_port=1,tcp,..."; beside a packet only in_port and tunnel fields count
  std::span<const uint8_t> packet = {};  // a frame instead of the flow's headers; empty: none
  std::optional<std::string_view> actions = {};  // of a packet-out, instead of the tables
  bool explains = false;                         // tell, table by table, why no better rule was found
};

// `text` is the request's text that is wrong.
struct TraceError {
  std::string_view text;
  TextError error;
  std::string render() const { return weft::render(text, error); }
};

Result<std::string, TraceError> trace(const Snapshot& snapshot, uint64_t version, PacketPool& packets,
                                      const TraceRequest& request);

// What the fields of a flow given as text imply: headers that are there (tcp: a whole TCP header), the type of a VLAN
// tag, a TTL to live with.
void complete_flow(Flow& flow);

}  // namespace weft::ofproto
