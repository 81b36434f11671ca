// The mask test: whatever megaflow a packet hits, it fares as if the tables had been walked for it.
//
// Random tables and packets go to a whole switch and to a dull one (tests/reference/direct_walk); what they send, and
// what each rule and queue counted in the end, must be equal. Tables change between packets. WEFT_MASK_PACKETS says how many,
// WEFT_MASK_SEED which tables are the first.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/openflow/port_message.h"
#include "tests/ofproto/translate/random_tables.h"
#include "tests/reference/direct_walk/direct_walk.h"
#include "tests/support/describe.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

constexpr uint64_t packets_per_table = 2000;
constexpr unsigned rules_per_table_set = 40;
constexpr uint64_t packets_between_changes = 100;
// Packets. Some tables leave little to share; all of a few do not.
constexpr uint64_t hits_expected_from = 10000;

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// A frame that came shorter than a wire's may leave so or padded: a tag that is pushed and popped again shortens nothing,
// where the dull switch saw a pop.
std::vector<uint8_t> at_least_60(std::vector<uint8_t> frame) {
  frame.resize(std::max<size_t>(frame.size(), 60));
  return frame;
}

// One switch of each kind with the same tables.
class Pair {
 public:
  // Every other seed has egress tables.
  explicit Pair(uint64_t seed) : seed_(seed), has_egress_(seed % 2 == 0), random_(seed, has_egress_), sw_({}) {
    for (uint16_t n = 1; n <= random_port_count; ++n) {
      names_.push_back("p" + std::to_string(n));
      const bool is_tunnel = n == random_port_count;
      if (is_tunnel) {
        sw_.add_tunnel(names_.back());
      } else {
        sw_.add_port(names_.back());
      }
      if (n % 2 == 0 || is_tunnel) {
        sw_.set_qos(names_.back(), ofproto::QosConfig{.limit = {}, .queues = {{1, {}}, {2, {}}}});
      }
      dull_.add_port(OfPort{n}, is_tunnel ? std::optional(datapath::TunnelSpec()) : std::nullopt);
    }
    for (uint16_t n = 0; n < random_option_count; ++n) {
      sw_.map_option(random_option + n, static_cast<uint8_t>(n));
    }
    for (uint32_t id = 1; id <= random_group_count; ++id) {
      const openflow::GroupMod group = random_.group(id);
      EXPECT_TRUE(sw_.bridge().apply(group));
      dull_.add(group);
    }
    if (has_egress_) {
      let_pass_egress();
    }
    for (unsigned i = 0; i < rules_per_table_set; ++i) {
      change_tables();
    }
    sw_.settle();
  }

  // Of what no other rule of an egress table matches. Every table may be the first.
  void let_pass_egress() {
    for (uint8_t i = 0; i < random_egress_count; ++i) {
      openflow::FlowMod pass;
      pass.table_id = random_egress_table + i;
      pass.priority = 0;
      add(pass);
    }
    change_egress();
  }

  // Egress begins elsewhere, or nowhere; rules may stand in the way.
  void change_egress() {
    if (!has_egress_) {
      return;
    }
    std::optional<uint8_t> first;
    if (!random_.one_in(4)) {
      first = static_cast<uint8_t>(random_egress_table + random_.below(random_egress_count));
    }
    if (sw_.bridge().set_table_features({}, first)) {
      dull_.set_first_egress(first);
    }
  }

  // A port goes down, or the one that is down comes up.
  void change_port() {
    constexpr uint32_t down = openflow::port_config::down;
    const OfPort port = down_ ? *down_ : random_.in_port();
    EXPECT_TRUE(sw_.bridge().set_port_config(port, down_ ? 0 : down, down));
    dull_.set_down(port, !down_);
    down_ = down_ ? std::nullopt : std::optional(port);
  }

  void change_fragments() {
    using enum openflow::FragmentHandling;
    constexpr std::array modes{normal, nx_match, drop};
    const auto mode = modes[random_.below(modes.size())];
    sw_.bridge().set_fragments(mode);
    dull_.set_fragments(mode);
  }

  // A group becomes another.
  void change_group() {
    openflow::GroupMod group = random_.group(1 + static_cast<uint32_t>(random_.below(random_group_count)));
    group.command = openflow::GroupModCommand::modify;
    EXPECT_TRUE(sw_.bridge().apply(group));
    dull_.add(group);
  }

