// How evenly inner flows come out on what a router hashes by: 10,000 flows over the 64 next hops of an ECMP route.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <set>

#include "datapath/tunnel/tunnel_header.h"
#include "datapath/tunnel/underlay_socket.h"
#include "lib/flow/extract.h"
#include "lib/os/socket.h"
#include "lib/packet/checksum.h"
#include "lib/packet/gre.h"
#include "tests/datapath/tunnel/stub_port.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

constexpr unsigned flow_count = 10000;
constexpr size_t bucket_count = 64;

Frame frame_of(unsigned flow) {
  const Ipv4Address client = Ipv4Address::from_host(0x0a000001 + flow / 100);
  return frame().ipv4(client, "10.1.0.1").tcp(static_cast<uint16_t>(40000 + flow % 100), 443);
}

// What a router that looks at addresses and ports makes of them.
size_t by_crc(uint16_t source_port) {
  const std::array<uint8_t, 13> header{192,
                                       0,
                                       2,
                                       1,
                                       192,
                                       0,
                                       2,
                                       2,
                                       17,
                                       static_cast<uint8_t>(source_port >> 8),
                                       static_cast<uint8_t>(source_port & 0xff),
                                       4789 >> 8,
                                       4789 & 0xff};
  return crc32c(header) % bucket_count;
}
size_t by_remainder(uint16_t value) { return value % bucket_count; }

uint16_t port_of(int socket) {
  SocketAddress address;
  EXPECT_EQ(::getsockname(socket, address.get(), address.make_room()), 0);
  return address.port();
}

class Entropy : public ::testing::Test {
 protected:
  Entropy() {
    for (unsigned flow = 0; flow < flow_count; ++flow) {
      const PacketPtr packet = make_packet(pool_, frame_of(flow));
      FlowKey key;
      EXPECT_FALSE(extract(*packet, key));
      hashes_.push_back(packet->flow_hash);
    }
  }

  // Of the fullest bucket over the mean.
  double fullest(const std::function<uint16_t(uint64_t hash)>& value_of, size_t (*bucket_of)(uint16_t)) {
    std::array<unsigned, bucket_count> buckets{};
    for (const uint64_t hash : hashes_) {
      const uint16_t value = value_of(hash);
      EXPECT_EQ(value_of(hash), value) << "a flow stays where it is";
      ++buckets[bucket_of(value)];
    }
    return *std::max_element(buckets.begin(), buckets.end()) * double{bucket_count} / flow_count;
  }

  double fullest_of_ports(unsigned port_count, size_t (*bucket_of)(uint16_t)) {
    raise_open_file_limit();
    UnderlayOptions options;
    options.source_port_count = port_count;
    SourcePorts ports({}, options);
    std::set<uint16_t> used;
    const double fullest_bucket = fullest(
        [&](uint64_t hash) {
          const uint16_t port = port_of(ports.socket(hash));
          used.insert(port);
          return port;
        },
        bucket_of);
    EXPECT_GT(used.size(), port_count * 3 / 4);
    return fullest_bucket;
  }

  PacketPool pool_;
  std::vector<uint64_t> hashes_;
};

TEST_F(Entropy, SourcePortsSpreadFlowsOverNextHops) {
  for (const auto bucket_of : {by_crc, by_remainder}) {
    EXPECT_LE(fullest_of_ports(1024, bucket_of), 2);
  }
}

// Hashes of packets have a key of the process's own; near the bound the draw is to be the same each time.
TEST_F(Entropy, MoreSourcePortsSpreadMoreEvenly) {
  std::mt19937_64 random(1);
  std::generate(hashes_.begin(), hashes_.end(), std::ref(random));
  for (const auto bucket_of : {by_crc, by_remainder}) {
    EXPECT_LE(fullest_of_ports(4096, bucket_of), 1.3);
  }
}

TEST_F(Entropy, TheFlowIdOfNvgreDoesToo) {
  PortSpec spec = tunnel_spec();
  spec.type = PortType::nvgre;
  Encapsulation to;
  to.key = 5001;
  const PacketPtr packet = make_packet(pool_, frame_of(0));
  const auto flow_id = [&](uint64_t hash) {
    packet->flow_hash = hash;
    TunnelHeader header;
    header.write(spec, to, *packet, nullptr);
    std::array<uint8_t, TunnelHeader::max_size> bytes{};
    header.copy_to(bytes.data(), {});
    return uint16_t{bytes[header.size() - 1]};
  };
  EXPECT_LE(fullest(flow_id, by_remainder), 2);
}

}  // namespace
}  // namespace weft::datapath
