// Random ARP and neighbour discovery packets in two suppressing segments with equal addresses, beside a dull twin that
// judges what was meant, not bytes: each packet is answered with exactly the frame that the twin makes, or goes where it
// says. WEFT_FRAMES says how many packets.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft::suppression_random {
namespace {

using ofproto::SegmentMode;

constexpr const char* ports[] = {"r1", "r2", "r3", "b1", "b2"};
constexpr uint32_t vni_of_red = 5001, vni_of_blue = 5002;

MacAddress mac(uint64_t n) { return MacAddress::from_uint64(0x020000000000 | n); }
Ipv4Address v4(uint32_t n) { return Ipv4Address::from_host(0x0a000000 + n); }
Ipv6Address v6(uint32_t n) {
  const auto byte = static_cast<uint8_t>(n);
  return {{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte, 0, byte}};
}
IpAddress vtep(uint32_t n) { return Ipv4Address::from_host(0xc0000202 + n); }
MacAddress group_mac(const Ipv6Address& group) {
  return {{0x33, 0x33, group.bytes[12], group.bytes[13], group.bytes[14], group.bytes[15]}};
}

// What a guest says.
struct Message {
  enum class Kind : uint8_t { arp, solicitation, advertisement, data };
  Kind kind = Kind::data;
  MacAddress src, dst;
  uint16_t op = 1;     // of ARP
  MacAddress link;     // that the message itself names
  IpAddress sender;    // spa, source, or target of an advertisement
  IpAddress asked;     // tpa, or target of a solicitation
  uint32_t flags = 0;  // of an advertisement
  uint8_t hops = 255;
  bool has_nonce = false;
  bool has_wrong_group = false;

  bool is_arp() const { return kind == Kind::arp; }

  Frame bytes() const {
    const Frame head = frame().eth(src, dst);
    switch (kind) {
      case Kind::arp:
        return head.arp(op, link, sender.v4(), MacAddress(), asked.v4());
      case Kind::solicitation: {
        const Ipv6Address group = has_wrong_group ? v6(99).solicited_node() : asked.v6().solicited_node();
        const Frame solicitation = head.ipv6(sender.v6(), group).nd_ns(asked.v6(), link).ttl(hops);
        return has_nonce ? solicitation.raw({14, 1, 1, 2, 3, 4, 5, 6}) : solicitation;
      }
      case Kind::advertisement:
        return head.ipv6(sender.v6(), v6(77)).nd_na(sender.v6(), link, flags).ttl(hops);
      case Kind::data:
        break;
    }
    return head.ipv4(v4(1), v4(2)).udp(1, 2).payload_size(18);
  }
};

struct Place {
  std::string port;
  IpAddress remote;
  bool is_remote() const { return port == "vx0"; }
};

class Twin {
 public:
  // The answer; nothing: others hear the message.
  std::optional<Frame> hear(const Place& from, uint32_t vni, const Message& said, TimePoint now) {
    macs_[{vni, said.src}] = from;
    const bool tells = tells_something(vni, said);
    learn(from, vni, said, now);
    return from.is_remote() || tells ? std::nullopt : answer(from, vni, said);
  }

  std::multiset<std::string> hearers(const Place& from, uint32_t vni, MacAddress dst) const {
    const auto known = macs_.find({vni, dst});
    if (!dst.is_multicast() && known != macs_.end()) {
      const bool is_back = known->second.port == from.port;
      return is_back ? std::multiset<std::string>() : std::multiset<std::string>{known->second.port};
    }
    std::multiset<std::string> hearers;
    for (const char* port : ports) {
      if ((*port == 'r') == (vni == vni_of_red) && port != from.port) {
        hearers.insert(port);
      }
    }
    if (!from.is_remote()) {
      hearers.insert({"vx0", "vx0"});
    }
    return hearers;
  }

  void fix(uint32_t vni, const IpAddress& address, MacAddress owner) {
    claims_[{vni, address}] = {.owner = owner, .is_fixed = true};
  }
  bool release(uint32_t vni, const IpAddress& address) { return claims_.erase({vni, address}) != 0; }
  void flush(const IpAddress& remote) {
    std::erase_if(macs_, [&](const auto& entry) { return entry.second.remote == remote; });
    std::erase_if(claims_, [&](const auto& entry) {
      return !entry.second.is_fixed && !macs_.contains({entry.first.first, entry.second.owner});
    });
  }
  size_t count(uint32_t vni) const {
    return static_cast<size_t>(
        std::ranges::count_if(claims_, [&](const auto& entry) { return entry.first.first == vni; }));
  }

 private:
  struct Claim {
    MacAddress owner;
    bool is_router = false;
    bool is_fixed = false;
    std::string teller{};
    TimePoint since{};
    int moves = 0;
    bool is_settled = true;
    TimePoint moved{};
    bool is_disputed() const { return moves >= 5; }
  };

  static bool speaks_for_itself(const Message& said) {
    return said.link == said.src && !said.sender.is_unspecified() && !said.sender.is_multicast();
  }

