#include "datapath/port/afxdp_program.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

// Younger than Debian 12's headers.
#ifndef BPF_F_XDP_DEV_BOUND_ONLY
#define BPF_F_XDP_DEV_BOUND_ONLY (1U << 6)
#endif

namespace weft::datapath {

namespace {

constexpr const char* xdp_program_name = "weft_afxdp";
// The kernel lets only programs under a licence that goes with its own call its functions: these instructions may be
// used under either.
constexpr const char* xdp_program_licence = "Dual MIT/GPL";
constexpr int16_t tag_bytes = 4;
constexpr int16_t tagged_header_bytes = 18;
constexpr int16_t tpid_slot = -8;  // on the program's stack
constexpr int16_t tci_slot = -6;

bpf_insn load(uint8_t size, uint8_t to, uint8_t from, int16_t offset) {
  return {static_cast<uint8_t>(BPF_LDX | size | BPF_MEM), to, from, offset, 0};
}
bpf_insn store(uint8_t size, uint8_t at, int16_t offset, uint8_t value) {
  return {static_cast<uint8_t>(BPF_STX | size | BPF_MEM), at, value, offset, 0};
}
bpf_insn copy(uint8_t to, uint8_t from) { return {BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0}; }
bpf_insn set(uint8_t to, int32_t value) { return {BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value}; }
bpf_insn add(uint8_t to, int32_t value) { return {BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value}; }
bpf_insn call(int32_t function) { return {BPF_JMP | BPF_CALL, 0, 0, 0, function}; }
bpf_insn call_kernel(int32_t function) { return {BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, function}; }
bpf_insn leave() { return {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}; }

// Of the kernel's function that tells a program of a tag beside the frame.
std::optional<int32_t> tag_function() {
  btf* kernel = ::btf__load_vmlinux_btf();
  if (kernel == nullptr) {
    return std::nullopt;
  }
  const int32_t id = ::btf__find_by_name_kind(kernel, "bpf_xdp_metadata_rx_vlan_tag", BTF_KIND_FUNC);
  ::btf__free(kernel);
  return id > 0 ? std::optional(id) : std::nullopt;
}

// redirect_map(&socket_map, context->rx_queue_index, XDP_DROP)
std::vector<bpf_insn> redirect_to_socket(int socket_map) {
  return {load(BPF_W, BPF_REG_2, BPF_REG_6, offsetof(xdp_md, rx_queue_index)),
          {BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, socket_map},
          {0, 0, 0, 0, 0},
          set(BPF_REG_3, XDP_DROP),
          call(BPF_FUNC_redirect_map),
          leave()};
}

// A tag beside the frame goes where it was: the MAC pair moves to the front by its size. What cannot be done drops the
// frame, for without its tag it would be of another network.
std::vector<bpf_insn> put_tag_back_in(int32_t function) {
  std::vector<bpf_insn> code{
      copy(BPF_REG_1, BPF_REG_6),
      copy(BPF_REG_2, BPF_REG_10),
      add(BPF_REG_2, tpid_slot),
      copy(BPF_REG_3, BPF_REG_10),
      add(BPF_REG_3, tci_slot),
      call_kernel(function),
      {BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 0, 0},  // no tag: to the end of this part
      load(BPF_H, BPF_REG_7, BPF_REG_10, tpid_slot),
      load(BPF_H, BPF_REG_8, BPF_REG_10, tci_slot),
      {BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_8, 0, 0, 16},
      copy(BPF_REG_1, BPF_REG_6),
      set(BPF_REG_2, -tag_bytes),
      call(BPF_FUNC_xdp_adjust_head),
      {BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 0, 0},  // no room: to the drop
      load(BPF_W, BPF_REG_2, BPF_REG_6, offsetof(xdp_md, data)),
      load(BPF_W, BPF_REG_3, BPF_REG_6, offsetof(xdp_md, data_end)),
      copy(BPF_REG_4, BPF_REG_2),
      add(BPF_REG_4, tagged_header_bytes),
      {BPF_JMP | BPF_JGT | BPF_X, BPF_REG_4, BPF_REG_3, 0, 0},  // too short: to the drop
  };
  for (int16_t at = 0; at < 12; at = static_cast<int16_t>(at + 4)) {
    code.push_back(load(BPF_W, BPF_REG_5, BPF_REG_2, static_cast<int16_t>(at + tag_bytes)));
    code.push_back(store(BPF_W, BPF_REG_2, at, BPF_REG_5));
  }
  code.push_back(store(BPF_H, BPF_REG_2, 12, BPF_REG_7));
  code.push_back(store(BPF_H, BPF_REG_2, 14, BPF_REG_8));
  code.push_back({BPF_JMP | BPF_JA, 0, 0, 2, 0});
  const size_t drop = code.size();
  code.push_back(set(BPF_REG_0, XDP_DROP));
  code.push_back(leave());
  const size_t end = code.size();
  bool is_first = true;
  for (size_t i = 0; i < drop; ++i) {
    const uint8_t operation = code[i].code;
    if (operation == (BPF_JMP | BPF_JNE | BPF_K) || operation == (BPF_JMP | BPF_JGT | BPF_X)) {
      code[i].off = static_cast<int16_t>((is_first ? end : drop) - i - 1);
      is_first = false;
    }
  }
  return code;
}

std::vector<bpf_insn> program_text(int socket_map, std::optional<int32_t> function) {
  std::vector<bpf_insn> code{copy(BPF_REG_6, BPF_REG_1)};
  const auto append = [&code](const std::vector<bpf_insn>& more) { code.insert(code.end(), more.begin(), more.end()); };
  if (function) {
    append(put_tag_back_in(*function));
  }
  append(redirect_to_socket(socket_map));
  return code;
}

// Frames that take more than one buffer come to a program only that says it can bear them; older kernels do not know.
Fd load_for(int socket_map, uint32_t ifindex, std::optional<int32_t> function) {
  const auto code = program_text(socket_map, function);
  for (const uint32_t frags : {uint32_t{BPF_F_XDP_HAS_FRAGS}, uint32_t{0}}) {
    bpf_prog_load_opts options{};
    options.sz = sizeof options;
    options.expected_attach_type = BPF_XDP;
    options.prog_flags = frags | (function ? BPF_F_XDP_DEV_BOUND_ONLY : 0);
    options.prog_ifindex = function ? ifindex : 0;  // the driver's way to tell of tags is called directly
    Fd program(
        ::bpf_prog_load(BPF_PROG_TYPE_XDP, xdp_program_name, xdp_program_licence, code.data(), code.size(), &options));
    if (program.is_open()) {
      return program;
    }
  }
  return Fd();
}

Fd link_to(int program, uint32_t ifindex, XdpProgram::Hook hook) {
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = hook == XdpProgram::Hook::driver ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
  return Fd(::bpf_link_create(program, static_cast<int>(ifindex), BPF_XDP, &options));
}

}  // namespace

Result<XdpProgram, OsError> XdpProgram::attach(const std::string& device, uint32_t ifindex, Hook hook,
                                               unsigned queue_count) {
  XdpProgram made;
  made.socket_map_ = Fd(
      ::bpf_map_create(BPF_MAP_TYPE_XSKMAP, "weft_sockets", sizeof(uint32_t), sizeof(uint32_t), queue_count, nullptr));
  if (!made.socket_map_.is_open()) {
    return Unexpected(last_os_error("make the socket map of an XDP program"));
  }
  const auto function = hook == Hook::driver ? tag_function() : std::nullopt;
  if (function) {
    made.program_ = load_for(made.socket_map_.get(), ifindex, function);
    made.puts_tags_back_ = made.program_.is_open();
  }
  if (!made.program_.is_open()) {
    made.program_ = load_for(made.socket_map_.get(), ifindex, std::nullopt);
  }
  if (!made.program_.is_open()) {
    return Unexpected(last_os_error("load the XDP program"));
  }
  made.link_ = link_to(made.program_.get(), ifindex, hook);
  if (!made.link_.is_open()) {
    return Unexpected(last_os_error("attach XDP to " + device));
  }
  return made;
}

}  // namespace weft::datapath
