#include "lib/openflow/codec.h"

#include <algorithm>
#include <cassert>

#include "lib/openflow/codec_10/codec_10.h"
#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/extension/extension.h"
#include "lib/openflow/session_codec.h"
#include "lib/openflow/version_codec.h"

namespace weft::openflow {
namespace {

// Another version is another row.
constexpr VersionCodec codecs[] = {
    codec_10::codec,
    codec_13::codec<Version::v1_3>,
    codec_13::codec<Version::v1_4>,
    codec_13::codec<Version::v1_5>,
};

const VersionCodec* codec_for(Version version) {
  const auto* found = std::find_if(std::begin(codecs), std::end(codecs),
                                   [&](const VersionCodec& codec) { return codec.version == version; });
  return found == std::end(codecs) ? nullptr : found;
}

constexpr size_t length_offset = 2;
constexpr size_t xid_offset = 4;
constexpr size_t multipart_flags_offset = 10;
constexpr uint8_t more_flag = 1;  // OFPMPF_REQ_MORE, OFPMPF_REPLY_MORE

void fill_in_length(Bytes& message) {
  assert(message.size() <= max_message_size && "long lists go through MultipartEncoder");
  store_be16(&message[length_offset], static_cast<uint16_t>(message.size()));
}

// Hello and error are read whatever version they come in; the rest must be what was negotiated.
bool is_version_free(uint8_t type) { return type <= 1; }

Result<Message, OpenFlowError> decode_body(const Header& header, Version negotiated, std::span<const uint8_t> body,
                                           Spelling& spelling) {
  if (auto session = read_session_message(header, body)) {
    return std::move(*session);
  }
  const VersionCodec* codec = codec_for(negotiated);
  if (codec == nullptr) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbrc_bad_version}};
  }
  if (header.type == extension::message_type) {
    return extension::read(body, negotiated, spelling);
  }
  return codec->decode(header.type, body, spelling);
}

// A rule that is accepted must fit into a flow statistics reply of every version, where it may be longer than it came:
// with OXM fields for NXM ones, with several actions for one. No rule below this size grows so much.
constexpr size_t small_rule = 1024;
constexpr size_t max_reply_header = 24;

bool fits_every_reply(const FlowMod& mod) {
  FlowStats stats;
  stats.match = mod.match;
  stats.instructions = mod.instructions;
  return std::ranges::all_of(codecs, [&](const VersionCodec& codec) {
    Bytes shown;
    WireWriter out(shown);
    codec.write_entry(out, &stats, Form::nicira);
    return shown.size() <= max_message_size - max_reply_header;
  });
}

}  // namespace

Result<Envelope, OpenFlowError> decode(Version negotiated, std::span<const uint8_t> bytes) {
  Result<Envelope, OpenFlowError> result;
  if (auto decoded = decode(negotiated, bytes, *result); !decoded) {
    return Unexpected{std::move(decoded).error()};
  }
  return result;
}

Result<void, OpenFlowError> decode(Version negotiated, std::span<const uint8_t> bytes, Envelope& envelope) {
  const auto header = parse_header(bytes);
  if (!header || header->length != bytes.size()) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbrc_bad_len, "length in the header"}};
  }
  const bool is_right_version =
      is_version_free(header->type) ? header->version != 0 : header->version == static_cast<uint8_t>(negotiated);
  if (!is_right_version) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbrc_bad_version}};
  }
  envelope.version = is_version_free(header->type) ? static_cast<Version>(header->version) : negotiated;
  envelope.xid = header->xid;
  Spelling spelling;
  auto message = decode_body(*header, negotiated, bytes.subspan(header_size), spelling);
  if (!message) {
    return Unexpected{message.error()};
  }
  const auto* mod = std::get_if<FlowMod>(&*message);
  if (mod != nullptr && bytes.size() > small_rule && !fits_every_reply(*mod)) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbac_too_many, "a rule that no reply could show"}};
  }
  envelope.more = spelling.more;
  envelope.form = spelling.form;
  envelope.message = std::move(*message);
  if (const auto* add = std::get_if<BundleAdd>(&envelope.message); add && add->message.envelope->xid != header->xid) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbfc_msg_bad_xid}};
  }
  return {};
}

std::span<const uint8_t> carried_bytes(std::span<const uint8_t> message) {
  const auto header = parse_header(message);
  if (!header) {
    return {};
  }
  const auto offset = header->type == extension::message_type ? extension::carried_offset(message.subspan(header_size))
                                                              : codec_13::carried_offset(header->type);
  if (!offset || message.size() < *offset) {
    return {};
  }
  const auto inside = message.subspan(*offset);
  const auto inside_header = parse_header(inside);
  return inside_header ? inside.first(std::min<size_t>(inside_header->length, inside.size())) : inside;
}