  // Of the asker.
  bool tells_something(uint32_t vni, const Message& said) const {
    const auto claim = claims_.find({vni, said.sender});
    return said.is_arp() && (claim == claims_.end() ||
                             (!claim->second.is_fixed && (claim->second.owner != said.src ||
                                                          !claim->second.is_settled || claim->second.is_disputed())));
  }

  void learn(const Place& from, uint32_t vni, const Message& said, TimePoint now) {
    const bool is_reason =
        said.is_arp() ? said.op == 1 || said.op == 2
                      : said.kind == Message::Kind::advertisement && said.hops == 255 && (said.flags & 0x20000000) != 0;
    if (!is_reason || !speaks_for_itself(said)) {
      return;
    }
    const std::string teller = from.is_remote() ? "" : from.port;
    const bool is_router = !said.is_arp() && (said.flags & 0x80000000) != 0;
    const auto [found, is_new] =
        claims_.try_emplace({vni, said.sender}, Claim{said.src, is_router, false, teller, now, 0});
    Claim& claim = found->second;
    const bool is_quiet = now - claim.since >= std::chrono::seconds(180);
    const bool moves = claim.owner != said.src || claim.is_router != is_router;
    if (is_new || claim.is_fixed || (claim.is_disputed() && !is_quiet)) {
      return;
    }
    if (claim.owner != said.src) {
      claim.is_settled = false;
      claim.moved = now;
    } else if (!claim.is_settled && now - claim.moved >= std::chrono::seconds(10)) {
      claim.is_settled = true;
    } else if (!moves && claim.teller == teller && !claim.is_disputed()) {
      return;
    }
    if (is_quiet) {
      claim.since = now;
      claim.moves = 0;
    }
    claim.moves += moves ? 1 : 0;
    claim.owner = said.src;
    claim.is_router = is_router;
    claim.teller = teller;
  }

  std::optional<Frame> answer(const Place& from, uint32_t vni, const Message& said) const {
    const bool is_question = said.is_arp()
                                 ? said.op == 1 && said.dst.is_broadcast()
                                 : said.kind == Message::Kind::solicitation && said.hops == 255 && !said.has_nonce &&
                                       !said.has_wrong_group && said.dst == group_mac(said.asked.v6().solicited_node());
    const auto claim = claims_.find({vni, said.asked});
    if (!is_question || !speaks_for_itself(said) || said.sender == said.asked || claim == claims_.end() ||
        claim->second.is_disputed() || !claim->second.is_settled) {
      return std::nullopt;
    }
    const MacAddress owner = claim->second.owner;
    const auto place = macs_.find({vni, owner});
    if (place == macs_.end() || place->second.port == from.port) {
      return std::nullopt;
    }
    const Frame head = frame().eth(owner, said.src);
    return said.is_arp() ? head.arp(2, owner, said.asked.v4(), said.src, said.sender.v4())
                         : head.ipv6(said.asked.v6(), said.sender.v6())
                               .nd_na(said.asked.v6(), owner, claim->second.is_router ? 0xc0000000 : 0x40000000);
  }

  std::map<std::pair<uint32_t, MacAddress>, Place> macs_;
  std::map<std::pair<uint32_t, IpAddress>, Claim> claims_;
};

class Chance {
 public:
  explicit Chance(uint32_t seed) : random_(seed) {}
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  MacAddress guest() { return mac(1 + below(6)); }
  IpAddress address_v4() { return v4(1 + below(8)); }
  IpAddress address_v6() { return v6(1 + below(8)); }
  uint32_t vni() { return one_in(2) ? vni_of_red : vni_of_blue; }
  Place place_in(uint32_t vni) {
    if (one_in(3)) {
      return {"vx0", vtep(below(2))};
    }
    return {vni == vni_of_red ? ports[below(3)] : ports[3 + below(2)], {}};
  }

  Message message() {
    Message said;
    said.src = guest();
    said.dst = guest();
    said.link = one_in(12) ? guest() : said.src;
    said.hops = one_in(12) ? 64 : 255;
    switch (below(8)) {
      case 0:
        break;
      case 1:
      case 2:
      case 3:
        make_arp(said);
        break;
      case 4:
        make_advertisement(said);
        break;
      default:
        make_solicitation(said);
    }
    return said;
  }

 private:
  void make_arp(Message& said) {
    said.kind = Message::Kind::arp;
    said.op = one_in(3) ? 2 : one_in(20) ? 3 : 1;
    said.sender = one_in(15) ? Ipv4Address() : one_in(20) ? *Ipv4Address::parse("224.0.0.1") : address_v4();
    said.asked = one_in(8) ? said.sender : address_v4();
    said.dst = one_in(5) ? said.dst : MacAddress::broadcast();
  }
  void make_solicitation(Message& said) {
    said.kind = Message::Kind::solicitation;
    said.sender = one_in(15) ? Ipv6Address() : address_v6();
    said.asked = address_v6();
    said.dst = one_in(8) ? said.dst : group_mac(said.asked.v6().solicited_node());
    said.has_nonce = one_in(12);
    said.has_wrong_group = one_in(12);
  }
  void make_advertisement(Message& said) {
    said.kind = Message::Kind::advertisement;
    said.sender = address_v6();
    said.flags = (one_in(4) ? 0x80000000 : 0) | (one_in(2) ? 0x40000000 : 0) | (one_in(5) ? 0 : 0x20000000);
    said.dst = one_in(2) ? group_mac(*Ipv6Address::parse("ff02::1")) : said.dst;
  }

