// Stories of a worker under attack: a port sends packets of which each needs a mask of its own and a translation, and
// more of them than there is time for.
#include <gmock/gmock.h>

#include <map>
#include <random>

#include "datapath/cache/megaflow_domain.h"
#include "tests/datapath/worker/worker_support.h"
#include "tests/reference/random_flow.h"

namespace weft::datapath {
namespace {

using namespace std::chrono_literals;

Frame datagram_of(uint32_t src_address, uint16_t src, uint16_t dst = 53) {
  return frame().ipv4(Ipv4Address::from_host(src_address), "10.0.0.2").udp(src, dst);
}

class AttackTest : public WorkerTest {
 protected:
  explicit AttackTest(const DatapathOptions& options = {}) : WorkerTest(options) {
    // Whoever comes goes to p2; the mask is a different one nearly every time, as in a tuple space explosion.
    sink_.decide = [this](const FlowKey& key) {
      clock_.advance(20us);
      ++translated_[domain_key(key).port];
      Flow mask;
      add_to_mask(mask, field(FieldId::in_port));
      add_to_mask(mask, field(FieldId::udp_src));
      const auto address = static_cast<uint32_t>(get(key, FieldId::ipv4_src).lo);
      set(mask, FieldId::ipv4_src, FieldValue::ones(address % 32 + 1) << (31 - address % 32));
      set(mask, FieldId::ipv4_dst, FieldValue::ones(address / 32 % 32 + 1) << (31 - address / 32 % 32));
      Decision made;
      made.actions = {to(p2_->id())};
      made.mask = FlowMask(mask);
      return made;
    };
  }

  static MemoryFrame in_tunnel(const Frame& frame, uint64_t tun_id) {
    MemoryFrame memory{frame.bytes(), {}, {}};
    memory.tunnel.begin();
    memory.tunnel.id = tun_id;
    memory.tunnel.set_source(IpAddress(*Ipv4Address::parse("192.0.2.9")));
    return memory;
  }
  static MemoryFrame plain(const Frame& frame) { return {frame.bytes(), {}, {}}; }

  // So many flows that are known before it begins.
  void establish(MemoryPort& port, uint64_t tun_id, uint16_t flow_count) {
    for (int round = 0; round < 3; ++round) {
      for (uint16_t flow = 0; flow < flow_count; ++flow) {
        port.inject(established(tun_id, flow));
      }
      run();
    }
    p2_->take_sent();
  }
  static MemoryFrame established(uint64_t tun_id, uint16_t flow) {
    const Frame frame = datagram_of(0x0a010101, static_cast<uint16_t>(1000 + flow));
    return tun_id != 0 ? in_tunnel(frame, tun_id) : plain(frame);
  }

  // A round of the worker's: half of the batch of `attacked` is of established flows, half is new; and one packet of a
  // new flow at `other` in every 32nd. Returns how many of the other's left.
  void attack_round(MemoryPort& attacked, uint64_t attacked_id, MemoryPort& other, uint64_t other_id) {
    for (uint16_t i = 0; i < 16; ++i) {
      attacked.inject(established(attacked_id, i));
      const Frame frame = datagram_of(static_cast<uint32_t>(random_()), static_cast<uint16_t>(random_()));
      attacked.inject(attacked_id != 0 ? in_tunnel(frame, attacked_id) : plain(frame));
    }
    if (++round_ % 32 == 0) {
      const Frame frame = datagram_of(0x0b000000 + round_, 7777, 5353);
      other.inject(other_id != 0 ? in_tunnel(frame, other_id) : plain(frame));
      ++new_flows_;
    }
    clock_.advance(3us);  // hits take time too
    worker_.run_once();
  }

  struct Served {
    size_t established = 0, attack = 0, new_flows = 0;
  };
  Served served() {
    Served count;
    for (const Frame& frame : sent(*p2_)) {
      const auto dst = static_cast<uint16_t>(frame.bytes()[36] << 8 | frame.bytes()[37]);
      const auto src = static_cast<uint16_t>(frame.bytes()[34] << 8 | frame.bytes()[35]);
      const bool is_ours = frame.bytes()[26] == 10 && frame.bytes()[27] == 1 && src >= 1000 && src < 1016;
      ++(dst == 5353 ? count.new_flows : is_ours ? count.established : count.attack);
    }
    return count;
  }

  void run_attack(MemoryPort& attacked, uint64_t attacked_id, MemoryPort& other, uint64_t other_id) {
    establish(attacked, attacked_id, 16);
    for (int i = 0; i < 40; ++i) {
      attacked.inject(established(attacked_id, 0));  // the worker is behind from now on
    }
    constexpr size_t round_count = 20000;
    Served total;
    const TimePoint start = clock_.now();
    for (size_t i = 0; i < round_count; ++i) {
      attack_round(attacked, attacked_id, other, other_id);
      if (i % 1000 == 999) {
        const Served some = served();
        total.established += some.established;
        total.attack += some.attack;
        total.new_flows += some.new_flows;
      }
    }
    run();
    const Served rest = served();
    EXPECT_EQ(total.established + rest.established, 16 * round_count + 40) << "known flows lose nothing";
    EXPECT_EQ(total.new_flows + rest.new_flows, new_flows_) << "nor do new ones of others";
    EXPECT_GT(drops(DropReason::miss_budget), 0u);
    EXPECT_LT(total.attack, 16 * round_count / 4);
    // The share, what one burst allowed, and what the others' new flows took.
    const Duration misses = (total.attack + new_flows_) * Duration(20us);
    EXPECT_LT(misses, (clock_.now() - start) / 10 + Duration(60ms));
    EXPECT_TRUE(is_balanced());
  }

