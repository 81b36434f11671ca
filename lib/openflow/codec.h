// Messages to and from bytes, for every version there is a codec for.
//
// decode() takes one whole message (version.h frames the stream). It is strict: every length, padding rule,
// type, field, prerequisite, mask and argument is checked, and what is wrong is reported with the type and code
// that the specification names for it; the caller sends that as an Error with the message's first bytes
// (error_reply). HELLO, ERROR and echo are understood in any version, before one is negotiated.
//
// encode() gives one message. A list too long for 64 KB goes through MultipartEncoder, which is also how a dump
// is streamed: entries are added one at a time and full messages leave through `send` with OFPMPF_REPLY_MORE.
//
// Threads: pure functions; an encoder belongs to its user. Cost: one pass, no copy of the input beyond the model.
// Not here: whether a table, port or group exists: ofproto's business.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "lib/base/result.h"
#include "lib/openflow/error.h"
#include "lib/openflow/message.h"

namespace weft::openflow {

using Bytes = std::vector<uint8_t>;
struct VersionCodec;

// `bytes` is exactly one message. A header of another version than `negotiated` is OFPBRC_BAD_VERSION, except
// for hello and error.
Result<Envelope, OpenFlowError> decode(Version negotiated, std::span<const uint8_t> bytes);
// The same into an envelope that is there already: a message is large to move. After an error it says nothing.
Result<void, OpenFlowError> decode(Version negotiated, std::span<const uint8_t> bytes, Envelope& envelope);

// Whether only switches send messages of this kind, so that a switch refuses one whatever its body says.
bool is_from_switch(Version version, std::span<const uint8_t> message);

// `more` sets the multipart flag; `form` is used where the version has it (form.h). A body that would not fit one
// message, or that the version has no message for, is a bug of the caller (asserts): use MultipartEncoder for long lists.
Bytes encode(Version version, uint32_t xid, const Message& message, bool more = false, Form form = Form::standard);
// Nothing when it does not fit, or the version cannot say it: for what comes from a user's text.
std::optional<Bytes> try_encode(Version version, uint32_t xid, const Message& message, Form form = Form::standard);
inline Bytes encode(const Envelope& envelope) {
  return encode(envelope.version, envelope.xid, envelope.message, envelope.more, envelope.form);
}

// The bytes of the message that a bundle-add or a request-forward carries (CarriedMessage), for the error that is sent
// for it; empty when `message` is neither.
std::span<const uint8_t> carried_bytes(std::span<const uint8_t> message);

// The answer to a refused message: its header and beginning as data (all of it up to `data_limit` bytes; the
// specification asks for at least 64).
Bytes error_reply(Version version, const OpenFlowError& error, std::span<const uint8_t> refused,
                  size_t data_limit = 1024);

// Streams a list reply: add() any number of entries, then finish(). All entries are of one kind.
class MultipartEncoder {
 public:
  using Send = std::function<void(Bytes)>;
  MultipartEncoder(Version version, uint32_t xid, MultipartType type, Send send, Form form = Form::standard);

  void add(const FlowStats& entry);
  void add(const TableStats& entry);
  void add(const PortStats& entry);
  void add(const QueueStats& entry);
  void add(const GroupStats& entry);
  void add(const GroupDesc& entry);
  void add(const MeterStats& entry);
  void add(const MeterConfig& entry);
  void add(const TableFeatures& entry);
  void add(const PortDesc& entry);
  void add(const FlowUpdate& entry);
  void add(const FlowCounters& entry);
  void add(const TableDesc& entry);
  void add(const QueueDesc& entry);
  void add(const ControllerStatus& entry);

  void finish();  // sends the last part, also when it is empty

 private:
  template <class Entry>
  void append(const Entry& entry);
  void begin_part();
  void send_part(bool more);

  const VersionCodec& codec_;
  uint32_t xid_;
  MultipartType type_;
  Form form_;
  Send send_;
  Bytes part_;
  size_t header_size_ = 0;  // of a part
};

// The table-features reply, encoded once: 254 tables are more than 1 MB, and stock tools ask for it before every
// change. part() stamps a copy with the request's xid.
class TableFeaturesEncoder {
 public:
  TableFeaturesEncoder(Version version, std::span<const TableFeatures> tables);
  size_t part_count() const { return parts_.size(); }
  Bytes part(size_t index, uint32_t xid) const;

 private:
  std::vector<Bytes> parts_;
};

}  // namespace weft::openflow
