#include "datapath/port/too_big_answers.h"

#include <utility>

#include "datapath/icmp/too_big.h"

namespace weft::datapath {

TooBigAnswers::TooBigAnswers(Port& port, uint32_t rate, const Clock& clock) : port_(port), clock_(clock) {
  if (rate != 0) {
    bucket_.emplace(rate, rate, clock.coarse_now());
  }
}

// Tokens are for answers that are due: what asks for none takes none away.
void TooBigAnswers::answer(Packet& packet, const TunnelMetadata& from_there, size_t max_frame_size,
                           TxContext& context) {
  if (!bucket_ || from_there.source().is_multicast()) {
    return;
  }
  PacketPtr answer = too_big_answer(packet, max_frame_size, context.pool());
  if (answer == nullptr) {
    return;
  }
  PortCounterCells& cells = port_.counters(context.worker());
  if (!context.has_room_for_answer() || !bucket_->take(1, clock_.coarse_now())) {
    cells.too_big_unanswered.add();
    return;
  }
  answer->in_port = port_.id();
  answer->tunnel = from_there;
  answer->is_answer = true;
  cells.too_big_answers.add();
  context.answer(std::move(answer));
}

}  // namespace weft::datapath
