#include "lib/base/small_blocks.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace weft {
namespace {

template <size_t Size>
struct Object : InSmallBlocks {
  explicit Object(uint8_t fill) { bytes.fill(fill); }
  bool is_all(uint8_t fill) const {
    for (const uint8_t byte : bytes) {
      if (byte != fill) {
        return false;
      }
    }
    return true;
  }
  std::array<uint8_t, Size> bytes;
};

template <size_t Size>
using Objects = std::vector<std::unique_ptr<Object<Size>>>;

template <size_t Size>
void fill(Objects<Size>& objects, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    objects.push_back(std::make_unique<Object<Size>>(static_cast<uint8_t>(i)));
  }
}

template <size_t Size>
void expect_intact(const Objects<Size>& objects) {
  for (size_t i = 0; i < objects.size(); ++i) {
    ASSERT_TRUE(objects[i]->is_all(static_cast<uint8_t>(i))) << Size << " bytes, number " << i;
  }
}

// More than a slab of each, some larger than any block.
TEST(SmallBlocks, ObjectsOfAllSizesAreKeptApart) {
  Objects<1> smallest;
  Objects<200> small;
  Objects<512> largest;
  Objects<513> larger;
  for (unsigned round = 0; round < 3; ++round) {
    fill(smallest, 40000);
    fill(small, 20000);
    fill(largest, 10000);
    fill(larger, 100);
    expect_intact(smallest);
    expect_intact(small);
    expect_intact(largest);
    expect_intact(larger);
    smallest.clear();
    small.clear();
    largest.clear();
    larger.clear();
  }
}

TEST(SmallBlocks, ABlockIsOfWholeCacheLines) {
  Objects<70> objects;
  fill(objects, 10);
  for (const auto& object : objects) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(object.get()) % small_blocks::granule, 0u);
  }
}

struct Base {
  virtual ~Base() = default;
};
struct Derived final : Base, InSmallBlocks {
  explicit Derived(bool& gone_) : gone(gone_) {}
  ~Derived() override { gone = true; }
  bool& gone;
  std::array<uint64_t, 20> words{};
};

TEST(SmallBlocks, ItsOwnSizeGoesBackThroughABase) {
  bool is_gone = false;
  std::unique_ptr<Base> object = std::make_unique<Derived>(is_gone);
  object.reset();
  EXPECT_TRUE(is_gone);
}

// One thread makes what another frees, as workers and the one of grace periods do.
TEST(SmallBlocks, OtherThreadsMayFree) {
  for (unsigned round = 0; round < 4; ++round) {
    Objects<256> objects;
    std::thread([&] { fill(objects, 20000); }).join();  // the pool of a thread that has ended is the next one's
    expect_intact(objects);
    std::vector<std::thread> threads;
    for (size_t part = 0; part < 2; ++part) {
      threads.emplace_back([&objects, part] {
        for (size_t i = part; i < objects.size(); i += 2) {
          objects[i].reset();
        }
        Objects<256> others;
        fill(others, 5000);
        expect_intact(others);
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
}

}  // namespace
}  // namespace weft
