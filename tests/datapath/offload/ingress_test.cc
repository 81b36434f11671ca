#include "datapath/offload/ingress.h"

#include <gtest/gtest.h>

#include "tests/datapath/offload/offload_support.h"
#include "tests/reference/segment.h"

namespace weft::datapath {
namespace {

const Frame ipv4 = frame().ipv4("10.0.0.1", "10.0.0.2");
const Frame ipv6 = frame().ipv6("2001:db8::1", "2001:db8::2");

Offload detected(const Frame& frame) {
  PacketPool pool;
  const PacketPtr packet = pool.copy_of(frame.bytes());
  detect_partial_checksum(*packet);
  return packet->offload;
}

TEST(DetectPartialChecksum, APseudoHeaderSumIsAnUnfinishedChecksum) {
  for (const Frame& whole : {ipv4.tcp(1, 2).payload("abc"), ipv4.udp(1, 2).payload("abc"),
                             ipv6.tcp(1, 2).payload("abc"), ipv6.extension(60).udp(1, 2).payload("abc")}) {
    EXPECT_EQ(detected(whole.partial_checksum()), whole.partial_checksum().offload()) << whole;
    EXPECT_EQ(detected(whole), Offload{}) << whole;
    EXPECT_EQ(detected(whole.bad_checksum()), Offload{}) << whole;
  }
}

TEST(DetectPartialChecksum, LeavesAloneWhatHasNone) {
  EXPECT_EQ(detected(ipv4.udp(1, 2).zero_checksum()), Offload{});
  EXPECT_EQ(detected(ipv4.icmp(8)), Offload{});
  EXPECT_EQ(detected(frame().arp_request("10.0.0.1", "10.0.0.2")), Offload{});
  EXPECT_EQ(detected(ipv4.tcp(1, 2).truncated(50)), Offload{});
}

// The sum to finish runs to the end of the frame; padding would be summed too.
TEST(DetectPartialChecksum, CutsPaddingOff) {
  PacketPool pool;
  Bytes padded = ipv4.udp(1, 2).payload("abc").partial_checksum().bytes();
  padded.resize(64, 0xee);
  const PacketPtr packet = pool.copy_of(padded);
  detect_partial_checksum(*packet);
  ASSERT_TRUE(packet->offload.is_partial());
  EXPECT_FALSE(finish_partial_checksum(*packet));
  EXPECT_EQ(Frame(packet->bytes()), ipv4.udp(1, 2).payload("abc"));
}

PacketPtr promoted(PacketPool& pool, const Frame& frame, size_t mtu) {
  PacketPtr packet = pool.copy_of(frame.bytes());
  detect_partial_checksum(*packet);
  promote_to_gso(*packet, mtu);
  return packet;
}

// A peer on the same machine hands over 5 KB without a mark: cut it to what the tunnel's path takes.
TEST(PromoteToGso, ALongTcpFrameIsAGsoFrame) {
  PacketPool pool;
  const reference::TcpStream stream{
      .headers = [](size_t n) { return frame().ipv4("10.0.0.1", "10.0.0.2").ip_id(static_cast<uint16_t>(9 + n)); },
      .payload = pattern(5000),
      .segment_size = 1460};
  for (const Frame& large : {stream.whole().partial_checksum(), stream.tcp(0, 0, stream.flags).raw(stream.payload)}) {
    const PacketPtr packet = promoted(pool, large, 1500);
    EXPECT_EQ(packet->offload, stream.whole().offload());
    EXPECT_EQ(Frame(packet->bytes()), stream.whole());
  }
}

TEST(PromoteToGso, AWrongChecksumStaysWrong) {
  PacketPool pool;
  const Frame large = ipv4.tcp(1, 2).payload_size(5000).bad_checksum();
  const PacketPtr packet = promoted(pool, large, 1500);
  EXPECT_EQ(packet->offload, Offload{});
  EXPECT_EQ(Frame(packet->bytes()), large);
}

TEST(PromoteToGso, LeavesAloneWhatFitsAndWhatIsNotTcp) {
  PacketPool pool;
  EXPECT_EQ(promoted(pool, ipv4.tcp(1, 2).payload_size(1460), 1500)->offload, Offload{});
  EXPECT_EQ(promoted(pool, ipv4.udp(1, 2).payload_size(5000), 1500)->offload, Offload{});
  EXPECT_EQ(promoted(pool, ipv4.tcp(1, 2).payload_size(1460), 30)->offload, Offload{});
}

Verdict checked(const Frame& frame, const Offload& offload) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, frame);
  packet->offload = offload;
  FlowKey key;
  EXPECT_FALSE(extract(*packet, key));
  return check_offload(*packet);
}

TEST(CheckOffload, APromiseMustLieWithinTheFrame) {
  const Frame tcp = ipv4.tcp(1, 2).payload_size(3000).gso(1000);
  const auto with = [&](auto&& change) {
    Offload offload = tcp.offload();
    change(offload);
    return checked(tcp, offload);
  };
  EXPECT_EQ(with([](Offload&) {}), keep);
  EXPECT_EQ(with([](Offload& o) { o.csum_start = 0xffff; }), DropReason::bad_checksum_offset);
  EXPECT_EQ(with([](Offload& o) { o.csum_offset = 0xffff; }), DropReason::bad_checksum_offset);
  EXPECT_EQ(with([](Offload& o) { o.csum_offset = 6; }), DropReason::bad_vnet_header);
  EXPECT_EQ(with([](Offload& o) { o.gso_size = 0; }), DropReason::bad_vnet_header);
  EXPECT_EQ(with([](Offload& o) { o.checksum = Offload::Checksum::none; }), DropReason::bad_vnet_header);
  EXPECT_EQ(with([](Offload& o) { o.hdr_len = 9; }), keep);
}