  std::mt19937_64 random_{5};
  std::map<PortId, size_t> translated_;
  uint32_t round_ = 0;
  size_t new_flows_ = 0;
};

TEST_F(AttackTest, KnownFlowsAndNewOnesOfOtherPortsAreServed) { run_attack(*p1_, 0, *p3_, 0); }

TEST_F(AttackTest, KnownFlowsAndNewOnesOfOtherSegmentsAreServed) {
  MemoryPort& tunnel = add_port({.type = PortType::memory, .is_memory_tunnel = true});
  run_attack(tunnel, 5001, tunnel, 5002);
}

TEST_F(AttackTest, MasksAndMegaflowsStayBounded) {
  worker_.set_domain_limits({.max_masks = 16, .max_megaflows = 100});
  for (int i = 0; i < 2000; ++i) {
    inject(*p1_, datagram_of(static_cast<uint32_t>(random_()), static_cast<uint16_t>(random_())));
    run();
  }
  std::vector<DomainStatus> domains;
  worker_.add_domain_status(domains);
  for (const DomainStatus& domain : domains) {
    EXPECT_LE(domain.mask_count, 16u);
    EXPECT_LE(domain.megaflow_count, 100u);
  }
  EXPECT_EQ(worker_.status().megaflow_count, 100u);
  EXPECT_TRUE(is_balanced());
}

// A list of rules, asked one by one, is what decides; whatever caches, rounding and budget make of it, each packet goes
// where the list says, or is dropped for want of time.
class AttackRandomTest : public AttackTest, public testing::WithParamInterface<uint32_t> {
 protected:
  AttackRandomTest() : AttackTest({.domains = {.max_masks = 5, .max_megaflows = 60, .max_domains = 4}}) {
    for (int i = 0; i < 12; ++i) {
      rules_.push_back(random_rule());
    }
    sink_.decide = [this](const FlowKey& key) {
      clock_.advance(100us);
      Flow mask;
      add_to_mask(mask, field(FieldId::in_port));
      const MemoryPort* port = decide(Flow(key), mask);
      Decision made;
      if (port != nullptr) {
        made.actions = {to(port->id())};
      } else {
        made.actions = {Drop{DropReason::action_drop}};
      }
      made.mask = FlowMask(mask);
      return made;
    };
  }

  struct Rule {
    Flow value, mask;
    int out;
  };
  Rule random_rule() {
    Rule rule{{}, {}, static_cast<int>(flows_.below(3))};
    const uint64_t always = flows_.below(3);
    for (const FieldId id : {FieldId::ipv4_src, FieldId::udp_src, FieldId::udp_dst}) {
      if (flows_.one_in(2) || always == static_cast<uint64_t>(id == FieldId::udp_src) + 2 * (id == FieldId::udp_dst)) {
        const Field& of = field(id);
        const auto length = static_cast<unsigned>(8 + flows_.below(of.n_bits - 7));
        set(rule.mask, of, FieldValue::ones(length) << (of.n_bits - length));
        set(rule.value, of, FieldValue{0, flows_.engine()() & 0x03030303} & get(rule.mask, of));
      }
    }
    return rule;
  }
  // Notes what it looked at.
  MemoryPort* decide(const Flow& packet, Flow& looked_at) const {
    const std::array<MemoryPort*, 3> ports = {p2_, p3_, nullptr};
    for (const Rule& rule : rules_) {
      bool is_hit = true;
      for (unsigned i = 0; i < key_word_count; ++i) {
        looked_at.word(i) |= rule.mask.word(i);
        is_hit = is_hit && ((packet.word(i) ^ rule.value.word(i)) & rule.mask.word(i)) == 0;
      }
      if (is_hit) {
        return ports[static_cast<size_t>(rule.out)];
      }
    }
    return p2_;
  }

  reference::RandomFlow flows_{GetParam()};
  std::vector<Rule> rules_;
};

TEST_P(AttackRandomTest, EveryPacketGoesWhereTheListSaysOrIsOverTheBudget) {
  size_t decided = 0;
  for (int round = 0; round < 500; ++round) {
    std::map<const MemoryPort*, std::multiset<std::vector<uint8_t>>> expected;
    for (int i = 0; i < 160; ++i) {
      const auto address = static_cast<uint32_t>(flows_.engine()() & (flows_.one_in(2) ? 0xffffffff : 0x03000300));
      const auto src = static_cast<uint16_t>(flows_.engine()() & (flows_.one_in(2) ? 0xffff : 0x0300));
      const auto dst = static_cast<uint16_t>(flows_.engine()() & 0x0300);
      const Frame frame = datagram_of(address, src, dst);
      Flow packet;
      set(packet, FieldId::ipv4_src, {0, address});
      set(packet, FieldId::udp_src, {0, src});
      set(packet, FieldId::udp_dst, {0, dst});
      Flow ignored;
      expected[decide(packet, ignored)].insert(frame.bytes());
      inject(*p1_, frame);
    }
    clock_.advance(5us);
    run();
    for (MemoryPort* port : {p2_, p3_}) {
      for (const MemoryFrame& frame : port->take_sent()) {
        const auto found = expected[port].find(frame.bytes);
        ASSERT_NE(found, expected[port].end()) << "sent where the list does not send it";
        expected[port].erase(found);
        ++decided;
      }
    }
  }
  EXPECT_GT(drops(DropReason::miss_budget), 100u) << "the budget was hardly tested";
  EXPECT_GT(decided, 5000u);
  EXPECT_EQ(drops(DropReason::miss_budget) + drops(DropReason::action_drop) + decided, 500u * 160);
  EXPECT_TRUE(is_balanced());
}

INSTANTIATE_TEST_SUITE_P(Seeds, AttackRandomTest, testing::Range(1u, 5u));

}  // namespace
}  // namespace weft::datapath
