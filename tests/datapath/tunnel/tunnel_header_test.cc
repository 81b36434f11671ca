#include "datapath/tunnel/tunnel_header.h"

#include <gtest/gtest.h>

#include <set>

#include "lib/packet/vxlan.h"
#include "tests/datapath/tunnel/stub_port.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

PortSpec port_of(PortType type, std::optional<uint64_t> out_key = std::nullopt) {
  PortSpec spec = tunnel_spec();
  spec.type = type;
  spec.tunnel.out_key = out_key;
  spec.tunnel.outer_checksum = is_over_udp(type);
  return spec;
}

class TunnelHeaderStory : public ::testing::Test {
 protected:
  TunnelHeaderStory() : packet_(make_packet(pool_, inner())) {}

  static Frame inner() { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi"); }

  // Header and frame, as they are on the wire behind IP or UDP.
  Bytes written(const PortSpec& spec, uint64_t key, const TunnelOptionMap* options = nullptr) {
    Encapsulation to;
    to.key = key;
    TunnelHeader header;
    header.write(spec, to, *packet_, options);
    Bytes bytes(header.size());
    header.copy_to(bytes.data(), InternetSum().add(packet_->bytes()));
    const Bytes frame = inner().bytes();
    bytes.insert(bytes.end(), frame.begin(), frame.end());
    return bytes;
  }
  static Bytes front(const Bytes& bytes, size_t size) {
    return {bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)};
  }

  PacketPool pool_;
  PacketPtr packet_;
};

DropReason refusal(PortType type, Bytes bytes) {
  const auto opened = open_tunnel(type, bytes);
  EXPECT_FALSE(opened.has_value());
  return opened ? DropReason::truncated_frame : opened.error();
}

TEST_F(TunnelHeaderStory, EachTypeIsWrittenAsItsStandardDraws) {
  EXPECT_EQ(front(written(port_of(PortType::vxlan), 0x1389), 8), (Bytes{8, 0, 0, 0, 0, 0x13, 0x89, 0}));
  EXPECT_EQ(front(written(port_of(PortType::geneve), 0x1389), 8), (Bytes{0, 0, 0x65, 0x58, 0, 0x13, 0x89, 0}));
  EXPECT_EQ(front(written(port_of(PortType::gre), 0xabcdef01), 8), (Bytes{0x20, 0, 0x65, 0x58, 0xab, 0xcd, 0xef, 1}));
  const Bytes nvgre = written(port_of(PortType::nvgre), 0x1389);
  EXPECT_EQ(front(nvgre, 7), (Bytes{0x20, 0, 0x65, 0x58, 0, 0x13, 0x89}));
  EXPECT_EQ(nvgre.size(), 8 + inner().bytes().size()) << "42 bytes with outer Ethernet and IP";
}

TEST_F(TunnelHeaderStory, AGreKeyOfZeroThatThePortFixesIsNone) {
  EXPECT_EQ(front(written(port_of(PortType::gre, 0), 0), 4), (Bytes{0, 0, 0x65, 0x58}));
  EXPECT_EQ(front(written(port_of(PortType::gre), 0), 8), (Bytes{0x20, 0, 0x65, 0x58, 0, 0, 0, 0})) << "key=flow";
}

TEST_F(TunnelHeaderStory, WhatIsWrittenIsRead) {
  for (const PortType type : {PortType::vxlan, PortType::geneve, PortType::gre, PortType::nvgre}) {
    for (const bool checksum : {false, true}) {
      PortSpec spec = port_of(type);
      spec.tunnel.outer_checksum = checksum;
      Bytes bytes = written(spec, 0xabcdef);
      const auto opened = open_tunnel(type == PortType::nvgre ? PortType::gre : type, bytes);
      ASSERT_TRUE(opened.has_value());
      EXPECT_EQ(type == PortType::nvgre ? opened->key >> 8 : opened->key, 0xabcdefU);
      EXPECT_TRUE(opened->has_key);
      EXPECT_EQ(Frame(opened->frame), inner());
    }
  }
}

TEST_F(TunnelHeaderStory, AFlowIdIsTheFlowsAndFlowsHaveMany) {
  std::set<uint8_t> ids;
  for (uint64_t flow = 0; flow < 2000; ++flow) {
    packet_->flow_hash = flow;
    const uint8_t id = written(port_of(PortType::nvgre), 5001)[7];
    EXPECT_EQ(written(port_of(PortType::nvgre), 5001)[7], id);
    ids.insert(id);
  }
  EXPECT_GT(ids.size(), 250U);
}

