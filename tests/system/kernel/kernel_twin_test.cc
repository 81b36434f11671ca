// The kernel's program against extraction (lib/flow/extract.h): it takes no frame that user space would decide otherwise,
// and it takes those that it is made for.
//
// Megaflows are what extraction says of random frames, under random masks. Frames are random, built to resemble them,
// and changed at random. WEFT_FRAMES says how many; a million take some ten seconds.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "datapath/kernel/kernel_path.h"
#include "lib/base/big_endian.h"
#include "lib/flow/key_bytes.h"
#include "lib/os/device.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/ipv4.h"
#include "tests/lib/flow/extracted.h"
#include "tests/lib/flow/sample_frames.h"
#include "tests/support/describe.h"
#include "tests/support/network_namespace.h"
#include "tests/system/kernel/filter_run.h"

namespace weft::datapath {
namespace {

constexpr size_t in_count = 2, out_count = 40;
constexpr uint32_t first_out_ifindex = 100000;  // of devices that nobody has

PortId in_port(size_t i) { return PortId{static_cast<uint32_t>(1 + i)}; }
PortId out_port(size_t i) { return PortId{static_cast<uint32_t>(100 + i)}; }

// --- random frames of few values, so that they often have them in common

class RandomFrames {
 public:
  explicit RandomFrames(unsigned seed) : random_(seed) {}

