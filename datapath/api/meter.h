// Meters as ofproto sees them: what one does, what it has counted, and the thing itself, which Meter actions name.
//
// A meter is shared by every worker that executes an action with it: its buckets are one, however many threads draw on
// them. Its rates may be changed while it is in use; decisions that name it stay as they are.
//
// Counting: a frame is one packet with all its bytes, as in every other counter; what it costs is what a wire would see,
// so a GSO frame costs as many packets as it will be cut into, each with its headers.
//
// Threads:   configure by the control thread (registered with RCU); counters by any; charge by workers.
// Ownership: shared by who configures it and by the decisions that name it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/clock.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

struct MeterBandSpec {
  enum class Kind : uint8_t { drop, dscp_remark };

  Kind kind = Kind::drop;
  uint32_t rate = 1;       // kbit/s or packets/s, at least 1
  uint32_t burst = 0;      // kbit or packets that may come at once; 0: those of one second
  uint8_t precedence = 0;  // dscp_remark: by how much the drop precedence rises
  friend bool operator==(const MeterBandSpec&, const MeterBandSpec&) = default;
};

struct MeterSpec {
  bool counts_packets = false;  // rates are packets/s; otherwise kbit/s
  std::vector<MeterBandSpec> bands;
  friend bool operator==(const MeterSpec&, const MeterSpec&) = default;
};

struct MeterCounters {
  struct Band {
    uint64_t packet_count = 0;
    uint64_t byte_count = 0;
    friend bool operator==(const Band&, const Band&) = default;
  };
  uint64_t packet_count = 0;  // all that came, whatever became of them
  uint64_t byte_count = 0;
  std::vector<Band> bands;  // those that the band was applied to
  friend bool operator==(const MeterCounters&, const MeterCounters&) = default;
};

// What is to happen to a packet: nothing, or what the band of the highest rate among those it exceeds says.
struct MeterVerdict {
  bool is_drop = false;
  uint8_t precedence = 0;  // to add to the DSCP's drop precedence
};

class Meter {
 public:
  virtual ~Meter() = default;

  // New bands with full buckets and no counts; what the meter itself has counted stays.
  virtual void configure(const MeterSpec& spec) = 0;
  virtual MeterCounters counters() const = 0;
  // Counts the packet, and takes from each band's bucket what it costs, if that is there.
  virtual MeterVerdict charge(const Packet& packet) = 0;
};

}  // namespace weft::datapath
