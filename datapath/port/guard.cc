#include "datapath/port/guard.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <net/if.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "datapath/kernel/kernel_programs.h"
#include "lib/os/device.h"
#include "lib/os/fd.h"

namespace weft::datapath {

namespace {

constexpr const char* program_name = "weft_guard";
constexpr uint32_t filter_priority = 1;  // before anything else at ingress

// The handle is ours to choose; its low bits remember what to undo.
constexpr uint32_t handle_base = 0x77660000;
constexpr uint32_t ipv6_was_on = 1;
constexpr uint32_t clsact_is_ours = 2;
constexpr uint32_t all_memories = 3;

bpf_tc_hook hook_of(uint32_t ifindex, bpf_tc_attach_point point) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(ifindex);
  hook.attach_point = point;
  return hook;
}

bpf_tc_opts options_of(uint32_t memory) {
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.handle = handle_base | memory;
  options.priority = filter_priority;
  return options;
}

Result<Fd, OsError> load_program() {
  const bpf_insn consume_frame[] = {
      {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, TC_ACT_STOLEN},
      {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
  };
  Fd program(::bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, program_name, "Apache-2.0", consume_frame,
                             std::size(consume_frame), nullptr));
  if (!program.is_open()) {
    return Unexpected(last_os_error("load the guard's BPF program"));
  }
  return program;
}

bool is_guard_program(uint32_t program_id) {
  const Fd program(::bpf_prog_get_fd_by_id(program_id));
  bpf_prog_info info{};
  uint32_t size = sizeof info;
  return program.is_open() && ::bpf_obj_get_info_by_fd(program.get(), &info, &size) == 0 &&
         std::string_view(info.name) == program_name;
}

// What an earlier process left at the device, as its memory.
std::optional<uint32_t> find_guard(uint32_t ifindex) {
  for (uint32_t memory = 0; memory <= all_memories; ++memory) {
    const bpf_tc_hook hook = hook_of(ifindex, BPF_TC_INGRESS);
    bpf_tc_opts options = options_of(memory);
    if (::bpf_tc_query(&hook, &options) == 0 && is_guard_program(options.prog_id)) {
      return memory;
    }
  }
  return std::nullopt;
}

std::string ipv6_switch(const std::string& device) { return "net/ipv6/conf/" + device + "/disable_ipv6"; }

}  // namespace

Result<Guard, OsError> Guard::attach(const std::string& device, uint32_t ifindex, std::optional<int> program) {
  silence_libbpf();
  // Loaded before anything changes at the device: it is what fails first without the privilege.
  Fd plain;
  if (!program) {
    auto loaded = load_program();
    if (!loaded) {
      return Unexpected(loaded.error());
    }
    plain = std::move(*loaded);
  }
  Guard guard(device, ifindex);
  const auto left_behind = find_guard(ifindex);
  guard.was_taken_over_ = left_behind.has_value();

  bpf_tc_hook hook = hook_of(ifindex, BPF_TC_INGRESS);
  if (left_behind) {
    guard.memory_ = *left_behind;
  } else {
    const int created = ::bpf_tc_hook_create(&hook);
    if (created != 0 && created != -EEXIST) {
      return Unexpected(os_error(-created, "put a clsact qdisc on " + device));
    }
    const bool has_ipv6_on = read_sysctl(ipv6_switch(device)) == "0";
    guard.memory_ = (created == 0 ? clsact_is_ours : 0) | (has_ipv6_on ? ipv6_was_on : 0);
  }
  // One that was left behind knows nothing of this process: it is replaced, without a moment between.
  bpf_tc_opts options = options_of(guard.memory_);
  options.prog_fd = program.value_or(plain.get());
  options.flags = left_behind ? BPF_TC_F_REPLACE : 0;
  if (const int attached = ::bpf_tc_attach(&hook, &options); attached != 0) {
    if (!left_behind) {
      guard.remove_clsact_if_ours();
    }
    return Unexpected(os_error(-attached, "attach the guard to " + device));
  }
  if ((guard.memory_ & ipv6_was_on) != 0) {
    if (auto off = write_sysctl(ipv6_switch(device), "1"); !off) {
      (void)guard.detach();
      return Unexpected(off.error());
    }
  }
  return guard;
}

Result<void, OsError> Guard::detach() {
  bpf_tc_hook hook = hook_of(ifindex_, BPF_TC_INGRESS);
  bpf_tc_opts options = options_of(memory_);
  const int detached = ::bpf_tc_detach(&hook, &options);
  if (detached == -ENODEV) {
    return {};
  }
  if (detached == 0) {
    remove_clsact_if_ours();
  }
  if ((memory_ & ipv6_was_on) != 0) {
    char name[IF_NAMESIZE];  // which may be another one by now
    if (::if_indextoname(ifindex_, name) != nullptr) {
      (void)write_sysctl(ipv6_switch(name), "0");
    }
  }
  if (detached != 0) {
    return Unexpected(os_error(-detached, "take the guard off " + device_));
  }
  return {};
}

// Ours from before anybody else put a filter there; whoever came later shares its fate with the attachment.
void Guard::remove_clsact_if_ours() {
  if ((memory_ & clsact_is_ours) != 0) {
    bpf_tc_hook whole = hook_of(ifindex_, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
    (void)::bpf_tc_hook_destroy(&whole);
  }
}

}  // namespace weft::datapath
