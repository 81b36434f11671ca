// The port names of the switch a command speaks to, asked for when the first one is needed.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "lib/flow/port_names.h"
#include "utilities/ofctl/connection.h"

namespace weft::ofctl {

class SwitchPorts : public PortNames {
 public:
  // Without a connection there are no names (parse-flow).
  explicit SwitchPorts(Connection* connection) : connection_(connection) {}

  std::optional<OfPort> find_port(std::string_view name) const override;
  std::optional<std::string> port_name(OfPort port) const override;

 private:
  void fetch() const;

  Connection* connection_;
  mutable bool is_fetched_ = false;
  mutable std::map<OfPort, std::string> names_;
};

}  // namespace weft::ofctl
