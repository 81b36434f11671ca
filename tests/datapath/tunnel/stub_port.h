// A port that only is: for tables and counters.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "datapath/port/port.h"
#include "datapath/port/too_big_answers.h"
#include "datapath/tunnel/path_cache.h"

namespace weft::datapath {

class StubPort final : public Port {
 public:
  explicit StubPort(const PortSpec& spec, uint32_t id = 1) : Port(spec, environment_of(id)) {}

  std::vector<std::shared_ptr<RxQueue>> rx_queues() override { return {}; }
  PortCapabilities capabilities() const override { return {}; }
  void transmit(PacketBatch&& batch, TxContext&) override { batch.clear(); }
  PortStatus status() const override { return {}; }
  TooBigAnswers* too_big_answers() override { return &too_big_answers_; }
  void set_tunnel_options(const TunnelOptionMap& map) override { options_ = map; }
  const TunnelOptionMap* tunnel_options() const override { return &options_; }
  void set_mss_clamp(std::vector<uint32_t> tunnel_ids) override { clamped_ids_ = std::move(tunnel_ids); }
  bool clamps_mss(uint64_t tunnel_id) const override {
    return spec().tunnel.clamps_mss || std::ranges::count(clamped_ids_, tunnel_id) != 0;
  }

 private:
  static PortEnvironment environment_of(uint32_t id) {
    PortEnvironment environment;
    environment.id = PortId{id};
    return environment;
  }

  TooBigAnswers too_big_answers_{*this, 100, SystemClock::instance()};
  TunnelOptionMap options_;
  std::vector<uint32_t> clamped_ids_;
};

inline PortSpec tunnel_spec(const std::string& name = "vx0") {
  PortSpec spec;
  spec.name = name;
  spec.type = PortType::vxlan;
  return spec;
}

inline IpAddress ip(const char* text) { return *IpAddress::parse(text); }

// Every remote is one route away, with this MTU.
inline PathCache::Lookup always_routed(uint32_t mtu) {
  return [mtu](const IpAddress&, const std::optional<IpAddress>&) -> Result<netlink::RouteAnswer, OsError> {
    netlink::RouteAnswer answer;
    answer.mtu = mtu;
    return answer;
  };
}

}  // namespace weft::datapath