// A guest could have its sum stored over an address or port after a rule had matched another one there.
TEST(CheckOffload, NoSumIsStoredOverWhatARuleMatched) {
  const auto stored_at = [](const Frame& frame, uint16_t start, uint16_t offset) {
    Offload offload;
    offload.checksum = Offload::Checksum::partial;
    offload.csum_start = start;
    offload.csum_offset = offset;
    return checked(frame, offload);
  };
  constexpr DropReason refused = DropReason::bad_vnet_header;
  const Frame tcp = ipv4.tcp(1, 2).payload_size(100);
  EXPECT_EQ(stored_at(tcp, 34, tcp_checksum_offset), keep);
  EXPECT_EQ(stored_at(tcp, 14, 16), refused) << "IPv4 destination";
  EXPECT_EQ(stored_at(tcp, 34, 2), refused) << "TCP destination port";
  EXPECT_EQ(stored_at(tcp, 35, 1), refused) << "the same, less plainly";
  EXPECT_EQ(stored_at(ipv4.udp(1, 2).payload_size(100), 34, 2), refused);
  EXPECT_EQ(stored_at(ipv6.icmpv6(128), 54, 0), refused) << "ICMPv6 type";
  EXPECT_EQ(stored_at(frame().arp_request("10.0.0.1", "10.0.0.2"), 28, 0), refused) << "ARP sender";
  EXPECT_EQ(stored_at(frame().mpls(5).raw(Bytes(40)), 14, 0), refused) << "label";
  EXPECT_EQ(stored_at(frame().eth_type(0x88b5).raw(Bytes(40)), 14, 0), refused);
  EXPECT_EQ(stored_at(ipv4.protocol(132 + 1).raw(Bytes(40)), 34, 0), keep) << "no field is read from protocol 133";
  const Frame three_tags = frame().vlan(1).vlan(2).vlan(3).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2);
  EXPECT_EQ(stored_at(three_tags, 14 + 12 + 20, tcp_checksum_offset), keep) << "IP is not found behind three tags";
}

TEST(CheckOffload, GsoNeedsTheHeaderItSpeaksOf) {
  const Frame tcp = ipv4.tcp(1, 2).payload_size(3000).gso(1000);
  const auto with_first_byte_of_flags = [&](uint8_t byte) {
    Bytes bytes = tcp.bytes();
    bytes[34 + 12] = byte;
    return checked(Frame(bytes), tcp.offload());
  };
  EXPECT_EQ(with_first_byte_of_flags(0x50), keep);
  EXPECT_EQ(with_first_byte_of_flags(0x40), DropReason::bad_vnet_header) << "four words are no TCP header";
  EXPECT_EQ(checked(tcp.truncated(34 + 18), tcp.offload()), DropReason::bad_vnet_header);

  const Frame udp = ipv4.udp(1, 2).payload_size(3000).gso(1000);
  Offload elsewhere = udp.offload();
  EXPECT_EQ(checked(udp, elsewhere), keep);
  elsewhere.csum_offset = tcp_checksum_offset;
  EXPECT_EQ(checked(udp, elsewhere), DropReason::bad_vnet_header);
}

TEST(CheckOffload, AFrameOfOnePieceIsNoGsoFrame) {
  PacketPool pool;
  const PacketPtr packet = received(pool, ipv4.tcp(1, 2).payload_size(1000).gso(1000));
  EXPECT_EQ(packet->offload, ipv4.tcp(1, 2).payload_size(1000).partial_checksum().offload());
}

// 60,000 pieces of one byte held the worker, and every other guest's frames, for milliseconds.
TEST(CheckOffload, TheNumberOfPiecesIsBounded) {
  const auto pieces_of = [](size_t count, uint16_t size) {
    const Frame large = ipv4.tcp(1, 2).payload_size(count * size).gso(size);
    return checked(large, large.offload());
  };
  EXPECT_EQ(pieces_of(60000, 1), DropReason::bad_vnet_header);
  EXPECT_EQ(pieces_of(max_gso_segments + 1, 8), DropReason::bad_vnet_header);
  EXPECT_EQ(pieces_of(max_gso_segments, 8), keep);
  EXPECT_EQ(pieces_of(65000 / 36, 36), keep) << "the least MSS of Linux, less timestamps";
}

// virtio_net_hdr's hdr_len is a hint, and may be the size of whatever was linear.
TEST(CheckOffload, HeaderLengthIsSettledFromTheFrame) {
  PacketPool pool;
  const Frame tcp = ipv4.tcp(1, 2).payload_size(3000).gso(1000);
  PacketPtr packet = make_packet(pool, tcp);
  packet->offload.hdr_len = 2000;
  FlowKey key;
  EXPECT_FALSE(extract(*packet, key));
  EXPECT_FALSE(check_offload(*packet));
  EXPECT_EQ(packet->offload, tcp.offload());
}

TEST(CheckOffload, CountsTunnelsBeforeTheLayerSpokenOf) {
  PacketPool pool;
  const Frame inner = ipv4.tcp(1, 2).payload_size(3000).gso(1000);
  const Frame once = ipv4.udp(50000, 4789).vxlan(5, inner);
  EXPECT_EQ(received(pool, inner)->offload.outer_count, 0);
  EXPECT_EQ(received(pool, once)->offload.outer_count, 1);
  EXPECT_EQ(received(pool, ipv6.udp(50000, 4789).vxlan(6, once))->offload.outer_count, 2);
  EXPECT_EQ(
      received(pool, frame().mpls(5).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).partial_checksum())->offload.outer_count,
      0);
}

}  // namespace
}  // namespace weft::datapath
