#include "lib/openflow/action.h"

namespace weft::openflow {

Action::Action() = default;
Action::Action(size_t index, void* action) { emplace_alternative<ActionVariant>(*this, index, action); }
Action::Action(const Action& other) = default;
Action::Action(Action&& other) noexcept = default;
Action& Action::operator=(const Action& other) = default;
Action& Action::operator=(Action&& other) noexcept = default;
Action::~Action() = default;

bool operator==(const Action& a, const Action& b) {
  return static_cast<const ActionVariant&>(a) == static_cast<const ActionVariant&>(b);
}

}  // namespace weft::openflow
