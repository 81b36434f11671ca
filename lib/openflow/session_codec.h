// Hello, error and echo: the messages that are read before a version is negotiated, understood before one is
// negotiated. Private to lib/openflow.
#pragma once

#include <optional>

#include "lib/base/result.h"
#include "lib/openflow/message.h"
#include "lib/openflow/wire.h"

namespace weft::openflow {

// Nothing when the type is none of the four.
std::optional<Result<Message, OpenFlowError>> read_session_message(const Header& header, std::span<const uint8_t> body);
std::optional<uint8_t> write_session_message(WireWriter& out, const Message& message, Version version);

}  // namespace weft::openflow
