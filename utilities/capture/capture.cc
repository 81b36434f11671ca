#include "utilities/capture/capture.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/vlan.h"

namespace weft::capture {
namespace {

struct Close {
  void operator()(pcap_t* file) const { pcap_close(file); }
};
using File = std::unique_ptr<pcap_t, Close>;

// What stands before the EtherType, and how long the header is; a type beyond the header: there is none.
struct LinkHeader {
  int type;
  size_t ether_type_at;
  size_t bytes;
};
constexpr size_t no_ether_type = ~size_t{0};
constexpr LinkHeader link_headers[] = {
    {DLT_EN10MB, mac_pair_bytes, ethernet_header_bytes},
    {DLT_LINUX_SLL, 14, 16},
    {DLT_LINUX_SLL2, 0, 20},
    {DLT_NULL, no_ether_type, 4},
    {DLT_LOOP, no_ether_type, 4},
    {DLT_RAW, no_ether_type, 0},
    {DLT_IPV4, no_ether_type, 0},
    {DLT_IPV6, no_ether_type, 0},
};

const LinkHeader* find_link(int type) {
  const auto* found = std::ranges::find(link_headers, type, &LinkHeader::type);
  return found == std::end(link_headers) ? nullptr : found;
}

std::optional<size_t> find_ip(const LinkHeader& link, std::span<const uint8_t> bytes) {
  size_t at = link.bytes;
  if (link.ether_type_at != no_ether_type) {
    const Be16* type = header_at<Be16>(bytes, link.ether_type_at);
    while (type != nullptr && eth_type::is_vlan(type->host())) {
      type = header_at<Be16>(bytes, at + sizeof(Be16));
      at += vlan_tag_bytes;
    }
    if (type == nullptr || (type->host() != eth_type::ipv4 && type->host() != eth_type::ipv6)) {
      return std::nullopt;
    }
  }
  const bool is_ip = at < bytes.size() && (bytes[at] >> 4 == 4 || bytes[at] >> 4 == 6);
  return is_ip ? std::optional(at) : std::nullopt;
}

Result<const LinkHeader*, std::string> check_link(pcap_t* file, const std::string& path, Links links) {
  const int type = pcap_datalink(file);
  const LinkHeader* link = find_link(type);
  if (link == nullptr || (links == Links::ethernet && type != DLT_EN10MB)) {
    const char* name = pcap_datalink_val_to_name(type);
    return Unexpected{fmt::format("{} holds frames of {}, not of Ethernet", path, name == nullptr ? "?" : name)};
  }
  return link;
}

}  // namespace

Result<void, std::string> for_each_captured(const std::string& path, Links links,
                                            const std::function<void(CapturedFrame)>& visit) {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  const File file(pcap_open_offline(path.c_str(), why.data()));
  if (file == nullptr) {
    return Unexpected{fmt::format("cannot read {}: {}", path, why.data())};
  }
  const auto link = check_link(file.get(), path, links);
  if (!link) {
    return Unexpected{link.error()};
  }
  pcap_pkthdr* header = nullptr;
  const uint8_t* bytes = nullptr;
  size_t count = 0;
  int status = 0;
  while ((status = pcap_next_ex(file.get(), &header, &bytes)) == 1) {
    const std::span<const uint8_t> frame(bytes, header->caplen);
    visit({.number = ++count,
           .bytes = {frame.begin(), frame.end()},
           .length = header->len,
           .ip_at = find_ip(**link, frame),
           .microseconds = int64_t{header->ts.tv_sec} * 1'000'000 + header->ts.tv_usec});
  }
  if (status == PCAP_ERROR) {
    return Unexpected{fmt::format("cannot read {}: {}", path, pcap_geterr(file.get()))};
  }
  return {};
}

Result<std::vector<CapturedFrame>, std::string> read_capture(const std::string& path, std::optional<size_t> number) {
  std::vector<CapturedFrame> frames;
  size_t count = 0;
  const auto read = for_each_captured(path, Links::ethernet, [&](CapturedFrame frame) {
    count = frame.number;
    if (count == number.value_or(count)) {
      frames.push_back(std::move(frame));
    }
  });
  if (!read) {
    return Unexpected{read.error()};
  }
  if (count == 0) {
    return Unexpected{fmt::format("{} holds no packet", path)};
  }
  if (number && frames.empty()) {
    return Unexpected{fmt::format("{} holds {} packets; there is no number {}", path, count, *number)};
  }
  return frames;
}

std::string to_hex(std::span<const uint8_t> bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const uint8_t byte : bytes) {
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

}  // namespace weft::capture
