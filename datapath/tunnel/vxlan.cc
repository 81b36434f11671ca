#include "datapath/tunnel/vxlan.h"

#include <algorithm>

#include "datapath/tunnel/vxlan_queue.h"
#include "lib/base/log.h"
#include "lib/base/rcu.h"
#include "lib/os/socket.h"
#include "lib/packet/vxlan.h"

namespace weft::datapath {

namespace {

log::Logger& logger = log::get("tunnel");

PortError invalid(std::string message) { return {PortError::Kind::invalid, std::move(message)}; }

Result<void, PortError> check_spec(const TunnelSpec& spec) {
  if (spec.in_key.value_or(0) > max_vni || spec.out_key.value_or(0) > max_vni) {
    return Unexpected(invalid("a VXLAN key must be 0 to 16777215"));
  }
  if (spec.remote && spec.local && spec.remote->is_v4() != spec.local->is_v4()) {
    return Unexpected(invalid("local_ip " + spec.local->to_string() + " and remote_ip " + spec.remote->to_string() +
                              " are of different families"));
  }
  if (spec.remote && spec.remote->is_multicast()) {
    return Unexpected(invalid("remote_ip " + spec.remote->to_string() + " is a multicast group: not supported"));
  }
  if (spec.dst_port == 0) {
    return Unexpected(invalid("dst_port must be 1 to 65535"));
  }
  return {};
}

bool needs_ipv6(const TunnelSpec& spec) {
  return (spec.remote && spec.remote->is_v6()) || (spec.local && spec.local->is_v6());
}

}  // namespace

VxlanEndpoint::VxlanEndpoint(const PortEnvironment& environment, const UnderlayOptions& options)
    : table_(std::make_shared<TunnelTable>()), sockets_(options) {
  for (unsigned worker = 0; worker < environment.worker_count; ++worker) {
    senders_.push_back(
        std::make_unique<VxlanSender>(sockets_, PathCache(*environment.clock, VxlanSender::route_lookups_per_second)));
  }
}

Result<std::shared_ptr<VxlanEndpoint>, PortError> VxlanEndpoint::open(uint16_t port, const PortEnvironment& environment,
                                                                      const UnderlayOptions& options) {
  raise_open_file_limit();
  std::shared_ptr<VxlanEndpoint> endpoint(new VxlanEndpoint(environment, options));
  if (auto opened = endpoint->open_family(false, port, environment, options); !opened) {
    return Unexpected(opened.error());
  }
  // A host may have no IPv6; a port that needs it finds out.
  const auto opened = endpoint->open_family(true, port, environment, options);
  endpoint->has_ipv6_ = opened.has_value();
  if (!opened) {
    logger.warn("no VXLAN over IPv6 on UDP port {}: {}", port, opened.error().message);
  }
  return endpoint;
}

Result<void, PortError> VxlanEndpoint::open_family(bool ipv6, uint16_t port, const PortEnvironment& environment,
                                                   const UnderlayOptions& options) {
  if (auto free = check_port_is_free(ipv6, port); !free) {
    return free;
  }
  std::vector<std::shared_ptr<RxQueue>> opened;
  for (unsigned worker = 0; worker < environment.worker_count; ++worker) {
    auto socket = open_receive_socket(ipv6, port, options);
    if (!socket) {
      return Unexpected(PortError{PortError::Kind::system, socket.error().to_string()});
    }
    opened.push_back(std::make_shared<VxlanQueue>(std::move(*socket), table_, *environment.clock));
  }
  queues_.insert(queues_.end(), opened.begin(), opened.end());
  return {};
}

VxlanPort::VxlanPort(const PortSpec& spec, const PortEnvironment& environment, std::shared_ptr<VxlanEndpoint> endpoint)
    : BackloggedPort(spec, environment), endpoint_(std::move(endpoint)), pieces_done_(environment.worker_count) {}

VxlanPort::~VxlanPort() {
  // Queues go on being read for the endpoint's other ports: nobody may still have found this one.
  endpoint_->table().remove(*this);
  rcu::synchronize();
}

PortStatus VxlanPort::status() const {
  PortStatus status;
  status.is_admin_up = true;
  status.has_link = true;
  status.mtu = static_cast<uint32_t>(PacketPool::large_room) - 14;
  return status;
}

size_t VxlanPort::send(std::span<Packet* const> packets, TxContext& context) {
  return endpoint_->sender(context.worker()).send(*this, packets, pieces_done_[context.worker()], context);
}

Result<std::unique_ptr<Port>, PortError> VxlanEndpoints::make_port(const PortSpec& spec,
                                                                   const PortEnvironment& environment) {
  if (auto checked = check_spec(spec.tunnel); !checked) {
    return Unexpected(checked.error());
  }
  auto shared = endpoint(spec.tunnel.dst_port, environment);
  if (!shared) {
    return Unexpected(shared.error());
  }
  VxlanEndpoint& endpoint = **shared;
  if (needs_ipv6(spec.tunnel) && !endpoint.has_ipv6()) {
    return Unexpected(PortError{PortError::Kind::system,
                                "UDP port " + std::to_string(spec.tunnel.dst_port) + " is not ours for IPv6"});
  }
  auto port = std::make_unique<VxlanPort>(spec, environment, *shared);
  if (const Port* other = endpoint.table().add(*port)) {
    return Unexpected(PortError{PortError::Kind::busy, "tunnel port " + other->spec().name +
                                                           " has the same key, remote_ip, local_ip and dst_port"});
  }
  return std::unique_ptr<Port>(std::move(port));
}

Result<std::shared_ptr<VxlanEndpoint>, PortError> VxlanEndpoints::endpoint(uint16_t port,
                                                                           const PortEnvironment& environment) {
  if (auto existing = endpoints_[port].lock()) {
    return existing;
  }
  auto opened = VxlanEndpoint::open(port, environment, options_);
  if (opened) {
    endpoints_[port] = *opened;
  }
  return opened;
}

}  // namespace weft::datapath
