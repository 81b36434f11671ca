// Dumps as JSON (--format json): an array of objects, one an entry; numbers as numbers, matches and actions as text.
#pragma once

#include <vector>

#include "lib/flow/port_names.h"
#include "lib/openflow/message.h"

namespace weft::ofctl {

void print_json(const std::vector<openflow::FlowStats>& flows, const PortNames* ports);
void print_json(const std::vector<openflow::PortStats>& stats, const PortNames* ports);
void print_json(const std::vector<openflow::PortDesc>& descriptions);
void print_json(const std::vector<openflow::TableStats>& tables);
void print_json(const std::vector<openflow::GroupDesc>& groups, const PortNames* ports);
void print_json(const std::vector<openflow::GroupStats>& groups);

}  // namespace weft::ofctl
