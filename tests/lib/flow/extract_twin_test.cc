// Extraction against its dull twin: every sample at every length, and random changes of the samples.
#include <gtest/gtest.h>

#include <random>

#include "tests/lib/flow/extracted.h"
#include "tests/lib/flow/sample_frames.h"
#include "tests/reference/extract.h"
#include "tests/support/describe.h"

namespace weft {
namespace {

int offset_of(uint16_t offset) { return offset == Packet::unknown_offset ? -1 : offset; }

void expect_as_twin(std::span<const uint8_t> frame, const std::string& what) {
  const Extracted ours(frame);
  const reference::Extracted twin = reference::extract(frame, 1);
  ASSERT_EQ(Flow(ours.key), twin.flow) << what << "\n ours " << ours.text() << "\n twin " << format_flow(twin.flow)
                                       << "\n present " << ours.present() << " and "
                                       << present_from_word(twin.flow.word(present_word)) << "\n"
                                       << hex(frame, 200);
  ASSERT_EQ(ours.verdict.has_value(), twin.is_truncated) << what;
  ASSERT_EQ(offset_of(ours.packet->l2_5_offset), twin.l2_5) << what << "\n" << hex(frame, 200);
  ASSERT_EQ(offset_of(ours.packet->l3_offset), twin.l3) << what << "\n" << hex(frame, 200);
  ASSERT_EQ(offset_of(ours.packet->l4_offset), twin.l4) << what << "\n" << hex(frame, 200);
}

TEST(ExtractTwin, AgreesOnEverySampleAtEveryLength) {
  for (const SampleFrame& sample : sample_frames()) {
    for (size_t size = 0; size <= sample.bytes.size(); ++size) {
      expect_as_twin(std::span(sample.bytes).first(size), std::string(sample.name) + " cut to " + std::to_string(size));
    }
  }
}

// The same with an IP length that was made to fit, so that the cut is inside L4 and not merely a lie.
TEST(ExtractTwin, AgreesWhenTheIpLengthFollowsTheCut) {
  for (const SampleFrame& sample : sample_frames()) {
    for (size_t size = 34; size < sample.bytes.size(); ++size) {
      Bytes cut(sample.bytes.begin(), sample.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      if (cut[12] == 0x08 && cut[13] == 0x00) {
        store_be16(&cut[16], static_cast<uint16_t>(size - 14));
      } else if (cut[12] == 0x86 && cut[13] == 0xdd && size >= 54) {
        store_be16(&cut[18], static_cast<uint16_t>(size - 54));
      }
      expect_as_twin(cut, std::string(sample.name) + " fitted to " + std::to_string(size));
    }
  }
}

TEST(ExtractTwin, AgreesOnRandomChanges) {
  const auto samples = sample_frames();
  for (unsigned seed = 1; seed <= 200000; ++seed) {
    std::mt19937 random(seed);
    Bytes frame = samples[random() % samples.size()].bytes;
    for (unsigned changes = random() % 4; changes > 0; --changes) {
      // Mostly in the headers, and mostly to values that mean something.
      constexpr uint8_t likely[] = {0, 1, 2, 4, 6, 8, 17, 43, 44, 50, 51, 58, 59, 60, 0x45, 0x60, 0x81, 0x88, 132, 255};
      const size_t at = random() % std::min<size_t>(frame.size(), 90);
      frame[at] = random() % 2 != 0 ? likely[random() % std::size(likely)] : static_cast<uint8_t>(random());
    }
    frame.resize(random() % 8 == 0 ? random() % (frame.size() + 1) : frame.size());
    expect_as_twin(frame, "seed " + std::to_string(seed));
    if (HasFatalFailure()) {
      return;
    }
  }
}

TEST(ExtractTwin, AgreesOnNoise) {
  std::mt19937 random(7);
  for (unsigned round = 0; round < 20000; ++round) {
    Bytes frame(random() % 128);
    for (uint8_t& byte : frame) {
      byte = static_cast<uint8_t>(random());
    }
    constexpr uint16_t types[] = {0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x8847, 0x88e7, 0x0100};
    if (frame.size() >= 16) {
      store_be16(&frame[12], types[random() % std::size(types)]);
      frame[14] = random() % 2 != 0 ? 0x45 : 0x60;
    }
    expect_as_twin(frame, "round " + std::to_string(round));
    if (HasFatalFailure()) {
      return;
    }
  }
}

// An extension chain that reaches beyond what an offset can say.
TEST(ExtractTwin, AgreesOnAVeryLongChain) {
  Frame f = frame().vlan(1).vlan(2).ipv6("2001:db8::1", "2001:db8::2");
  for (unsigned i = 0; i < 31; ++i) {
    f = f.extension(60, 2048);
  }
  for (const size_t last : {size_t{1976}, size_t{1984}, size_t{1992}}) {
    expect_as_twin(f.extension(60, last).udp(1, 2).bytes(), "last of " + std::to_string(last));
  }
}

}  // namespace
}  // namespace weft
