// Groups, which 1.0 has by the extension only: messages and entries in the form of 1.5, with 1.0's actions in the buckets.
#include <algorithm>
#include <iterator>

#include "lib/openflow/codec_10/nxm.h"
#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_10 {
namespace {

constexpr uint32_t group_actions_10 = 0xfff;  // OFPAT_OUTPUT to OFPAT_ENQUEUE

template <DecodedMessage (*read)(codec_13::Reader&)>
DecodedMessage read_as_later(WireReader& in) {
  codec_13::Reader body(in.take_rest(), Version::v1_0);
  return read(body);
}

template <class Body>
void write_as_later(WireWriter& out, const Body& body) {
  codec_13::Writer writer(out.out(), Version::v1_0);
  if constexpr (requires { body.entries; }) {
    for (const auto& entry : body.entries) {
      codec_13::write_entry(writer, entry);
    }
  } else {
    codec_13::write(writer, body);
  }
}

}  // namespace

DecodedMessage read_nx_group_mod(WireReader& in, Version) { return read_as_later<codec_13::read_group_mod>(in); }
DecodedMessage read_nx_group_stats_request(WireReader& in) {
  return read_as_later<codec_13::read_group_stats_request>(in);
}
DecodedMessage read_nx_group_stats_reply(WireReader& in) { return read_as_later<codec_13::read_group_stats_reply>(in); }
DecodedMessage read_nx_group_desc_request(WireReader& in) {
  return read_as_later<codec_13::read_group_desc_request>(in);
}
DecodedMessage read_nx_group_desc_reply(WireReader& in) { return read_as_later<codec_13::read_group_desc_reply>(in); }
DecodedMessage read_nx_group_features_reply(WireReader& in) {
  return read_as_later<codec_13::read_group_features_reply>(in);
}

void write_nicira(WireWriter& out, const GroupMod& mod) { write_as_later(out, mod); }
void write_nicira(WireWriter& out, const GroupStatsRequest& request) { write_as_later(out, request); }
void write_nicira(WireWriter& out, const GroupStatsReply& reply) { write_as_later(out, reply); }
void write_nicira(WireWriter& out, const GroupDescRequest& request) { write_as_later(out, request); }
void write_nicira(WireWriter& out, const GroupDescReply& reply) { write_as_later(out, reply); }
void write_nicira(WireWriter&, const GroupFeaturesRequest&) {}
void write_nicira(WireWriter& out, const GroupFeaturesReply& reply) {
  GroupFeaturesReply said = reply;
  std::fill(std::begin(said.actions), std::end(said.actions), group_actions_10);
  write_as_later(out, said);
}

void write_nicira_entry(WireWriter& out, const GroupStats& entry) {
  codec_13::Writer writer(out.out(), Version::v1_0);
  codec_13::write_entry(writer, entry);
}
void write_nicira_entry(WireWriter& out, const GroupDesc& entry) {
  codec_13::Writer writer(out.out(), Version::v1_0);
  codec_13::write_entry(writer, entry);
}

}  // namespace weft::openflow::codec_10
