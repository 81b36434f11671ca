#include "ofproto/message/request_parts.h"

#include <algorithm>
#include <utility>

#include "ofproto/table/table_set.h"

namespace weft::ofproto {

using openflow::ErrorCode;
using openflow::Message;
using openflow::OpenFlowError;
using openflow::TableFeaturesRequest;

namespace {

// False when the switch cannot hold a request with this part.
bool append(Message& whole, const RequestParts::Header& part, const Message& message) {
  auto* features = std::get_if<TableFeaturesRequest>(&whole);
  const auto* more = std::get_if<TableFeaturesRequest>(&message);
  if (features == nullptr || more == nullptr) {
    return !part.has_body;
  }
  features->entries.insert(features->entries.end(), more->entries.begin(), more->entries.end());
  return features->entries.size() <= table_count;
}

}  // namespace

bool RequestParts::takes(const Header& part) const {
  return part.more || std::ranges::any_of(open_, [&](const Open& one) {
           return one.xid == part.xid && (one.type == part.type || one.whole);
         });
}

RequestParts::Place RequestParts::find(uint32_t xid) {
  return std::ranges::find_if(open_, [xid](const Open& one) { return one.xid == xid; });
}

RequestParts::Place RequestParts::begin(const Header& part) {
  if (open_.size() == max_open) {
    open_.erase(open_.begin());
  }
  return open_.insert(open_.end(), Open{.xid = part.xid, .type = part.type});
}

void RequestParts::end_in_vain(Place place, const Header& part) {
  place->whole.reset();
  place->type = part.type;
  if (!part.more) {
    open_.erase(place);
  }
}

Result<std::optional<Message>, OpenFlowError> RequestParts::add(const Header& part, const Message& message) {
  Place place = find(part.xid);
  if (place != open_.end() && !place->whole && place->type != part.type) {
    open_.erase(place);  // the refused one is not gone on with
    place = open_.end();
  }
  if (place == open_.end()) {
    place = begin(part);
    place->whole = std::holds_alternative<TableFeaturesRequest>(message) ? TableFeaturesRequest{} : message;
  }
  if (place->type != part.type) {
    end_in_vain(place, part);
    return Unexpected{OpenFlowError(ErrorCode::ofpbrc_bad_multipart)};
  }
  if (place->whole && !append(*place->whole, part, message)) {
    end_in_vain(place, part);
    return Unexpected{OpenFlowError(ErrorCode::ofpbrc_multipart_buffer_overflow)};
  }
  std::optional<Message> whole;
  if (!part.more) {
    whole = std::move(place->whole);
    open_.erase(place);
  }
  return whole;
}

void RequestParts::spoil(const Header& part) {
  Place place = find(part.xid);
  if (place == open_.end()) {
    if (!part.more) {
      return;
    }
    place = begin(part);
  }
  end_in_vain(place, part);
}

}  // namespace weft::ofproto
