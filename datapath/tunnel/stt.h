// STT tunnel ports (draft-davie-stt-08) and the endpoint that those on one TCP port share.
//
//   SttEndpoints   makes tunnel ports; one endpoint for each port number in use
//   SttEndpoint    the sockets (stt_socket.h): guards that keep the host from answering, a receive queue for each family
//                  and worker, a sender for each worker; and the table that says which tunnel port takes a frame
//   SttPort        one tunnel port: its options, what waits to be sent, and what waits for a neighbour to answer
//
// A guest's frame of 64 KB crosses as it is, whatever the path's MTU: to the underlay it is one TCP segment that wants to
// be cut.
//
// Threads:   made and destroyed by the control thread; queues by the worker that has them; transmit() by any worker.
// Ownership: ports own their endpoint together: it goes with the last of them. SttEndpoints outlives ports.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "datapath/port/backlogged_port.h"
#include "datapath/tunnel/stt_sender.h"
#include "datapath/tunnel/tunnel_table.h"
#include "datapath/tunnel/underlay_socket.h"

namespace weft::datapath {

class SttEndpoint {
 public:
  static Result<std::shared_ptr<SttEndpoint>, PortError> open(uint16_t port, const PortEnvironment& environment,
                                                              const UnderlayOptions& options);

  TunnelTable& table() { return *table_; }
  bool has_ipv6() const { return has_ipv6_; }
  const std::vector<std::shared_ptr<RxQueue>>& queues() const { return queues_; }
  SttSender& sender(unsigned worker) { return *senders_[worker]; }

 private:
  SttEndpoint() : table_(std::make_shared<TunnelTable>()) {}
  Result<void, PortError> open_family(bool ipv6, uint16_t port, const PortEnvironment& environment,
                                      const UnderlayOptions& options);
  Result<void, PortError> open_senders(const PortEnvironment& environment, const UnderlayOptions& options);

  const std::shared_ptr<TunnelTable> table_;  // shared with the queues, which may be read a moment longer
  bool has_ipv6_ = false;
  std::vector<Fd> guards_;
  std::vector<std::shared_ptr<RxQueue>> queues_;
  std::vector<std::unique_ptr<SttSender>> senders_;  // by worker
};

class SttPort final : public BackloggedPort {
 public:
  // A worker's packets that wait for neighbours to answer; more are tunnel_no_neighbour.
  static constexpr size_t max_held = 32;

  SttPort(const PortSpec& spec, const PortEnvironment& environment, std::shared_ptr<SttEndpoint> endpoint);
  ~SttPort() override;

  std::vector<std::shared_ptr<RxQueue>> rx_queues() override { return endpoint_->queues(); }
  PortCapabilities capabilities() const override;
  PortStatus status() const override;

  void transmit(PacketBatch&& batch, TxContext& context) override;
  bool flush(TxContext& context) override;
  bool has_backlog(unsigned worker) const override;
  void discard_backlog(TxContext& context) override;

 protected:
  size_t send(std::span<Packet* const> packets, TxContext& context) override;

 private:
  using Held = std::deque<PacketPtr>;

  bool is_resolving(const Packet& packet, const TxContext& context);
  void hold(PacketPtr packet, TxContext& context);
  void release_held(TxContext& context);

  const std::shared_ptr<SttEndpoint> endpoint_;
  PerWorker<Held> held_;
};

class SttEndpoints {
 public:
  explicit SttEndpoints(const UnderlayOptions& options = {}) : options_(options) {}

  Result<std::unique_ptr<Port>, PortError> make_port(const PortSpec& spec, const PortEnvironment& environment);

 private:
  Result<std::shared_ptr<SttEndpoint>, PortError> endpoint(uint16_t port, const PortEnvironment& environment);

  const UnderlayOptions options_;
  std::map<uint16_t, std::weak_ptr<SttEndpoint>> endpoints_;
};

}  // namespace weft::datapath
