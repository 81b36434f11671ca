// What a wire version is made of, and how the codecs of all versions are reached (codec.cc has the table).
//
// Threads: pure functions. Private to lib/openflow.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "lib/base/result.h"
#include "lib/openflow/message.h"
#include "lib/openflow/wire.h"

namespace weft::openflow {

// What is said of a message beside its content.
struct Spelling {
  bool more = false;  // multipart: further parts follow
  Form form = Form::standard;
};

// Who sends messages of a type.
enum class Sender : uint8_t { controller, only_switch };

// One entry of a list reply; not owned.
using MultipartEntry =
    std::variant<const FlowStats*, const TableStats*, const PortStats*, const QueueStats*, const GroupStats*,
                 const GroupDesc*, const MeterStats*, const MeterConfig*, const TableFeatures*, const PortDesc*,
                 const FlowUpdate*, const FlowCounters*, const TableDesc*, const QueueDesc*, const ControllerStatus*>;

// A body begins behind the eight bytes of the header. Hello, error, echo and experimenter messages are not a version's
// business: session_codec.h, extension/extension.h.
struct VersionCodec {
  Version version;
  Result<Message, OpenFlowError> (*decode)(uint8_t type, std::span<const uint8_t> body, Spelling& spelling);
  bool (*is_from_switch)(uint8_t type);
  // Writes the body and returns the type number; nothing when the version cannot say it.
  std::optional<uint8_t> (*encode)(WireWriter& out, const Message& message, const Spelling& spelling);
  // How a multipart reply begins, the header included; the length is filled in when the part is complete. The flags
  // are bytes 10 and 11 in every version.
  void (*begin_reply)(WireWriter& out, uint32_t xid, MultipartType type, Form form);
  void (*write_entry)(WireWriter& out, const MultipartEntry& entry, Form form);
};

}  // namespace weft::openflow
