// ofp-parse-pcap: the OpenFlow messages of the TCP streams in a packet capture.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "utilities/capture/capture.h"
#include "utilities/ofctl/captured_segment.h"
#include "utilities/ofctl/command.h"
#include "utilities/ofctl/printing.h"

namespace weft::ofctl {
namespace {

using Time = std::chrono::system_clock::time_point;

// A handshake record or application data of TLS 1.0 to 1.3 (RFC 8446 section 5.1).
bool looks_like_tls(std::span<const uint8_t> bytes) {
  return bytes.size() > 1 && bytes[0] >= 0x14 && bytes[0] <= 0x17 && bytes[1] == 3;
}

bool may_be_openflow(std::span<const uint8_t> bytes) {
  return bytes[0] >= static_cast<uint8_t>(openflow::Version::v1_0) &&
         bytes[0] <= static_cast<uint8_t>(openflow::Version::v1_5) && openflow::frame_length(bytes).has_value();
}

class CaptureReader {
 public:
  CaptureReader(std::vector<uint16_t> ports, bool shows_time) : ports_(std::move(ports)), shows_time_(shows_time) {}

  void take(const capture::CapturedFrame& frame) {
    const auto found = frame.ip_at ? parse_segment(std::span(frame.bytes).subspan(*frame.ip_at)) : std::nullopt;
    if (!found || (!is_ours(found->src_port) && !is_ours(found->dst_port))) {
      return;
    }
    time_ = Time(std::chrono::microseconds(frame.microseconds));
    const std::string name =
        fmt::format("{}.{} > {}.{}", found->src.to_string(), found->src_port, found->dst.to_string(), found->dst_port);
    TcpStream& stream = streams_[name];
    report(name, stream.add(found->segment));
    read(name, stream);
  }

  // What waits for bytes that did not come.
  void finish() {
    for (auto& [name, stream] : streams_) {
      while (stream.has_gap()) {
        report(name, stream.skip_gap());
        read(name, stream);
      }
      if (!stream.bytes().empty()) {
        complain(name, fmt::format("{} bytes at the end are no whole message", stream.bytes().size()));
      }
    }
  }

 private:
  bool is_ours(uint16_t port) const { return std::ranges::find(ports_, port) != ports_.end(); }

  void title(const std::string& name) {
    fmt::print("{}", is_first_ ? "" : "\n");
    is_first_ = false;
    if (shows_time_) {
      print_time(time_);
    }
    fmt::print("{}:\n", name);
  }

  void complain(const std::string& name, const std::string& what) {
    title(name);
    fmt::print("({})\n", what);
  }

  void report(const std::string& name, const StreamLoss& loss) {
    if (loss.unread != 0) {
      complain(name, fmt::format("{} bytes are no whole message", loss.unread));
    }
    if (loss.missing != 0) {
      complain(name, fmt::format("{} bytes are missing in the capture", loss.missing));
    }
  }

  void read(const std::string& name, TcpStream& stream) {
    std::span<const uint8_t> rest(stream.bytes());
    while (!rest.empty() && may_be_openflow(rest)) {
      const size_t length = openflow::frame_length(rest).value();
      if (length == 0 || length > rest.size()) {
        break;
      }
      title(name);
      const auto text = message_text(rest.first(length));
      fmt::print("{}", text ? *text : "(" + text.error().message + ")\n");
      rest = rest.subspan(length);
    }
    // Messages may begin again with the next segment.
    if (!rest.empty() && !may_be_openflow(rest)) {
      complain(name, fmt::format("{} bytes are no OpenFlow{}", rest.size(),
                                 looks_like_tls(rest) ? ", but TLS, which cannot be read" : ""));
      rest = {};
    }
    stream.bytes().erase(stream.bytes().begin(), stream.bytes().end() - static_cast<std::ptrdiff_t>(rest.size()));
  }

  const std::vector<uint16_t> ports_;
  const bool shows_time_;
  std::map<std::string, TcpStream> streams_;
  Time time_;
  bool is_first_ = true;
};

}  // namespace

Outcome ofp_parse_pcap(Invocation& call) {
  std::vector<uint16_t> ports;
  for (const std::string& word : call.arguments.subspan(1)) {
    const auto port = parse_unsigned(word, 0xffff);
    if (!port || *port == 0) {
      return Unexpected{Failure{fmt::format("\"{}\" is not a TCP port (1 to 65535)", word)}};
    }
    ports.push_back(static_cast<uint16_t>(*port));
  }
  if (ports.empty()) {
    ports = {6653, 6633};
  }
  CaptureReader reader(std::move(ports), call.options.shows_time);
  const auto done = capture::for_each_captured(call.argument(0), capture::Links::with_ip,
                                               [&](const capture::CapturedFrame& frame) { reader.take(frame); });
  reader.finish();
  return done ? Outcome{} : Outcome(Unexpected{Failure{done.error()}});
}

}  // namespace weft::ofctl
