// Checksums against their plain twins, with random bytes at every alignment.

#include "lib/packet/checksum.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "lib/packet/byte_sum.h"
#include "lib/packet/ipv4.h"
#include "tests/reference/checksum.h"

namespace weft {
namespace {

constexpr uint32_t seed = 20240811;

class Checksum : public ::testing::Test {
 protected:
  std::vector<uint8_t> random_bytes(size_t size) {
    std::vector<uint8_t> bytes(size);
    for (uint8_t& byte : bytes) {
      byte = static_cast<uint8_t>(random_());
    }
    return bytes;
  }
  uint16_t random_word() { return static_cast<uint16_t>(random_()); }

  std::mt19937 random_{seed};
};

// 0 and 0xffff are the same number in one's complement; updates may give either.
bool is_same_sum(Be16 a, Be16 b) { return a == b || (a.host() % 0xffff == 0 && b.host() % 0xffff == 0); }

TEST_F(Checksum, AgreesWithThePlainSumForEverySizeAndAlignment) {
  const auto bytes = random_bytes(400);
  for (size_t offset = 0; offset < 9; ++offset) {
    for (size_t size = 0; size + offset <= bytes.size(); ++size) {
      const auto part = std::span(bytes).subspan(offset, size);
      ASSERT_EQ(internet_checksum(part).host(), reference::internet_checksum(part)) << offset << " " << size;
    }
  }
}

// Both ways over more than a frame, whatever this processor's is, and with nothing but carries.
TEST_F(Checksum, WideSumsAgreeWithThePlainOne) {
  const auto number = [](uint64_t sum) { return sum % 0xffff; };
  auto bytes = random_bytes(70000);
  for (int round = 0; round < 2; ++round) {
    for (size_t size = 0; size <= bytes.size(); size += size < 300 ? 1 : 1 + random_() % 997) {
      const size_t offset = random_() % std::min<size_t>(64, bytes.size() - size + 1);
      const uint64_t plain = plain_byte_sum(&bytes[offset], size);
      ASSERT_EQ(number(byte_sum(&bytes[offset], size)), number(plain)) << offset << " " << size;
      std::vector<uint8_t> copy(size + 1, 0x5a);
      ASSERT_EQ(number(copy_and_byte_sum(copy.data(), &bytes[offset], size)), number(plain)) << offset << " " << size;
      ASSERT_TRUE(std::equal(copy.begin(), copy.end() - 1, bytes.begin() + static_cast<std::ptrdiff_t>(offset)));
      ASSERT_EQ(copy.back(), 0x5a) << "not a byte more";
    }
    std::fill(bytes.begin(), bytes.end(), 0xff);
  }
  EXPECT_EQ(byte_sum(std::vector<uint8_t>(5000).data(), 5000), 0U) << "zero only when all bytes are";
}

TEST_F(Checksum, CarriesOfALongRunOfOnesAreKept) {
  const std::vector<uint8_t> ones(70'001, 0xff);
  EXPECT_EQ(internet_checksum(ones).host(), reference::internet_checksum(ones));
  const auto bytes = random_bytes(65'535);
  EXPECT_EQ(internet_checksum(bytes).host(), reference::internet_checksum(bytes));
}

TEST_F(Checksum, OfAWholeIsThatOfItsParts) {
  for (int round = 0; round < 500; ++round) {
    const auto bytes = random_bytes(random_() % 200);
    const size_t cut = bytes.empty() ? 0 : random_() % bytes.size();
    const auto front = InternetSum().add(std::span(bytes).first(cut));
    const auto back = InternetSum().add(std::span(bytes).subspan(cut));
    InternetSum whole = front;
    cut % 2 == 0 ? whole.add(back) : whole.add_at_odd_offset(back);
    ASSERT_EQ(whole.checksum(), internet_checksum(bytes)) << "seed " << seed << " round " << round;
  }
}

TEST_F(Checksum, UpdateAgreesWithComputingAnew) {
  for (int round = 0; round < 2000; ++round) {
    auto bytes = random_bytes(2 * (4 + random_() % 40));
    const Be16 before = internet_checksum(bytes);
    const size_t at = 2 * (random_() % (bytes.size() / 2 - 1));
    const Be16 old_word{load_be16(&bytes[at])};
    const Be16 new_word{round % 7 == 0 ? uint16_t{0} : random_word()};
    store_be16(&bytes[at], new_word.host());
    ASSERT_TRUE(is_same_sum(updated_checksum(before, old_word, new_word), internet_checksum(bytes)))
        << "seed " << seed << " round " << round;
  }
}

TEST_F(Checksum, UpdateTakesWholeAddresses) {
  auto bytes = random_bytes(60);
  const auto address = random_bytes(16);
  const std::vector<uint8_t> old_bytes(bytes.begin() + 8, bytes.begin() + 24);
  const Be16 before = internet_checksum(bytes);
  std::copy(address.begin(), address.end(), bytes.begin() + 8);
  EXPECT_TRUE(is_same_sum(updated_checksum(before, old_bytes, address), internet_checksum(bytes)));
}

// RFC 1624 section 3: with the older equation this one came out as 0xffff instead of 0.
TEST_F(Checksum, UpdateGetsTheCornerOfTheRfcRight) {
  EXPECT_EQ(updated_checksum(Be16{0xdd2f}, Be16{0x5555}, Be16{0x3285}), Be16{0x0000});
}

// What a sum was before stays right when a partial field is updated: it holds no complement.
TEST_F(Checksum, PartialSumsAreUpdatedWithoutComplement) {
  const Ipv4Address src = Ipv4Address::from_host(0x0a000001);
  const Ipv4Address dst = Ipv4Address::from_host(0x0a000002);
  const Ipv4Address other = Ipv4Address::from_host(0xc0a80105);
  const Be16 before = pseudo_header_sum(src, dst, ip_protocol::tcp, 1000).folded();
  const Be16 after = pseudo_header_sum(src, other, ip_protocol::tcp, 1000).folded();
  EXPECT_TRUE(is_same_sum(updated_partial_sum(before, dst.bytes, other.bytes), after));
  const Be16 shorter = pseudo_header_sum(src, dst, ip_protocol::tcp, 996).folded();
  EXPECT_TRUE(is_same_sum(updated_partial_sum(before, Be16{1000}, Be16{996}), shorter));
}

TEST_F(Checksum, PseudoHeaderIsAsTheRfcsDrawIt) {
  const std::vector<uint8_t> v4 = {10, 0, 0, 1, 10, 0, 0, 2, 0, 17, 0, 10};
  EXPECT_EQ(
      pseudo_header_sum(Ipv4Address::from_host(0x0a000001), Ipv4Address::from_host(0x0a000002), 17, 10).checksum(),
      internet_checksum(v4));
  const auto src = random_bytes(16);
  const auto dst = random_bytes(16);
  Ipv6Address from;
  Ipv6Address to;
  std::copy(src.begin(), src.end(), from.bytes.begin());
  std::copy(dst.begin(), dst.end(), to.bytes.begin());
  std::vector<uint8_t> v6 = src;
  v6.insert(v6.end(), dst.begin(), dst.end());
  v6.insert(v6.end(), {0, 1, 0x11, 0x70, 0, 0, 0, 58});
  EXPECT_EQ(pseudo_header_sum(from, to, 58, 70'000).checksum(), internet_checksum(v6));
}

TEST_F(Checksum, CopyAndSumDoesBoth) {
  for (const size_t size : {0, 1, 4095, 4096, 4097, 65'535}) {
    const auto from = random_bytes(size);
    std::vector<uint8_t> to(size);
    EXPECT_EQ(copy_and_sum(to, from).checksum(), internet_checksum(from));
    EXPECT_EQ(to, from);
  }
}

TEST_F(Checksum, UdpNeverWritesAComputedZero) {
  EXPECT_EQ(udp_checksum_or_ones(Be16{}), Be16{0xffff});
  EXPECT_EQ(udp_checksum_or_ones(Be16{1}), Be16{1});
}

TEST_F(Checksum, Crc32cAgreesWithItsPlainTwin) {
  const std::string_view digits = "123456789";
  const std::vector<uint8_t> known(digits.begin(), digits.end());
  EXPECT_EQ(crc32c(known), 0xe3069283u);
  for (size_t size = 0; size < 100; ++size) {
    const auto bytes = random_bytes(size);
    ASSERT_EQ(crc32c(bytes), reference::crc32c(bytes)) << size;
    const size_t cut = size / 3;
    ASSERT_EQ(crc32c(std::span(bytes).subspan(cut), crc32c(std::span(bytes).first(cut))), crc32c(bytes)) << size;
  }
}

}  // namespace
}  // namespace weft
