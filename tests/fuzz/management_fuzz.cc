// Bytes of a management connection: frame, request, operations, and what they do to a small state. An accepted
// transaction leaves a state that can be saved and read again; a refused one leaves it as it was. The same bytes as
// the text of every kind of column: what is understood reads the same when it is printed.
#include <cstdlib>

#include <google/protobuf/stubs/logging.h>

#include "lib/management/convert.h"
#include "lib/management/framing.h"
#include "tests/lib/management/database_support.h"

namespace weft::management {
namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void transact(const pb::Transaction& transaction) {
  static const OneBridge start;
  Database database = start.database;
  std::vector<Operation> operations;
  for (const auto& wire : transaction.operations()) {
    auto operation = from_wire(wire);
    if (!operation) {
      return;
    }
    operations.push_back(std::move(*operation));
  }
  if (!database.apply(operations, Writer::user)) {
    require(database == start.database && database.version() == start.database.version());
    return;
  }
  const auto saved = from_wire(to_wire(database, true));
  require(saved.has_value() && *saved == database);
}

void decode(std::string_view bytes) {
  const auto size = frame_size(bytes);
  const bool has_body = size && *size && **size <= bytes.size() - frame_header_bytes;
  const auto body = has_body ? bytes.substr(frame_header_bytes, **size) : bytes;
  pb::Request request;
  if (request.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    transact(request.transaction());
  }
  pb::State state;
  if (state.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    static_cast<void>(from_wire(state));
  }
}

void read_as_text(std::string_view text) {
  for (const auto& table : tables()) {
    for (const auto& column : table.columns) {
      const auto datum = parse_datum(text, column.type);
      if (datum) {
        const auto again = parse_datum(format(*datum, column.type), column.type);
        require(again.has_value() && *again == *datum);
      } else {
        require(datum.error().position + datum.error().length <= text.size() + 1);
      }
    }
  }
}

}  // namespace
}  // namespace weft::management

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const google::protobuf::LogSilencer quiet;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  weft::management::decode(bytes);
  weft::management::read_as_text(bytes.substr(0, 256));
  return 0;
}
