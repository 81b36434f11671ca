// From records to what ofproto takes: Interface, Port and Bridge rows into specs.
//
// Pure functions; an error is the sentence that goes into Interface.error.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "datapath/api/port_spec.h"
#include "lib/base/result.h"
#include "lib/management/database.h"
#include "ofproto/bridge/bridge.h"
#include "ofproto/controller/bridge_controller.h"

namespace weft::config {

using Attachment = std::variant<datapath::PortSpec, ofproto::PatchSpec>;

// The port's interface: the schema gives it exactly one.
const management::Row& interface_of(const management::Database& database, const management::Row& port);
// `bridge_mac` becomes the address of an internal device that has none of its own.
Result<Attachment, std::string> to_attachment(const management::Row& interface, MacAddress bridge_mac);
ofproto::VlanConfig to_vlan(const management::Row& port);
std::optional<std::vector<HostAddresses>> to_port_security(const management::Row& port);
ofproto::BridgeOptions to_bridge_options(const management::Row& bridge);
// other_config:hwaddr, else one made from the row's uuid, so that it survives restarts.
MacAddress bridge_mac(const management::Row& bridge);
ofproto::ControllerConfig to_controller_config(const management::Row& controller);
// Bridge.protocols; all that weft knows when it says nothing.
openflow::VersionSet to_versions(const management::Row& bridge);
// The row that Open_vSwitch.ssl refers to, if any.
std::optional<ofproto::TlsFiles> to_tls_files(const management::Database& database);

}  // namespace weft::config
