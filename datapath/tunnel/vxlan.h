// VXLAN tunnel ports (RFC 7348) and the endpoint that those on one UDP port share.
//
//   VxlanEndpoints   makes tunnel ports; one endpoint for each UDP port in use
//   VxlanEndpoint    the receive sockets (a queue for each family and worker), the table that says which port takes a
//                    packet, the sockets that send, and a sender for each worker
//   VxlanPort        one tunnel port: its options, and what waits to be sent
//
// Datagrams leave and arrive through the host's own network: its routes, neighbours and firewall. A UDP port that the
// kernel's own tunnel device holds cannot be shared; the error names the device.
//
// Threads:   made and destroyed by the control thread; queues by the worker that has them; transmit() by any worker.
// Ownership: ports own their endpoint together: it goes with the last of them. VxlanEndpoints outlives ports.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "datapath/port/backlogged_port.h"
#include "datapath/tunnel/tunnel_table.h"
#include "datapath/tunnel/underlay_socket.h"
#include "datapath/tunnel/vxlan_sender.h"

namespace weft::datapath {

class VxlanEndpoint {
 public:
  static Result<std::shared_ptr<VxlanEndpoint>, PortError> open(uint16_t port, const PortEnvironment& environment,
                                                                const UnderlayOptions& options);

  TunnelTable& table() { return *table_; }
  bool has_ipv6() const { return has_ipv6_; }
  const std::vector<std::shared_ptr<RxQueue>>& queues() const { return queues_; }
  VxlanSender& sender(unsigned worker) { return *senders_[worker]; }

 private:
  VxlanEndpoint(const PortEnvironment& environment, const UnderlayOptions& options);
  Result<void, PortError> open_family(bool ipv6, uint16_t port, const PortEnvironment& environment,
                                      const UnderlayOptions& options);

  const std::shared_ptr<TunnelTable> table_;  // shared with the queues, which may be read a moment longer
  bool has_ipv6_ = false;
  std::vector<std::shared_ptr<RxQueue>> queues_;
  SenderSockets sockets_;
  std::vector<std::unique_ptr<VxlanSender>> senders_;  // by worker
};

class VxlanPort final : public BackloggedPort {
 public:
  VxlanPort(const PortSpec& spec, const PortEnvironment& environment, std::shared_ptr<VxlanEndpoint> endpoint);
  ~VxlanPort() override;

  std::vector<std::shared_ptr<RxQueue>> rx_queues() override { return endpoint_->queues(); }
  PortCapabilities capabilities() const override { return PortCapabilities::everything(); }
  PortStatus status() const override;

 protected:
  size_t send(std::span<Packet* const> packets, TxContext& context) override;

 private:
  const std::shared_ptr<VxlanEndpoint> endpoint_;
  // By worker: pieces of the packet at the front of the backlog that have left already.
  PerWorker<size_t> pieces_done_;
};

class VxlanEndpoints {
 public:
  explicit VxlanEndpoints(const UnderlayOptions& options = {}) : options_(options) {}

  Result<std::unique_ptr<Port>, PortError> make_port(const PortSpec& spec, const PortEnvironment& environment);

 private:
  Result<std::shared_ptr<VxlanEndpoint>, PortError> endpoint(uint16_t port, const PortEnvironment& environment);

  const UnderlayOptions options_;
  std::map<uint16_t, std::weak_ptr<VxlanEndpoint>> endpoints_;
};

}  // namespace weft::datapath
