// Changes that are sent in one go: texts become messages first (nothing is sent when one does not parse), then all
// are sent, then a barrier; what the switch refused is reported with the text it came from.
#pragma once

#include <functional>
#include <istream>
#include <string>
#include <vector>

#include "lib/openflow/codec.h"
#include "utilities/ofctl/command.h"

namespace weft::ofctl {

class FlowBatch {
 public:
  explicit FlowBatch(Connection& connection) : connection_(connection) {}

  // `text` is what an error of the switch will be reported with.
  Outcome add(const openflow::Message& message, std::string text);
  // Sends everything and waits until it is in force.
  Outcome commit();

  size_t size() const { return texts_.size(); }

 private:
  Failure describe(const std::vector<openflow::Envelope>& errors) const;

  Connection& connection_;
  openflow::Bytes bytes_;
  std::vector<std::string> texts_;
  uint32_t first_xid_ = 0;
};

// Calls `each` for every line that is not blank or a comment; `name` is a file or "-". An error of `each` is completed
// with the place.
Outcome for_each_line(const std::string& name, const std::function<Outcome(const std::string& line)>& each);

}  // namespace weft::ofctl
