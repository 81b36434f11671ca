// Lists of properties: type, length (without padding), body, padded to eight bytes. OpenFlow 1.4.1 section 7.1.2 and,
// in 1.3, the table features.
//
// Threads: pure functions. Private to the codec.
#pragma once

#include <cstdint>

#include <fmt/format.h>

#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_13 {

inline constexpr uint16_t property_experimenter = 0xffff;
inline constexpr size_t property_header_size = 4;

// All that is left of `in`. `read_one(type, body)` reads the body whole, or takes the rest of it to pass it over.
template <class ReadOne>
void read_properties(Reader& in, ReadOne&& read_one, ErrorCode bad_length = ErrorCode::ofpbpc_bad_len) {
  while (in.remaining() > 0 && !in.failed()) {
    if (in.remaining() < property_header_size) {
      return in.fail({bad_length, "the beginning of a property"});
    }
    const uint16_t type = in.u16();
    const uint16_t length = in.u16();
    const size_t padded = (size_t{length} + 7) / 8 * 8;
    if (length < property_header_size || padded - property_header_size > in.remaining()) {
      return in.fail({bad_length, fmt::format("property of {} bytes", length)});
    }
    const auto body = in.take(padded - property_header_size).first(length - property_header_size);
    Reader property(body, in.version(), bad_length);
    read_one(type, property);
    if (auto done = property.finish(); !done) {
      in.fail(done.error());
    }
  }
}

// What a request may not say. (In what a switch tells, unknown properties are passed over.)
inline void refuse_property(uint16_t type, Reader& body) {
  body.take_rest();
  if (type == property_experimenter) {
    body.fail({ErrorCode::ofpbpc_bad_experimenter, "property of an experimenter"});
  } else {
    body.fail({ErrorCode::ofpbpc_bad_type, fmt::format("property type {}", type)});
  }
}

template <class Body>
void write_property(Writer& out, uint16_t type, Body&& body) {
  const size_t begin = out.size();
  out.u16(type);
  out.u16(0);
  body();
  out.patch_u16(begin + 2, out.size() - begin);
  out.pad_to(begin);
}

}  // namespace weft::openflow::codec_13
