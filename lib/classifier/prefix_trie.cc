#include "lib/classifier/prefix_trie.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "lib/base/mutex.h"

namespace weft {

namespace {

constexpr unsigned kept_bits = 32;

// The bits of `value` that end before `end`, 32 of them, the last as the least significant. `end` is 0 to 128.
uint32_t bits_before(FieldValue value, unsigned end) {
  const bool are_in_first_half = end > 0 && end <= 64;
  return static_cast<uint32_t>(are_in_first_half ? value.hi >> (64 - end) : (value >> (128 - end)).lo);
}

unsigned bit_at(FieldValue value, unsigned depth) {
  const uint64_t half = depth < 64 ? value.hi : value.lo;
  return static_cast<unsigned>(half >> (63 - depth % 64) & 1);
}

// How many of the first bits of two segments agree; the segments are the last `count` bits of the words.
unsigned common_bits(uint32_t a, uint32_t b, unsigned count) {
  const uint32_t difference = count == 0 ? 0 : (a ^ b) << (kept_bits - count);
  return std::min(count, static_cast<unsigned>(std::countl_zero(difference)));
}

// Nodes stand side by side in slabs, which are kept for later nodes: by itself each would take a third more, and leave
// holes among whatever is allocated while rules are.
class NodePool {
 public:
  static NodePool& instance() {
    static NodePool& pool = *new NodePool;  // outlives every trie
    return pool;
  }
  void* take(size_t size) {
    MutexLock lock(mutex_);
    if (free_ != nullptr) {
      return std::exchange(free_, free_->next);
    }
    if (rest_ < size) {
      slab_ = static_cast<std::byte*>(::operator new(slab_size));
      rest_ = slab_size;
    }
    rest_ -= size;
    return std::exchange(slab_, slab_ + size);
  }
  void give(void* node) {
    MutexLock lock(mutex_);
    free_ = new (node) Free{free_};
  }

 private:
  static constexpr size_t slab_size = 65536;
  struct Free {
    Free* next;
  };
  Mutex mutex_;  // nodes are freed by whoever ends a grace period
  Free* free_ GUARDED_BY(mutex_) = nullptr;
  std::byte* slab_ GUARDED_BY(mutex_) = nullptr;
  size_t rest_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

// `bits` and end() never change.
struct PrefixTrie::Node {
  Node(FieldValue value, unsigned end, unsigned rules)
      : bits(bits_before(value, end)), end_and_rules(end | rules << end_bits) {}

  static void* operator new(size_t size) { return NodePool::instance().take(size); }
  static void operator delete(void* node) { NodePool::instance().give(node); }

  unsigned end() const { return end_and_rules.load(std::memory_order_relaxed) & ((1U << end_bits) - 1); }
  unsigned rule_count() const { return end_and_rules.load(std::memory_order_relaxed) >> end_bits; }
  void add_rules(int count) {
    end_and_rules.fetch_add(static_cast<uint32_t>(count) << end_bits, std::memory_order_relaxed);
  }
  // How many bits of `value`, from `depth` on, are the node's own.
  unsigned common_with(FieldValue value, unsigned depth) const {
    return common_bits(bits, bits_before(value, end()), end() - depth);
  }

  static constexpr unsigned end_bits = 8;
  RcuPtr<Node> edges[2];  // by the next bit, which is also the first of the child's own
  const uint32_t bits;
  std::atomic<uint32_t> end_and_rules;  // one word, so that a node is 24 bytes
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
  PrefixMatch match{};
  unsigned depth = 0;
  for (const Node* node = root_.load(); node != nullptr;) {
    const unsigned end = node->end();
    const unsigned common = node->common_with(value, depth);
    if (depth + common < end) {
      match.needed = static_cast<uint8_t>(depth + common + 1);
      return match;
    }
    depth = end;
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
  const unsigned end = std::min(depth + kept_bits, length);
  auto node = std::make_unique<Node>(value, end, end == length ? 1 : 0);
  if (end < length) {
    node->edges[bit_at(value, end)].store(make_chain(value, end, length));
  }
  return node.release();
}

// The last step that the ways to the prefix added last and to this one have in common.
PrefixTrie::Step PrefixTrie::turn_off(FieldValue value, unsigned length) {
  const auto in_first = static_cast<unsigned>(std::countl_zero(value.hi ^ added_.hi));
  const unsigned common = in_first < 64 ? in_first : 64 + static_cast<unsigned>(std::countl_zero(value.lo ^ added_.lo));
  added_ = value;
  if (way_.empty()) {
    way_.push_back({&root_, 0});
  }
  // The bit behind those that lead to a link has chosen it.
  while (way_.size() > 1 && way_.back().depth >= std::min(common, length)) {
    way_.pop_back();
  }
  return way_.back();
}

void PrefixTrie::add(FieldValue value, unsigned length) {
  assert(length > 0 && length <= max_prefix_length);
  auto [link, depth] = turn_off(value, length);
  for (;;) {
    Node* node = link->load();
    if (node == nullptr) {
      link->store(make_chain(value, depth, length));
      return;
    }
    const unsigned end = node->end();
    const unsigned shared_end = std::min(depth + node->common_with(value, depth), length);
    if (shared_end < end) {
      // A node for what they share comes between.
      auto upper = std::make_unique<Node>(value, shared_end, 0);
      upper->edges[node->bits >> (end - shared_end - 1) & 1].store(node);
      node = upper.release();
      link->store(node);
    }
    depth = shared_end;
    if (depth == length) {
      node->add_rules(1);
      return;
    }
    link = &node->edges[bit_at(value, depth)];
    way_.push_back({link, depth});
  }
}

void PrefixTrie::remove(FieldValue value, unsigned length) {
  way_.clear();  // the nodes on it may go
  std::vector<Step> way;
  RcuPtr<Node>* link = &root_;
  for (unsigned depth = 0;;) {
    Node* node = link->load();
    assert(node != nullptr && "a prefix is removed as often as it was added");
    way.push_back({link, depth});
    depth = node->end();
    if (depth == length) {
      node->add_rules(-1);
      break;
    }
    link = &node->edges[bit_at(value, depth)];
  }
  // A node that goes may leave the one above it with nothing to tell apart.
  for (size_t i = way.size(); i-- > 0;) {
    const bool is_near = i + 2 >= way.size();
    if (is_near || way[i + 1].link->load() == nullptr) {
      prune(*way[i].link, way[i].depth);
    }
  }
}

// Takes out the linked node when it neither ends a prefix nor tells two apart. Its own bits begin at `depth`.
void PrefixTrie::prune(RcuPtr<Node>& link, unsigned depth) {
  Node* node = link.load();
  Node* const zero = node->edges[0].load();
  Node* const one = node->edges[1].load();
  if (node->rule_count() != 0 || (zero != nullptr && one != nullptr)) {
    return;
  }
  Node* const only = zero != nullptr ? zero : one;
  if (only != nullptr && only->end() - depth > kept_bits) {
    return;
  }
  link.store(only);
  rcu::retire(node);
}

}  // namespace weft
