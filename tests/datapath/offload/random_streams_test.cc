// Random traffic cut, mangled by a wire, merged and cut again, beside the dull twins of tests/reference.
//
// WEFT_SEED=NUMBER in the environment chooses the traffic; a failure prints the seed that was used. WEFT_ROUNDS=NUMBER
// makes the tests longer.

#include <cstdlib>
#include <map>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/offload/gro.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "tests/datapath/offload/offload_support.h"
#include "tests/reference/byte_stream.h"
#include "tests/reference/large_send.h"

namespace weft::datapath {
namespace {

using reference::ByteStream;
using reference::LargeSend;
using reference::TcpSegment;
using testing::ElementsAreArray;

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 0));
}

// A flow is known by the last byte of its source MAC address, which nothing on the way changes.
using FlowId = uint8_t;
constexpr size_t flow_at = 11;

Frame link_of(FlowId id) { return frame().eth(MacAddress{{2, 0, 0, 0, 1, id}}, "02:00:00:00:00:02"); }
FlowId flow_of(const Bytes& bytes) { return bytes[flow_at]; }

class RandomStreams : public testing::Test {
 protected:
  const unsigned seed_ = number_from("WEFT_SEED", 20271127);
  const unsigned rounds_ = number_from("WEFT_ROUNDS", 1);
  const testing::ScopedTrace trace_{__FILE__, __LINE__, "WEFT_SEED=" + std::to_string(seed_)};
  std::mt19937 random_{seed_};

  size_t below(size_t bound) { return random_() % bound; }
  bool one_in(size_t n) { return below(n) == 0; }

  Bytes random_bytes(size_t size) {
    Bytes bytes(size);
    for (size_t i = 0; i < size; i += 4) {
      const uint32_t word = random_();
      std::memcpy(&bytes[i], &word, std::min<size_t>(4, size - i));
    }
    return bytes;
  }

  Frame tagged(Frame link) {
    for (size_t tags = below(3); tags > 0; --tags) {
      link = link.vlan(static_cast<uint16_t>(1 + below(4094)), static_cast<uint8_t>(below(8)),
                       one_in(2) ? 0x8100 : 0x88a8);
    }
    return link;
  }

  // Timestamps, SACK blocks, padding: whatever is 4 to 40 bytes long.
  Bytes tcp_options() {
    if (one_in(3)) {
      return {};
    }
    Bytes options{1, 1, 8, 10};
    const Bytes stamps = random_bytes(8);
    options.insert(options.end(), stamps.begin(), stamps.end());
    if (one_in(3)) {
      const size_t blocks = 1 + below(3);
      options.insert(options.end(), {1, 1, 5, static_cast<uint8_t>(2 + 8 * blocks)});
      const Bytes edges = random_bytes(8 * blocks);
      options.insert(options.end(), edges.begin(), edges.end());
    }
    return options;
  }

  // IP of either version on the given link, with ids that count up, ECN marks, DF. `host` tells senders apart.
  std::function<Frame(size_t)> network(const Frame& link, bool may_have_extensions, uint8_t host = 1) {
    const auto tos = static_cast<uint8_t>(random_());
    if (one_in(2)) {
      const bool has_extension = may_have_extensions && one_in(4);
      const auto label = static_cast<uint32_t>(below(1 << 20));
      Ipv6Address source{{0x20, 0x01, 0x0d, 0xb8}};
      source.bytes[15] = host;
      return [=](size_t) {
        const Frame ip = link.ipv6(source, "2001:db8::2").tos(tos).flow_label(label);
        return has_extension ? ip.extension(60, 16) : ip;
      };
    }
    const auto id = static_cast<uint16_t>(random_());
    const Bytes options = may_have_extensions && one_in(4) ? Bytes{148, 4, 0, 0} : Bytes{};
    const bool dont_fragment = one_in(2);
    return [=](size_t piece) {
      const Frame ip = link.ipv4(Ipv4Address::from_host(0x0a000000U | host), "10.9.0.2")
                           .tos(tos)
                           .ip_id(static_cast<uint16_t>(id + piece));
      const Frame with = options.empty() ? ip : ip.ip_options(options);
      return dont_fragment ? with.dont_fragment() : with;
    };
  }

  uint16_t tcp_flags() {
    auto flags = static_cast<uint16_t>(tcp_flag::ack);
    for (const uint16_t flag : {tcp_flag::psh, tcp_flag::fin, tcp_flag::urg, tcp_flag::ece, tcp_flag::cwr}) {
      flags = static_cast<uint16_t>(flags | (one_in(flag == tcp_flag::psh ? 2 : 8) ? flag : 0));
    }
    return flags;
  }

  size_t odd_size() { return one_in(3) ? 1 + below(64) : 1 + below(1460); }

