// RequestParts: a request that comes in several messages (OFPMPF_REQ_MORE, OpenFlow 1.3.5 section 7.3.5), put together.
//
// Only one that sets table features may: no other is ever that long. One at a time is kept, of at most as many tables as
// there are; what spoils a part spoils the request, whose last part then says no more.
//
// Threads: control thread. Ownership: the session's.
#pragma once

#include <optional>
#include <vector>

#include "lib/base/result.h"
#include "lib/openflow/message.h"

namespace weft::ofproto {

class RequestParts {
 public:
  // Whether the message is a part of a longer request: for add().
  bool takes(const openflow::Envelope& envelope) const;
  // The whole request behind its last part. Nothing: more are to come, or what they belong to has been refused.
  Result<std::optional<openflow::TableFeaturesRequest>, openflow::OpenFlowError> add(const openflow::Envelope& part);
  // A message with this number could not be read: no request is made of what is left. `more`: it said that parts follow.
  void spoil(uint32_t xid, bool more);

 private:
  struct Open {
    uint32_t xid = 0;
    std::vector<openflow::TableFeatures> entries{};
    bool is_spoilt = false;
  };
  std::optional<Open> open_;
};

}  // namespace weft::ofproto
