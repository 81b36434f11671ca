// PortMap: a bridge's ports by number and name, and who may have which number.
//
// A number that was asked for is given when it is free; else a port gets the one it had before (a device that
// vanishes and returns keeps its number), else the lowest that nobody has or had.
//
// Threads: control thread. Cost: a map.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "datapath/api/port_spec.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "ofproto/bridge/bridge.h"
#include "ofproto/translate/snapshot.h"

namespace weft::ofproto {

struct BridgePort {
  PortRequest request;
  OfPort of_port{};
  PortId port_id = port_id::none;
  uint32_t config = 0;  // openflow::port_config, as set by port-mod
  datapath::PortStatus status;
  TimePoint created;
  std::shared_ptr<PatchCounters> patch_counters;
  std::shared_ptr<const PortQueues> queues;  // null: no QoS
  std::shared_ptr<const PortSecurity> security;

  const PatchSpec* patch() const { return std::get_if<PatchSpec>(&request.attachment); }
  const datapath::PortSpec* device() const { return std::get_if<datapath::PortSpec>(&request.attachment); }
  bool is_tunnel() const;
  // Of a tunnel port that segments can use: each packet's id and remote come from its flow.
  std::optional<Encap> segment_encap() const;
  bool is_up() const;
  openflow::PortDesc desc() const;
  // After a change of what is asked for.
  void follow_security();
  PortInfo info() const;
  PortView view() const;
};

class PortMap {
 public:
  // Nothing when there is no free number.
  std::optional<OfPort> choose_number(const PortRequest& request, std::string_view bridge_name) const;
  BridgePort& insert(BridgePort port);
  void erase(OfPort of_port);  // the name keeps its number

  BridgePort* find(OfPort of_port);
  BridgePort* find(std::string_view name);
  const BridgePort* find(OfPort of_port) const;
  const BridgePort* find(std::string_view name) const;
  BridgePort* find(PortId port_id);

  const std::map<OfPort, BridgePort>& all() const { return ports_; }

 private:
  bool is_free(OfPort of_port) const { return is_ordinary(of_port) && !ports_.contains(of_port); }
  bool is_kept(OfPort of_port) const;

  std::map<OfPort, BridgePort> ports_;
  std::map<std::string, OfPort, std::less<>> numbers_;  // of every name there ever was
};

}  // namespace weft::ofproto
