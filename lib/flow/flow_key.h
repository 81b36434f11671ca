// Flow key: what one packet looked like, as far as any rule may ask.
//
// Every field has a fixed place in an imagined array of 64-bit words (`KeyWord` names them; the field
// registry in field.h says which bits of which word a field takes). Bytes stand in network order, so a field
// is copied out of a frame without swapping, and registers overlay (reg, xreg, xxreg) by position alone.
//
//   FlowKey   sparse: a bitmap of the words that are present and just those words. What extraction makes,
//             what the caches hash and compare, and what a mask is stored as (a mask costs what it matches).
//             A word that is absent reads as zero.
//   Flow      dense: every word, for code that reads and writes fields at random (translation, parsing).
//
// The word order is the order in which extraction meets the fields, so extraction appends and never inserts.
//
// `present` is not a field that anybody may name. Its bits say which headers were really found, and every
// match on a field of such a header also matches its bit (field.h), so that a field that is absent or
// malformed never equals a rule's zero by accident. They stand beside eth_type, which such a match names anyway,
// so they cost no word of their own. Tunnel options have a word of such bits, `tun_options_present`, one each.
//
// Threads: values; no sharing. Cost: a FlowKey is not cleared on construction; copying copies present words.
#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <span>

#include "lib/base/big_endian.h"

namespace weft {

// Where the words are. A field that spans several words names its first.
enum class KeyWord : uint8_t {
  tun_id = 0,
  tun_ipv4 = 1,              // tun_src, tun_dst
  tun_ipv6_src = 2,          // two words
  tun_ipv6_dst = 4,          // two words
  tun_misc = 6,              // tun_flags 16, tun_tos 8, tun_ttl 8, tun_gbp_id 16, tun_gbp_flags 8, unused 8
  tun_options = 7,           // 32 words: tun_metadata0..63, 32 bits each
  tun_options_present = 39,  // bit 1 << n of the word: tun_metadata n is there
  metadata = 40,
  regs = 41,           // eight words: reg0..15, xreg0..7, xxreg0..3
  mark_recirc = 49,    // pkt_mark 32, recirc_id 32
  hash_port = 50,      // dp_hash 32, in_port 32
  ct_state_mark = 51,  // ct_state 32, ct_mark 32
  ct_label = 52,       // two words
  ct_zone_conj = 54,   // ct_zone 16, ct_nw_proto 8, unused 8, conj_id 32
  ct_ipv4 = 55,        // ct_nw_src, ct_nw_dst
  ct_ipv6_src = 56,    // two words
  ct_ipv6_dst = 58,    // two words
  ct_ports = 60,       // ct_tp_src 16, ct_tp_dst 16, actset_output 32
  packet_type = 61,    // packet_type 32, in_phy_port 32
  eth_dst = 62,        // eth_dst 48, first 16 bits of eth_src
  eth_src_type = 63,   // last 32 bits of eth_src, eth_type 16 (of the payload behind all tags), present 16
  vlan = 64,           // outer TPID 16, outer TCI 16, inner TPID 16, inner TCI 16; bit 0x1000 of a TCI: tag present
  mpls01 = 65,         // first and second label stack entry
  mpls2_pbb = 66,      // third label stack entry, pbb_isid 24, pbb_uca 8
  ipv4 = 67,           // ipv4_src, ipv4_dst
  ipv6_src = 68,       // two words
  ipv6_dst = 70,       // two words
  ip_misc = 72,        // ipv6_label 32, ip_frag 8, ip tos 8, ip ttl 8, ip proto 8
  l4 = 73,             // tp_src 16, tp_dst 16, tcp_flags 16, unused 16
  icmp = 74,           // icmp type 8, icmp code 8, ipv6_exthdr 16, nd_reserved 32
  nd_target = 75,      // two words
  nd_sll = 77,         // nd_sll 48, arp_op 16
  nd_tll = 78,         // nd_tll 48, nd_options_type 8, nd_options.h 8
  arp_ip = 79,         // arp_spa, arp_tpa
  arp_sha = 80,        // arp_sha 48, unused 16
  arp_tha = 81,        // arp_tha 48, unused 16
};
inline constexpr unsigned key_word_count = 82;

// Bits of the hidden `present` half word: the header was there, whole, and is what the fields describe.
namespace present {
inline constexpr uint16_t arp = 1 << 0;
inline constexpr uint16_t ip = 1 << 1;           // the fixed header of IPv4 or IPv6; eth_type says which
inline constexpr uint16_t ip_protocol = 1 << 2;  // ip_proto, ip_frag, ipv6_exthdr: all extension headers were whole
inline constexpr uint16_t ports = 1 << 3;        // TCP, UDP or SCTP header; never set on a later fragment
inline constexpr uint16_t tcp_flags = 1 << 4;
inline constexpr uint16_t icmp = 1 << 5;  // ICMP or ICMPv6 type and code
inline constexpr uint16_t nd = 1 << 6;    // neighbour solicitation or advertisement whose options are in order
inline constexpr uint16_t nd_sll = 1 << 7;
inline constexpr uint16_t nd_tll = 1 << 8;
inline constexpr uint16_t mpls = 1 << 9;
inline constexpr uint16_t pbb = 1 << 10;
}  // namespace present

inline constexpr KeyWord present_word = KeyWord::eth_src_type;

// Presence bits where they stand in `present_word`: its last two bytes, in network order.
constexpr uint64_t present_in_word(uint16_t bits) { return swap_network_order(uint64_t{bits}); }
constexpr uint16_t present_from_word(uint64_t word) { return static_cast<uint16_t>(swap_network_order(word)); }

constexpr unsigned index(KeyWord word) { return static_cast<unsigned>(word); }

// A set of word indices below 128.
struct WordSet {
  std::array<uint64_t, 2> bits{};

