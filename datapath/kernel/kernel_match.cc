#include "datapath/kernel/kernel_match.h"

#include <array>
#include <cstring>

#include "lib/base/big_endian.h"
#include "lib/flow/extract.h"
#include "lib/flow/key_bytes.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/vlan.h"

namespace weft::datapath {
namespace {

using WordBytes = std::array<uint8_t, sizeof(uint64_t)>;

WordBytes bytes_of(uint64_t word) {
  WordBytes bytes;
  std::memcpy(bytes.data(), &word, sizeof word);
  return bytes;
}

template <class Field>
void copy(Field& field, const WordBytes& from, size_t at) {
  static_assert(sizeof field <= sizeof(WordBytes));
  std::memcpy(&field, from.data() + at, sizeof field);
}

// IPv4 and IPv6 addresses share their places; the type tells them apart.
void place_address(bool is_ipv6, unsigned word_index, const WordBytes& bytes, weft_key& to) {
  if (!is_ipv6 && word_index == index(KeyWord::ipv4)) {
    copy(to.ip_src[0], bytes, 0);
    copy(to.ip_dst[0], bytes, 4);
  } else if (is_ipv6 && word_index >= index(KeyWord::ipv6_src) && word_index < index(KeyWord::ipv6_src) + 4) {
    const unsigned at = word_index - index(KeyWord::ipv6_src);
    std::memcpy((at < 2 ? to.ip_src : to.ip_dst) + 2 * (at & 1), bytes.data(), sizeof bytes);
  }
}

// Where the bits of one word go, in a key as in a mask. What has no place there is left out.
void place_word(KeyWord name, uint64_t word, bool is_ipv6, weft_key& to) {
  const WordBytes bytes = bytes_of(word);
  switch (name) {
    case KeyWord::eth_dst:
      std::memcpy(to.eth_dst, bytes.data(), 6);
      std::memcpy(to.eth_src, bytes.data() + 6, 2);
      break;
    case KeyWord::eth_src_type:
      std::memcpy(to.eth_src + 2, bytes.data(), 4);
      copy(to.eth_type, bytes, 4);
      to.present = present_from_word(word);
      break;
    case KeyWord::vlan:
      copy(to.vlan_tci, bytes, 2);
      break;
    case KeyWord::ip_misc:
      to.ip_tos = bytes[5];
      to.ip_ttl = bytes[6];
      to.ip_proto = bytes[7];
      break;
    case KeyWord::l4:
      copy(to.tp_src, bytes, 0);
      copy(to.tp_dst, bytes, 2);
      copy(to.tcp_flags, bytes, 4);
      break;
    case KeyWord::icmp:
      to.icmp_type = bytes[0];
      to.icmp_code = bytes[1];
      break;
    default:
      place_address(is_ipv6, index(name), bytes, to);
      break;
  }
}

bool is_address(KeyWord name) {
  return name == KeyWord::ipv4 ||
         (index(name) >= index(KeyWord::ipv6_src) && index(name) < index(KeyWord::ipv6_dst) + 2);
}

// Of a word, the bits that have a place in weft_key.
uint64_t placed_bits(KeyWord name, bool is_ipv6) {
  switch (name) {
    case KeyWord::eth_dst:
    case KeyWord::eth_src_type:
      return ~uint64_t{0};
    case KeyWord::vlan:
      return key_word(0x0000ffff, 0);
    case KeyWord::ip_misc:
      return key_word(0, 0x00ffffff);
    case KeyWord::l4:
      return key_word(0xffffffff, 0xffff0000);
    case KeyWord::icmp:
      return key_word(0xffff0000, 0);
    default:
      return is_address(name) && is_ipv6 == (name != KeyWord::ipv4) ? ~uint64_t{0} : 0;
  }
}

// The program knows tags of one type only: to ask for the type is to ask whether there is a tag.
bool place_tag_type(uint64_t bits, uint64_t value, KernelMatch& match) {
  const auto asked = static_cast<uint16_t>(swap_network_order(bits) >> 48);
  const auto type = static_cast<uint16_t>(swap_network_order(value) >> 48);
  if (asked == 0) {
    return true;
  }
  const uint16_t is_tagged = Be16{vlan_tag_present}.wire();
  match.mask.vlan_tci |= is_tagged;
  match.key.vlan_tci |= type != 0 ? is_tagged : 0;
  return type == 0 || type == (asked & eth_type::vlan);
}

}  // namespace

std::optional<KernelMatch> kernel_match(const Megaflow& megaflow) {
  const KeptMask& mask = megaflow.mask;
  const KeptKey& key = megaflow.key;
  const auto type_of = [](uint64_t word) { return static_cast<uint16_t>(swap_network_order(word) >> 16); };
  const uint16_t type_mask = type_of(mask.word(KeyWord::eth_src_type));
  const uint16_t type = type_of(key.word(KeyWord::eth_src_type));
  const bool is_ipv6 = type_mask == 0xffff && type == eth_type::ipv6;
  const bool is_ip = is_ipv6 || (type_mask == 0xffff && type == eth_type::ipv4);
  KernelMatch match;
  bool is_possible = is_ip || type_mask == 0;
  mask.set().for_each([&](unsigned i) {
    const auto name = static_cast<KeyWord>(i);
    const uint64_t bits = mask.word(i);
    const uint64_t value = key.word(i);
    if (name == KeyWord::hash_port) {
      is_possible = is_possible && swap_network_order(value) >> 32 == 0;  // dp_hash; the port is known otherwise
      return;
    }
    const uint64_t placed = placed_bits(name, is_ipv6);
    place_word(name, bits, is_ipv6, match.mask);
    place_word(name, value, is_ipv6, match.key);
    if (name == KeyWord::vlan) {
      is_possible = is_possible && place_tag_type(bits, value, match) && (value & key_word(0, 0xffffffff)) == 0;
    } else if (name == KeyWord::ip_misc) {
      // Labels differ, fragments are not known to the program.
      is_possible = is_possible && (bits & key_word(is_ipv6 || !is_ip ? 0xfffff : 0, 0)) == 0 && (value & ~placed) == 0;
    } else {
      is_possible = is_possible && (value & ~placed) == 0 && (is_ip || !is_address(name));
    }
  });
  // What asks for packets without an IP header covers none of the program's.
  is_possible = is_possible && (match.mask.present & ~match.key.present & present::ip) == 0;
  match.mask.present |= present::ip;  // so that no mask is empty
  match.key.present |= present::ip;
  return is_possible ? std::optional(match) : std::nullopt;
}

std::optional<KernelAction> kernel_action(const ActionList& actions, const KernelMatch& match) {
  const uint16_t is_tagged = Be16{vlan_tag_present}.wire();
  const bool is_tag_known = (match.mask.vlan_tci & is_tagged) != 0;
  const bool has_tag = (match.key.vlan_tci & is_tagged) != 0;
  KernelAction action;
  size_t next = 0;
  if (next < actions.size() && std::holds_alternative<PopVlan>(actions[next])) {
    action.pops_tag = true;
    ++next;
  }
  if (const auto* push = next < actions.size() ? std::get_if<PushVlan>(&actions[next]) : nullptr) {
    if (push->tpid != eth_type::vlan) {
      return std::nullopt;
    }
    action.pushed_tci = push->tci & static_cast<uint16_t>(~vlan_tag_present);
    ++next;
  }
  // A second tag would be part of the frame, and count as such.
  const bool fits_tag = action.pops_tag ? is_tag_known && has_tag : !action.pushed_tci || (is_tag_known && !has_tag);
  const auto* output = next + 1 == actions.size() ? std::get_if<Output>(&actions[next]) : nullptr;
  if (output == nullptr || output->queue != nullptr || !fits_tag) {
    return std::nullopt;
  }
  action.port = output->port;
  return action;
}

}  // namespace weft::datapath
