// KernelPath: what the kernel takes up, when it begins, and that nothing stays behind.
#include "datapath/kernel/kernel_path.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "lib/base/big_endian.h"
#include "lib/flow/key_bytes.h"
#include "lib/os/device.h"
#include "tests/support/frame.h"
#include "tests/support/network_namespace.h"
#include "tests/system/kernel/filter_run.h"

namespace weft::datapath {
namespace {

using Answer = KernelPath::Answer;

constexpr uint32_t out_ifindex = 100000;  // of a device that nobody has
constexpr PortId left{1}, right{2}, out{3};

// Packets to this UDP port, whose other fields are asked about as far as `mask_size` says: each value is a mask of its own.
struct OneMegaflow {
  OneMegaflow(PortId in, uint16_t port, uint32_t mask_size = 0) {
    Decision decision;
    decision.actions.push_back(Output{out});
    installed = std::make_unique<Installed>(std::move(decision));
    Flow key, mask;
    mask.word(KeyWord::hash_port) = key_word(0, 0xffffffff);
    key.word(KeyWord::hash_port) = key_word(0, number(in));
    mask.word(KeyWord::l4) = key_word(0x0000ffff, 0);
    key.word(KeyWord::l4) = key_word(port, 0);
    mask.word(KeyWord::eth_dst) = key_word(uint64_t{mask_size} << 32);
    megaflow.key = FlowKey(key);
    megaflow.mask = FlowKey(mask);
    megaflow.installed = installed.get();
  }
  const KernelShare* share() const { return installed->kernel_share.load(); }

  std::unique_ptr<Installed> installed;
  Megaflow megaflow;
};

class KernelPathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WEFT_NEEDS_ROOT();
    if (const auto tried = KernelPrograms::load(); !tried) {
      GTEST_SKIP() << tried.error().to_string();
    }
    space_.run("ip link add in0 type veth peer name in1");
    inside_ = std::make_unique<test::NetworkNamespace::Scope>(space_);
    filter_ = std::make_unique<FilterRun>(*path_->load());
    left_ = add_device(left, "in0");
    right_ = add_device(right, "in1");
    out_ = path_->add_port(out, out_ifindex);
    out_->set_mtu(1500);
  }

  std::unique_ptr<KernelPort> add_device(PortId id, const char* name) {
    return path_->add_port(id, read_device(name)->ifindex);
  }
  bool takes(const char* device, uint16_t port) {
    const Bytes bytes = frame().eth("00:00:00:00:00:01", "00:00:00:00:00:00").ipv4("10.0.0.1", "10.0.0.2").udp(1, port);
    return filter_->run({bytes, read_device(device)->ifindex}).out_ifindex == out_ifindex;
  }
  size_t share_count() const { return path_->status().megaflow_count; }

  test::NetworkNamespace space_;
  std::unique_ptr<test::NetworkNamespace::Scope> inside_;
  const std::shared_ptr<KernelPath> path_ = std::make_shared<KernelPath>();
  std::unique_ptr<FilterRun> filter_;
  std::unique_ptr<KernelPort> left_, right_, out_;
};

TEST_F(KernelPathTest, ItWaitsUntilNothingOfThePortIsInUserSpace) {
  OneMegaflow one(left, 53);
  ASSERT_FALSE(takes("in0", 53));
  ASSERT_FALSE(takes("in0", 99));
  ASSERT_EQ(path_->offer(one.megaflow), Answer::taken);
  EXPECT_FALSE(takes("in0", 53)) << "two are on the way, and it must not overtake them";
  left_->has_left(2);
  EXPECT_FALSE(takes("in0", 53)) << "one is";
  EXPECT_FALSE(one.share()->is_forwarding());
  left_->has_left(2);
  EXPECT_TRUE(takes("in0", 53));
  EXPECT_TRUE(one.share()->is_forwarding());
  ASSERT_FALSE(takes("in0", 99));
  EXPECT_TRUE(takes("in0", 53)) << "what is on the way now came later";
  EXPECT_EQ(one.share()->count().packets, 2U);
}

// Whoever stays behind for ever would keep the megaflow waiting for ever.
TEST_F(KernelPathTest, AWorkerThatIsFarBehindIsDrained) {
  constexpr unsigned far_behind = 5000;
  OneMegaflow one(left, 53);
  ASSERT_EQ(path_->offer(one.megaflow), Answer::taken);
  for (unsigned i = 0; i < far_behind; ++i) {
    ASSERT_FALSE(takes("in0", 99));
  }
  EXPECT_EQ(filter_->dropped(), 0U);
  EXPECT_FALSE(takes("in0", 53));
  EXPECT_EQ(filter_->dropped(), 1U);
  EXPECT_EQ(left_->take_dropped(), 1U);
  EXPECT_EQ(left_->take_dropped(), 0U);
  EXPECT_FALSE(takes("in0", 99));
  EXPECT_EQ(filter_->dropped(), 1U) << "others come up";
  left_->has_left(far_behind + 1);
  EXPECT_TRUE(takes("in0", 53));
}

TEST_F(KernelPathTest, AWholeDatagramStaysBehindAFragmentInUserSpace) {
  OneMegaflow one(left, 53);
  ASSERT_EQ(path_->offer(one.megaflow), Answer::taken);
  ASSERT_TRUE(takes("in0", 53));
  Bytes fragment = frame().eth("00:00:00:00:00:01", "00:00:00:00:00:00").ipv4("10.0.0.1", "10.0.0.2").udp(1, 53);
  constexpr size_t flags_at = 14 + 6;
  fragment[flags_at] |= 0x20;  // there are more
  EXPECT_EQ(filter_->run({fragment, read_device("in0")->ifindex}).out_ifindex, 0U);
  EXPECT_FALSE(takes("in0", 53));
  left_->has_left(1);
  EXPECT_FALSE(takes("in0", 53)) << "the one that went up behind the fragment is there yet";
  left_->has_left(2);
  EXPECT_TRUE(takes("in0", 53));
  EXPECT_TRUE(one.share()->is_forwarding());
}