  constexpr bool has(unsigned i) const { return ((bits[i >> 6] >> (i & 63)) & 1) != 0; }
  constexpr void add(unsigned i) { bits[i >> 6] |= uint64_t{1} << (i & 63); }
  constexpr bool empty() const { return (bits[0] | bits[1]) == 0; }
  constexpr unsigned count() const { return static_cast<unsigned>(std::popcount(bits[0]) + std::popcount(bits[1])); }
  // How many members are below i: the place of word i in a sparse array.
  constexpr unsigned rank(unsigned i) const {
    const uint64_t below = (uint64_t{1} << (i & 63)) - 1;
    return static_cast<unsigned>(i < 64 ? std::popcount(bits[0] & below)
                                        : std::popcount(bits[0]) + std::popcount(bits[1] & below));
  }
  template <typename Visit>
  constexpr void for_each(Visit&& visit) const {
    for (unsigned half = 0; half < 2; ++half) {
      for (uint64_t rest = bits[half]; rest != 0; rest &= rest - 1) {
        visit(half * 64 + static_cast<unsigned>(std::countr_zero(rest)));
      }
    }
  }
  friend constexpr WordSet operator|(WordSet a, const WordSet& b) {
    a.bits[0] |= b.bits[0];
    a.bits[1] |= b.bits[1];
    return a;
  }
  // Spelled out: of arrays the compiler makes a call.
  friend constexpr bool operator==(const WordSet& a, const WordSet& b) {
    return ((a.bits[0] ^ b.bits[0]) | (a.bits[1] ^ b.bits[1])) == 0;
  }
};

class Flow;

class FlowKey {
 public:
  FlowKey() {}  // NOLINT(modernize-use-equals-default): the word array is left unset on purpose
  explicit FlowKey(const Flow& flow);
  FlowKey(const FlowKey& other) { *this = other; }
  FlowKey& operator=(const FlowKey& other) {
    set_ = other.set_;
    count_ = other.count_;
    std::memcpy(words_.data(), other.words_.data(), other.count_ * sizeof(uint64_t));
    return *this;
  }

  void clear() {
    set_ = {};
    count_ = 0;
  }

  // Adds a word above all present ones; a zero word is not stored. Returns nothing: capacity is all words.
  void append(unsigned word_index, uint64_t value) {
    assert(set_.rank(word_index) == count_ && !set_.has(word_index));
    if (value != 0) {
      set_.add(word_index);
      words_[count_++] = value;
    }
  }
  void append(KeyWord word, uint64_t value) { append(index(word), value); }

  // Adds several, in order, if none is zero. False: nothing was added.
  template <size_t n>
  bool append_if_whole(const std::array<KeyWord, n>& names, const std::array<uint64_t, n>& values) {
    bool is_whole = true;
    for (size_t i = 0; i < n; ++i) {
      words_[count_ + i] = values[i];
      is_whole = is_whole && values[i] != 0;
    }
    if (!is_whole) {
      return false;
    }
    WordSet added;
    for (const KeyWord name : names) {
      added.add(index(name));
    }
    set_ = set_ | added;
    count_ += n;
    return true;
  }

  // Adds bits to a word that is present.
  void add_bits(KeyWord word, uint64_t bits) {
    assert(set_.has(index(word)));
    words_[set_.rank(index(word))] |= bits;
  }

  uint64_t word(unsigned i) const { return set_.has(i) ? words_[set_.rank(i)] : 0; }
  uint64_t word(KeyWord word_name) const { return word(index(word_name)); }
  const WordSet& set() const { return set_; }
  std::span<const uint64_t> words() const { return {words_.data(), count_}; }

  friend bool operator==(const FlowKey& a, const FlowKey& b) {
    return a.set_ == b.set_ && std::memcmp(a.words_.data(), b.words_.data(), a.count_ * sizeof(uint64_t)) == 0;
  }

 private:
  WordSet set_;
  unsigned count_ = 0;
  std::array<uint64_t, key_word_count> words_;
};

// A mask has the shape of a key: bits that matter are set.
using FlowMask = FlowKey;

class Flow {
 public:
  Flow() = default;
  explicit Flow(const FlowKey& key) {
    key.set().for_each([&](unsigned i) { words_[i] = key.word(i); });
  }

  uint64_t& word(unsigned i) { return words_[i]; }
  uint64_t word(unsigned i) const { return words_[i]; }
  uint64_t& word(KeyWord name) { return words_[index(name)]; }
  uint64_t word(KeyWord name) const { return words_[index(name)]; }

  // The words as bytes in network order; a field's byte n is at (its first word * 8 + n).
  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(words_.data()); }
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(words_.data()); }

  friend bool operator==(const Flow&, const Flow&) = default;

 private:
  std::array<uint64_t, key_word_count> words_{};
};

inline FlowKey::FlowKey(const Flow& flow) {
  for (unsigned i = 0; i < key_word_count; ++i) {
    append(i, flow.word(i));
  }
}

}  // namespace weft
