#include "lib/classifier/prefix_trie.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <memory>
#include <vector>

namespace weft {

namespace {

constexpr unsigned segment_bits = 32;

// The bits of `value` from `depth` on, at the left.
uint32_t segment_at(FieldValue value, unsigned depth) { return static_cast<uint32_t>((value << depth).hi >> 32); }

unsigned bit_at(FieldValue value, unsigned depth) { return static_cast<unsigned>((value << depth).hi >> 63); }

uint32_t first_bits(uint32_t segment, unsigned count) {
  return count == 0 ? 0 : segment & (~uint32_t{0} << (segment_bits - count));
}

unsigned common_bits(uint32_t a, uint32_t b, unsigned limit) {
  return std::min(limit, static_cast<unsigned>(std::countl_zero(a ^ b)));
}

}  // namespace

// `bits` and bit_count() never change: a split or a join makes new nodes.
struct PrefixTrie::Node {
  Node(uint32_t segment, unsigned count, unsigned rules = 0)
      : bits(first_bits(segment, count)), counts(count | rules << rules_shift) {}

  unsigned bit_count() const { return counts.load(std::memory_order_relaxed) & ((1U << rules_shift) - 1); }  // 0 to 32
  unsigned rule_count() const { return counts.load(std::memory_order_relaxed) >> rules_shift; }
  void add_rule() { counts.store(counts.load(std::memory_order_relaxed) + (1U << rules_shift)); }
  void remove_rule() { counts.store(counts.load(std::memory_order_relaxed) - (1U << rules_shift)); }
  void take_edges(const Node& from) {
    edges[0].store(from.edges[0].load());
    edges[1].store(from.edges[1].load());
  }

  static constexpr unsigned rules_shift = 6;
  RcuPtr<Node> edges[2];  // by the next bit, which is also the first of the child's own
  const uint32_t bits;
  std::atomic<uint32_t> counts;  // of bits, 6 bits; of rules that end here. One word, so that a node is 24 bytes.
};

PrefixTrie::~PrefixTrie() { destroy(root_.load()); }

void PrefixTrie::destroy(Node* node) {
  std::vector<Node*> rest = {node};
  while (!rest.empty()) {
    const std::unique_ptr<Node> gone(rest.back());
    rest.pop_back();
    if (gone != nullptr) {
      rest.push_back(gone->edges[0].load());
      rest.push_back(gone->edges[1].load());
    }
  }
}

PrefixMatch PrefixTrie::lookup(FieldValue value) const {
  PrefixMatch match;
  unsigned depth = 0;
  for (const Node* node = root_.load(); node != nullptr;) {
    const unsigned bit_count = node->bit_count();
    const unsigned common = common_bits(node->bits, segment_at(value, depth), bit_count);
    if (common < bit_count) {
      match.needed = static_cast<uint8_t>(depth + common + 1);
      return match;
    }
    depth += bit_count;
    match.needed = static_cast<uint8_t>(depth);
    if (node->rule_count() != 0) {
      match.add(depth);
    }
    if (depth == max_prefix_length) {
      return match;
    }
    const unsigned bit = bit_at(value, depth);
    const Node* next = node->edges[bit].load();
    if (next == nullptr && node->edges[1 - bit].load() != nullptr) {
      match.needed = static_cast<uint8_t>(depth + 1);
    }
    node = next;
  }
  return match;
}

// Nodes for the bits from `depth` to `length`, the last of which ends a prefix.
PrefixTrie::Node* PrefixTrie::make_chain(FieldValue value, unsigned depth, unsigned length) {
  const unsigned count = std::min(length - depth, segment_bits);
  const bool is_end = depth + count == length;
  auto node = std::make_unique<Node>(segment_at(value, depth), count, is_end ? 1 : 0);
  if (!is_end) {
    node->edges[bit_at(value, depth + count)].store(make_chain(value, depth + count, length));
  }
  return node.release();
}

// Puts a node for the first `kept_bits` of the linked one above a node for the rest of them.
void PrefixTrie::split(RcuPtr<Node>& link, unsigned kept_bits) {
  Node* old = link.load();
  auto upper = std::make_unique<Node>(old->bits, kept_bits);
  auto lower = std::make_unique<Node>(old->bits << kept_bits, old->bit_count() - kept_bits, old->rule_count());
  lower->take_edges(*old);
  upper->edges[lower->bits >> (segment_bits - 1)].store(lower.release());
  link.store(upper.release());
  rcu::retire(old);
}

void PrefixTrie::add(FieldValue value, unsigned length) {
  assert(length > 0 && length <= max_prefix_length);
  RcuPtr<Node>* link = &root_;
  for (unsigned depth = 0;;) {
    Node* node = link->load();
    if (node == nullptr) {
      link->store(make_chain(value, depth, length));
      return;
    }
    const unsigned limit = std::min(node->bit_count(), length - depth);
    const unsigned common = common_bits(node->bits, segment_at(value, depth), limit);
    if (common < node->bit_count()) {
      split(*link, common);
      node = link->load();
    }
    depth += common;
    if (depth == length) {
      node->add_rule();
      return;
    }
    link = &node->edges[bit_at(value, depth)];
  }
}

void PrefixTrie::remove(FieldValue value, unsigned length) {
  std::vector<RcuPtr<Node>*> way = {&root_};
  for (unsigned depth = 0;;) {
    Node* node = way.back()->load();
    assert(node != nullptr && "a prefix is removed as often as it was added");
    depth += node->bit_count();
    if (depth == length) {
      node->remove_rule();
      break;
    }
    way.push_back(&node->edges[bit_at(value, depth)]);
  }
  // A node that goes may leave the one above it with nothing to tell apart.
  prune(*way.back());
  if (way.size() > 1) {
    for (size_t i = way.size() - 1; i-- > 0 && (way[i + 1]->load() == nullptr || i + 2 == way.size());) {
      prune(*way[i]);
    }
  }
}

// Takes out the linked node when it neither ends a prefix nor tells two apart.
void PrefixTrie::prune(RcuPtr<Node>& link) {
  Node* node = link.load();
  Node* const zero = node->edges[0].load();
  Node* const one = node->edges[1].load();
  if (node->rule_count() != 0 || (zero != nullptr && one != nullptr)) {
    return;
  }
  Node* const only = zero != nullptr ? zero : one;
  if (only == nullptr) {
    link.store(nullptr);
    rcu::retire(node);
    return;
  }
  const unsigned bit_count = node->bit_count() + only->bit_count();
  if (bit_count > segment_bits) {
    return;
  }
  auto joined = std::make_unique<Node>(node->bits | only->bits >> node->bit_count(), bit_count, only->rule_count());
  joined->take_edges(*only);
  link.store(joined.release());
  rcu::retire(node);
  rcu::retire(only);
}

}  // namespace weft