  // A rule comes, or one goes. Of those of one table and priority all but one are clauses of a conjunction.
  void change_tables() {
    if (random_.one_in(8)) {
      add_conjunction();
      return;
    }
    if (random_.one_in(8)) {
      const auto kind = static_cast<uint16_t>(random_.below(random_learn_kinds));
      remove_one(random_learn_table, random_learn_priority + kind);
      return;
    }
    const openflow::FlowMod flow = random_.rule();
    if (!remove_one(flow.table_id, flow.priority)) {
      add(flow);
    }
  }

  void add_conjunction() {
    const std::vector<openflow::FlowMod> flows = random_.conjunction(++conjunction_count_);
    while (remove_one(flows.front().table_id, flows.front().priority)) {
    }
    for (const openflow::FlowMod& flow : flows) {
      add(flow);
    }
  }

  void add(const openflow::FlowMod& flow) {
    if (sw_.bridge().apply(flow)) {
      dull_.add(flow);
    }
  }

  bool remove_one(uint8_t table_id, uint16_t priority) {
    const auto found = std::ranges::find_if(
        dull_.rules(), [&](const auto& rule) { return rule.table_id == table_id && rule.priority == priority; });
    if (found == dull_.rules().end()) {
      return false;
    }
    openflow::FlowMod remove;
    remove.command = openflow::FlowModCommand::remove_strict;
    remove.table_id = table_id;
    remove.priority = priority;
    remove.match = found->match;
    EXPECT_TRUE(sw_.bridge().apply(remove));
    dull_.remove(table_id, priority, remove.match);
    return true;
  }

  ::testing::AssertionResult same_fate() {
    const OfPort port = random_.in_port();
    const Frame frame = random_.frame();
    const PacketTunnel tunnel = number(port) == random_port_count ? random_.tunnel() : PacketTunnel();
    const reference::WalkOutcome wanted = dull_.run(port, frame.bytes(), tunnel);
    for (const reference::WalkSent& sent : wanted.sent) {
      const bool is_there = sent.queue_id == 1 || sent.queue_id == 2;
      ++queued_[{number(sent.port), is_there ? sent.queue_id : 0}];
    }
    sw_.receive(names_[number(port) - 1U], frame, tunnel);
    return same(wanted, frame, port);
  }

  // Of the ports that have queues.
  ::testing::AssertionResult same_queues() {
    for (uint16_t n = 1; n <= random_port_count; ++n) {
      for (const uint32_t id : sw_.bridge().queue_numbers(OfPort{n})) {
        const uint64_t count = sw_.queue(names_[n - 1U], id).tx_packets;
        if (count != queued_[{n, id}]) {
          return ::testing::AssertionFailure() << "seed " << seed_ << ": by queue " << id << " of port " << n
                                               << " went " << count << " packets and not " << queued_[{n, id}] << "\n"
                                               << tell_all();
        }
      }
    }
    return ::testing::AssertionSuccess();
  }

  ::testing::AssertionResult same_counts() {
    sw_.collect();
    for (const auto& rule : dull_.rules()) {
      const auto stats = sw_.flow_stats({.table_id = rule.table_id, .match = rule.match});
      const auto found = std::ranges::find_if(stats, [&](const openflow::FlowStats& one) {
        return one.priority == rule.priority && one.match == rule.match;
      });
      if (found == stats.end() || found->packet_count != rule.packet_count) {
        return ::testing::AssertionFailure()
               << "seed " << seed_ << ": rule of table " << int{rule.table_id} << ", priority " << rule.priority
               << " counted " << (found == stats.end() ? 0 : found->packet_count) << " and not " << rule.packet_count;
      }
    }
    return ::testing::AssertionSuccess();
  }

  uint64_t misses() { return sw_.misses(); }
  uint64_t hits() {
    uint64_t hits = 0;
    for (const datapath::WorkerStatus& worker : sw_.datapath().worker_status()) {
      hits += worker.flow_cache_hits + worker.megaflow_hits;
    }
    return hits;
  }
  void settle() { sw_.settle(); }

 private:
  using Sent = std::tuple<uint64_t, std::string, std::vector<uint8_t>>;  // tunnel id and remote, frame

  static std::string outer(const IpAddress& remote, const TunnelOptions& options) {
    std::string text = remote.to_string();
    options.for_each([&](unsigned n, uint32_t value) { text += fmt::format(" {}={:#x}", n, value); });
    return text;
  }

