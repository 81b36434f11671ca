// StormLimits: the meters of a bridge that count what each port floods.
//
// There is one for each port and segment that has a limit, and one for a port that has its own. While the limit is the
// same the meter is, so that publishing a snapshot gives nobody new credit. A limit of N lets N frames a second pass, and
// as many at once; a frame that will be cut into segments counts as these. They are no OpenFlow meters: no message sees
// them.
//
// Threads: control thread; the meters are charged by workers. Cost: a map entry and a meter each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "datapath/api/datapath.h"
#include "lib/base/ids.h"
#include "ofproto/translate/snapshot.h"

namespace weft::ofproto {

class StormLimits {
 public:
  explicit StormLimits(datapath::Datapath& datapath) : datapath_(datapath) {}

  // All that are wanted are asked for between the two; the others go. A VNI: of a segment; none: the port's own.
  void begin() { before_ = std::exchange(limits_, {}); }
  StormLimit limit(OfPort port, std::optional<uint32_t> vni, uint32_t rate);
  void end() { before_.clear(); }

 private:
  using Limits = std::map<std::pair<OfPort, std::optional<uint32_t>>, StormLimit>;

  datapath::Datapath& datapath_;
  Limits limits_;
  Limits before_;
};

}  // namespace weft::ofproto
