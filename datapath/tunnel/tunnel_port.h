// Tunnel ports of every type but STT, and the endpoint that those on one UDP port share, or those on GRE.
//
//   TunnelEndpoints   makes tunnel ports; one endpoint for each UDP port in use, and one for GRE
//   TunnelEndpoint    the receive sockets (a queue for each family and worker, and one for multicast groups), the table
//                     that says which port takes a packet, the sockets that send, and a sender for each worker
//   TunnelPort        one tunnel port: its options, and what waits to be sent
//
// Datagrams leave and arrive through the host's own network: its routes, neighbours and firewall. A UDP port that the
// kernel's own tunnel device holds cannot be shared; the error names the device.
//
// Threads:   made and destroyed by the control thread; queues by the worker that has them; transmit() by any worker.
// Ownership: ports own their endpoint together: it goes with the last of them. TunnelEndpoints outlives ports.
#pragma once

#include <map>
#include <memory>
#include <unordered_set>
#include <vector>

#include "datapath/port/backlogged_port.h"
#include "datapath/port/too_big_answers.h"
#include "datapath/tunnel/group_queue.h"
#include "datapath/tunnel/tunnel_sender.h"
#include "datapath/tunnel/tunnel_table.h"
#include "datapath/tunnel/underlay_socket.h"
#include "lib/base/rcu.h"

namespace weft::datapath {

class TunnelEndpoint {
 public:
  // `type`: of its ports; gre stands for nvgre too, and has no UDP port.
  static Result<std::shared_ptr<TunnelEndpoint>, PortError> open(PortType type, uint16_t udp_port,
                                                                 const PortEnvironment& environment,
                                                                 const UnderlayOptions& options);

  PortType type() const { return type_; }
  TunnelTable& table() { return *table_; }
  bool has_ipv6() const { return has_ipv6_; }
  const std::vector<std::shared_ptr<RxQueue>>& queues() const { return queues_; }
  TunnelSender& sender(unsigned worker) { return *senders_[worker]; }
  // The multicast groups that a port wants to receive from; those of all ports are joined. Control thread.
  Result<void, OsError> set_groups(const Port& port, std::vector<IpAddress> groups);

 private:
  TunnelEndpoint(PortType type, uint16_t udp_port, const PortEnvironment& environment, const UnderlayOptions& options);
  Result<void, PortError> open_family(bool ipv6);
  Result<void, PortError> open_udp_family(bool ipv6, std::vector<std::shared_ptr<RxQueue>>& opened);
  Result<void, PortError> open_gre_family(bool ipv6, std::vector<std::shared_ptr<RxQueue>>& opened);
  Result<void, PortError> open_groups();
  std::shared_ptr<RxQueue> make_queue(TunnelSocket socket) const;

  const PortType type_;
  const uint16_t udp_port_;
  const unsigned worker_count_;
  const Clock& clock_;
  const UnderlayOptions options_;
  const std::shared_ptr<TunnelTable> table_;  // shared with the queues, which may be read a moment longer
  bool has_ipv6_ = false;
  std::vector<std::shared_ptr<RxQueue>> queues_;
  std::shared_ptr<GroupQueue> group_queue_;  // over UDP
  std::map<const Port*, std::vector<IpAddress>> groups_;
  SenderSockets sockets_;
  std::vector<std::unique_ptr<TunnelSender>> senders_;  // by worker
};

class TunnelPort final : public BackloggedPort {
 public:
  TunnelPort(const PortSpec& spec, const PortEnvironment& environment, std::shared_ptr<TunnelEndpoint> endpoint);
  ~TunnelPort() override;

  std::vector<std::shared_ptr<RxQueue>> rx_queues() override { return endpoint_->queues(); }
  PortCapabilities capabilities() const override { return PortCapabilities::everything(); }
  PortStatus status() const override;
  TooBigAnswers* too_big_answers() override { return &too_big_answers_; }
  Result<void, OsError> set_groups(std::vector<IpAddress> groups) override {
    return endpoint_->set_groups(*this, std::move(groups));
  }
  void set_tunnel_options(const TunnelOptionMap& map) override;
  const TunnelOptionMap* tunnel_options() const override { return options_.load(); }
  void set_mss_clamp(std::vector<uint32_t> tunnel_ids) override;
  bool clamps_mss(uint64_t tunnel_id) const override;

 protected:
  size_t send(std::span<Packet* const> packets, TxContext& context) override;

 private:
  const std::shared_ptr<TunnelEndpoint> endpoint_;
  TooBigAnswers too_big_answers_;
  RcuPtr<const TunnelOptionMap> options_;
  RcuPtr<const std::unordered_set<uint64_t>> clamped_ids_;  // null: none
  // By worker: pieces of the packet at the front of the backlog that have left already.
  PerWorker<size_t> pieces_done_;
};

class TunnelEndpoints {
 public:
  explicit TunnelEndpoints(const UnderlayOptions& options = {}) : options_(options) {}

  Result<std::unique_ptr<Port>, PortError> make_port(const PortSpec& spec, const PortEnvironment& environment);

 private:
  Result<std::shared_ptr<TunnelEndpoint>, PortError> endpoint(const PortSpec& spec, const PortEnvironment& environment);

  const UnderlayOptions options_;
  std::map<uint16_t, std::weak_ptr<TunnelEndpoint>> endpoints_;  // by UDP port; GRE's at 0
};

}  // namespace weft::datapath
