#include "datapath/port_maker.h"

#include "datapath/port/af_packet.h"
#include "datapath/port/memory.h"
#include "datapath/port/tap.h"
#include "datapath/tunnel/vxlan.h"

namespace weft::datapath {

// What ports share.
struct PortMaker::Shared {
  VxlanEndpoints vxlan;
};

PortMaker::PortMaker() : shared_(std::make_unique<Shared>()) {}
PortMaker::~PortMaker() = default;

Result<std::unique_ptr<Port>, PortError> PortMaker::make(const PortSpec& spec, const PortEnvironment& environment) {
  switch (spec.type) {
    case PortType::memory:
      return std::unique_ptr<Port>(std::make_unique<MemoryPort>(spec, environment));
    case PortType::system:
      return AfPacketPort::attach(spec, environment);
    case PortType::tap:
    case PortType::internal:
      return TapPort::open(spec, environment);
    case PortType::vxlan:
      return shared_->vxlan.make_port(spec, environment);
  }
  return Unexpected(PortError{PortError::Kind::invalid, "port type not supported"});
}

}  // namespace weft::datapath
