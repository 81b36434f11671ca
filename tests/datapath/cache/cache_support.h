// Decisions and packets for tests of the caches.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>

#include "datapath/api/megaflow.h"
#include "lib/flow/field.h"
#include "lib/flow/flow_key.h"

namespace weft::datapath {

using Fields = std::initializer_list<std::pair<FieldId, uint64_t>>;

inline FlowKey key_of(Fields fields) {
  Flow flow;
  for (const auto& [id, value] : fields) {
    set(flow, id, FieldValue{0, value});
  }
  return FlowKey(flow);
}

inline FlowMask mask_of(std::initializer_list<FieldId> fields) {
  Flow mask;
  for (const FieldId id : fields) {
    add_to_mask(mask, field(id));
  }
  return FlowMask(mask);
}

inline std::unique_ptr<Installed> decision_under(const FlowMask& mask, uint64_t version = 0) {
  Decision decision;
  decision.version = version;
  decision.mask = mask;
  return std::make_unique<Installed>(std::move(decision));
}

}  // namespace weft::datapath
