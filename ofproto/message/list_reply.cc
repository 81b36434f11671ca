#include "ofproto/message/list_reply.h"

#include <chrono>

#include "lib/base/clock.h"

namespace weft::ofproto {

using openflow::Bytes;

ListReply::ListReply(RequestPtr request, openflow::Version version, openflow::MultipartType type, Step step,
                     openflow::Form form)
    : request_(std::move(request)),
      encoder_(
          version, request_->xid(), type, [this](Bytes part) { send(std::move(part)); }, form),
      step_(std::move(step)) {}

void ListReply::start(const RequestPtr& request, openflow::MultipartType type, Step step, openflow::Form form) {
  const auto spelled = form == openflow::Form::standard ? request->form() : form;
  std::make_shared<ListReply>(request, request->session()->version(), type, std::move(step), spelled)->next_slice();
}

void ListReply::next_slice() {
  const auto session = request_->session();
  if (!session) {
    return;
  }
  has_sent_ = false;
  const auto end = std::chrono::steady_clock::now() + slice_time;
  do {
    if (!step_(session->bridge(), encoder_)) {
      encoder_.finish();
      return request_->finish();
    }
  } while (!has_sent_ && std::chrono::steady_clock::now() < end);
  session->when_writable([self = shared_from_this()] { self->next_slice(); });
}

void ListReply::send(Bytes part) {
  has_sent_ = true;
  if (const auto session = request_->session()) {
    session->send(std::move(part));
  }
}

}  // namespace weft::ofproto
