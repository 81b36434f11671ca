// Asynchronous configuration: OpenFlow 1.3.5 section 7.3.10 (a fixed layout of three kinds), 1.4.1 and 1.5.1 section
// 7.3.10 (a property for each kind and role).
#include <array>

#include <fmt/format.h>

#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/codec_13/property.h"

namespace weft::openflow::codec_13 {
namespace {

// Per kind: the version that brought it, and the reasons that exist, as bits.
struct Kind {
  Version since;
  uint32_t reasons;
};
constexpr std::array<Kind, async_kind_count> kinds{{
    {Version::v1_3, 0x3f},  // packet-in
    {Version::v1_3, 0x07},  // port-status
    {Version::v1_3, 0x3f},  // flow-removed
    {Version::v1_4, 0x07},  // role-status
    {Version::v1_4, 0x18},  // table-status: 3 and 4
    {Version::v1_4, 0x03},  // request-forward
    {Version::v1_5, 0x03},  // flow-stats
    {Version::v1_5, 0x7f},  // controller-status
}};
// Of the kinds that 1.3 knows, the reasons that it does (1.3.5 sections 7.4.1 to 7.4.3).
constexpr std::array<uint32_t, 3> reasons_13{0x07, 0x07, 0x0f};

constexpr uint16_t experimenter_secondary = 0xfffe;  // OFPACPT_EXPERIMENTER_SLAVE; _MASTER is one more

bool is_known(size_t kind, Version version) { return kind < kinds.size() && version >= kinds[kind].since; }

// Set and get have the same layout.
void read_13(Reader& in, SetAsync& message) {
  for (size_t kind = 0; kind < reasons_13.size(); ++kind) {
    message.primary[kind] = in.u32() & reasons_13[kind];  // 1.3 has no error for a reason that it does not know
    message.secondary[kind] = in.u32() & reasons_13[kind];
  }
}

void read_mask(uint16_t type, Reader& body, SetAsync& message) {
  const size_t kind = type / 2;
  if (!is_known(kind, body.version())) {
    const bool is_experimenter = type >= experimenter_secondary;
    return refuse_property(is_experimenter ? property_experimenter : type, body);
  }
  auto& mask = type % 2 == 1 ? message.primary[kind] : message.secondary[kind];
  if (mask) {
    body.fail({ErrorCode::ofpbpc_dup_type, fmt::format("property type {}", type)});
  }
  mask = body.u32();
  if ((*mask & ~kinds[kind].reasons) != 0) {
    body.fail({ErrorCode::ofpacfc_invalid, fmt::format("mask {:#x} of property type {}", *mask, type)});
  }
}

SetAsync read_masks(Reader& in) {
  SetAsync message;
  if (in.version() == Version::v1_3) {
    read_13(in, message);
  } else {
    read_properties(in, [&](uint16_t type, Reader& body) { read_mask(type, body, message); });
  }
  return message;
}

void write_13(Writer& out, const SetAsync& message) {
  for (size_t kind = 0; kind < reasons_13.size(); ++kind) {
    out.u32(message.primary[kind].value_or(0) & reasons_13[kind]);
    out.u32(message.secondary[kind].value_or(0) & reasons_13[kind]);
  }
}

void write_mask(Writer& out, size_t type, std::optional<uint32_t> mask) {
  if (mask) {
    write_property(out, static_cast<uint16_t>(type), [&] { out.u32(*mask); });
  }
}

void write_masks(Writer& out, const SetAsync& message) {
  if (out.version() == Version::v1_3) {
    return write_13(out, message);
  }
  for (size_t kind = 0; kind < kinds.size() && is_known(kind, out.version()); ++kind) {
    write_mask(out, kind * 2, message.secondary[kind]);
    write_mask(out, kind * 2 + 1, message.primary[kind]);
  }
}

}  // namespace

DecodedMessage read_set_async(Reader& in) { return finished(in, read_masks(in)); }
void write(Writer& out, const SetAsync& message) { write_masks(out, message); }

DecodedMessage read_get_async_reply(Reader& in) {
  const SetAsync masks = read_masks(in);
  GetAsyncReply reply;
  for (size_t kind = 0; kind < async_kind_count; ++kind) {
    reply.config.primary[kind] = masks.primary[kind].value_or(0);
    reply.config.secondary[kind] = masks.secondary[kind].value_or(0);
  }
  return finished(in, reply);
}
void write(Writer& out, const GetAsyncReply& reply) {
  SetAsync masks;
  for (size_t kind = 0; kind < async_kind_count; ++kind) {
    masks.primary[kind] = reply.config.primary[kind];
    masks.secondary[kind] = reply.config.secondary[kind];
  }
  write_masks(out, masks);
}

}  // namespace weft::openflow::codec_13
