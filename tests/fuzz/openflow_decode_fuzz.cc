// OpenFlow messages, in every version: what decodes must encode to something that decodes to the same, and print. Version
// and length are put right first, so that every input reaches a message's own parser; the bytes as they came are tried too.
#include <algorithm>
#include <cstdlib>

#include "lib/base/big_endian.h"
#include "lib/openflow/codec.h"
#include "lib/openflow/text/message_text.h"

namespace weft::openflow {
namespace {

constexpr size_t most = 16 * 1024;  // what grows in encoding still fits a message

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void there_and_back(Version version, std::span<const uint8_t> bytes) {
  const auto message = decode(version, bytes);
  if (!message) {
    require(!message.error().name().empty());
    return;
  }
  const Bytes encoded = encode(*message);
  const auto again = decode(version, encoded);
  require(again.has_value());
  require(*again == *message);
  require(encode(*again) == encoded);
  (void)format_message(*message);
}

}  // namespace
}  // namespace weft::openflow

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft::openflow;
  Bytes bytes(data, data + std::min(size, most));
  (void)frame_length(bytes);
  for (const Version version : {Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5}) {
    there_and_back(version, bytes);
  }
  if (bytes.size() >= header_size) {
    weft::store_be16(&bytes[2], static_cast<uint16_t>(bytes.size()));
    for (const Version version : {Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5}) {
      bytes[0] = static_cast<uint8_t>(version);
      there_and_back(version, bytes);
    }
  }
  return 0;
}
