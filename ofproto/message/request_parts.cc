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

constexpr auto with_xid(uint32_t xid) {
  return [xid](const auto& one) { return one.xid == xid; };
}

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

bool RequestParts::is_refused(const Header& part) const {
  return std::ranges::any_of(refused_,
                             [&](const Refused& one) { return one.xid == part.xid && one.type == part.type; });
}

bool RequestParts::takes(const Header& part) const {
  return part.more || std::ranges::any_of(open_, with_xid(part.xid)) || is_refused(part) ||
         (has_forgotten_ && part.has_body);
}

bool RequestParts::begin(const Header& part, const Message& message) {
  if (open_.size() == max_open) {
    return false;
  }
  const bool sets_features = std::holds_alternative<TableFeaturesRequest>(message);
  open_.push_back({part.xid, part.type, sets_features ? Message(TableFeaturesRequest{}) : message});
  return true;
}

void RequestParts::spoil(const Header& part) {
  std::erase_if(open_, with_xid(part.xid));
  std::erase_if(refused_, with_xid(part.xid));
  if (!part.more) {
    return;
  }
  if (refused_.size() == max_refused) {
    refused_.pop_front();
    has_forgotten_ = true;
  }
  refused_.push_back({part.xid, part.type});
}

Result<std::optional<Message>, OpenFlowError> RequestParts::add(const Header& part, const Message& message) {
  const auto refuse = [&](ErrorCode code) {
    spoil(part);
    return Unexpected{OpenFlowError(code)};
  };
  if (is_refused(part)) {
    if (!part.more) {
      spoil(part);
    }
    return std::nullopt;
  }
  std::erase_if(refused_, with_xid(part.xid));  // it is not gone on with: this is of another type
  auto place = std::ranges::find_if(open_, with_xid(part.xid));
  if (place == open_.end() && !part.more) {  // perhaps the end of a refused one that is forgotten
    return std::holds_alternative<TableFeaturesRequest>(message)
               ? Result<std::optional<Message>, OpenFlowError>(refuse(ErrorCode::ofpbrc_multipart_buffer_overflow))
               : std::optional(message);
  }
  if (place == open_.end()) {
    if (!begin(part, message)) {
      return refuse(ErrorCode::ofpbrc_multipart_buffer_overflow);
    }
    place = open_.end() - 1;
  }
  if (place->type != part.type) {
    return refuse(ErrorCode::ofpbrc_bad_multipart);
  }
  if (!append(place->whole, part, message)) {
    return refuse(ErrorCode::ofpbrc_multipart_buffer_overflow);
  }
  if (part.more) {
    return std::nullopt;
  }
  std::optional<Message> whole = std::move(place->whole);
  open_.erase(place);
  return whole;
}

}  // namespace weft::ofproto
