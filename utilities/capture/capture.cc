#include "utilities/appctl/capture.h"

#include <pcap/pcap.h>

#include <array>
#include <memory>

#include <fmt/format.h>

namespace weft::appctl {
namespace {

struct Close {
  void operator()(pcap_t* file) const { pcap_close(file); }
};

}  // namespace

Result<std::vector<CapturedFrame>, std::string> read_capture(const std::string& path, std::optional<size_t> number) {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  const std::unique_ptr<pcap_t, Close> file(pcap_open_offline(path.c_str(), why.data()));
  if (file == nullptr) {
    return Unexpected{fmt::format("cannot read {}: {}", path, why.data())};
  }
  if (const int type = pcap_datalink(file.get()); type != DLT_EN10MB) {
    const char* name = pcap_datalink_val_to_name(type);
    return Unexpected{fmt::format("{} holds frames of {}, not of Ethernet", path, name == nullptr ? "?" : name)};
  }
  std::vector<CapturedFrame> frames;
  pcap_pkthdr* header = nullptr;
  const uint8_t* bytes = nullptr;
  int status = 0;
  size_t count = 0;
  while ((status = pcap_next_ex(file.get(), &header, &bytes)) == 1) {
    if (++count == number.value_or(count)) {
      frames.push_back({count, {bytes, bytes + header->caplen}, header->len});
    }
  }
  if (status == PCAP_ERROR) {
    return Unexpected{fmt::format("cannot read {}: {}", path, pcap_geterr(file.get()))};
  }
  if (count == 0) {
    return Unexpected{fmt::format("{} holds no packet", path)};
  }
  if (number && frames.empty()) {
    return Unexpected{fmt::format("{} holds {} packets; there is no number {}", path, count, *number)};
  }
  return frames;
}

std::string to_hex(const std::vector<uint8_t>& bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const uint8_t byte : bytes) {
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

}  // namespace weft::appctl