TEST_F(TunnelHeaderStory, GroupPolicyIsSentWhereThePortHasItAndTheFlowSetsIt) {
  PortSpec spec = port_of(PortType::vxlan);
  packet_->tunnel.begin();
  packet_->tunnel.gbp_id = 0x1234;
  packet_->tunnel.gbp_flags = VxlanHeader::gbp_policy_applied;
  EXPECT_EQ(written(spec, 1)[0], 0x08);
  spec.tunnel.has_gbp = true;
  Bytes bytes = written(spec, 1);
  EXPECT_EQ(front(bytes, 4), (Bytes{0x88, 0x08, 0x12, 0x34}));
  const auto opened = open_tunnel(PortType::vxlan, bytes);
  ASSERT_TRUE(opened.has_value());
  EXPECT_TRUE(opened->has_gbp);
  EXPECT_EQ(opened->gbp_id, 0x1234);
  EXPECT_EQ(opened->gbp_flags, VxlanHeader::gbp_policy_applied);
  packet_->tunnel.gbp_id = packet_->tunnel.gbp_flags = 0;
  EXPECT_EQ(written(spec, 1)[0], 0x08) << "as peers without the extension take it";
}

TEST_F(TunnelHeaderStory, TheOamBitCrosses) {
  packet_->tunnel.begin();
  packet_->tunnel.flags = TunnelMetadata::flag_oam;
  Bytes bytes = written(port_of(PortType::geneve), 1);
  EXPECT_EQ(bytes[1], 0x80);
  EXPECT_EQ(open_tunnel(PortType::geneve, bytes)->flags, TunnelMetadata::flag_oam | TunnelMetadata::flag_key);
}

TEST_F(TunnelHeaderStory, MappedGeneveOptionsAreWrittenAndRead) {
  TunnelOptionMap map;
  map.add(5, {0x0102, 0x80});
  map.add(0, {0x0102, 0x03});
  packet_->tunnel.begin();
  packet_->tunnel.options.set(5, 0xaabbccdd);
  packet_->tunnel.options.set(7, 9);
  EXPECT_EQ(front(written(port_of(PortType::geneve), 1), 2), (Bytes{0, 0})) << "none is mapped";
  packet_->tunnel.options.set(0, 1);

  Bytes bytes = written(port_of(PortType::geneve), 1, &map);

  EXPECT_EQ(front(bytes, 24), (Bytes{4,    0x40, 0x65, 0x58, 0,    0,    1,    0,  //
                                     0x01, 0x02, 0x03, 0x01, 0,    0,    0,    1,  //
                                     0x01, 0x02, 0x80, 0x01, 0xaa, 0xbb, 0xcc, 0xdd}));
  const auto opened = open_tunnel(PortType::geneve, bytes);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(Frame(opened->frame), inner());
  TunnelOptions read;
  EXPECT_EQ(read_geneve_options(opened->options, &map, read), keep);
  packet_->tunnel.options.clear();
  packet_->tunnel.options.set(5, 0xaabbccdd);
  packet_->tunnel.options.set(0, 1);
  EXPECT_EQ(read, packet_->tunnel.options);
}

TEST_F(TunnelHeaderStory, AnUncriticalOptionAloneDoesNotSetTheCriticalBit) {
  TunnelOptionMap map;
  map.add(0, {0xffff, 0x7f});
  packet_->tunnel.begin();
  packet_->tunnel.options.set(0, 0);
  EXPECT_EQ(front(written(port_of(PortType::geneve), 1, &map), 2), (Bytes{2, 0}));
  EXPECT_EQ(front(written(port_of(PortType::vxlan), 1, &map), 2), (Bytes{8, 0}));
}

TEST_F(TunnelHeaderStory, AMappedOptionOfAnotherLengthIsRefused) {
  TunnelOptionMap map;
  map.add(0, {0x0102, 0x03});
  TunnelOptions read;
  for (const uint8_t units : {0, 2, 31}) {
    Bytes option{0x01, 0x02, 0x03, units};
    option.resize(4 + size_t{4} * units);
    EXPECT_EQ(read_geneve_options(option, &map, read), DropReason::tunnel_bad_header);
    EXPECT_EQ(read_geneve_options(option, nullptr, read), keep);
  }
  EXPECT_TRUE(read.empty());
}