namespace {

// Writes the body behind the header; nothing when the version cannot say it.
std::optional<uint8_t> encode_body(WireWriter& out, Version version, const Message& message, const Spelling& spelling) {
  if (const auto type = write_session_message(out, message, version)) {
    return type;
  }
  if (extension::write(out, message, version, spelling.form)) {
    return extension::message_type;
  }
  const VersionCodec* codec = codec_for(version);
  assert(codec != nullptr && "no codec for this version");
  return codec->encode(out, message, spelling);
}

// Without the length; nothing when the version cannot say it.
std::optional<Bytes> encode_any_size(Version version, uint32_t xid, const Message& message, const Spelling& spelling) {
  Bytes bytes;
  WireWriter out(bytes);
  const auto* hello = std::get_if<Hello>(&message);
  out.u8(hello != nullptr && hello->wire_version != 0 ? hello->wire_version : static_cast<uint8_t>(version));
  out.u8(0);
  out.u16(0);
  out.u32(xid);
  const auto type = encode_body(out, version, message, spelling);
  if (!type) {
    return std::nullopt;
  }
  bytes[1] = *type;
  return bytes;
}

}  // namespace

Bytes encode(Version version, uint32_t xid, const Message& message, bool more, Form form) {
  auto bytes = encode_any_size(version, xid, message, {more, form});
  assert(bytes && "a message that this version does not have");
  if (!bytes) {
    return encode(version, xid, Error{ErrorCode::ofpbrc_bad_type, {}});
  }
  fill_in_length(*bytes);
  return std::move(*bytes);
}

bool is_from_switch(Version version, std::span<const uint8_t> message) {
  const VersionCodec* codec = codec_for(version);
  const auto header = parse_header(message);
  if (codec == nullptr || !header) {
    return false;
  }
  return header->type == extension::message_type ? extension::is_from_switch(message.subspan(header_size), version)
                                                 : codec->is_from_switch(header->type);
}

std::optional<Bytes> try_encode(Version version, uint32_t xid, const Message& message, Form form) {
  auto bytes = encode_any_size(version, xid, message, {false, form});
  if (!bytes || bytes->size() > max_message_size) {
    return std::nullopt;
  }
  fill_in_length(*bytes);
  return bytes;
}

Bytes error_reply(Version version, const OpenFlowError& error, std::span<const uint8_t> refused, size_t data_limit) {
  const auto header = parse_header(refused);
  const auto data = refused.first(std::min(refused.size(), data_limit));
  return encode(version, header ? header->xid : 0, Error{error, {data.begin(), data.end()}});
}

MultipartEncoder::MultipartEncoder(Version version, uint32_t xid, MultipartType type, Send send, Form form)
    : codec_(*codec_for(version)), xid_(xid), type_(type), form_(form), send_(std::move(send)) {
  begin_part();
}

void MultipartEncoder::begin_part() {
  part_.clear();
  WireWriter out(part_);
  codec_.begin_reply(out, xid_, type_, form_);
  header_size_ = part_.size();
}

void MultipartEncoder::send_part(bool more) {
  store_be16(&part_[multipart_flags_offset], more ? more_flag : 0);
  fill_in_length(part_);
  send_(std::move(part_));
}

template <class Entry>
void MultipartEncoder::append(const Entry& entry) {
  const size_t entry_begin = part_.size();
  WireWriter out(part_);
  codec_.write_entry(out, &entry, form_);
  if (part_.size() <= max_message_size) {
    return;
  }
  const Bytes moved(part_.begin() + static_cast<std::ptrdiff_t>(entry_begin), part_.end());
  part_.resize(entry_begin);
  // Larger than any message: flow_mod and group_mod refuse what could not be told again.
  assert(moved.size() <= max_message_size - header_size_);
  if (moved.size() > max_message_size - header_size_) {
    return;
  }
  send_part(true);
  begin_part();
  part_.insert(part_.end(), moved.begin(), moved.end());
}

void MultipartEncoder::add(const FlowStats& entry) { append(entry); }
void MultipartEncoder::add(const TableStats& entry) { append(entry); }
void MultipartEncoder::add(const PortStats& entry) { append(entry); }
void MultipartEncoder::add(const QueueStats& entry) { append(entry); }
void MultipartEncoder::add(const GroupStats& entry) { append(entry); }
void MultipartEncoder::add(const GroupDesc& entry) { append(entry); }
void MultipartEncoder::add(const MeterStats& entry) { append(entry); }
void MultipartEncoder::add(const MeterConfig& entry) { append(entry); }
void MultipartEncoder::add(const TableFeatures& entry) { append(entry); }
void MultipartEncoder::add(const PortDesc& entry) { append(entry); }
void MultipartEncoder::add(const FlowUpdate& entry) { append(entry); }
void MultipartEncoder::add(const FlowCounters& entry) { append(entry); }
void MultipartEncoder::add(const TableDesc& entry) { append(entry); }
void MultipartEncoder::add(const QueueDesc& entry) { append(entry); }
void MultipartEncoder::add(const ControllerStatus& entry) { append(entry); }

void MultipartEncoder::finish() { send_part(false); }

TableFeaturesEncoder::TableFeaturesEncoder(Version version, std::span<const TableFeatures> tables) {
  MultipartEncoder encoder(version, 0, MultipartType::table_features,
                           [this](Bytes part) { parts_.push_back(std::move(part)); });
  for (const TableFeatures& table : tables) {
    encoder.add(table);
  }
  encoder.finish();
}

Bytes TableFeaturesEncoder::part(size_t index, uint32_t xid) const {
  Bytes part = parts_[index];
  store_be32(&part[xid_offset], xid);
  return part;
}

}  // namespace weft::openflow
