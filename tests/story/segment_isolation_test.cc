// Random frames in segments and VLANs with equal addresses, beside a dull twin that looks everything up in a map: each
// copy leaves where the twin says, and no other one. WEFT_FRAMES says how many frames; a million take most of a minute.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "lib/packet/ethernet.h"
#include "ofproto/overlay/announcement.h"
#include "tests/support/test_switch.h"

namespace weft::segment_isolation {
namespace {

using ofproto::SegmentMode;

constexpr uint64_t addresses = 6;
constexpr unsigned remotes = 4;

// A port in a segment, with the VLAN that its frames there are tagged with. The gateway g1 is in both.
struct Port {
  const char* name;
  const char* segment;  // empty: VLAN 0
  uint16_t tag = 0;
};
constexpr Port ports[] = {{"r1", "red"}, {"r2", "red"}, {"r3", "red"},     {"b1", "blue"},    {"b2", "blue"},
                          {"v1", ""},    {"v2", ""},    {"g1", "red", 10}, {"g1", "blue", 20}};

MacAddress mac(uint64_t i) { return MacAddress::from_uint64(0x020000000000 | i); }
IpAddress vtep(unsigned i) { return Ipv4Address::from_host(0xc0000201 + i); }

Bytes tagged(const Bytes& untagged, uint16_t tag) {
  Bytes bytes = untagged;
  if (tag != 0) {
    const std::array<uint8_t, 4> header{0x81, 0, static_cast<uint8_t>(tag >> 8), static_cast<uint8_t>(tag)};
    bytes.insert(bytes.begin() + 12, header.begin(), header.end());
  }
  return bytes;
}

// One copy: the port, and where the outer header says.
using Copy = std::tuple<std::string, uint64_t, IpAddress, Bytes>;

class Twin {
 public:
  // The copies of a frame from `port`, in `segment`; `remote` for one from the tunnel.
  std::multiset<Copy> forward(const std::string& port, const std::string& segment, std::optional<IpAddress> remote,
                              MacAddress src, MacAddress dst, const Bytes& bytes) {
    std::multiset<Copy> copies;
    const auto before = places_.find({segment, src.to_uint64()});
    const bool came_home = before != places_.end() && before->second.second && !remote;
    places_[{segment, src.to_uint64()}] = {port, remote};
    const auto known = places_.find({segment, dst.to_uint64()});
    if (dst.is_multicast() || known == places_.end()) {
      flood(copies, port, segment, remote.has_value(), bytes);
      return copies;
    }
    const auto& to_port = known->second.first;
    const auto& to_remote = known->second.second;
    if (to_remote && !remote) {
      copies.emplace("vx0", vni_of(segment), *to_remote, bytes);
    } else if (!to_remote && to_port != port) {
      const auto* const member = std::ranges::find_if(
          ports, [&](const Port& each) { return each.name == to_port && each.segment == segment; });
      copies.emplace(to_port, 0, IpAddress(), tagged(bytes, member->tag));
    }
    if (came_home) {
      const auto told = ofproto::make_announcement(src);
      flood(copies, port, segment, false, Bytes(told.begin(), told.end()));
    }
    return copies;
  }

  static uint64_t vni_of(const std::string& segment) { return segment == "red" ? 5001 : 5002; }

 private:
  static void flood(std::multiset<Copy>& copies, const std::string& from, const std::string& segment,
                    bool is_from_tunnel, const Bytes& bytes) {
    for (const Port& port : ports) {
      if (port.name != from && port.segment == segment) {
        copies.emplace(port.name, 0, IpAddress(), tagged(bytes, port.tag));
      }
    }
    if (segment.empty() || is_from_tunnel) {
      return;
    }
    if (segment == "blue") {
      copies.emplace("vx0", 5002, *IpAddress::parse("239.1.1.1"), bytes);
      return;
    }
    for (unsigned i = 0; i < remotes; ++i) {
      copies.emplace("vx0", 5001, vtep(i), bytes);
    }
  }

  std::map<std::pair<std::string, uint64_t>, std::pair<std::string, std::optional<IpAddress>>> places_;
};

std::multiset<Copy> sent(TestSwitch& sw) {
  std::multiset<Copy> copies;
  for (const char* name : {"r1", "r2", "r3", "b1", "b2", "v1", "v2", "g1", "vx0"}) {
    for (const datapath::MemoryFrame& frame : sw.sent_with_metadata(name)) {
      const bool is_tunnel = std::string_view(name) == "vx0";
      copies.emplace(name, is_tunnel ? frame.tunnel.id : 0, is_tunnel ? frame.tunnel.destination() : IpAddress(),
                     frame.bytes);
    }
  }
  return copies;
}

TEST(SegmentIsolation, RandomFramesLeaveWhereTheTwinSays) {
  const char* asked = std::getenv("WEFT_FRAMES");
  const int count = asked == nullptr ? 60'000 : std::atoi(asked);
  constexpr unsigned seed = 20;
  std::mt19937 random(seed);
  const auto below = [&](uint64_t n) { return random() % n; };
  TestSwitch sw{};
  sw.add_flow("actions=NORMAL");
  sw.add_tunnel("vx0");
  std::vector<IpAddress> vteps;
  for (unsigned i = 0; i < remotes; ++i) {
    vteps.push_back(vtep(i));
  }
  for (const Port& port : ports) {
    if (port.tag == 0) {
      sw.add_port(port.name, {.segment = port.segment});
    }
  }
  sw.add_port("g1", {.trunks = {10, 20}, .segment_vlans = {{10, "red"}, {20, "blue"}}});
  sw.set_segments(
      {{.name = "red", .vni = 5001, .mode = SegmentMode::replicate, .vteps = vteps},
       {.name = "blue", .vni = 5002, .mode = SegmentMode::multicast, .group = IpAddress::parse("239.1.1.1")}});
  Twin twin;
  uint64_t foreign = 0;
  for (int i = 0; i < count; ++i) {
    const MacAddress src = mac(below(addresses));
    const MacAddress dst = below(8) == 0 ? MacAddress::from_uint64(0xffffffffffff) : mac(below(addresses + 1));
    const Frame packet = frame().eth(src, dst).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(18);
    std::multiset<Copy> wanted;
    if (below(2) == 0) {
      const Port& port = ports[below(std::size(ports))];
      sw.receive(port.name, Frame(tagged(packet.bytes(), port.tag)));
      wanted = twin.forward(port.name, port.segment, std::nullopt, src, dst, packet.bytes());
    } else {
      TunnelMetadata tunnel;
      tunnel.begin();
      tunnel.id = 5001 + below(3);
      const IpAddress from = vtep(static_cast<unsigned>(below(remotes)));
      tunnel.set_source(from);
      tunnel.set_destination(*IpAddress::parse("192.0.2.200"));
      sw.receive("vx0", packet, tunnel);
      if (tunnel.id == 5003) {
        ++foreign;
      } else {
        wanted = twin.forward("vx0", tunnel.id == 5001 ? "red" : "blue", from, src, dst, packet.bytes());
      }
    }
    ASSERT_EQ(sent(sw), wanted) << "frame " << i << " of seed " << seed << ", from " << src.to_string() << " to "
                                << dst.to_string();
  }
  EXPECT_EQ(sw.drops(DropReason::unknown_segment), foreign);
}

}  // namespace
}  // namespace weft::segment_isolation
