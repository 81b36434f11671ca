#include "datapath/tunnel/stt.h"

#include <algorithm>

#include "datapath/tunnel/stt_queue.h"
#include "datapath/tunnel/stt_socket.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/rcu.h"

namespace weft::datapath {

namespace {

log::Logger& stt_logger = log::get("tunnel");

PortError system_error(const OsError& error) { return {PortError::Kind::system, error.to_string()}; }
PortError invalid_stt(std::string message) { return {PortError::Kind::invalid, std::move(message)}; }

Result<void, PortError> check_stt_spec(const TunnelSpec& spec) {
  if (spec.remote && spec.local && spec.remote->is_v4() != spec.local->is_v4()) {
    return Unexpected(invalid_stt("local_ip " + spec.local->to_string() + " and remote_ip " + spec.remote->to_string() +
                                  " are of different families"));
  }
  if (spec.remote && spec.remote->is_multicast()) {
    return Unexpected(
        invalid_stt("remote_ip " + spec.remote->to_string() + " is a multicast group: STT is for one remote"));
  }
  if (spec.dst_port == 0) {
    return Unexpected(invalid_stt("dst_port must be 1 to 65535"));
  }
  if (!spec.outer_checksum) {
    return Unexpected(invalid_stt("csum=false: STT segments always have a checksum, which the device computes"));
  }
  return {};
}

bool wants_ipv6(const TunnelSpec& spec) {
  return (spec.remote && spec.remote->is_v6()) || (spec.local && spec.local->is_v6());
}

}  // namespace

Result<std::shared_ptr<SttEndpoint>, PortError> SttEndpoint::open(uint16_t port, const PortEnvironment& environment,
                                                                  const UnderlayOptions& options) {
  std::shared_ptr<SttEndpoint> endpoint(new SttEndpoint);
  if (auto opened = endpoint->open_senders(environment, options); !opened) {
    return Unexpected(opened.error());
  }
  if (auto opened = endpoint->open_family(false, port, environment, options); !opened) {
    return Unexpected(opened.error());
  }
  // A host may have no IPv6; a port that needs it finds out.
  const auto opened = endpoint->open_family(true, port, environment, options);
  endpoint->has_ipv6_ = opened.has_value();
  if (!opened) {
    stt_logger.warn("no STT over IPv6 on TCP port {}: {}", port, opened.error().message);
  }
  if (is_invalid_to_conntrack()) {
    stt_logger.warn(
        "net.netfilter.nf_conntrack_tcp_loose is 0: rules that drop the state \"invalid\" drop STT; exempt TCP port {} "
        "by rules with \"notrack\" (weft-vsctl(8))",
        port);
  }
  return endpoint;
}

Result<void, PortError> SttEndpoint::open_senders(const PortEnvironment& environment, const UnderlayOptions& options) {
  // Not the same again after a restart, when peers may wait for the rest of a frame from before.
  const auto first = static_cast<uint32_t>(hash_mix(random_hash_seed(), steady_now().time_since_epoch().count()));
  for (unsigned worker = 0; worker < environment.worker_count; ++worker) {
    auto socket = open_stt_sender(options);
    if (!socket) {
      return Unexpected(system_error(socket.error()));
    }
    senders_.push_back(std::make_unique<SttSender>(std::move(*socket), SttPaths(*environment.clock),
                                                   SttFrameIds(first + worker, environment.worker_count)));
  }
  return {};
}

Result<void, PortError> SttEndpoint::open_family(bool ipv6, uint16_t port, const PortEnvironment& environment,
                                                 const UnderlayOptions& options) {
  // The guard first: from the first segment on nothing is answered.
  auto guard = open_stt_guard(ipv6, port);
  if (!guard) {
    return Unexpected(guard.error());
  }
  std::vector<std::shared_ptr<RxQueue>> opened;
  for (unsigned worker = 0; worker < environment.worker_count; ++worker) {
    auto socket = open_stt_receiver(ipv6, port, worker, environment.worker_count, options);
    if (!socket) {
      return Unexpected(system_error(socket.error()));
    }
    auto queue = SttQueue::make(std::move(*socket), ipv6, table_, *environment.clock);
    if (!queue) {
      return Unexpected(system_error(queue.error()));
    }
    opened.push_back(std::move(*queue));
  }
  guards_.push_back(std::move(*guard));
  queues_.insert(queues_.end(), opened.begin(), opened.end());
  return {};
}

SttPort::SttPort(const PortSpec& spec, const PortEnvironment& environment, std::shared_ptr<SttEndpoint> endpoint)
    : BackloggedPort(spec, environment), endpoint_(std::move(endpoint)), held_(environment.worker_count) {}

SttPort::~SttPort() {
  // Queues go on being read for the endpoint's other ports: nobody may still have found this one.
  endpoint_->table().remove(*this);
  rcu::synchronize();
}

PortCapabilities SttPort::capabilities() const {
  PortCapabilities can;
  can.partial_checksum_depth = 0;
  can.gso_depth = 0;
  can.gso_tcp4 = can.gso_tcp6 = true;
  return can;
}

PortStatus SttPort::status() const {
  PortStatus status;
  status.is_admin_up = true;
  status.has_link = true;
  status.mtu = static_cast<uint32_t>(SttSender::max_inner_size) - 14;
  status.is_conntrack_invalid = is_invalid_to_conntrack();
  return status;
}

bool SttPort::is_resolving(const Packet& packet, const TxContext& context) {
  return endpoint_->sender(context.worker()).is_resolving(spec().tunnel, packet);
}

void SttPort::transmit(PacketBatch&& batch, TxContext& context) {
  release_held(context);
  PacketBatch ready;
  batch.drain([&](PacketPtr packet) {
    if (is_resolving(*packet, context)) {
      hold(std::move(packet), context);
    } else {
      ready.add(std::move(packet));
    }
  });
  if (!ready.is_empty()) {
    BackloggedPort::transmit(std::move(ready), context);
  }
}

void SttPort::hold(PacketPtr packet, TxContext& context) {
  Held& held = held_[context.worker()];
  if (held.size() >= max_held) {
    context.drop(*this, DropReason::tunnel_no_neighbour);
  } else {
    held.push_back(std::move(packet));
  }
}

// Sends what waited for a neighbour that has answered, or that is known not to: the sender drops that.
void SttPort::release_held(TxContext& context) {
  Held& held = held_[context.worker()];
  if (held.empty()) {
    return;
  }
  PacketBatch ready;
  for (size_t rest = held.size(); rest > 0; --rest) {
    PacketPtr packet = std::move(held.front());
    held.pop_front();
    if (is_resolving(*packet, context)) {
      held.push_back(std::move(packet));
    } else {
      ready.add(std::move(packet));
    }
  }
  if (!ready.is_empty()) {
    BackloggedPort::transmit(std::move(ready), context);
  }
}

bool SttPort::flush(TxContext& context) {
  release_held(context);
  const bool is_blocked = BackloggedPort::flush(context);
  return is_blocked || !held_[context.worker()].empty();
}

bool SttPort::has_backlog(unsigned worker) const {
  return !held_[worker].empty() || BackloggedPort::has_backlog(worker);
}

void SttPort::discard_backlog(TxContext& context) {
  Held& held = held_[context.worker()];
  context.drop(*this, DropReason::port_gone, held.size());
  held.clear();
  BackloggedPort::discard_backlog(context);
}

size_t SttPort::send(std::span<Packet* const> packets, TxContext& context) {
  return endpoint_->sender(context.worker()).send(*this, packets, context);
}

Result<std::unique_ptr<Port>, PortError> SttEndpoints::make_port(const PortSpec& spec,
                                                                 const PortEnvironment& environment) {
  if (auto checked = check_stt_spec(spec.tunnel); !checked) {
    return Unexpected(checked.error());
  }
  auto shared = endpoint(spec.tunnel.dst_port, environment);
  if (!shared) {
    return Unexpected(shared.error());
  }
  SttEndpoint& endpoint = **shared;
  if (wants_ipv6(spec.tunnel) && !endpoint.has_ipv6()) {
    return Unexpected(PortError{PortError::Kind::system,
                                "TCP port " + std::to_string(spec.tunnel.dst_port) + " is not ours for IPv6"});
  }
  auto port = std::make_unique<SttPort>(spec, environment, *shared);
  if (const Port* other = endpoint.table().add(*port)) {
    return Unexpected(PortError{PortError::Kind::busy, "tunnel port " + other->spec().name +
                                                           " has the same key, remote_ip, local_ip and dst_port"});
  }
  return std::unique_ptr<Port>(std::move(port));
}

Result<std::shared_ptr<SttEndpoint>, PortError> SttEndpoints::endpoint(uint16_t port,
                                                                       const PortEnvironment& environment) {
  if (auto existing = endpoints_[port].lock()) {
    return existing;
  }
  auto opened = SttEndpoint::open(port, environment, options_);
  if (opened) {
    endpoints_[port] = *opened;
  }
  return opened;
}

}  // namespace weft::datapath
