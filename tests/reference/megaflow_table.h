// The megaflow table's dull twin: a list of masked keys.
#pragma once

#include <algorithm>
#include <vector>

#include "datapath/api/megaflow.h"
#include "lib/flow/flow_key.h"

namespace weft::reference {

class MegaflowTable {
 public:
  void insert(const datapath::Megaflow& megaflow, const FlowKey& key, const FlowMask& mask) {
    entries_.push_back({&megaflow, Flow(key), Flow(mask)});
  }
  void remove(const datapath::Megaflow& megaflow) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.megaflow == &megaflow; });
  }

  // Every live megaflow that covers the packet.
  std::vector<const datapath::Megaflow*> covering(const FlowKey& packet) const {
    std::vector<const datapath::Megaflow*> found;
    for (const Entry& entry : entries_) {
      if (agree(entry.key, Flow(packet), entry.mask)) {
        found.push_back(entry.megaflow);
      }
    }
    return found;
  }
  bool covers(const FlowKey& packet) const { return !covering(packet).empty(); }
  bool covers(const datapath::Megaflow& megaflow, const FlowKey& packet) const {
    const auto found = covering(packet);
    return std::find(found.begin(), found.end(), &megaflow) != found.end();
  }
  size_t size() const { return entries_.size(); }
  const datapath::Megaflow& at(size_t i) const { return *entries_[i].megaflow; }

 private:
  struct Entry {
    const datapath::Megaflow* megaflow;
    Flow key;
    Flow mask;
  };

  static bool agree(const Flow& a, const Flow& b, const Flow& mask) {
    for (unsigned i = 0; i < key_word_count; ++i) {
      if ((a.word(i) & mask.word(i)) != (b.word(i) & mask.word(i))) {
        return false;
      }
    }
    return true;
  }

  std::vector<Entry> entries_;
};

}  // namespace weft::reference
