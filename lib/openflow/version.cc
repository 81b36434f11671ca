#include "lib/openflow/version.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "lib/base/big_endian.h"

namespace weft::openflow {
namespace {

constexpr std::array<std::pair<Version, std::string_view>, 6> version_names{{
    {Version::v1_0, "OpenFlow10"},
    {Version::v1_1, "OpenFlow11"},
    {Version::v1_2, "OpenFlow12"},
    {Version::v1_3, "OpenFlow13"},
    {Version::v1_4, "OpenFlow14"},
    {Version::v1_5, "OpenFlow15"},
}};

}  // namespace

std::string_view to_string(Version version) {
  for (const auto& [number, name] : version_names) {
    if (number == version) {
      return name;
    }
  }
  return "OpenFlow?";
}

std::optional<Version> parse_version(std::string_view name) {
  for (const auto& [number, known] : version_names) {
    if (known == name) {
      return number;
    }
  }
  return std::nullopt;
}

std::optional<Version> VersionSet::highest() const {
  for (auto it = version_names.rbegin(); it != version_names.rend(); ++it) {
    if (has(it->first)) {
      return it->first;
    }
  }
  return std::nullopt;
}

std::optional<Version> negotiate(VersionSet ours, uint8_t peer_wire_version, std::optional<VersionSet> peer_bitmap) {
  if (peer_bitmap) {
    return (ours & *peer_bitmap).highest();
  }
  const auto our_highest = ours.highest();
  if (!our_highest) {
    return std::nullopt;
  }
  const auto chosen = static_cast<Version>(std::min(peer_wire_version, static_cast<uint8_t>(*our_highest)));
  return ours.has(chosen) ? std::optional(chosen) : std::nullopt;
}

VersionSet supported_versions() { return {Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5}; }

std::optional<Header> parse_header(std::span<const uint8_t> bytes) {
  if (bytes.size() < header_size) {
    return std::nullopt;
  }
  return Header{bytes[0], bytes[1], load_be16(&bytes[2]), load_be32(&bytes[4])};
}

std::optional<MultipartRequestHeader> parse_multipart_request(Version version, std::span<const uint8_t> bytes) {
  constexpr uint8_t multipart_request = 18;
  constexpr size_t size = 16;
  constexpr uint16_t more = 1;  // OFPMPF_REQ_MORE
  const auto header = parse_header(bytes);
  if (version < Version::v1_3 || !header || header->type != multipart_request || bytes.size() < size) {
    return std::nullopt;
  }
  return MultipartRequestHeader{.xid = header->xid,
                                .type = load_be16(&bytes[8]),
                                .more = (load_be16(&bytes[10]) & more) != 0,
                                .has_body = bytes.size() > size};
}

Result<size_t, OpenFlowError> frame_length(std::span<const uint8_t> bytes) {
  const auto header = parse_header(bytes);
  if (!header) {
    return 0;
  }
  if (header->length < header_size) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbrc_bad_len, "a message shorter than its header"}};
  }
  return header->length;
}

}  // namespace weft::openflow
