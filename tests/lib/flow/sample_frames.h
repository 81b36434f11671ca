// One frame of every kind that extraction reads, and some that it must not believe.
#pragma once

#include <string_view>
#include <vector>

#include "tests/support/frame.h"

namespace weft {

struct SampleFrame {
  std::string_view name;
  Bytes bytes;
};

std::vector<SampleFrame> sample_frames();

}  // namespace weft
