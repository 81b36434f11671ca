// Port: what the switch sends to and receives from, whatever device, socket or ring is behind it.
//
// The two directions are apart. An RxQueue hands over frames, each with its offload metadata and the PortId it came
// in on: a queue need not belong to one port (a VXLAN socket serves every tunnel port of its UDP port), so ports name
// the queues that feed them, and a queue is read from the first port that names it to the last. A queue is the unit
// of order: one worker at a time owns it. Port::transmit takes batches from any worker.
//
// What a port cannot express it says in capabilities(); the transmit step (datapath/worker/transmit.h) cuts GSO
// frames and finishes checksums before it calls transmit(), so a port sees only what it can say. A send that would
// block never blocks the worker: the frame waits in the port's bounded backlog for that worker (tx_backlog.h), is
// tried again by flush(), and is dropped as tx_queue_full beyond the bound.
//
// Counting: a queue fills the batch and the worker counts what is in it as received; a frame that arrived and is not
// in the batch is told to the RxContext (dropped, or merged into another). Each frame given to transmit() ends in
// exactly one of TxContext::sent and TxContext::drop, at once or later out of the backlog.
//
// Threads:   constructed and destroyed by the control thread while no worker uses the port; receive() by the queue's
//            worker; transmit(), flush() by any worker at once, told apart by TxContext::worker; status() and
//            counters by any thread.
// Ownership: the datapath owns ports; queues are shared between the ports that name them and the worker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "datapath/api/port_spec.h"
#include "datapath/api/tunnel_option_map.h"
#include "lib/base/clock.h"
#include "lib/base/counter.h"
#include "lib/base/os_error.h"
#include "lib/base/result.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/packet_batch.h"
#include "lib/packet/packet_pool.h"

namespace weft::datapath {

class KernelPath;

// What a worker did with packets. Written by that worker, read by any thread.
// At rest: received + originated = sent + dropped.total() + absorbed.
struct PacketBalance {
  Counter received;
  Counter originated;  // packet-outs, copies, pieces that GSO cut beyond the first, answers
  Counter sent;
  Counter absorbed;  // packet-in only, merged into another frame
  DropCounters dropped;
};

// PortCounters as one worker counts them.
struct PortCounterCells {
  Counter rx_packets, rx_bytes, rx_gso_segments, rx_dropped, rx_errors;
  Counter tx_packets, tx_bytes, tx_gso_segments, tx_dropped, tx_errors;
  Counter too_big_answers, too_big_unanswered;
};

// Frames of one direction, added up before they are counted.
struct FrameSum {
  uint64_t frames = 0, bytes = 0, gso_segments = 0;

  void add(size_t frame_size, size_t segments) {
    ++frames;
    bytes += frame_size;
    gso_segments += segments;
  }
};

// What of Offload a port can say to whatever is behind it. Depth is Offload::outer_count.
struct PortCapabilities {
  static constexpr uint8_t no_depth = 0xff;

  uint8_t partial_checksum_depth = no_depth;  // partial checksums this many tunnel headers deep; no_depth: none
  uint8_t gso_depth = no_depth;               // the same for GSO
  bool gso_tcp4 = false;
  bool gso_tcp6 = false;
  bool gso_udp_l4 = false;
  bool gso_under_mpls = false;                   // or PBB; the kernel refuses such frames
  bool sctp_partial_checksum = false;            // CRC32c (csum_offset 8)
  size_t max_frame_size = weft::max_frame_size;  // GSO frames included; longer is oversized_frame

  static PortCapabilities none() { return {}; }
  static PortCapabilities everything() { return {254, 254, true, true, true, true, true, weft::max_frame_size}; }
};

class Port;
class TooBigAnswers;

// What receive() needs of its worker.
class RxContext {
 public:
  RxContext(unsigned worker, PacketPool& pool, PacketBalance& balance)
      : worker_(worker), pool_(pool), balance_(balance) {}

  unsigned worker() const { return worker_; }
  PacketPool& pool() { return pool_; }

  // Frames that arrived and go no further. `port` may be null: a tunnel packet that is for no port.
  void drop(Port* port, DropReason reason, uint64_t count = 1);
  // Frames that arrived and were merged into one that is in the batch.
  void absorb(uint64_t count) {
    balance_.received.add(count);
    balance_.absorbed.add(count);
  }
  // As much was there as was asked for: probably more is waiting. Whoever fills its batch need not say it.
  void is_behind() { was_behind_ = true; }
  bool take_was_behind() { return std::exchange(was_behind_, false); }

 private:
  const unsigned worker_;
  PacketPool& pool_;
  PacketBalance& balance_;
  bool was_behind_ = false;
};

// What transmit() and flush() need of their worker.
class TxContext {
 public:
  TxContext(unsigned worker, PacketPool& pool, PacketBalance& balance)
      : worker_(worker), pool_(pool), balance_(balance) {}

  unsigned worker() const { return worker_; }
  PacketPool& pool() { return pool_; }
  PacketBalance& balance() { return balance_; }

  // Says how a frame ended. Both leave freeing the packet to the caller; `sent` counts the frame as the port was
  // given it, so pass the sizes from before encapsulation.
  void sent(Port& port, size_t frame_size, size_t gso_segments) { sent(port, FrameSum{1, frame_size, gso_segments}); }
  void sent(Port& port, const FrameSum& sum);
  void drop(Port& port, DropReason reason, uint64_t count = 1);

