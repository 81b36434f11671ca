// nx_match. A cookie to select flows by travels among the fields, under the number that elsewhere is the TTL of MPLS: its
// size tells them apart.
#include <algorithm>
#include <vector>

#include "lib/openflow/codec_10/nxm.h"
#include "lib/openflow/nicira_error.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow::codec_10 {
namespace {

constexpr uint32_t cookie_header = 0x00013c08;         // NXM_NX_COOKIE
constexpr uint32_t cookie_masked_header = 0x00013d10;  // NXM_NX_COOKIE_W
constexpr size_t header_size = 4;

struct Parts {
  std::vector<uint8_t> fields;
  std::optional<CookieFilter> cookie;
};

// Takes the cookie out of the list. What cannot be read as a list is left to who reads the fields.
Parts split(WireReader& in, std::span<const uint8_t> bytes) {
  Parts parts;
  WireReader list(bytes);
  while (list.remaining() >= header_size) {
    const auto entry = list.rest();
    const uint32_t header = list.u32();
    const size_t length = std::min<size_t>(header & 0xff, list.remaining());
    WireReader value(list.take(length));
    if ((header != cookie_header && header != cookie_masked_header) || length != (header & 0xff)) {
      parts.fields.insert(parts.fields.end(), entry.begin(),
                          entry.begin() + static_cast<std::ptrdiff_t>(header_size + length));
      continue;
    }
    if (parts.cookie) {
      in.fail({ErrorCode::ofpbmc_dup_field, "cookie"});
    }
    CookieFilter& cookie = parts.cookie.emplace();
    cookie.cookie = value.u64();
    cookie.mask = header == cookie_masked_header ? value.u64() : no_cookie;
    if ((cookie.cookie & ~cookie.mask) != 0) {
      in.fail({ErrorCode::ofpbmc_bad_wildcards, "cookie"});
    }
  }
  const auto rest = list.take_rest();
  parts.fields.insert(parts.fields.end(), rest.begin(), rest.end());
  return parts;
}

}  // namespace

void read_nx_match(WireReader& in, uint16_t size, Match& match, CookieFilter* cookie) {
  const size_t padded = (size_t{size} + 7) / 8 * 8;
  if (padded > in.remaining()) {
    in.fail({ErrorCode::ofpbrc_bad_len, "nx_match"});
  }
  if (in.failed()) {
    return;
  }
  Parts parts = split(in, in.take(padded).first(size));
  if (auto read = read_oxm_list(parts.fields, match); !read) {
    return in.fail(read.error());
  }
  if (parts.cookie && cookie == nullptr) {
    in.fail(nicira_error(NiciraError::nxm_invalid, "a cookie to match"));
  } else if (parts.cookie) {
    *cookie = *parts.cookie;
  }
}

uint16_t write_nx_match(WireWriter& out, const Match& match, CookieFilter cookie) {
  const size_t begin = out.size();
  write_oxm_list(out, match, version);
  if (cookie.mask == no_cookie) {
    out.u32(cookie_header);
    out.u64(cookie.cookie);
  } else if (cookie.mask != 0) {
    out.u32(cookie_masked_header);
    out.u64(cookie.cookie & cookie.mask);
    out.u64(cookie.mask);
  }
  const auto size = static_cast<uint16_t>(out.size() - begin);
  out.pad_to(begin);
  return size;
}

}  // namespace weft::openflow::codec_10