  uint64_t below(uint64_t n) { return random_() % n; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  uint64_t bits() { return uint64_t{random_()} << 32 | random_(); }

  // TCP, UDP and echo without anything unusual: `is_ours`. Others are extraction's samples, or have been changed.
  struct Made {
    Bytes bytes;
    bool is_ours = false;
  };
  Made make() {
    if (one_in(8)) {
      return {changed(samples_[below(samples_.size())].bytes)};
    }
    Bytes frame = ours().bytes();
    if (one_in(2)) {
      return {std::move(frame), true};
    }
    return {changed(std::move(frame))};
  }
  Frame ours() {
    const std::array macs{"02:00:00:00:00:01", "02:00:00:00:00:02", "0e:00:00:00:00:01"};
    const Frame ethernet = frame().eth(macs[below(3)], macs[below(3)]);
    return (one_in(2) ? ours_v4(ethernet) : ours_v6(ethernet)).payload_size(below(3) == 0 ? below(1400) : below(40));
  }

 private:
  Frame ours_v4(const Frame& ethernet) {
    const std::array addresses{"10.0.0.1", "10.0.0.2", "10.1.0.1", "0.0.0.0"};
    const Frame ip = ethernet.ipv4(addresses[below(4)], addresses[below(4)]).tos(tos()).ttl(ttl());
    return one_in(4) ? ip.icmp(one_in(2) ? 8 : 0, 0, static_cast<uint32_t>(bits())) : transport(ip);
  }
  Frame ours_v6(const Frame& ethernet) {
    const std::array addresses{"2001:db8::1", "2001:db8::2", "fe80::1", "::"};
    const Frame ip = ethernet.ipv6(addresses[below(4)], addresses[below(4)])
                         .tos(tos())
                         .ttl(ttl())
                         .flow_label(one_in(2) ? 0 : static_cast<uint32_t>(below(1 << 20)));
    return one_in(4) ? ip.icmpv6(one_in(2) ? 128 : 129, 0, static_cast<uint32_t>(bits())) : transport(ip);
  }
  Frame transport(const Frame& ip) {
    constexpr uint16_t ports[] = {0, 53, 80, 4000};
    const uint16_t src = ports[below(4)], dst = ports[below(4)];
    if (one_in(2)) {
      return ip.udp(src, dst);
    }
    const Frame tcp = ip.tcp(src, dst, static_cast<uint16_t>(one_in(2) ? 0x010 : below(0x1000)));
    return one_in(2) ? tcp : tcp.tcp_options(Bytes(4 * (1 + below(10)), 1));
  }
  uint8_t tos() { return static_cast<uint8_t>(one_in(2) ? 0 : below(256)); }
  uint8_t ttl() { return static_cast<uint8_t>(one_in(2) ? 64 : below(4)); }

  // Mostly in the headers, and mostly to values that mean something.
  Bytes changed(Bytes frame) {
    constexpr uint8_t likely[] = {0, 1, 2, 4, 5, 6, 8, 17, 43, 44, 50, 58, 60, 0x45, 0x46, 0x60, 0x81, 0x86, 0x88, 255};
    for (uint64_t changes = below(4); changes > 0; --changes) {
      const size_t at = below(std::min<size_t>(frame.size(), 80));
      frame[at] = one_in(2) ? likely[below(std::size(likely))] : static_cast<uint8_t>(bits());
    }
    if (one_in(4)) {
      frame.resize(ethernet_header_bytes + below(frame.size() - ethernet_header_bytes + 1));
    } else if (one_in(4)) {
      frame.resize(frame.size() + below(30));  // padding
    }
    if (one_in(4)) {
      lie_of_length(frame);
    }
    return frame;
  }
  // A length that is a little more or less than there is.
  void lie_of_length(Bytes& frame) {
    const bool is_v6 = frame[12] == 0x86;
    const size_t at = is_v6 ? 18 : 16, header = is_v6 ? 54 : ethernet_header_bytes;
    if (frame.size() >= at + 2) {
      store_be16(&frame[at], static_cast<uint16_t>(frame.size() - header + below(7) - 3));
    }
  }

  std::mt19937 random_;
  const std::vector<SampleFrame> samples_ = sample_frames();
};

// What extraction says of a frame that came by this port.
FlowKey key_of(std::span<const uint8_t> bytes, PortId port, PacketPtr& packet) {
  packet = packet_at_end_of_buffer(Extracted::pool(), bytes);
  packet->in_port = port;
  FlowKey key;
  EXPECT_EQ(extract(*packet, key), keep);
  return key;
}

bool covers(const Megaflow& megaflow, const FlowKey& key) {
  bool is_equal = true;
  megaflow.mask.set().for_each(
      [&](unsigned i) { is_equal = is_equal && (key.word(i) & megaflow.mask.word(i)) == megaflow.key.word(i); });
  return is_equal;
}

// --- megaflows

uint64_t random_bits(RandomFrames& random) {
  switch (random.below(3)) {
    case 0:
      return ~uint64_t{0};
    case 1:
      return random.bits() & random.bits();
    default: {  // whole bytes
      uint64_t word = 0;
      for (unsigned byte = 0; byte < 8; ++byte) {
        word |= random.one_in(2) ? uint64_t{0xff} << (8 * byte) : 0;
      }
      return word;
    }
  }
}

FlowMask random_mask(RandomFrames& random, const FlowKey& key) {
  Flow mask;
  const uint64_t often = 2 + random.below(4);
  for (unsigned i = 0; i < key_word_count; ++i) {
    if (random.one_in(key.set().has(i) ? often : 60)) {
      mask.word(i) = random_bits(random);
    }
  }
  constexpr uint64_t type_bits = key_word(0, 0xffff0000);
  uint64_t& type = mask.word(KeyWord::eth_src_type);
  if (!random.one_in(8)) {
    type = random.one_in(4) ? type & ~type_bits : type | type_bits;
  }
  if (random.one_in(2)) {  // labels of IPv6 are seldom asked for
    mask.word(KeyWord::ip_misc) &= key_word(0, 0xffffffff);
  }
  mask.word(KeyWord::hash_port) |= key_word(0, 0xffffffff);  // the port, always
  return FlowMask(mask);
}

FlowKey masked(const FlowKey& key, const FlowMask& mask) {
  Flow flow(key);
  for (unsigned i = 0; i < key_word_count; ++i) {
    flow.word(i) &= mask.word(i);
  }
  return FlowKey(flow);
}

// A megaflow and what the twin knows of it.
struct Told {
  // With `tag`: which it puts on.
  Told(const FlowKey& key, const FlowMask& mask, size_t out_index, std::optional<uint16_t> tag)
      : out(out_index), pushed_tag(tag) {
    Decision decision;
    if (tag) {
      decision.actions.push_back(PushVlan{0x8100, *tag});
    }
    decision.actions.push_back(Output{out_port(out)});
    installed = std::make_unique<Installed>(std::move(decision));
    megaflow.mask = mask;
    megaflow.key = masked(key, mask);
    megaflow.installed = installed.get();
  }
  MegaflowCount count() const {
    const KernelShare* share = installed->kernel_share.load();
    return share != nullptr ? share->count() : MegaflowCount{};
  }

