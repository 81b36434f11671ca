// What a rule's or bucket's actions name, those inside clone and ct too: output ports, groups and meters. Used by out_port and out_group filters, by the
// reference counts of groups and by the checks of flow-mod and group-mod.
//
// Threads: pure functions. Cost: a walk over the actions.
#pragma once

#include <cstdint>
#include <functional>

#include "lib/base/ids.h"
#include "lib/openflow/action.h"
#include "lib/openflow/error.h"
#include "lib/openflow/instruction.h"

namespace weft::ofproto {

// Whether some action outputs to exactly this port. Outputs by way of a group do not count.
bool outputs_to(const openflow::ActionList& actions, OfPort port);
bool outputs_to(const openflow::Instructions& instructions, OfPort port);

// Whether it says where a packet goes, so that an action set has one of them at most: an output in whatever form, a group.
bool chooses_output(const openflow::Action& action);

bool uses_group(const openflow::Instructions& instructions, uint32_t group_id);
void for_each_group(const openflow::ActionList& actions, const std::function<void(uint32_t)>& visit);
void for_each_group(const openflow::Instructions& instructions, const std::function<void(uint32_t)>& visit);
// Meters: by instruction, by the action of 1.5, and those that a controller action names. `missing`: what it is called when
// there is no such meter.
using VisitMeter = std::function<void(uint32_t meter_id, openflow::ErrorCode missing)>;
void for_each_meter(const openflow::ActionList& actions, const VisitMeter& visit);
void for_each_meter(const openflow::Instructions& instructions, const VisitMeter& visit);

// Learn actions, those inside clones too.
void for_each_learn(const openflow::Instructions& instructions,
                    const std::function<void(const openflow::Learn&)>& visit);
// Some of them says that what was learned goes with the rule (delete_learned).
bool takes_along_learned(const openflow::Instructions& instructions);

}  // namespace weft::ofproto
