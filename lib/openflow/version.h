// OpenFlow versions, the header every message begins with, and the choice of a version with a peer.
//
// Framing: bytes arrive in pieces; frame_length() says how many bytes the message at the front takes, or that
// more must be read to know. Negotiation: both sides send HELLO, each with the versions it speaks as a bitmap
// (OpenFlow 1.3.5 section 7.5.1) or, without one, just its highest version; negotiate() picks.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lib/base/result.h"
#include "lib/openflow/error.h"

namespace weft::openflow {

enum class Version : uint8_t { v1_0 = 1, v1_1 = 2, v1_2 = 3, v1_3 = 4, v1_4 = 5, v1_5 = 6 };

std::string_view to_string(Version version);  // "OpenFlow13", as `protocols` columns and -O spell it
std::optional<Version> parse_version(std::string_view name);

// A set of versions; bit n stands for wire version n, as in the HELLO bitmap.
class VersionSet {
 public:
  constexpr VersionSet() = default;
  constexpr explicit VersionSet(uint32_t bits) : bits_(bits) {}
  constexpr VersionSet(std::initializer_list<Version> versions) {
    for (const Version version : versions) {
      bits_ |= 1U << static_cast<unsigned>(version);
    }
  }
  // What a HELLO without a bitmap means: every version up to the header's.
  static constexpr VersionSet up_to(uint8_t wire_version) {
    return VersionSet{wire_version >= 31 ? ~1U : (2U << wire_version) - 2U};
  }

  constexpr bool has(Version version) const { return (bits_ >> static_cast<unsigned>(version) & 1) != 0; }
  constexpr uint32_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  std::optional<Version> highest() const;

  friend constexpr VersionSet operator&(VersionSet a, VersionSet b) { return VersionSet{a.bits_ & b.bits_}; }
  friend constexpr bool operator==(VersionSet, VersionSet) = default;

 private:
  uint32_t bits_ = 0;
};

// The version to speak. With bitmaps on both sides the highest common one; otherwise the smaller of the two
// highest, if we speak it (OpenFlow 1.3.5 section 6.3.1). Nothing: answer with OFPHFC_INCOMPATIBLE and close.
std::optional<Version> negotiate(VersionSet ours, uint8_t peer_wire_version, std::optional<VersionSet> peer_bitmap);

// Every version codec_for() knows how to read and write.
VersionSet supported_versions();

inline constexpr size_t header_size = 8;
inline constexpr size_t max_message_size = 0xffff;

struct Header {
  uint8_t version;  // as on the wire: may be one we do not know
  uint8_t type;
  uint16_t length;
  uint32_t xid;
};

// Null when fewer than eight bytes are given.
std::optional<Header> parse_header(std::span<const uint8_t> bytes);

// What a multipart request says before its body (OpenFlow 1.3.5 section 7.3.5).
struct MultipartRequestHeader {
  uint32_t xid = 0;
  uint16_t type = 0;
  bool more = false;  // further parts follow, with the same xid and type
  bool has_body = false;
};

// Null for any other message, and in 1.0, where a request is one message and its flags mean nothing.
std::optional<MultipartRequestHeader> parse_multipart_request(Version version, std::span<const uint8_t> bytes);

// The length of the message at the front of a stream; 0 while it is not known yet (fewer than eight bytes).
// A length below eight can never be resynchronised: OFPBRC_BAD_LEN, close the connection.
Result<size_t, OpenFlowError> frame_length(std::span<const uint8_t> bytes);

}  // namespace weft::openflow
