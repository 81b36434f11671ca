// KernelPrograms: forward.bpf.c, compiled into this program, loaded into the kernel with its maps.
//
// Threads: any. Ownership: the programs stay as long as a socket or filter has them, the maps as long as they.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "datapath/kernel/shared_layout.h"
#include "lib/base/os_error.h"
#include "lib/base/result.h"

struct bpf_object;

namespace weft::datapath {

// libbpf prints to standard error by itself unless told not to; what it returns is enough. Any number of times.
void silence_libbpf();

class KernelPrograms {
 public:
  static Result<std::unique_ptr<KernelPrograms>, OsError> load();
  ~KernelPrograms();
  KernelPrograms(const KernelPrograms&) = delete;
  KernelPrograms& operator=(const KernelPrograms&) = delete;

  // Descriptors: at a packet socket, and at a device's ingress.
  int filter() const { return filter_; }
  int guard() const { return guard_; }

  // Arrays in memory that the programs share.
  weft_slot* slots() const { return static_cast<weft_slot*>(slots_.memory); }
  weft_port* ports() const { return static_cast<weft_port*>(ports_.memory); }

  // Frames that arrive at this device are of this place. False: there is no room, or no such place.
  bool set_place(uint32_t ifindex, uint32_t place);
  void remove_place(uint32_t ifindex);
  // The masked key leads to the slot. False: it leads to another, or there is no room.
  bool add_flow(const weft_key& key, uint32_t slot);
  void remove_flow(const weft_key& key);

 private:
  struct Mapping {
    void* memory = nullptr;
    size_t size = 0;
  };
  explicit KernelPrograms(bpf_object* object) : object_(object) {}
  Result<void, OsError> open();
  Result<Mapping, OsError> map_into_memory(const char* name, size_t value_size);

  bpf_object* const object_;
  int filter_ = -1, guard_ = -1, flows_ = -1, places_ = -1;
  Mapping slots_, ports_;
};

}  // namespace weft::datapath
