// KernelPath: megaflows that the kernel forwards by itself, from one `system` port to another (forward.bpf.c).
//
// What user space must do twice for each byte, copy it out of the kernel and back in, is then not done at all: a guest's
// large segment goes from one device to the other as it is, on the processor of whoever sent it. Only a decision that
// sends a packet to one port without a queue can be put there, with its VLAN tag changed at most, whose megaflow asks for
// nothing that the program does not know (kernel_match.h). A worker offers it after some packets; it is in force only from a moment on when nothing
// of its port is in user space, so packets keep their order.
//
// A decision's share (KernelShare) counts like the worker's own. withdraw() ends it at once: a program that starts later
// passes the packet up; one that is under way on another processor, for a microsecond, has still to end. Whoever replaces or removes a megaflow withdraws it first, so
// nothing stays in force in the kernel that is not in force in user space.
//
// The programs are loaded with the first port, once. Where the kernel has no BPF, or refuses, everything goes on in user
// space.
//
// Threads:   load(), add_port(), set_enabled(), traffic(), status(): the control thread. offer(): workers. KernelShare: as it says.
// Ownership: shared with the shares, which may outlive the datapath until RCU frees them.
// Cost:      offer(): a system call. The memory of tables: 8 MB in the kernel, from the first port on.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "datapath/api/datapath.h"
#include "datapath/api/megaflow.h"
#include "datapath/kernel/kernel_match.h"
#include "datapath/kernel/kernel_programs.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "lib/base/mutex.h"
#include "lib/base/os_error.h"
#include "lib/base/result.h"

namespace weft::datapath {

class KernelPath;

// A device that frames are taken from and sent to. The control thread's, but for has_left().
class KernelPort {
 public:
  KernelPort(std::shared_ptr<KernelPath> path, uint32_t place) : path_(std::move(path)), place_(place) {}
  ~KernelPort();
  KernelPort(const KernelPort&) = delete;
  KernelPort& operator=(const KernelPort&) = delete;

  // Of the frames that came up to the port's sockets, so many more are gone: sent, dropped, or lost on the way. Any worker.
  void has_left(uint64_t frames);
  // Frames that were dropped since the last call, because user space was behind and others had to leave it. Any worker.
  uint64_t take_dropped();
  // How large a frame may be sent: `mtu` and the Ethernet header. 0: none.
  void set_mtu(uint32_t mtu);

 private:
  const std::shared_ptr<KernelPath> path_;
  const uint32_t place_;
};

// What a port's frames in the kernel come to.
struct KernelTraffic {
  uint64_t packets = 0, bytes = 0, gso_segments = 0;

  KernelTraffic& operator+=(const KernelTraffic& other);
};

class KernelPath : public std::enable_shared_from_this<KernelPath> {
 public:
  KernelPath() = default;
  ~KernelPath();
  KernelPath(const KernelPath&) = delete;
  KernelPath& operator=(const KernelPath&) = delete;

  // The programs, loaded at the first call; null when that failed, which is said once in the log.
  const KernelPrograms* load() EXCLUDES(mutex_);

  // Null: there is no room for more ports. load() has succeeded.
  std::unique_ptr<KernelPort> add_port(PortId id, uint32_t ifindex) EXCLUDES(mutex_);

  // False: every share is withdrawn, and none taken.
  void set_enabled(bool is_enabled) EXCLUDES(mutex_);

  enum class Answer : uint8_t { taken, not_now, never };
  // Whether the kernel forwards the megaflow's packets from now on, or from a moment on that comes soon. Its worker.
  Answer offer(Megaflow& megaflow) EXCLUDES(mutex_);

  struct PortTraffic {
    KernelTraffic received, sent;
  };
  // Since the port was added.
  PortTraffic traffic(PortId id) const EXCLUDES(mutex_);
  KernelStatus status() const EXCLUDES(mutex_);

 private:
  friend class KernelPort;
  class Share;

  struct Place {
    PortId port = port_id::none;
    std::array<unsigned, weft_max_masks> mask_uses{};
    std::set<Share*> received_by, sent_by;
    PortTraffic ended{};  // of shares that are no more
  };
  struct Rest {
    uint32_t slot;
    TimePoint since;
  };

  weft_slot& slot(uint32_t number) const { return programs_->slots()[number]; }
  weft_port& port(uint32_t place) const { return programs_->ports()[place]; }
  std::optional<uint32_t> place_of(PortId id) const REQUIRES(mutex_);
  std::optional<uint8_t> place_of_mask(uint32_t place, const weft_key& mask) const REQUIRES(mutex_);
  std::optional<uint8_t> take_mask(uint32_t place, const weft_key& mask) REQUIRES(mutex_);
  void give_mask_back(uint32_t place, uint8_t mask) REQUIRES(mutex_);
  std::optional<uint32_t> take_slot() REQUIRES(mutex_);
  bool put_in(Share& share) REQUIRES(mutex_);
  void withdraw(Share& share) EXCLUDES(mutex_);
  void withdraw_locked(Share& share) REQUIRES(mutex_);
  void forget(Share& share) EXCLUDES(mutex_);
  void remove_port(uint32_t place) EXCLUDES(mutex_);
  Share* make_share(uint32_t in, uint32_t out, const KernelMatch& match, const KernelAction& action) REQUIRES(mutex_);
  KernelTraffic received_by(uint32_t slot) const;
  KernelTraffic sent_by(uint32_t slot) const;

  std::unique_ptr<KernelPrograms> programs_;  // from load() on as it is
  std::atomic<bool> is_open_{false};          // there are programs, and shares are wanted
  mutable Mutex mutex_;
  bool was_tried_ GUARDED_BY(mutex_) = false;
  bool is_enabled_ GUARDED_BY(mutex_) = true;
  std::map<PortId, uint32_t> place_by_port_ GUARDED_BY(mutex_);
  std::vector<Place> places_ GUARDED_BY(mutex_);
  std::vector<uint32_t> free_places_ GUARDED_BY(mutex_);
  size_t in_force_count_ GUARDED_BY(mutex_) = 0;
  uint32_t next_slot_ GUARDED_BY(mutex_) = 0;
  std::deque<Rest> resting_ GUARDED_BY(mutex_);  // not written before a second is over
};

}  // namespace weft::datapath
