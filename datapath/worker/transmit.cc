#include "datapath/worker/transmit.h"

#include <algorithm>

#include "datapath/offload/gso.h"
#include "lib/packet/checksum.h"
#include "lib/packet/sctp.h"

namespace weft::datapath {
namespace {

// A packet is seldom looked up more than twice; at most so many copies of one batch wait at a time.
constexpr uint8_t max_recirculations = 8;
constexpr size_t max_recirculated = 4096;

// Floods that wait, and how much of one is done at a time: 32 copies take some 150 us.
constexpr size_t max_parted = 16;
constexpr size_t part_size = 64;

bool has_gso_kind(const PortCapabilities& port, Offload::Gso gso) {
  switch (gso) {
    case Offload::Gso::tcp4:
      return port.gso_tcp4;
    case Offload::Gso::tcp6:
      return port.gso_tcp6;
    case Offload::Gso::udp_l4:
      return port.gso_udp_l4;
    case Offload::Gso::none:
      return true;
  }
  return false;
}

bool reaches(uint8_t depth, uint8_t outer_count) { return depth != PortCapabilities::no_depth && outer_count <= depth; }

bool can_express_gso(const PortCapabilities& port, const Packet& packet) {
  return reaches(port.gso_depth, packet.offload.outer_count) && has_gso_kind(port, packet.offload.gso) &&
         (port.gso_under_mpls || packet.l2_5_offset == Packet::unknown_offset);
}

bool can_express_checksum(const PortCapabilities& port, const Packet& packet) {
  return reaches(port.partial_checksum_depth, packet.offload.outer_count) &&
         (port.sctp_partial_checksum || packet.offload.csum_offset != sctp_checksum_offset);
}

}  // namespace

TransmitStep::TransmitStep(unsigned worker, PacketPool& pool, PacketBalance& balance, UpcallSink& sink)
    : context_(worker, pool, balance), sink_(sink) {
  used_.reserve(lane_count);
}

void TransmitStep::output(PortId id, PacketPtr packet) {
  if (id != last_id_) {
    Port* port = ports_->find(id);
    if (port == nullptr) {
      dropped(DropReason::port_gone);
      return;
    }
    last_lane_ = &lane_of(*port);
    last_id_ = id;
  }
  Lane& lane = *last_lane_;
  if (packet->offload.is_partial()) {
    add_promising(lane, std::move(packet));
  } else {
    add(lane, std::move(packet));
  }
}

void TransmitStep::recirculate(const Recirculate& action, PacketPtr packet) {
  if (packet->recirculation_count >= max_recirculations || recirculated_.size() >= max_recirculated) {
    dropped(DropReason::recirculation_limit);
    return;
  }
  ++packet->recirculation_count;
  packet->recirculation_id = action.id;
  recirculated_.push_back({std::move(packet), action.context});
}

void TransmitStep::execute_later(std::shared_ptr<const Clone> list, PacketPtr packet) {
  if (parted_.size() >= max_parted) {
    dropped(DropReason::tx_queue_full);
    return;
  }
  parted_.emplace_back(std::move(list), std::move(packet));
}

bool TransmitStep::run_part() {
  if (parted_.empty()) {
    return false;
  }
  if (!parted_.front().run(part_size, *this)) {
    parted_.pop_front();
  }
  flush();
  return true;
}

TransmitStep::Lane& TransmitStep::lane_of(Port& port) {
  const size_t place = number(port.id()) % lane_count;
  Lane& lane = lanes_[place];
  if (lane.port == &port) {
    return lane;
  }
  if (lane.port == nullptr) {
    used_.push_back(static_cast<uint8_t>(place));
  } else {
    send(lane);
  }
  lane.port = &port;
  lane.capabilities = port.capabilities();
  return lane;
}

void TransmitStep::add(Lane& lane, PacketPtr packet) {
  if (packet->size() > lane.capabilities.max_frame_size) {
    context_.drop(*lane.port, DropReason::oversized_frame);
    return;
  }
  lane.batch.add(std::move(packet));
  if (lane.batch.is_full()) {
    send(lane);
  }
}

void TransmitStep::add_promising(Lane& lane, PacketPtr packet) {
  if (packet->offload.is_gso()) {
    if (can_express_gso(lane.capabilities, *packet)) {
      add(lane, std::move(packet));
    } else {
      add_cut(lane, std::move(packet));
    }
    return;
  }
  if (!can_express_checksum(lane.capabilities, *packet)) {
    if (const Verdict verdict = finish_partial_checksum(*packet)) {
      context_.drop(*lane.port, *verdict);
      return;
    }
  }
  add(lane, std::move(packet));
}

void TransmitStep::add_cut(Lane& lane, PacketPtr packet) {
  const Segmenter segmenter(*packet);
  if (const Verdict verdict = segmenter.verdict()) {
    context_.drop(*lane.port, *verdict);
    return;
  }
  originated(segmenter.count() - 1);
  const size_t lost =
      cut_gso(segmenter, *packet, context_.pool(), [&](PacketPtr piece) { add(lane, std::move(piece)); });
  if (lost > 0) {
    context_.drop(*lane.port, DropReason::no_buffer, lost);
  }
}

void TransmitStep::send(Lane& lane) {
  if (lane.batch.is_empty()) {
    return;
  }
  const bool was_backlogged = lane.port->has_backlog(context_.worker());
  lane.port->transmit(std::move(lane.batch), context_);
  if (!was_backlogged && lane.port->has_backlog(context_.worker())) {
    backlogged_.push_back(lane.port->id());
  }
}

void TransmitStep::flush() {
  for (const uint8_t place : used_) {
    send(lanes_[place]);
    lanes_[place].port = nullptr;
  }
  used_.clear();
  last_id_ = port_id::none;
}

bool TransmitStep::has_backlog_beside_kernel() const {
  return std::ranges::any_of(backlogged_, [&](PortId id) {
    const Port* port = ports_->find(id);
    return port != nullptr && port->is_sent_to_by_kernel();
  });
}

bool TransmitStep::retry_backlogs() {
  if (backlogged_.empty()) {
    return false;
  }
  std::erase_if(backlogged_, [&](PortId id) {
    Port* port = ports_->find(id);
    return port == nullptr || !port->flush(context_);
  });
  return true;
}

void TransmitStep::forget_port(Port& port) {
  port.discard_backlog(context_);
  std::erase(backlogged_, port.id());
}

Verdict TransmitStep::punt(const PuntContext& context, const Packet& packet) {
  if (!packet.offload.is_partial()) {
    return punt_whole(context, packet);
  }
  if (packet.offload.is_gso()) {
    return punt_pieces(context, packet);
  }
  const PacketPtr finished = packet.clone();
  if (finished == nullptr) {
    return DropReason::no_buffer;
  }
  const Verdict verdict = finish_partial_checksum(*finished);
  return verdict ? verdict : punt_whole(context, *finished);
}

Verdict TransmitStep::punt_whole(const PuntContext& context, const Packet& packet) {
  return sink_.punt(context, packet) ? keep : Verdict{DropReason::packet_in_queue_full};
}

// One piece that reaches the controller is enough.
Verdict TransmitStep::punt_pieces(const PuntContext& context, const Packet& packet) {
  const Segmenter segmenter(packet);
  if (segmenter.verdict()) {
    return segmenter.verdict();
  }
  bool is_taken = false;
  const size_t lost = cut_gso(segmenter, packet, context_.pool(),
                              [&](const PacketPtr& piece) { is_taken = !punt_whole(context, *piece) || is_taken; });
  if (is_taken) {
    return keep;
  }
  return lost == segmenter.count() ? DropReason::no_buffer : DropReason::packet_in_queue_full;
}

}  // namespace weft::datapath
