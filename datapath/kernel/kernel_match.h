// What a megaflow looks like to the kernel's part of forwarding, if it can be told: the fields that forward.bpf.c reads.
//
// Packets that the program knows are TCP, UDP and echo over plain IPv4 and IPv6 from a device; of every other field they
// have zero. So a megaflow that asks for such a zero is no obstacle, and one that asks for anything else covers no packet
// that the program knows.
//
// Threads: any. Cost: of the mask's words; no allocation.
#pragma once

#include <optional>

#include "datapath/api/megaflow.h"
#include "datapath/kernel/shared_layout.h"

namespace weft::datapath {

struct KernelMatch {
  weft_key key{};  // masked; `port` and `mask`, which are places, are left zero
  weft_key mask{};
};

// Nothing: no packet of this megaflow is one that the program may know.
std::optional<KernelMatch> kernel_match(const Megaflow& megaflow);

}  // namespace weft::datapath
