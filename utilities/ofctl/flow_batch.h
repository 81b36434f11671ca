// Changes that are sent in one go: texts become messages first (nothing is sent when one does not parse), then all
// are sent, then a barrier; what the switch refused is reported with the text it came from.
//
// In a bundle the switch carries out all of them or none, and nobody sees a part: the changes travel inside
// bundle-adds, and what is refused at an add or at the commit ends the whole.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "utilities/ofctl/command.h"

namespace weft::ofctl {

class FlowBatch {
 public:
  // In a bundle, or as --bundle says.
  explicit FlowBatch(const Invocation& call) : FlowBatch(call, call.options.in_bundle) {}
  FlowBatch(const Invocation& call, bool in_bundle) : connection_(*call.connection), in_bundle_(in_bundle) {}

  // `text` is what an error of the switch will be reported with.
  Outcome add(const openflow::Message& message, std::string text);
  // Sends everything and waits until it is in force.
  Outcome commit();

  size_t size() const { return texts_.size(); }

 private:
  Failure describe(const std::vector<openflow::Envelope>& errors) const;
  Outcome put(const openflow::Message& message, std::string text);
  Outcome control(openflow::BundleControlType type, const char* text);

  Connection& connection_;
  const bool in_bundle_;
  openflow::Bytes bytes_;
  std::vector<std::string> texts_;
  uint32_t first_xid_ = 0;
};

// "NAME: why", right behind the attempt to open or to read it.
Failure unreadable(const std::string& name);

// Calls `each` for every line that is not blank or a comment; `name` is a file or "-". An error of `each` is completed
// with the place.
Outcome for_each_line(const std::string& name, const std::function<Outcome(const std::string& line)>& each);

}  // namespace weft::ofctl