TEST_F(KernelPathTest, AnotherPortsPacketsAreNoneOfIt) {
  OneMegaflow one(left, 53);
  ASSERT_EQ(path_->offer(one.megaflow), Answer::taken);
  EXPECT_FALSE(takes("in1", 53));
  EXPECT_TRUE(takes("in0", 53)) << "and do not hold it up";
}

TEST_F(KernelPathTest, WhatIsWithdrawnMayComeAgain) {
  OneMegaflow one(left, 53);
  ASSERT_EQ(path_->offer(one.megaflow), Answer::taken);
  ASSERT_TRUE(takes("in0", 53));
  one.installed->withdraw_from_kernel();
  EXPECT_FALSE(takes("in0", 53));
  EXPECT_EQ(share_count(), 0U);
  ASSERT_EQ(path_->offer(one.megaflow), Answer::taken);
  EXPECT_FALSE(takes("in0", 53)) << "it waits again";
  left_->has_left(2);
  EXPECT_TRUE(takes("in0", 53));
  EXPECT_EQ(one.share()->count().packets, 2U) << "of both times";
}

TEST_F(KernelPathTest, SwitchedOffItTakesNothing) {
  OneMegaflow one(left, 53);
  ASSERT_EQ(path_->offer(one.megaflow), Answer::taken);
  path_->set_enabled(false);
  EXPECT_FALSE(takes("in0", 53));
  EXPECT_EQ(path_->offer(one.megaflow), Answer::not_now);
  path_->set_enabled(true);
  EXPECT_EQ(path_->offer(one.megaflow), Answer::taken);
}

TEST_F(KernelPathTest, APortHasRoomForSomeMasks) {
  std::vector<std::unique_ptr<OneMegaflow>> some;
  for (uint32_t i = 0; i < 2 * weft_max_masks; ++i) {
    some.push_back(std::make_unique<OneMegaflow>(left, 53, i));
    EXPECT_EQ(path_->offer(some.back()->megaflow), i < weft_max_masks ? Answer::taken : Answer::not_now) << i;
  }
  EXPECT_EQ(some.back()->share(), nullptr) << "a slot that it cannot use";
  OneMegaflow other(right, 53, weft_max_masks);
  EXPECT_EQ(path_->offer(other.megaflow), Answer::taken) << "each port has its own";
  some.erase(some.begin());
  EXPECT_EQ(path_->offer(some.back()->megaflow), Answer::taken) << "a mask that nobody uses makes room";
}

// A guest of one port cannot keep the kernel from those of another.
TEST_F(KernelPathTest, APortLeavesRoomForOthers) {
  std::vector<std::unique_ptr<OneMegaflow>> many;
  size_t taken = 0;
  for (uint32_t port = 0; port < weft_max_slots; ++port) {
    many.push_back(std::make_unique<OneMegaflow>(left, static_cast<uint16_t>(port)));
    taken += path_->offer(many.back()->megaflow) == Answer::taken ? 1 : 0;
  }
  EXPECT_EQ(taken, weft_max_slots / 2U);
  size_t of_other = 0;
  for (uint32_t port = 0; port < weft_max_slots; ++port) {
    many.push_back(std::make_unique<OneMegaflow>(right, static_cast<uint16_t>(port)));
    of_other += path_->offer(many.back()->megaflow) == Answer::taken ? 1 : 0;
  }
  EXPECT_EQ(of_other, weft_max_slots / 4U);
  many.clear();
  EXPECT_EQ(share_count(), 0U);
}

TEST_F(KernelPathTest, APortThatGoesTakesItsOwnAlong) {
  OneMegaflow one(left, 53), other(right, 53);
  ASSERT_EQ(path_->offer(one.megaflow), Answer::taken);
  ASSERT_EQ(path_->offer(other.megaflow), Answer::taken);
  ASSERT_TRUE(takes("in0", 53));
  left_.reset();
  EXPECT_FALSE(takes("in0", 53));
  EXPECT_EQ(path_->offer(one.megaflow), Answer::not_now);
  EXPECT_TRUE(takes("in1", 53));
  out_.reset();
  EXPECT_FALSE(takes("in1", 53)) << "where to?";
  EXPECT_EQ(share_count(), 0U);
  left_ = add_device(left, "in0");
  EXPECT_FALSE(takes("in0", 53)) << "another port, though of the same device";
}

TEST_F(KernelPathTest, TrafficOutlivesItsMegaflow) {
  {
    OneMegaflow one(left, 53);
    ASSERT_EQ(path_->offer(one.megaflow), Answer::taken);
    ASSERT_TRUE(takes("in0", 53));
    ASSERT_TRUE(takes("in0", 53));
    EXPECT_EQ(path_->traffic(left).received.packets, 2U);
  }
  EXPECT_EQ(path_->traffic(left).received.packets, 2U);
  EXPECT_EQ(path_->traffic(out).sent.packets, 2U);
  EXPECT_EQ(path_->traffic(out).sent.bytes, 84U);
  EXPECT_EQ(path_->traffic(right).received.packets, 0U);
}

}  // namespace
}  // namespace weft::datapath
