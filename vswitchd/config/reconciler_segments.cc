// Segments of the reconciler: a bridge is told of those that differ, all at once, and what each reports.
#include <set>

#include <fmt/format.h>

#include "vswitchd/config/logger.h"
#include "vswitchd/config/reconciler.h"

namespace weft::config {
namespace {

using management::Database;
using management::Datum;
using management::Row;

// Of a tunnel port that segments can use: each packet's id and remote come from its flow.
std::optional<ofproto::Encap> encap_of(const ofproto::PortRequest& request) {
  const auto* spec = std::get_if<datapath::PortSpec>(&request.attachment);
  if (spec == nullptr || spec->tunnel.remote || spec->tunnel.in_key || spec->tunnel.out_key) {
    return std::nullopt;
  }
  switch (spec->type) {
    case datapath::PortType::vxlan:
      return ofproto::Encap::vxlan;
    case datapath::PortType::geneve:
      return ofproto::Encap::geneve;
    case datapath::PortType::nvgre:
      return ofproto::Encap::nvgre;
    case datapath::PortType::stt:
      return ofproto::Encap::stt;
    default:
      return std::nullopt;
  }
}

}  // namespace

void Reconciler::follow_segments(const std::string& bridge, const std::vector<ofproto::Segment>& wanted) {
  RunningBridge& running = running_[bridge];
  if (running.bridge == nullptr) {
    return;
  }
  ofproto::SegmentChanges changes;
  std::set<std::string_view> names;
  for (const auto& segment : wanted) {
    names.insert(segment.name);
    const auto it = running.segments.find(segment.name);
    if (it == running.segments.end() || it->second != segment) {
      changes.set.push_back(segment);
    }
  }
  for (const auto& [name, segment] : running.segments) {
    if (!names.contains(name)) {
      changes.removed.push_back(name);
    }
  }
  if (changes.empty()) {
    return;
  }
  running.bridge->update_segments(changes);
  for (const auto& segment : changes.set) {
    running.segments.insert_or_assign(segment.name, segment);
  }
  for (const auto& name : changes.removed) {
    running.segments.erase(name);
  }
  reconciler_logger.info("bridge {}: {} segments set, {} deleted", bridge, changes.set.size(), changes.removed.size());
}

void Reconciler::report_segments(Database& database, const Row& bridge, const RunningBridge& running) {
  const auto uuids = bridge["segments"].uuids();
  if (uuids.empty()) {
    return;
  }
  std::set<ofproto::Encap> encaps;
  for (const auto& [name, port] : running.ports) {
    const auto encap = port.of_port ? encap_of(port.request) : std::nullopt;
    if (encap) {
      encaps.insert(*encap);
    }
  }
  for (const auto& uuid : uuids) {
    const Row* row = database.find("Segment", uuid);
    const auto it = row == nullptr ? running.segments.end() : running.segments.find(row->name());
    std::string error;
    if (it == running.segments.end()) {
      error = "another segment of the bridge has its VNI, or the bridge could not be made";
    } else if (!encaps.contains(it->second.encap)) {
      error = fmt::format("bridge {} has no working {} port with remote_ip=flow and key=flow: no other host is reached",
                          bridge.name(), to_string(it->second.encap));
    } else if (it->second.mode == ofproto::SegmentMode::multicast) {
      error = running.bridge->group_problem(it->second.encap);
    }
    database.report("Segment", uuid, "error", error.empty() ? Datum{} : Datum::of(error));
  }
}

}  // namespace weft::config