TEST_F(TunnelHeaderStory, UnknownGeneveOptionsAreSteppedOverUnlessOneIsCritical) {
  Bytes bytes = written(port_of(PortType::geneve), 1);
  const Bytes options{0x01, 0x02, 0x03, 0x01, 0xaa, 0xbb, 0xcc, 0xdd, 0x01, 0x02, 0x04, 0x00};
  bytes.insert(bytes.begin() + 8, options.begin(), options.end());
  bytes[0] = 3;
  const auto opened = open_tunnel(PortType::geneve, bytes);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(Frame(opened->frame), inner());
  EXPECT_EQ(Bytes(opened->options.begin(), opened->options.end()), options);
  TunnelOptionMap map;
  map.add(9, {0x0102, 0x03});
  TunnelOptions read;
  EXPECT_EQ(read_geneve_options(options, nullptr, read), keep);
  EXPECT_TRUE(read.empty());
  Bytes critical = options;
  critical[10] |= 0x80;
  EXPECT_EQ(read_geneve_options(critical, nullptr, read), DropReason::tunnel_critical_option);
  EXPECT_EQ(read_geneve_options(critical, &map, read), DropReason::tunnel_critical_option);
  EXPECT_EQ(read.value(9), 0xaabbccddU);
  Bytes lying = bytes;
  lying[19] = 1;
  EXPECT_EQ(refusal(PortType::geneve, lying), DropReason::tunnel_bad_header) << "an option beyond the options' end";
  bytes[0] = 0x3f;
  EXPECT_EQ(refusal(PortType::geneve, bytes), DropReason::tunnel_bad_header) << "options beyond the datagram's end";
}

TEST_F(TunnelHeaderStory, WhatIsNotOursIsRefusedByItsReason) {
  Bytes geneve = written(port_of(PortType::geneve), 1);
  geneve[0] |= 0x40;
  EXPECT_EQ(refusal(PortType::geneve, geneve), DropReason::tunnel_bad_header) << "version 1";
  geneve[0] = 0;
  geneve[3] = 0;
  EXPECT_EQ(refusal(PortType::geneve, geneve), DropReason::tunnel_bad_header) << "no Ethernet inside";
  const Bytes gre = written(port_of(PortType::gre), 1);
  for (const auto& [byte, bit] : {std::pair{0, 0x40}, {0, 0x08}, {0, 0x04}, {1, 0x01}}) {
    Bytes wrong = gre;
    wrong[byte] |= static_cast<uint8_t>(bit);
    EXPECT_EQ(refusal(PortType::gre, wrong), DropReason::tunnel_bad_flags);
  }
  Bytes ip = gre;
  ip[2] = 0x08;
  ip[3] = 0x00;
  EXPECT_EQ(refusal(PortType::gre, ip), DropReason::tunnel_bad_header) << "IP in GRE";
}

TEST_F(TunnelHeaderStory, AWrongGreChecksumIsRefused) {
  PortSpec spec = port_of(PortType::gre);
  spec.tunnel.outer_checksum = true;
  Bytes bytes = written(spec, 1);
  ASSERT_TRUE(open_tunnel(PortType::gre, bytes).has_value());
  bytes.back() ^= 1;
  EXPECT_EQ(refusal(PortType::gre, bytes), DropReason::tunnel_bad_checksum);
}

TEST_F(TunnelHeaderStory, ASequenceNumberIsSteppedOver) {
  Bytes bytes = written(port_of(PortType::gre), 7);
  bytes[0] |= 0x10;
  const Bytes number{0, 0, 0, 9};
  bytes.insert(bytes.begin() + 8, number.begin(), number.end());
  const auto opened = open_tunnel(PortType::gre, bytes);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->key, 7U);
  EXPECT_EQ(Frame(opened->frame), inner());
}

TEST_F(TunnelHeaderStory, ShortOnesAreRefused) {
  for (const PortType type : {PortType::vxlan, PortType::geneve, PortType::gre}) {
    const Bytes whole = written(port_of(type), 1);
    for (size_t size = 0; size < 8 + 14; ++size) {
      EXPECT_EQ(refusal(type, front(whole, size)), DropReason::tunnel_bad_header) << size;
    }
  }
}

}  // namespace
}  // namespace weft::datapath