  ::testing::AssertionResult same(const reference::WalkOutcome& wanted, const Frame& frame, OfPort in_port) {
    if (const size_t punted = sw_.packet_ins().size(); punted != wanted.punted) {
      return differ(frame, in_port) << punted << " packet-ins and not " << wanted.punted;
    }
    for (uint16_t n = 1; n <= random_port_count; ++n) {
      std::vector<Sent> ours;
      for (datapath::MemoryFrame& sent : sw_.sent_with_metadata(names_[n - 1U])) {
        const bool is_tunnel = n == random_port_count;
        ours.emplace_back(is_tunnel ? sent.tunnel.id : 0,
                          is_tunnel ? outer(sent.tunnel.destination(), sent.tunnel.options) : "",
                          at_least_60(std::move(sent.bytes)));
      }
      std::vector<Sent> theirs;
      for (const reference::WalkSent& sent : wanted.sent) {
        if (sent.port == OfPort{n}) {
          const bool is_tunnel = n == random_port_count;
          theirs.emplace_back(sent.tunnel_id, is_tunnel ? outer(sent.tunnel_remote, sent.tunnel_options) : "",
                              at_least_60(sent.frame));
        }
      }
      std::ranges::sort(ours);
      std::ranges::sort(theirs);
      if (ours != theirs) {
        return differ(frame, in_port) << "to port " << n << " went " << list(ours) << "\n  and not " << list(theirs)
                                      << "\n"
                                      << tell_all();
      }
    }
    return ::testing::AssertionSuccess();
  }

  ::testing::AssertionResult differ(const Frame& frame, OfPort in_port) {
    return ::testing::AssertionFailure() << "seed " << seed_ << ", from port " << number(in_port) << ": "
                                         << describe(frame.bytes()) << "\n";
  }

  std::string tell_all() {
    return std::getenv("WEFT_MASK_VERBOSE") != nullptr
               ? "flows:\n" + sw_.dump_flows() + "megaflows:\n" + sw_.megaflows()
               : "WEFT_MASK_VERBOSE=1 shows flows and megaflows";
  }

  static std::string list(const std::vector<Sent>& frames) {
    std::string text = std::to_string(frames.size()) + " frames";
    for (const auto& [id, remote, bytes] : frames) {
      text += "\n    [" + std::to_string(id) + " " + remote + "] " + describe(bytes);
    }
    return text;
  }

  const uint64_t seed_;
  const bool has_egress_;
  RandomTables random_;
  TestSwitch sw_;
  reference::DirectWalk dull_;
  std::vector<std::string> names_;
  std::optional<OfPort> down_;
  std::map<std::pair<uint16_t, uint32_t>, uint64_t> queued_;  // by port and queue
  uint32_t conjunction_count_ = 0;
};

TEST(MaskTest, CachedPathAndDirectWalkAgree) {
  const uint64_t total = setting("WEFT_MASK_PACKETS", 10000);
  uint64_t misses = 0;
  uint64_t hits = 0;
  uint64_t packets = 0;
  for (uint64_t seed = setting("WEFT_MASK_SEED", 1); packets < total; ++seed) {
    Pair pair(seed);
    for (uint64_t i = 1; i <= packets_per_table; ++i, ++packets) {
      ASSERT_TRUE(pair.same_fate()) << "packet " << i;
      ASSERT_TRUE(pair.same_queues()) << "packet " << i;
      if (i % packets_between_changes == 0) {
        pair.change_tables();
        if (i % (4 * packets_between_changes) == 0) {
          pair.change_port();
        } else if (i % (3 * packets_between_changes) == 0) {
          pair.change_group();
        } else if (i % (5 * packets_between_changes) == 0) {
          pair.change_egress();
        } else if (i % (7 * packets_between_changes) == 0) {
          pair.change_fragments();
        }
        pair.settle();
      }
    }
    ASSERT_TRUE(pair.same_counts());
    misses += pair.misses();
    hits += pair.hits();
  }
  // No two packets are equal, so every hit is on a megaflow that another packet made.
  RecordProperty("packets", std::to_string(packets));
  RecordProperty("misses", std::to_string(misses));
  RecordProperty("hits", std::to_string(hits));
  if (packets >= hits_expected_from) {
    EXPECT_GT(hits, packets / 5);
  }
}

}  // namespace
}  // namespace weft
