#include "ofproto/message/request_parts.h"

#include <utility>

#include "ofproto/table/table_set.h"

namespace weft::ofproto {

using openflow::Envelope;
using openflow::ErrorCode;
using openflow::OpenFlowError;
using openflow::TableFeaturesRequest;

bool RequestParts::takes(const Envelope& envelope) const {
  const bool continues = open_ && open_->xid == envelope.xid;
  return envelope.more || (continues && std::holds_alternative<TableFeaturesRequest>(envelope.message));
}

Result<std::optional<TableFeaturesRequest>, OpenFlowError> RequestParts::add(const Envelope& part) {
  const auto* request = std::get_if<TableFeaturesRequest>(&part.message);
  if (request == nullptr) {
    return Unexpected{OpenFlowError(ErrorCode::ofpbrc_multipart_buffer_overflow)};
  }
  if (!open_ || open_->xid != part.xid) {
    open_ = Open{.xid = part.xid, .entries = {}, .is_spoilt = false};
  }
  const bool was_spoilt = open_->is_spoilt;
  open_->is_spoilt = was_spoilt || open_->entries.size() + request->entries.size() > table_count;
  if (open_->is_spoilt) {
    open_->entries.clear();
  } else {
    open_->entries.insert(open_->entries.end(), request->entries.begin(), request->entries.end());
  }
  const bool is_refused_now = open_->is_spoilt && !was_spoilt;
  std::optional<TableFeaturesRequest> whole;
  if (!part.more) {
    if (!open_->is_spoilt) {
      whole = TableFeaturesRequest{std::move(open_->entries)};
    }
    open_.reset();
  }
  if (is_refused_now) {
    return Unexpected{OpenFlowError(ErrorCode::ofpbrc_multipart_buffer_overflow)};
  }
  return whole;
}

void RequestParts::spoil(uint32_t xid, bool more) {
  const bool continues = open_ && open_->xid == xid;
  if (more) {
    open_ = Open{.xid = xid, .entries = {}, .is_spoilt = true};
  } else if (continues) {
    open_.reset();
  }
}

}  // namespace weft::ofproto
