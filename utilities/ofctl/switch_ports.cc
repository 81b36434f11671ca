#include "utilities/ofctl/switch_ports.h"

namespace weft::ofctl {

void SwitchPorts::fetch() const {
  if (is_fetched_ || connection_ == nullptr) {
    return;
  }
  is_fetched_ = true;
  // A switch that does not answer has no names; the command itself will say what is wrong.
  if (const auto ports = connection_->ask_list<openflow::PortDesc>(openflow::PortDescRequest{})) {
    for (const openflow::PortDesc& port : *ports) {
      names_[port.port] = port.name;
    }
  }
}

std::optional<OfPort> SwitchPorts::find_port(std::string_view name) const {
  fetch();
  for (const auto& [port, known] : names_) {
    if (known == name) {
      return port;
    }
  }
  return std::nullopt;
}

std::optional<std::string> SwitchPorts::port_name(OfPort port) const {
  fetch();
  const auto found = names_.find(port);
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace weft::ofctl
