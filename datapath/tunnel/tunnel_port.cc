#include "datapath/tunnel/tunnel_port.h"

#include <fmt/format.h>

#include "datapath/tunnel/tunnel_queue.h"
#include "lib/base/log.h"
#include "lib/base/rcu.h"
#include "lib/os/socket.h"
#include "lib/packet/gre.h"
#include "lib/packet/vxlan.h"

namespace weft::datapath {

namespace {

log::Logger& logger = log::get("tunnel");

PortError invalid(std::string message) { return {PortError::Kind::invalid, std::move(message)}; }

PortError system_error(const OsError& error) { return {PortError::Kind::system, error.to_string()}; }

// What is on the wire: NVGRE is a use of GRE.
PortType wire_type(PortType type) { return type == PortType::nvgre ? PortType::gre : type; }

const char* name_of(PortType type) {
  return type == PortType::vxlan    ? "VXLAN"
         : type == PortType::geneve ? "Geneve"
         : type == PortType::nvgre  ? "NVGRE"
                                    : "GRE";
}

Result<void, PortError> check_spec(PortType type, const TunnelSpec& spec) {
  const uint64_t max_key = type == PortType::gre ? ~uint32_t{0} : max_vni;
  if (spec.in_key.value_or(0) > max_key || spec.out_key.value_or(0) > max_key) {
    return Unexpected(invalid(fmt::format("a {} key must be 0 to {}", name_of(type), max_key)));
  }
  if (spec.remote && spec.local && spec.remote->is_v4() != spec.local->is_v4()) {
    return Unexpected(invalid("local_ip " + spec.local->to_string() + " and remote_ip " + spec.remote->to_string() +
                              " are of different families"));
  }
  if (spec.remote && spec.remote->is_multicast()) {
    return Unexpected(invalid("remote_ip " + spec.remote->to_string() + " is a multicast group: not supported"));
  }
  if (spec.dst_port == 0 && is_over_udp(type)) {
    return Unexpected(invalid("dst_port must be 1 to 65535"));
  }
  return {};
}

bool needs_ipv6(const TunnelSpec& spec) {
  return (spec.remote && spec.remote->is_v6()) || (spec.local && spec.local->is_v6());
}

}  // namespace

TunnelEndpoint::TunnelEndpoint(PortType type, uint16_t udp_port, const PortEnvironment& environment,
                               const UnderlayOptions& options)
    : type_(type),
      udp_port_(udp_port),
      worker_count_(environment.worker_count),
      clock_(*environment.clock),
      options_(options),
      table_(std::make_shared<TunnelTable>()),
      sockets_(options, type) {
  for (unsigned worker = 0; worker < worker_count_; ++worker) {
    senders_.push_back(
        std::make_unique<TunnelSender>(sockets_, PathCache(clock_, TunnelSender::route_lookups_per_second)));
  }
}

Result<std::shared_ptr<TunnelEndpoint>, PortError> TunnelEndpoint::open(PortType type, uint16_t udp_port,
                                                                        const PortEnvironment& environment,
                                                                        const UnderlayOptions& options) {
  raise_open_file_limit();
  std::shared_ptr<TunnelEndpoint> endpoint(new TunnelEndpoint(type, udp_port, environment, options));
  if (auto opened = endpoint->open_family(false); !opened) {
    return Unexpected(opened.error());
  }
  // A host may have no IPv6; a port that needs it finds out.
  const auto opened = endpoint->open_family(true);
  endpoint->has_ipv6_ = opened.has_value();
  if (!opened) {
    logger.warn("no {} over IPv6 (UDP port {}): {}", name_of(type), udp_port, opened.error().message);
  }
  if (auto groups = endpoint->open_groups(); !groups) {
    return Unexpected(groups.error());
  }
  return endpoint;
}

std::shared_ptr<RxQueue> TunnelEndpoint::make_queue(TunnelSocket socket) const {
  return std::make_shared<TunnelQueue>(std::move(socket), type_, table_, clock_);
}

Result<void, PortError> TunnelEndpoint::open_family(bool ipv6) {
  std::vector<std::shared_ptr<RxQueue>> opened;
  auto result = is_over_udp(type_) ? open_udp_family(ipv6, opened) : open_gre_family(ipv6, opened);
  if (result) {
    queues_.insert(queues_.end(), opened.begin(), opened.end());
  }
  return result;
}

Result<void, PortError> TunnelEndpoint::open_udp_family(bool ipv6, std::vector<std::shared_ptr<RxQueue>>& opened) {
  if (auto free = check_port_is_free(ipv6, udp_port_); !free) {
    return free;
  }
  for (unsigned worker = 0; worker < worker_count_; ++worker) {
    auto socket = open_receive_socket(ipv6, udp_port_, options_);
    if (!socket) {
      return Unexpected(system_error(socket.error()));
    }
    opened.push_back(make_queue({std::move(*socket)}));
  }
  return {};
}

Result<void, PortError> TunnelEndpoint::open_gre_family(bool ipv6, std::vector<std::shared_ptr<RxQueue>>& opened) {
  auto socket = open_gre_socket(ipv6, options_);
  if (!socket) {
    return Unexpected(system_error(socket.error()));
  }
  opened.push_back(make_queue({std::move(*socket), !ipv6}));
  return {};
}

Result<void, PortError> TunnelEndpoint::open_groups() {
  if (!is_over_udp(type_)) {
    return {};
  }
  auto queue = GroupQueue::open(type_, udp_port_, table_, clock_, options_);
  if (!queue) {
    return Unexpected(system_error(queue.error()));
  }
  group_queue_ = *queue;
  queues_.push_back(group_queue_);
  return {};
}

Result<void, OsError> TunnelEndpoint::set_groups(const Port& port, std::vector<IpAddress> groups) {
  if (group_queue_ == nullptr) {
    return groups.empty() ? Result<void, OsError>{}
                          : Unexpected(OsError{std::make_error_code(std::errc::operation_not_supported),
                                               "join multicast groups of a GRE tunnel"});
  }
  groups_[&port] = std::move(groups);
  std::vector<IpAddress> all;
  for (const auto& [owner, wanted] : groups_) {
    all.insert(all.end(), wanted.begin(), wanted.end());
  }
  return group_queue_->set(all);
}

TunnelPort::TunnelPort(const PortSpec& spec, const PortEnvironment& environment,
                       std::shared_ptr<TunnelEndpoint> endpoint)
    : BackloggedPort(spec, environment),
      endpoint_(std::move(endpoint)),
      too_big_answers_(*this, spec.tunnel.too_big_rate, *environment.clock),
      pieces_done_(environment.worker_count) {}

TunnelPort::~TunnelPort() {
  // Queues go on being read for the endpoint's other ports: nobody may still have found this one.
  (void)endpoint_->set_groups(*this, {});
  endpoint_->table().remove(*this);
  rcu::synchronize();
  delete options_.exchange(nullptr);
  delete clamped_ids_.exchange(nullptr);
}

void TunnelPort::set_tunnel_options(const TunnelOptionMap& map) {
  rcu::retire(options_.exchange(new TunnelOptionMap(map)));
}

void TunnelPort::set_mss_clamp(std::vector<uint32_t> tunnel_ids) {
  const auto* ids =
      tunnel_ids.empty() ? nullptr : new std::unordered_set<uint64_t>(tunnel_ids.begin(), tunnel_ids.end());
  if (const auto* before = clamped_ids_.exchange(ids)) {
    rcu::retire(before);
  }
}

bool TunnelPort::clamps_mss(uint64_t tunnel_id) const {
  const auto* ids = clamped_ids_.load();
  return spec().tunnel.clamps_mss || (ids != nullptr && ids->contains(tunnel_id));
}

PortStatus TunnelPort::status() const {
  PortStatus status;
  status.is_admin_up = true;
  status.has_link = true;
  status.mtu = static_cast<uint32_t>(PacketPool::large_room) - 14;
  return status;
}

size_t TunnelPort::send(std::span<Packet* const> packets, TxContext& context) {
  return endpoint_->sender(context.worker()).send(*this, packets, pieces_done_[context.worker()], context);
}

Result<std::unique_ptr<Port>, PortError> TunnelEndpoints::make_port(const PortSpec& spec,
                                                                    const PortEnvironment& environment) {
  if (auto checked = check_spec(spec.type, spec.tunnel); !checked) {
    return Unexpected(checked.error());
  }
  auto shared = endpoint(spec, environment);
  if (!shared) {
    return Unexpected(shared.error());
  }
  TunnelEndpoint& endpoint = **shared;
  if (needs_ipv6(spec.tunnel) && !endpoint.has_ipv6()) {
    return Unexpected(
        PortError{PortError::Kind::system, is_over_udp(spec.type)
                                               ? fmt::format("UDP port {} is not ours for IPv6", spec.tunnel.dst_port)
                                               : "this host has no GRE over IPv6"});
  }
  auto port = std::make_unique<TunnelPort>(spec, environment, *shared);
  if (const Port* other = endpoint.table().add(*port)) {
    return Unexpected(PortError{PortError::Kind::busy,
                                fmt::format("tunnel port {} has the same key, remote_ip{}", other->spec().name,
                                            is_over_udp(spec.type) ? ", local_ip and dst_port" : " and local_ip")});
  }
  return std::unique_ptr<Port>(std::move(port));
}

Result<std::shared_ptr<TunnelEndpoint>, PortError> TunnelEndpoints::endpoint(const PortSpec& spec,
                                                                             const PortEnvironment& environment) {
  const PortType type = wire_type(spec.type);
  const uint16_t udp_port = is_over_udp(type) ? spec.tunnel.dst_port : uint16_t{0};
  if (auto existing = endpoints_[udp_port].lock()) {
    if (existing->type() != type) {
      return Unexpected(PortError{PortError::Kind::busy, fmt::format("UDP port {} is in use by a {} port: set "
                                                                     "options:dst_port",
                                                                     udp_port, name_of(existing->type()))});
    }
    return existing;
  }
  auto opened = TunnelEndpoint::open(type, udp_port, environment, options_);
  if (opened) {
    endpoints_[udp_port] = *opened;
  }
  return opened;
}

}  // namespace weft::datapath
