// RequestParts: a request that comes in several messages (OFPMPF_REQ_MORE, OpenFlow 1.3.5 section 7.3.5), put together.
//
// Parts have the xid and the type in common; between them may be other messages. Only a request that sets table features is
// ever long, of at most as many tables as there are. Of others each part must be without a body, which says the same as one.
// What is refused is refused once and whole: the parts that are left of it say no more. Refused is also what begins while
// `max_open` requests wait for their ends: a request is never forgotten, for its last part would be taken for a whole one.
//
// Threads: control thread. Ownership: the session's. Memory: `max_open` requests, and the numbers of `max_refused` whose
// parts are still to come. Of more of these the oldest is forgotten, and table features are not set any more over a
// connection that left so many without an end.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "lib/base/result.h"
#include "lib/openflow/message.h"

namespace weft::ofproto {

class RequestParts {
 public:
  using Header = openflow::MultipartRequestHeader;
  static constexpr size_t max_open = 16;
  static constexpr size_t max_refused = 1024;

  // Whether the message is a part of a longer request: for add().
  bool takes(const Header& part) const;
  // The whole request behind its last part. Nothing: more are to come, or what they belong to has been refused.
  Result<std::optional<openflow::Message>, openflow::OpenFlowError> add(const Header& part,
                                                                        const openflow::Message& message);
  // A part that could not be read, or was refused: no request is made of what is left.
  void spoil(const Header& part);

 private:
  struct Open {
    uint32_t xid = 0;
    uint16_t type = 0;
    openflow::Message whole{};
  };
  struct Refused {
    uint32_t xid = 0;
    uint16_t type = 0;
  };
  bool is_refused(const Header& part) const;
  bool begin(const Header& part, const openflow::Message& message);

  std::vector<Open> open_;
  std::deque<Refused> refused_;  // the oldest first
  bool has_forgotten_ = false;   // one of them
};

}  // namespace weft::ofproto