  const size_t out;
  const std::optional<uint16_t> pushed_tag;
  std::unique_ptr<Installed> installed;
  Megaflow megaflow;
  bool is_in_force = false;
  uint64_t packets = 0, bytes = 0;  // that it has to have counted
};

class KernelTwin : public ::testing::Test {
 protected:
  void SetUp() override {
    WEFT_NEEDS_ROOT();
    if (const auto tried = KernelPrograms::load(); !tried) {
      GTEST_SKIP() << tried.error().to_string();
    }
    space_ = std::make_unique<test::NetworkNamespace>();
    space_->run("ip link add in0 type veth peer name in1");
    inside_ = std::make_unique<test::NetworkNamespace::Scope>(*space_);
    const KernelPrograms* programs = path_->load();
    ASSERT_NE(programs, nullptr);
    filter_ = std::make_unique<FilterRun>(*programs);
    for (size_t i = 0; i < in_count; ++i) {
      in_ifindex_[i] = read_device(i == 0 ? "in0" : "in1")->ifindex;
      in_[i] = path_->add_port(in_port(i), in_ifindex_[i]);
    }
    for (size_t i = 0; i < out_count; ++i) {
      out_[i] = path_->add_port(out_port(i), first_out_ifindex + static_cast<uint32_t>(i));
    }
  }

  void begin_round(RandomFrames& random);
  void meet_frame(RandomFrames& random);
  void check(const RandomFrames::Made& made, size_t in, uint32_t gso_size);
  void check_taken(const FlowKey& key, const Packet& packet, uint32_t gso_size, const weft_verdict& verdict);
  bool fits(const Packet& packet, const FlowKey& key, uint32_t gso_size, size_t out) const;
  void end_round();

