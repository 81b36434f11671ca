// Messages byte by byte, for tests of what the codec refuses. Lengths are filled in unless told otherwise.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "lib/base/big_endian.h"
#include "lib/openflow/codec.h"

namespace weft::openflow::testing {

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Bytes zeros(size_t count) { return Bytes(count); }

inline Bytes be16(unsigned value) {
  Bytes bytes(2);
  store_be16(bytes.data(), static_cast<uint16_t>(value));
  return bytes;
}
inline Bytes be32(uint32_t value) {
  Bytes bytes(4);
  store_be32(bytes.data(), value);
  return bytes;
}

// "80000004 00000001": blanks are passed over.
inline Bytes hex(const std::string& text) {
  Bytes bytes;
  std::string digits;
  for (const char c : text) {
    if (c != ' ') {
      digits += c;
    }
  }
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

inline Bytes padded(Bytes bytes, size_t unit = 8) {
  bytes.resize((bytes.size() + unit - 1) / unit * unit);
  return bytes;
}

inline Bytes message(uint8_t type, const Bytes& body, uint32_t xid = 7) {
  return Bytes{4, type} + be16(static_cast<unsigned>(8 + body.size())) + be32(xid) + body;
}

// OXM fields wrapped as struct ofp_match.
inline Bytes match(const Bytes& fields) {
  return padded(be16(1) + be16(static_cast<unsigned>(4 + fields.size())) + fields);
}

inline Bytes action(unsigned type, const Bytes& body) {
  return be16(type) + be16(static_cast<unsigned>(4 + body.size())) + body;
}
inline Bytes nicira(unsigned subtype, const Bytes& body) { return action(0xffff, be32(0x2320) + be16(subtype) + body); }
inline Bytes instruction(unsigned type, const Bytes& body) { return action(type, body); }
inline Bytes apply(const Bytes& actions) { return instruction(4, zeros(4) + actions); }

struct FlowModHead {
  uint8_t table = 0;
  uint8_t command = 0;
  uint16_t flags = 0;
  uint32_t out_port = 0xffffffff;
};

inline Bytes flow_mod(const Bytes& match_bytes, const Bytes& instructions, FlowModHead head = {}) {
  return message(14, zeros(16) + Bytes{head.table, head.command} + zeros(4) + be16(0x8000) + be32(0xffffffff) +
                         be32(head.out_port) + be32(0xffffffff) + be16(head.flags) + zeros(2) + match_bytes +
                         instructions);
}

// The refusal's name, or "" when the bytes decode.
inline std::string refusal(const Bytes& bytes) {
  const auto decoded = decode(Version::v1_3, bytes);
  return decoded ? "" : decoded.error().name();
}

}  // namespace weft::openflow::testing
