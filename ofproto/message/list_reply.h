// A reply that is a list of any length: it leaves in slices, each when the peer has taken the one before.
//
// So a peer that asks for much and reads nothing costs what the session holds before it counts as full
// (Session::when_writable) and one slice more, and no slice takes long. A slice ends with the message that it fills, or
// when its time is over.
//
// Threads:   control thread.
// Ownership: kept by the session's pending task; it ends with the session.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "lib/openflow/codec.h"
#include "ofproto/message/handlers.h"

namespace weft::ofproto {

class ListReply : public std::enable_shared_from_this<ListReply> {
 public:
  // Adds the next few entries, or none; false when there are no more.
  using Step = std::function<bool(Bridge&, openflow::MultipartEncoder&)>;

  ListReply(RequestPtr request, openflow::Version version, openflow::MultipartType type, Step step,
            openflow::Form form);

  // Answers `request` and finishes it, now or later. Its session is open.
  static void start(const RequestPtr& request, openflow::MultipartType type, Step step,
                    openflow::Form form = openflow::Form::standard);

 private:
  void next_slice();
  void send(openflow::Bytes part);

  RequestPtr request_;
  openflow::MultipartEncoder encoder_;
  Step step_;
  bool has_sent_ = false;  // in this slice
};

// A step a number: `entry_of(bridge, number)` is its entry, if what had the number when the reply began is still there.
template <class Number, class EntryOf>
ListReply::Step one_by_one(std::vector<Number> numbers, EntryOf entry_of) {
  return [numbers = std::move(numbers), entry_of, next = size_t{0}](Bridge& bridge,
                                                                    openflow::MultipartEncoder& out) mutable {
    if (next == numbers.size()) {
      return false;
    }
    if (const auto entry = entry_of(bridge, numbers[next++])) {
      out.add(*entry);
    }
    return true;
  };
}

}  // namespace weft::ofproto
