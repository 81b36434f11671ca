#include "lib/management/framing.h"

#include <gtest/gtest.h>

namespace weft::management {
namespace {

TEST(Framing, PutsTheSizeInFront) {
  EXPECT_EQ(framed("abc"), std::string("\0\0\0\3abc", 7));
  EXPECT_EQ(framed(""), std::string("\0\0\0\0", 4));
}

TEST(Framing, WaitsForTheWholeHeader) {
  for (size_t size = 0; size < frame_header_bytes; ++size) {
    const auto wanted = frame_size(std::string(size, '\0'));
    ASSERT_TRUE(wanted);
    EXPECT_FALSE(wanted->has_value());
  }
  EXPECT_EQ(**frame_size(framed("hello")), 5u);
}

TEST(Framing, RefusesWhatIsTooLarge) {
  EXPECT_EQ(**frame_size(std::string("\4\0\0\0", 4)), max_frame_bytes);
  EXPECT_EQ(frame_size(std::string("\4\0\0\1", 4)).error(),
            "a message of 67108865 bytes; at most 67108864 are accepted");
  EXPECT_FALSE(frame_size("\xff\xff\xff\xff"));
}

}  // namespace
}  // namespace weft::management
