// Guard: makes an attached device the switch's alone.
//
// A packet socket only copies frames: the host's own stack still sees them, answers them, even routes them. The guard
// puts a two-instruction BPF program at the device's clsact ingress, behind the point where packet sockets have had
// their copy, that consumes every frame; and it switches IPv6 off on the device, so that the host sends nothing of
// its own to a guest. Where the kernel forwards some frames by itself, its own program for that is the guard.
//
// Both stay when the process dies: a guest whose switch crashed is cut off, not let in to the host. The next attach
// recognises the program by its name and takes it over. What must be undone at detach, beyond the program, is kept in
// the filter's handle (was IPv6 on before? was clsact ours?), the only place that outlives the process.
//
// Threads:   the control thread.
// Ownership: detach() undoes; destruction alone does not, so that a crash and an orderly restart look the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/os_error.h"
#include "lib/base/result.h"

namespace weft::datapath {

class Guard {
 public:
  // A failure leaves the device as it was.
  // `program`: the descriptor of one that does a guard's work and more (datapath/kernel); none: a plain one.
  static Result<Guard, OsError> attach(const std::string& device, uint32_t ifindex,
                                       std::optional<int> program = std::nullopt);

  // Removes the program and gives IPv6 back. A device that is gone has taken its guard along: no error.
  Result<void, OsError> detach();

  // Whether this attach found a guard that an earlier process left.
  bool was_taken_over() const { return was_taken_over_; }

 private:
  Guard(std::string device, uint32_t ifindex) : device_(std::move(device)), ifindex_(ifindex) {}

  void remove_clsact_if_ours();

  std::string device_;
  uint32_t ifindex_ = 0;
  uint32_t memory_ = 0;  // what to undo: bits beside the filter's handle
  bool was_taken_over_ = false;
};

}  // namespace weft::datapath
