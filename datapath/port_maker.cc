#include "datapath/port_maker.h"

#include "datapath/port/af_packet.h"
#include "datapath/port/afxdp.h"
#include "datapath/port/memory.h"
#include "datapath/port/replay.h"
#include "datapath/port/tap.h"
#include "datapath/tunnel/stt.h"
#include "datapath/tunnel/tunnel_port.h"
#include "datapath/tunnel/vxlan_replay.h"

namespace weft::datapath {

// What ports share.
struct PortMaker::Shared {
  TunnelEndpoints tunnels;
  SttEndpoints stt;
};

namespace {

std::unique_ptr<Port> make_memory_port(const PortSpec& spec, const PortEnvironment& environment) {
  if (spec.replay == nullptr) {
    return std::make_unique<MemoryPort>(spec, environment);
  }
  if (spec.is_memory_tunnel) {
    return std::make_unique<VxlanReplayPort>(spec, environment);
  }
  return std::make_unique<ReplayPort>(spec, environment);
}

}  // namespace

PortMaker::PortMaker() : shared_(std::make_unique<Shared>()) {}
PortMaker::~PortMaker() = default;

Result<std::unique_ptr<Port>, PortError> PortMaker::make(const PortSpec& spec, const PortEnvironment& environment) {
  switch (spec.type) {
    case PortType::memory:
      return make_memory_port(spec, environment);
    case PortType::system:
      return AfPacketPort::attach(spec, environment, AfPacketOptions::for_port(spec));
    case PortType::afxdp:
      return AfXdpPort::attach(spec, environment);
    case PortType::tap:
    case PortType::internal:
      return TapPort::open(spec, environment);
    case PortType::vxlan:
    case PortType::geneve:
    case PortType::gre:
    case PortType::nvgre:
      return shared_->tunnels.make_port(spec, environment);
    case PortType::stt:
      return shared_->stt.make_port(spec, environment);
  }
  return Unexpected(PortError{PortError::Kind::invalid, "port type not supported"});
}

}  // namespace weft::datapath