  const std::shared_ptr<KernelPath> path_ = std::make_shared<KernelPath>();
  std::unique_ptr<test::NetworkNamespace> space_;
  std::unique_ptr<test::NetworkNamespace::Scope> inside_;
  std::unique_ptr<FilterRun> filter_;
  std::array<uint32_t, in_count> in_ifindex_{};
  std::array<std::unique_ptr<KernelPort>, in_count> in_;
  std::array<std::unique_ptr<KernelPort>, out_count> out_;
  std::array<uint32_t, out_count> mtu_{};
  std::vector<std::unique_ptr<Told>> told_;
  uint64_t taken_ = 0, tagged_ = 0;
};

void KernelTwin::begin_round(RandomFrames& random) {
  for (size_t out = 0; out < out_count; ++out) {
    mtu_[out] = random.one_in(10) ? 0 : static_cast<uint32_t>(random.one_in(4) ? 60 + random.below(1400) : 1500);
    out_[out]->set_mtu(mtu_[out]);
    PacketPtr packet;
    const FlowKey key = key_of(random.make().bytes, in_port(random.below(in_count)), packet);
    // Masks are shared: a port has few.
    const bool is_alike = !told_.empty() && random.one_in(2);
    const FlowMask mask =
        is_alike ? FlowMask(told_[random.below(told_.size())]->megaflow.mask) : random_mask(random, key);
    const auto tag = random.one_in(3) ? std::optional(static_cast<uint16_t>(random.bits())) : std::nullopt;
    auto told = std::make_unique<Told>(key, mask, out, tag);
    told->is_in_force = path_->offer(told->megaflow) == KernelPath::Answer::taken;
    told_.push_back(std::move(told));
  }
}

void KernelTwin::end_round() {
  for (const auto& told : told_) {
    const MegaflowCount count = told->count();
    ASSERT_EQ(count.packets, told->packets);
    ASSERT_EQ(count.bytes, told->bytes);
  }
  told_.clear();
  ASSERT_EQ(path_->status().megaflow_count, 0U);
}

// What has room: a frame as it is, each segment of one that is to be cut.
bool KernelTwin::fits(const Packet& packet, const FlowKey& key, uint32_t gso_size, size_t out) const {
  size_t size = packet.size();
  if (gso_size != 0) {
    const bool is_tcp = get(key, FieldId::ip_proto).lo == ip_protocol::tcp;
    size = packet.l4_offset + (is_tcp ? packet.data()[packet.l4_offset + 12] >> 4U << 2U : 8U) + gso_size;
  }
  return mtu_[out] != 0 && size <= mtu_[out] + ethernet_header_bytes;
}

void KernelTwin::check_taken(const FlowKey& key, const Packet& packet, uint32_t gso_size, const weft_verdict& verdict) {
  ++taken_;
  const size_t out = verdict.out_ifindex - first_out_ifindex;
  ASSERT_LT(out, told_.size());
  Told& told = *told_[out];
  ASSERT_TRUE(told.is_in_force);
  ASSERT_TRUE(covers(told.megaflow, key)) << "it has no part in this";
  ASSERT_TRUE(fits(packet, key, gso_size, out));
  ASSERT_EQ(verdict.pops_tag, 0);
  ASSERT_EQ(verdict.pushes_tag, told.pushed_tag ? 1 : 0);
  ASSERT_EQ(verdict.tag_tci, told.pushed_tag.value_or(0) & 0xefff);
  tagged_ += verdict.pushes_tag;
  ++told.packets;
  told.bytes += packet.size();
}

void KernelTwin::check(const RandomFrames::Made& made, size_t in, uint32_t gso_size) {
  PacketPtr packet;
  const FlowKey key = key_of(made.bytes, in_port(in), packet);
  const weft_verdict verdict = filter_->run({made.bytes, in_ifindex_[in], gso_size, gso_size != 0 ? 2U : 0U});
  if (verdict.out_ifindex != 0) {
    check_taken(key, *packet, gso_size, verdict);
    return;
  }
  in_[in]->has_left(1);
  if (!made.is_ours) {
    return;
  }
  bool is_wanted = false;
  for (const auto& told : told_) {
    if (told->is_in_force && covers(told->megaflow, key)) {
      is_wanted = true;
      // Another one that covers it may be met first; it is then that one whose port has no room.
      if (!fits(*packet, key, gso_size, told->out)) {
        return;
      }
    }
  }
  ASSERT_FALSE(is_wanted) << "it is not taken";
}

void KernelTwin::meet_frame(RandomFrames& random) {
  Told& any = *told_[random.below(told_.size())];
  if (random.one_in(50)) {
    if (any.is_in_force) {
      any.installed->withdraw_from_kernel();
      any.is_in_force = false;
    } else {
      any.is_in_force = path_->offer(any.megaflow) == KernelPath::Answer::taken;
    }
  }
  const RandomFrames::Made made = random.make();
  const uint32_t gso_size = made.is_ours && random.one_in(8) ? static_cast<uint32_t>(1 + random.below(1500)) : 0;
  check(made, random.below(in_count), gso_size);
  if (HasFatalFailure()) {
    ADD_FAILURE() << hex(made.bytes, 200) << "\n gso size " << gso_size;
  }
}

TEST_F(KernelTwin, TheProgramTakesWhatExtractionSays) {
  const char* asked = std::getenv("WEFT_FRAMES");
  const int count = asked == nullptr ? 200'000 : std::atoi(asked);
  constexpr int round_size = 1000;
  for (int done = 0; done < count; done += round_size) {
    const unsigned seed = static_cast<unsigned>(done) / round_size + 1;
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomFrames random(seed);
    begin_round(random);
    for (int i = 0; i < round_size && !HasFailure(); ++i) {
      meet_frame(random);
    }
    end_round();
    if (HasFailure()) {
      return;
    }
  }
  EXPECT_EQ(filter_->dropped(), 0U);
  RecordProperty("taken", std::to_string(taken_));
  EXPECT_GT(taken_, static_cast<uint64_t>(count) / 10) << "too few to mean anything";
  EXPECT_GT(tagged_, static_cast<uint64_t>(count) / 1000);
}

}  // namespace
}  // namespace weft::datapath