  // What all packets of a flow have in common.
  struct Shape {
    std::function<Frame(size_t)> headers;
    std::function<Frame(size_t, const Frame&)> tunnel{};
    bool is_udp = false;
  };

  // What a guest may send: plain, tagged, labelled, or in a tunnel of its own, tagged on either side. Some flows differ
  // in nothing but what stands before IP.
  Shape any_shape(FlowId id) {
    const auto host = static_cast<uint8_t>(one_in(4) ? 1 : id + 1);
    const bool is_udp = one_in(4);
    switch (below(8)) {
      case 0:
        return {network(tagged(link_of(id)).mpls(100).mpls(200), true, host), {}, is_udp};
      case 1: {
        const auto outer = network(tagged(link_of(id)), false, host);
        const bool has_checksum = one_in(2);
        return {network(tagged(frame()), true),
                [=](size_t piece, const Frame& inner) {
                  const Frame udp = outer(piece).udp(50000, 4789);
                  return (has_checksum ? udp : udp.zero_checksum()).vxlan(5, inner);
                },
                is_udp};
      }
      default:
        return {network(tagged(link_of(id)), true, host), {}, is_udp};
    }
  }

  LargeSend send_of(const Shape& shape) {
    LargeSend send;
    send.headers = shape.headers;
    send.tunnel = shape.tunnel;
    send.is_udp = shape.is_udp;
    send.piece_size = odd_size();
    send.payload = random_bytes(std::min<size_t>(1 + below(send.piece_size * 60), 60000));
    send.sequence = random_();
    send.acknowledgement = random_();
    send.flags = tcp_flags();
    send.options = shape.is_udp ? Bytes{} : tcp_options();
    return send;
  }

  // Goes on where `before` ends, so that pieces of the two may be merged.
  static void continue_behind(const LargeSend& before, LargeSend& send) {
    const size_t pieces = (before.payload.size() + before.piece_size - 1) / before.piece_size;
    send.headers = [headers = before.headers, pieces](size_t piece) { return headers(pieces + piece); };
    send.sequence = static_cast<uint32_t>(before.sequence + before.payload.size());
    send.acknowledgement = before.acknowledgement;
    send.options = before.options;
    send.piece_size = before.piece_size;
    send.payload.resize(std::min(send.payload.size(), 60 * send.piece_size));
  }
};

std::vector<Bytes> bytes_of(const std::vector<Frame>& frames) {
  std::vector<Bytes> all;
  for (const Frame& frame : frames) {
    all.push_back(frame.bytes());
  }
  return all;
}

TEST_F(RandomStreams, AnythingIsCutAsTheTwinDoes) {
  size_t count = 0;
  for (unsigned round = 0; round < 2000 * rounds_; ++round) {
    const LargeSend send = send_of(any_shape(1));
    const std::vector<Frame> pieces = send.pieces();
    ASSERT_THAT(cut(send.whole()), ElementsAreArray(pieces)) << "round " << round;
    count += pieces.size();
  }
  EXPECT_GT(count, 20000U * rounds_);
}

// A tunnel's receiving side, frame by frame, in batches of any size; the wire before it reorders, repeats, spoils, marks
// and loses.
class RandomWire : public RandomStreams {
 protected:
  using Wire = std::vector<Bytes>;

  // A bit behind addresses and ports of what may be merged: payload, checksum, sequence, flags, length.
  void spoil(Bytes& bytes) {
    const size_t from_end = bytes.size() > 100 && one_in(2) ? below(bytes.size() - 80) : below(14);
    bytes[bytes.size() - 1 - from_end] ^= static_cast<uint8_t>(1U << below(8));
  }

  // A router says "congestion" (RFC 3168): with a new IP checksum.
  static void mark_congestion(Bytes& bytes) {
    FrameLayers layers = find_layers(bytes);
    if (layers.network == FrameLayers::Network::ipv4) {
      auto& ip = *header_at<Ipv4Header>(std::span<uint8_t>(bytes), layers.l3);
      ip.tos |= 3;
      ip.checksum = Be16{};
      ip.checksum = Be16{reference::internet_checksum(std::span(bytes).subspan(layers.l3, ip.header_bytes()))};
    }
  }

  // Flows take turns; each one's frames in the order that the wire makes of them.
  Wire mix(std::vector<Wire> flows) {
    Wire wire;
    while (!flows.empty()) {
      Wire& flow = flows[below(flows.size())];
      const size_t burst = std::min<size_t>(flow.size(), 1 + below(50));
      wire.insert(wire.end(), flow.begin(), flow.begin() + static_cast<long>(burst));
      flow.erase(flow.begin(), flow.begin() + static_cast<long>(burst));
      std::erase_if(flows, [](const Wire& each) { return each.empty(); });
    }
    return wire;
  }