  // Packets that ports make in reply to what they were to send (too_big_answers.h), with in_port and tunnel set as if
  // that port had received them. The worker takes them up at the end of its round.
  bool has_room_for_answer() const { return !answers_.is_full(); }
  void answer(PacketPtr packet) {
    balance_.originated.add();
    answers_.add(std::move(packet));
  }
  bool has_answers() const { return !answers_.is_empty(); }
  PacketBatch take_answers() { return std::move(answers_); }

 private:
  const unsigned worker_;
  PacketPool& pool_;
  PacketBalance& balance_;
  PacketBatch answers_;
};

class RxQueue {
 public:
  virtual ~RxQueue() = default;

  // Readable (level-triggered) when receive() has something to do.
  virtual int fd() const = 0;

  // Whether receive() has something to do, where a look at memory tells; what the poller alone can tell, an error for
  // one, is not in it. No value: only the poller knows.
  virtual std::optional<bool> peek() const { return std::nullopt; }

  // Adds to `batch`, which is empty, up to its capacity; sets in_port, offload and tunnel of each packet. False when
  // nothing was waiting: the worker may then sleep on fd(). After true it calls again before it sleeps, so a queue
  // may keep frames of its own between calls.
  virtual bool receive(PacketBatch& batch, RxContext& context) = 0;

  // Everything that receive() has handed over, dropped or lost until now is gone: sent, dropped, or in the backlog of a port
  // that the kernel sends nothing to by itself. Called by its worker between two calls of receive(), not behind each.
  virtual void all_has_left() {}

  // Whether it keeps frames of its own between calls now. They are from the pool of its worker.
  virtual bool keeps_frames() const { return false; }

  // The worker is about to let go of the queue: drops the frames that it keeps between calls, as port_gone.
  virtual void discard(RxContext& context) { (void)context; }
};

// What a port is given at its making. Copy it.
struct PortEnvironment {
  PortId id = port_id::none;
  unsigned worker_count = 1;
  // Says that status() may have changed or the device is gone. From any thread; only posts.
  std::function<void(PortId)> on_change = [](PortId) {};
  const Clock* clock = &SystemClock::instance();
  std::shared_ptr<KernelPath> kernel = nullptr;  // that may forward frames of the port by itself; null: none does
};

class Port {
 public:
  Port(const PortSpec& spec, const PortEnvironment& environment)
      : spec_(spec), environment_(environment), counters_(environment.worker_count) {}
  virtual ~Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  PortId id() const { return environment_.id; }
  const PortSpec& spec() const { return spec_; }

  // The queues that feed this port; the same ones at every call. Asked once, after construction.
  virtual std::vector<std::shared_ptr<RxQueue>> rx_queues() = 0;

  // Fixed while the port lives, but for max_frame_size.
  virtual PortCapabilities capabilities() const = 0;

  // Sends, keeps for later, or drops each packet; the batch is empty afterwards. Frames of one worker leave in order,
  // behind what waits from earlier calls.
  virtual void transmit(PacketBatch&& batch, TxContext& context) = 0;

  // Sends what waits for this worker, as far as it goes. True when something still waits: the worker then calls again
  // in its next round, at the latest in about a millisecond.
  virtual bool flush(TxContext& context);
  virtual bool has_backlog(unsigned worker) const;
  // The port is about to go: drops what waits for this worker, as port_gone. Its packets are from that worker's pool,
  // so this runs on that worker, before the destructor.
  virtual void discard_backlog(TxContext& context);

  // Whether the kernel may send to it by itself (datapath/kernel), past what waits in a backlog of it.
  virtual bool is_sent_to_by_kernel() const { return false; }

  // How senders are told that a frame is too large for the way it was to go. Null: they are not.
  virtual TooBigAnswers* too_big_answers() { return nullptr; }

  // Gives the device the MTU and the address of `wanted`, where it has them. Control thread.
  virtual Result<void, OsError> configure(const PortSpec& wanted);

  // The multicast groups of the underlay to receive from, all of them at each call. An error says what could not be
  // joined; the rest was. Control thread.
  virtual Result<void, OsError> set_groups(std::vector<IpAddress> groups);

  // Which Geneve options are which fields. Control thread.
  virtual void set_tunnel_options(const TunnelOptionMap& map);
  // The same, under RCU; null: none is any.
  virtual const TunnelOptionMap* tunnel_options() const { return nullptr; }
  // Of which tunnel ids TCP's MSS is lowered to what fits, besides of all where the spec says so. Control thread.
  virtual void set_mss_clamp(std::vector<uint32_t> tunnel_ids);
  // Under RCU.
  virtual bool clamps_mss(uint64_t /*tunnel_id*/) const { return spec_.tunnel.clamps_mss; }

  // The device as it is now. Any thread.
  virtual PortStatus status() const = 0;

  PortCounterCells& counters(unsigned worker) { return counters_[worker]; }
  // Sum over the workers.
  PortCounters total_counters() const;

 protected:
  const PortEnvironment& environment() const { return environment_; }
  void notify_change() const { environment_.on_change(environment_.id); }

 private:
  const PortSpec spec_;
  const PortEnvironment environment_;
  PerWorker<PortCounterCells> counters_;
};

}  // namespace weft::datapath
