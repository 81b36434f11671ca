// Dumps as JSON (--format json): an array of objects, one an entry; numbers as numbers, matches and actions as text. What is
// about the switch as a whole is one object.
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
void print_json(const std::vector<openflow::MeterConfig>& meters);
void print_json(const std::vector<openflow::MeterStats>& meters);
void print_json(const std::vector<openflow::QueueStats>& stats, const PortNames* ports);
void print_json(const std::vector<openflow::QueueDesc>& queues, const PortNames* ports);
void print_json(const std::vector<openflow::TableFeatures>& tables);
void print_json(const std::vector<openflow::TableDesc>& tables);

void print_json(const openflow::FeaturesReply& features, const std::vector<openflow::PortDesc>& ports,
                const openflow::SwitchConfig& config);
void print_json(const openflow::DescReply& desc);
void print_json(const openflow::AggregateStatsReply& totals);

}  // namespace weft::ofctl