  Wire mangled(Wire flow) {
    Wire wire;
    for (Bytes& bytes : flow) {
      if (one_in(60)) {
        continue;
      }
      if (one_in(60)) {
        spoil(bytes);
      }
      if (one_in(40)) {
        mark_congestion(bytes);
      }
      if (one_in(40)) {
        wire.push_back(bytes);
      }
      if (one_in(40) && !wire.empty()) {
        wire.insert(wire.end() - 1, bytes);
      } else {
        wire.push_back(bytes);
      }
    }
    return wire;
  }

  // As TunnelReceiver does.
  void receive(const Wire& wire) {
    for (const Bytes& bytes : wire) {
      PacketPtr packet = pool_.copy_of(bytes);
      ASSERT_TRUE(packet);
      packet->in_port = PortId{1};
      packet->tunnel.begin();
      if (gro_.merge(packet->bytes(), packet->offload, packet->tunnel, packet->in_port)) {
        ++merged_;
      } else {
        detect_partial_checksum(*packet);
        gro_.add(std::move(packet), keep_);
      }
      if (one_in(40)) {
        gro_.flush(keep_);
      }
    }
    gro_.flush(keep_);
  }

  // What came out, with large frames as the pieces that they stand for.
  std::map<FlowId, Wire> cut_again() {
    std::map<FlowId, Wire> flows;
    const auto take = [&](const Packet& packet) {
      const Bytes bytes(packet.bytes().begin(), packet.bytes().end());
      flows[flow_of(bytes)].push_back(bytes);
    };
    for (const PacketPtr& packet : out_) {
      if (!packet->offload.is_gso()) {
        take(*packet);
        continue;
      }
      FlowKey key;
      EXPECT_FALSE(extract(*packet, key));
      EXPECT_FALSE(check_offload(*packet));
      const Segmenter segmenter(*packet);
      EXPECT_EQ(segmenter.verdict(), keep);
      cut_gso(segmenter, *packet, pool_, [&](const PacketPtr& piece) { take(*piece); });
    }
    return flows;
  }

  static std::map<FlowId, Wire> by_flow(const Wire& wire) {
    std::map<FlowId, Wire> flows;
    for (const Bytes& bytes : wire) {
      flows[flow_of(bytes)].push_back(bytes);
    }
    return flows;
  }

  static std::string first_difference(const Wire& sent, const Wire& came) {
    std::ostringstream out;
    for (size_t i = 0; i < std::max(sent.size(), came.size()); ++i) {
      if (i >= sent.size() || i >= came.size() || sent[i] != came[i]) {
        out << i << " of " << sent.size() << " and " << came.size() << ": "
            << (i < sent.size() ? Frame(sent[i]) : Frame()) << "\n"
            << (i < came.size() ? Frame(came[i]) : Frame());
        break;
      }
    }
    return out.str();
  }

  PacketPool pool_;
  std::vector<PacketPtr> out_;
  std::function<void(PacketPtr)> keep_ = [this](PacketPtr packet) { out_.push_back(std::move(packet)); };
  Gro gro_{pool_};
  size_t merged_ = 0;
};

// Nothing is lost, invented, put right or put wrong, and no flow's order changes: each frame comes out as it went in.
TEST_F(RandomWire, WhatIsMergedIsCutIntoTheFramesThatCame) {
  size_t count = 0;
  for (unsigned round = 0; round < 250 * rounds_; ++round) {
    std::vector<Wire> flows;
    for (FlowId id = 0; id < 1 + below(12); ++id) {
      const Shape shape = any_shape(id);
      Wire flow;
      LargeSend before;
      for (size_t sends = 1 + below(3); sends > 0; --sends) {
        LargeSend send = send_of(shape);
        if (!flow.empty() && one_in(2)) {
          continue_behind(before, send);
        }
        const Wire pieces = bytes_of(send.pieces());
        flow.insert(flow.end(), pieces.begin(), pieces.end());
        before = std::move(send);
      }
      flows.push_back(mangled(std::move(flow)));
      std::erase_if(flows, [](const Wire& each) { return each.empty(); });
    }
    const Wire wire = mix(std::move(flows));
    out_.clear();
    receive(wire);
    count += wire.size();
    const auto came = cut_again();
    for (const auto& [id, sent] : by_flow(wire)) {
      const auto found = came.find(id);
      ASSERT_TRUE(found != came.end() && found->second == sent)
          << "round " << round << " flow " << int{id} << ", sent and came:\n"
          << first_difference(sent, found == came.end() ? Wire{} : found->second);
    }
    ASSERT_EQ(came.size(), by_flow(wire).size());
  }
  EXPECT_GT(count, 20000U * rounds_);
  EXPECT_GT(merged_, count / 4);
}

