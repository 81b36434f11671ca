// What several commands print: a message, and when it came. Threads: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "utilities/ofctl/connection.h"

namespace weft::ofctl {

// As ofp-print shows it, in the version that it names, or why it cannot be read, with its bytes.
Result<std::string, Failure> message_text(std::span<const uint8_t> message);

// "2026-11-27 21:14:08.713: ", in UTC.
void print_time(std::chrono::system_clock::time_point time);

}  // namespace weft::ofctl
