// probe, ping, barrier.
#include <chrono>

#include <fmt/format.h>

#include "utilities/ofctl/command.h"

namespace weft::ofctl {
namespace {

Result<double, Failure> round_trip_ms(Invocation& call, size_t payload_size) {
  const openflow::EchoRequest request{std::vector<uint8_t>(payload_size, 0x5a)};
  const auto begin = std::chrono::steady_clock::now();
  const auto reply = call.connection->ask<openflow::EchoReply>(request);
  if (!reply) {
    return Unexpected{reply.error()};
  }
  if (reply->data != request.data) {
    return Unexpected{Failure{"the reply is not an echo of the request"}};
  }
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

Outcome probe(Invocation& call) {
  const auto time = round_trip_ms(call, 0);
  return time ? Outcome{} : Outcome(Unexpected{time.error()});
}

Outcome ping(Invocation& call) {
  constexpr uint64_t largest = openflow::max_message_size - openflow::header_size;
  constexpr uint64_t usual = 64;
  constexpr int repetitions = 10;
  const auto size = call.arguments.empty() ? std::optional(usual) : parse_unsigned(call.argument(0), largest);
  if (!size) {
    return Unexpected{Failure{fmt::format("\"{}\" is not a payload size (0 to {})", call.argument(0), largest)}};
  }
  for (int i = 0; i < repetitions; ++i) {
    const auto time = round_trip_ms(call, *size);
    if (!time) {
      return Unexpected{time.error()};
    }
    fmt::print("{} bytes: time={:.3f} ms\n", *size, *time);
  }
  return {};
}

Outcome barrier(Invocation& call) {
  const auto errors = call.connection->barrier();
  return errors ? Outcome{} : Outcome(Unexpected{errors.error()});
}

}  // namespace weft::ofctl
