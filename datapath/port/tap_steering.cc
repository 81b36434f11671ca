#include "datapath/port/tap_steering.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include <cstddef>
#include <string>
#include <vector>

namespace weft::datapath {

namespace {

// Offsets from the start of the frame. A tag is not in it: the kernel carries it beside.
constexpr int32_t ip_at = 14;
constexpr int32_t ipv4_fragment_at = ip_at + 6;
constexpr int32_t ipv4_protocol_at = ip_at + 9;
constexpr int32_t ipv4_addresses_at = ip_at + 12;
constexpr int32_t ipv6_protocol_at = ip_at + 6;
constexpr int32_t ipv6_addresses_at = ip_at + 8;
constexpr int32_t ipv6_ports_at = ip_at + 40;

// Collects instructions; jumps name a label that is set later. Registers: 6 the frame, 7 the hash, 8 the protocol.
class SteeringCode {
 public:
  using Label = size_t;

  void add(bpf_insn instruction) { code_.push_back(instruction); }
  // Into register 0, in host order. Beyond the frame's end the program ends with 0: the first queue.
  void load(uint8_t size, int32_t at) { add({static_cast<uint8_t>(BPF_LD | BPF_ABS | size), 0, 0, 0, at}); }
  void mix() {
    add({BPF_ALU | BPF_XOR | BPF_X, BPF_REG_7, BPF_REG_0, 0, 0});
    add({BPF_ALU | BPF_MUL | BPF_K, BPF_REG_7, 0, 0, static_cast<int32_t>(0x9e3779b1)});
  }
  Label label() {
    places_.push_back(0);
    return places_.size() - 1;
  }
  void jump(uint8_t operation, uint8_t reg, int32_t value, Label to) {
    jumps_.push_back({code_.size(), to});
    add({static_cast<uint8_t>(BPF_JMP | BPF_K | operation), reg, 0, 0, value});
  }
  void set(Label label) { places_[label] = code_.size(); }

  std::vector<bpf_insn> finish() {
    for (const auto& [at, to] : jumps_) {
      code_[at].off = static_cast<int16_t>(places_[to] - at - 1);
    }
    return code_;
  }

 private:
  struct Jump {
    size_t at;
    Label to;
  };
  std::vector<bpf_insn> code_;
  std::vector<size_t> places_;
  std::vector<Jump> jumps_;
};

void skip_unless_ports(SteeringCode& code, SteeringCode::Label has_ports, SteeringCode::Label end) {
  code.jump(BPF_JEQ, BPF_REG_8, IPPROTO_TCP, has_ports);
  code.jump(BPF_JEQ, BPF_REG_8, IPPROTO_UDP, has_ports);
  code.jump(BPF_JA, 0, 0, end);
}

void hash_ipv4(SteeringCode& code, SteeringCode::Label end) {
  code.load(BPF_B, ipv4_protocol_at);
  code.add({BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_8, BPF_REG_0, 0, 0});
  code.mix();
  for (const int32_t at : {ipv4_addresses_at, ipv4_addresses_at + 4}) {
    code.load(BPF_W, at);
    code.mix();
  }
  code.load(BPF_H, ipv4_fragment_at);
  constexpr int32_t more_or_offset = 0x3fff;
  code.jump(BPF_JSET, BPF_REG_0, more_or_offset, end);
  const auto has_ports = code.label();
  skip_unless_ports(code, has_ports, end);
  code.set(has_ports);
  code.load(BPF_B, ip_at);
  code.add({BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_0, 0, 0, 0xf});
  code.add({BPF_ALU64 | BPF_LSH | BPF_K, BPF_REG_0, 0, 0, 2});
  code.add({BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_9, BPF_REG_0, 0, 0});
  code.add({BPF_LD | BPF_IND | BPF_W, 0, BPF_REG_9, 0, ip_at});
  code.mix();
  code.jump(BPF_JA, 0, 0, end);
}

void hash_ipv6(SteeringCode& code, SteeringCode::Label end) {
  code.load(BPF_B, ipv6_protocol_at);
  code.add({BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_8, BPF_REG_0, 0, 0});
  code.mix();
  for (int32_t word = 0; word < 8; ++word) {
    code.load(BPF_W, ipv6_addresses_at + 4 * word);
    code.mix();
  }
  const auto has_ports = code.label();
  skip_unless_ports(code, has_ports, end);
  code.set(has_ports);
  code.load(BPF_W, ipv6_ports_at);
  code.mix();
}

std::vector<bpf_insn> steering_program() {
  SteeringCode code;
  const auto ipv4 = code.label();
  const auto ipv6 = code.label();
  const auto end = code.label();
  code.add({BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0});
  code.add({BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_7, 0, 0, 0});
  code.load(BPF_H, ip_at - 2);
  code.jump(BPF_JEQ, BPF_REG_0, ETHERTYPE_IP, ipv4);
  code.jump(BPF_JEQ, BPF_REG_0, ETHERTYPE_IPV6, ipv6);
  code.jump(BPF_JA, 0, 0, end);
  code.set(ipv4);
  hash_ipv4(code, end);
  code.set(ipv6);
  hash_ipv6(code, end);
  code.set(end);
  // The upper bits are the better mixed ones; the kernel takes the remainder by the number of queues.
  code.add({BPF_ALU | BPF_RSH | BPF_K, BPF_REG_7, 0, 0, 16});
  code.add({BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_0, BPF_REG_7, 0, 0});
  code.add({BPF_JMP | BPF_EXIT, 0, 0, 0, 0});
  return code.finish();
}

}  // namespace

Result<void, OsError> steer_by_flow(const Fd& tap) {
  const auto code = steering_program();
  const Fd program(
      ::bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "weft_steering", "Apache-2.0", code.data(), code.size(), nullptr));
  if (!program.is_open()) {
    return Unexpected(last_os_error("load the program that steers queues"));
  }
  int fd = program.get();
  if (::ioctl(tap.get(), TUNSETSTEERINGEBPF, &fd) != 0) {
    return Unexpected(last_os_error("steer the queues"));
  }
  return {};
}

}  // namespace weft::datapath