  std::mt19937 random_;
};

PacketTunnel tunnel_of(const Place& from, uint32_t vni) {
  TunnelMetadata tunnel;
  if (from.is_remote()) {
    tunnel.begin();
    tunnel.id = vni;
    tunnel.set_source(from.remote);
    tunnel.set_destination(*IpAddress::parse("192.0.2.1"));
    tunnel.flags = TunnelMetadata::flag_key;
  }
  return tunnel;
}

class SuppressionRandom : public ::testing::TestWithParam<uint32_t> {
 protected:
  SuppressionRandom() {
    ofproto::BridgeOptions options = sw.bridge().options();
    options.mac_aging = std::chrono::hours(100'000);  // what ages is told in stories
    sw.bridge().set_options(options);
    sw.add_flow("actions=NORMAL");
    sw.add_tunnel("vx0");
    for (const char* port : ports) {
      sw.add_port(port, {.segment = *port == 'r' ? "red" : "blue"});
    }
    for (const uint32_t vni : {vni_of_red, vni_of_blue}) {
      sw.set_segments({{.name = vni == vni_of_red ? "red" : "blue",
                        .vni = vni,
                        .mode = SegmentMode::replicate,
                        .vteps = {vtep(0), vtep(1)},
                        .suppress_arp = true}});
    }
  }

  void interfere() {
    const uint32_t vni = chance.vni();
    const char* segment = vni == vni_of_red ? "red" : "blue";
    const IpAddress address = chance.one_in(2) ? chance.address_v4() : chance.address_v6();
    switch (chance.below(5)) {
      case 0: {
        const IpAddress remote = vtep(chance.below(2));
        sw.bridge().fdb_flush(remote);
        twin.flush(remote);
        break;
      }
      case 1: {
        const MacAddress owner = chance.guest();
        EXPECT_TRUE(sw.bridge().neighbour_add(segment, address, owner, false));
        twin.fix(vni, address, owner);
        break;
      }
      default:
        EXPECT_EQ(sw.bridge().neighbour_remove(segment, address).has_value(), twin.release(vni, address));
    }
    sw.settle();
    if (chance.one_in(3)) {
      sw.advance(chance.below(chance.one_in(2) ? 15 : 120));
    }
  }

  // Who heard the frame. A move from a tunnel to a port here is announced to others, which is another test's.
  std::multiset<std::string> heard(const Frame& expected) {
    std::multiset<std::string> by;
    for (const char* port : {"r1", "r2", "r3", "b1", "b2", "vx0"}) {
      for (const Frame& frame : sw.sent(port)) {
        const Bytes bytes = frame.bytes();
        if (bytes[12] != 0x80 || bytes[13] != 0x35) {
          EXPECT_EQ(frame, expected) << "on " << port;
          by.insert(port);
        }
      }
    }
    return by;
  }

  TestSwitch sw{};
  Twin twin;
  Chance chance{GetParam()};
};

TEST_P(SuppressionRandom, AnswersAsTheTwinDoes) {
  const char* wanted = std::getenv("WEFT_FRAMES");
  const int count = wanted != nullptr ? std::atoi(wanted) : 4000;
  int answers = 0;
  for (int i = 0; i < count && !HasFailure(); ++i) {
    const uint32_t vni = chance.vni();
    const Place from = chance.place_in(vni);
    const Message said = chance.message();
    SCOPED_TRACE(::testing::Message() << "packet " << i << " from " << from.port << " in " << vni << ": "
                                      << said.bytes());
    const auto answer = twin.hear(from, vni, said, sw.clock().now());
    sw.receive(from.port, said.bytes(), tunnel_of(from, vni));
    EXPECT_EQ(heard(answer.value_or(said.bytes())),
              answer ? std::multiset<std::string>{from.port} : twin.hearers(from, vni, said.dst));
    answers += answer ? 1 : 0;
    if (chance.one_in(10)) {
      interfere();
    }
  }
  for (const char* segment : {"red", "blue"}) {
    EXPECT_EQ(sw.bridge().segment_info(segment)->neighbours.entries,
              twin.count(*segment == 'r' ? vni_of_red : vni_of_blue));
  }
  EXPECT_GT(answers, count / 50) << "the test asks what can be answered";
}

INSTANTIATE_TEST_SUITE_P(Seeds, SuppressionRandom, ::testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace weft::suppression_random
