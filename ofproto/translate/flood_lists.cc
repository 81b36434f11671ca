#include "ofproto/translate/flood_lists.h"

namespace weft::ofproto {

std::shared_ptr<const datapath::Clone> FloodLists::share(uint32_t vni, datapath::ActionList actions) {
  MutexLock lock(mutex_);
  auto& known = known_[vni];
  std::erase_if(known, [](const auto& list) { return list.expired(); });
  for (const auto& weak : known) {
    const auto list = weak.lock();
    if (list != nullptr && list->actions == actions) {
      return list;
    }
  }
  auto made = std::make_shared<datapath::Clone>();
  made->actions = std::move(actions);
  if (known.size() == max_known) {
    known.erase(known.begin());
  }
  known.emplace_back(made);
  return made;
}

}  // namespace weft::ofproto
