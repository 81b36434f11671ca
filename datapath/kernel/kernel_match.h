// What a megaflow is to the kernel's part of forwarding, if it can be told: the fields that forward.bpf.c reads, and what it
// can do.
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

// The packet leaves by one port, perhaps with another VLAN tag than it came with, or without.
struct KernelAction {
  PortId port = port_id::none;
  bool pops_tag = false;
  std::optional<uint16_t> pushed_tci{};
};

// Nothing: the decision does more, or less, with packets that are alike as `match` says.
std::optional<KernelAction> kernel_action(const ActionList& actions, const KernelMatch& match);

}  // namespace weft::datapath
