#include "utilities/ofctl/printing.h"

#include <ctime>

#include <fmt/format.h>

#include "lib/openflow/text/message_text.h"
#include "lib/openflow/text/packet_text.h"

namespace weft::ofctl {

Result<std::string, Failure> message_text(std::span<const uint8_t> bytes) {
  const auto message = openflow::decode(spoken_version(bytes, openflow::Version::v1_3), bytes);
  if (!message) {
    return Unexpected{
        Failure{fmt::format("cannot be read: {}\n{}", to_string(message.error()), openflow::format_hex_dump(bytes))}};
  }
  return format_message(*message);
}

void print_time(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const std::time_t seconds = system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  const auto milliseconds = duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000;
  fmt::print("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}: ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
             parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds);
}

}  // namespace weft::ofctl