// A connection of many sends as its receiver has it in the end: what was lost or spoiled is sent again.
class Connection {
 public:
  Connection(FlowId id, Bytes bytes, uint32_t first_sequence)
      : id_(id), bytes_(std::move(bytes)), first_sequence_(first_sequence), stream_(first_sequence) {}

  FlowId id() const { return id_; }
  const Bytes& bytes() const { return bytes_; }
  uint32_t first_sequence() const { return first_sequence_; }
  void take(std::span<const uint8_t> frame) {
    const auto segment = reference::read_tcp(frame);
    if (segment && segment->checksum != TcpSegment::Checksum::wrong) {
      ASSERT_TRUE(stream_.take(*segment)) << "other bytes than before, under a right checksum";
    } else {
      ++refused_;
    }
  }
  bool is_complete() const { return stream_.is_all_of(bytes_); }
  size_t refused() const { return refused_; }

 private:
  const FlowId id_;
  const Bytes bytes_;
  const uint32_t first_sequence_;
  ByteStream stream_;
  size_t refused_ = 0;
};

TEST_F(RandomWire, TheReceiverHasTheSendersBytes) {
  size_t count = 0;
  size_t refused = 0;
  for (unsigned round = 0; round < 60 * rounds_; ++round) {
    std::vector<Connection> connections;
    std::vector<std::function<Frame(size_t)>> headers;
    for (FlowId id = 0; id < 1 + below(6); ++id) {
      connections.emplace_back(id, random_bytes(1 + below(100000)), static_cast<uint32_t>(random_()));
      headers.push_back(network(tagged(link_of(id)), false));
    }
    const auto is_done = [](const Connection& each) { return each.is_complete(); };
    for (unsigned attempt = 0; !std::all_of(connections.begin(), connections.end(), is_done); ++attempt) {
      ASSERT_LT(attempt, 100U) << "round " << round;
      std::vector<Wire> flows;
      for (const Connection& connection : connections) {
        Wire flow;
        for (size_t begin = 0; begin < connection.bytes().size();) {
          LargeSend send = send_of({headers[connection.id()]});
          const size_t size = std::min(connection.bytes().size() - begin, send.payload.size());
          send.payload.assign(connection.bytes().begin() + static_cast<long>(begin),
                              connection.bytes().begin() + static_cast<long>(begin + size));
          send.sequence = connection.first_sequence() + static_cast<uint32_t>(begin);
          begin += size;
          const Wire pieces = bytes_of(cut(send.whole()));
          flow.insert(flow.end(), pieces.begin(), pieces.end());
        }
        flows.push_back(mangled(std::move(flow)));
        std::erase_if(flows, [](const Wire& each) { return each.empty(); });
      }
      const Wire wire = mix(std::move(flows));
      count += wire.size();
      out_.clear();
      receive(wire);
      for (const PacketPtr& packet : out_) {
        connections[packet->data()[flow_at]].take(packet->bytes());
      }
    }
    for (const Connection& connection : connections) {
      refused += connection.refused();
    }
  }
  EXPECT_GT(count, 20000U * rounds_);
  EXPECT_GT(refused, 100U) << "what the wire spoiled stays spoiled";
}

// What a kernel vxlan on the same machine hands over: whole, unfinished, without a mark.
TEST_F(RandomStreams, UnmarkedLargeFramesAreCutForTheTunnelsMtu) {
  PacketPool pool;
  for (unsigned round = 0; round < 1000 * rounds_; ++round) {
    LargeSend send = send_of({network(tagged(link_of(1)), true)});
    const Bytes whole = send.whole().bytes();
    const FrameLayers layers = find_layers(whole);
    const auto headers = layers.l4 + header_at<TcpHeader>(std::span(whole), layers.l4)->header_bytes();
    const size_t inner_mtu = headers - layers.l3 + 100 + below(1400);
    send.piece_size = inner_mtu - (headers - layers.l3);
    const PacketPtr packet = pool.copy_of(whole);
    detect_partial_checksum(*packet);
    promote_to_gso(*packet, inner_mtu);
    std::vector<Frame> pieces;
    if (packet->offload.is_gso()) {
      const Segmenter segmenter(*packet);
      ASSERT_EQ(segmenter.verdict(), keep);
      cut_gso(segmenter, *packet, pool, [&](const PacketPtr& piece) { pieces.emplace_back(piece->bytes()); });
    } else {
      ASSERT_FALSE(finish_partial_checksum(*packet));
      pieces.emplace_back(packet->bytes());
    }
    ASSERT_THAT(pieces, ElementsAreArray(send.pieces())) << "round " << round;
  }
}

}  // namespace
}  // namespace weft::datapath
