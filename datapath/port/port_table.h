// PortTable: from PortId to Port, as one immutable snapshot. PortRegistry: who owns the ports and publishes snapshots.
//
// Threads:   PortTable: any; a worker loads it once a round and keeps it until the round ends. PortRegistry: the
//            control thread, but for snapshot().
// Ownership: the registry owns ports. A snapshot that was replaced is freed after a grace period; a port that was
//            taken out is its taker's, who must wait until every worker has finished the round it was in.
// Cost:      find is an array access.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "datapath/port/port.h"
#include "lib/base/rcu.h"

namespace weft::datapath {

class PortTable {
 public:
  // Null: no such port, or none any more.
  Port* find(PortId id) const { return number(id) < ports_.size() ? ports_[number(id)] : nullptr; }

  template <class F>
  void for_each(F&& visit) const {
    for (Port* port : ports_) {
      if (port != nullptr) {
        visit(*port);
      }
    }
  }

 private:
  friend class PortRegistry;
  std::vector<Port*> ports_;
};

class PortRegistry {
 public:
  PortRegistry();
  ~PortRegistry();

  const PortTable& snapshot() const { return *published_.load(); }

  // The lowest id that is free; nothing when all 16 bits of the match field are used up.
  std::optional<PortId> take_id();
  // Makes the id available again, when nothing remembers it any more.
  void release_id(PortId id);

  void add(std::unique_ptr<Port> port);
  std::unique_ptr<Port> remove(PortId id);

 private:
  static constexpr uint32_t first_id = 1;
  static constexpr uint32_t last_id = 0xfffe;

  void publish();

  std::vector<std::unique_ptr<Port>> ports_;
  std::set<uint32_t> freed_ids_;
  uint32_t next_id_ = first_id;
  RcuPtr<const PortTable> published_;
};

}  // namespace weft::datapath
