// SttReceiver: from segments as the raw sockets hand them over to inner packets with tunnel metadata, for one batch.
//
// A segment that is all of its frame, which is what GRO and veth make of them, loses its headers in place; others go
// through the queue's SttReassembly. Every segment ends as (part of) a packet in the batch, or as a counted drop:
// tunnel_bad_header, tunnel_bad_flags, tunnel_bad_version, stt_bad_checksum, stt_bad_segment, what SttReassembly says, and of
// a whole frame tunnel_unknown_vni, tunnel_own_address, tunnel_congestion.
//
// Threads: one worker, one receive(). Ownership: packets come from and go to the worker's pool.
#pragma once

#include "datapath/port/port.h"
#include "datapath/tunnel/path_cache.h"
#include "datapath/tunnel/stt_reassembly.h"
#include "datapath/tunnel/tunnel_table.h"

namespace weft::datapath {

class SttReceiver {
 public:
  // `batch` has room for as many packets as segments are taken.
  SttReceiver(const TunnelTable& table, PathCache& paths, SttReassembly& reassembly, TimePoint now, RxContext& context,
              PacketBatch& batch)
      : table_(table), paths_(paths), reassembly_(reassembly), now_(now), context_(context), batch_(batch) {}

  // `packet` begins with its IPv4 header.
  void take_ipv4(PacketPtr packet);
  // `packet` begins with its TCP header.
  void take(PacketPtr packet, const OuterHeader& outer);

 private:
  void take_frame(PacketPtr frame, const OuterHeader& outer);
  Verdict admit(Packet& frame, const OuterHeader& outer, Port*& port);

  const TunnelTable& table_;
  PathCache& paths_;
  SttReassembly& reassembly_;
  const TimePoint now_;
  RxContext& context_;
  PacketBatch& batch_;
};

}  // namespace weft::datapath
