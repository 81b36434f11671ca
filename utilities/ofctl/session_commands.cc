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

// One at a time: what is measured is the round trip.
Outcome benchmark(Invocation& call) {
  constexpr uint64_t largest = openflow::max_message_size - openflow::header_size;
  const auto size = parse_unsigned(call.argument(0), largest);
  const auto count = parse_unsigned(call.argument(1), 1'000'000'000);
  if (!size || !count || *count == 0) {
    return Unexpected{Failure{fmt::format("benchmark takes a payload size (0 to {}) and a count", largest)}};
  }
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < *count; ++i) {
    if (const auto time = round_trip_ms(call, *size); !time) {
      return Unexpected{time.error()};
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto messages = static_cast<double>(*count);
  const auto bytes = static_cast<double>(*size + openflow::header_size);
  fmt::print("{} echoes of {} bytes in {:.1f} ms ({:.0f} packets/s) ({:.0f} bytes/s)\n", *count,
             *size + openflow::header_size, seconds * 1000, messages / seconds, messages * bytes / seconds);
  return {};
}

Outcome barrier(Invocation& call) {
  const auto errors = call.connection->barrier();
  return errors ? Outcome{} : Outcome(Unexpected{errors.error()});
}

}  // namespace weft::ofctl
