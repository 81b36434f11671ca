// FloodLists: lists of actions that many decisions share. A flood to two thousand remotes is some hundred kilobytes of
// actions; it is kept once for its segment, not once for each address that sends a broadcast.
//
// Threads:   any. Ownership: a list lives as long as a decision that has it. Cost: a comparison of the list with the few
//            others of its segment.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "datapath/api/action.h"
#include "lib/base/mutex.h"

namespace weft::ofproto {

class FloodLists {
 public:
  // A list of this content, that of another decision where one is in use.
  std::shared_ptr<const datapath::Clone> share(uint32_t vni, datapath::ActionList actions) EXCLUDES(mutex_);

 private:
  // Of a segment: with and without a tag to take off, before and after a change.
  static constexpr size_t max_known = 8;

  Mutex mutex_;
  std::unordered_map<uint32_t, std::vector<std::weak_ptr<const datapath::Clone>>> known_ GUARDED_BY(mutex_);
};

}  // namespace weft::ofproto
