#include "datapath/action/execute.h"

#include <algorithm>

#include "datapath/action/edited_packet.h"
#include "datapath/action/hash.h"
#include "datapath/action/meter.h"
#include "datapath/action/mpls.h"
#include "datapath/action/pbb.h"
#include "datapath/action/set_field.h"
#include "datapath/action/truncate.h"
#include "datapath/action/ttl.h"
#include "datapath/action/tunnel.h"
#include "datapath/action/vlan.h"
#include "lib/packet/ethernet.h"

namespace weft::datapath {
namespace {

// What has happened to a packet and its copies so far.
struct Tally {
  uint64_t outputs = 0;
  uint64_t drops = 0;
  bool was_punted = false;
  Verdict reason;  // why there might be nothing else
};

// A longer nested list does not run at once.
constexpr size_t longest_at_once = 64;

bool needs_packet(const Action& action) {
  return std::holds_alternative<Output>(action) || std::holds_alternative<OutputSet>(action) ||
         std::holds_alternative<Recirculate>(action) || std::holds_alternative<Controller>(action) ||
         std::holds_alternative<ApplyMeter>(action) || std::holds_alternative<CheckLarger>(action) ||
         std::holds_alternative<std::shared_ptr<const Clone>>(action);
}

// What else a list may do is done before anything else happens to the packet.
bool only_sends(const ActionList& actions) {
  return std::ranges::all_of(actions, [](const Action& action) {
    return std::holds_alternative<Output>(action) || std::holds_alternative<SetTunnel>(action) ||
           std::holds_alternative<SetTunnelOptions>(action) || std::holds_alternative<SetField>(action) ||
           std::holds_alternative<PushVlan>(action) || std::holds_alternative<PopVlan>(action);
  });
}

// A frame whose checksum is still to be finished stays as it is: the sum runs to its end, and who finishes it pads.
void pad(Packet& packet) {
  if (packet.size() >= min_frame_bytes || packet.offload.is_partial()) {
    return;
  }
  const size_t missing = min_frame_bytes - packet.size();
  if (uint8_t* end = packet.append(missing)) {
    std::fill_n(end, missing, uint8_t{0});
  }
}

// How far the list has an effect: up to its Drop, and no further than the last action that needs the packet.
struct Extent {
  size_t count = 0;
  const Drop* drop = nullptr;
};

Extent extent_of(const ActionList& actions) {
  Extent extent;
  for (size_t i = 0; i < actions.size(); ++i) {
    if (const auto* drop = std::get_if<Drop>(&actions[i])) {
      extent.drop = drop;
      break;
    }
    if (needs_packet(actions[i])) {
      extent.count = i + 1;
    }
  }
  return extent;
}

// One list on one packet. A nested list runs on its own packet and shares the tally.
class ListRun {
 public:
  ListRun(EditedPacket packet, Exits& exits, Tally& tally) : packet_(std::move(packet)), exits_(exits), tally_(tally) {}

  void run(const ActionList& actions) {
    const Extent extent = extent_of(actions);
    run(actions, extent, 0, extent.count);
  }

  // The actions from `first` to before `end`. False: nothing is left to do, for the last one was among them, or one failed.
  bool run(const ActionList& actions, const Extent& extent, size_t first, size_t end) {
    for (size_t i = first; i < end; ++i) {
      is_last_ = i + 1 == extent.count;
      if (const Verdict verdict = std::visit(*this, actions[i])) {
        drop(*verdict);
        return false;
      }
    }
    if (end < extent.count) {
      return true;
    }
    if (extent.drop != nullptr && !tally_.reason) {
      tally_.reason = extent.drop->reason;
    }
    return false;
  }
  PacketPtr take_packet() { return packet_.take(); }

  Verdict operator()(const Output& a) { return output(a, is_last_); }
  Verdict operator()(const OutputSet& a) { return output_set(a); }
  Verdict operator()(const SetField& a) { return set_field(packet_, a); }
  Verdict operator()(const PushVlan& a) { return push_vlan(packet_, a); }
  Verdict operator()(const PopVlan&) { return pop_vlan(packet_); }
  Verdict operator()(const PushMpls& a) { return push_mpls(packet_, a); }
  Verdict operator()(const PopMpls& a) { return pop_mpls(packet_, a); }
  Verdict operator()(const PushPbb& a) { return push_pbb(packet_, a); }
  Verdict operator()(const PopPbb&) { return pop_pbb(packet_); }
  Verdict operator()(const CopyTtlOut&) { return copy_ttl_out(packet_); }
  Verdict operator()(const CopyTtlIn&) { return copy_ttl_in(packet_); }
  Verdict operator()(const DecMplsTtl&) { return dec_mpls_ttl(packet_); }
  Verdict operator()(const DecTtl&) { return dec_ttl(packet_); }
  Verdict operator()(const SetTunnel& a) { return set_tunnel(packet_, a), keep; }
  Verdict operator()(const SetTunnelOptions& a) { return set_tunnel_options(packet_, a), keep; }
  Verdict operator()(const Hash& a) { return choose_by_hash(*packet_, a), keep; }
  Verdict operator()(const Recirculate& a) { return recirculate(a), keep; }
  Verdict operator()(const Truncate& a) { return packet_.limit_size(a.max_size), keep; }
  Verdict operator()(const ApplyMeter& a) { return apply_meter(packet_, a); }
  Verdict operator()(const Controller& a) { return punt(a), keep; }
  Verdict operator()(const Drop&) { return keep; }
  Verdict operator()(const CheckLarger& a) {
    return run_clone(is_longer(*packet_, a.size) ? *a.larger : *a.other), keep;
  }
  Verdict operator()(const std::shared_ptr<const Clone>& a) {
    if (a->actions.size() > longest_at_once && only_sends(a->actions)) {
      return execute_later(a), keep;
    }
    return run_clone(*a), keep;
  }

 private:
  void drop(DropReason reason) {
    ++tally_.drops;
    exits_.dropped(reason);
  }

  PacketPtr take_or_copy(bool is_last_use) {
    PacketPtr packet = is_last_use ? packet_.take() : packet_->clone();
    if (packet == nullptr) {
      drop(DropReason::no_buffer);
    }
    return packet;
  }

  Verdict output(const Output& action, bool is_last_use) {
    if (PacketPtr packet = take_or_copy(is_last_use)) {
      if (packet->was_shortened) {
        pad(*packet);
      }
      if (packet->size_limit != 0) {
        output_cut_off(action, std::move(packet));
      } else {
        send(action, std::move(packet));
      }
    }
    return keep;
  }

  void send(const Output& action, PacketPtr packet) {
    if (action.queue != nullptr && !action.queue->admit(*packet)) {
      drop(DropReason::queue_rate_exceeded);
      return;
    }
    ++tally_.outputs;
    exits_.output(action.port, std::move(packet));
  }

  void output_cut_off(const Output& action, PacketPtr packet) {
    const CutOff cut = cut_off(std::move(packet), [&](PacketPtr piece) { send(action, std::move(piece)); });
    if (cut.verdict) {
      drop(*cut.verdict);
    }
    for (size_t i = 0; i < cut.lost; ++i) {
      drop(DropReason::no_buffer);
    }
  }

  Verdict output_set(const OutputSet& set) {
    for (size_t i = 0; i < set.ports.size(); ++i) {
      output(Output{set.ports[i]}, is_last_ && i + 1 == set.ports.size());
    }
    return keep;
  }

  void recirculate(const Recirculate& action) {
    if (PacketPtr packet = take_or_copy(is_last_)) {
      ++tally_.outputs;
      exits_.recirculate(action, std::move(packet));
    }
  }

  Verdict try_punt(const Controller& action) {
    if (action.meter != nullptr && action.meter->charge(*packet_).is_drop) {
      return DropReason::meter_exceeded;
    }
    if (packet_->size_limit == 0) {
      return exits_.punt(*action.context, *packet_);
    }
    PacketPtr copy = packet_->clone();
    if (copy == nullptr) {
      return DropReason::no_buffer;
    }
    Verdict verdict;
    const CutOff cut =
        cut_off(std::move(copy), [&](const PacketPtr& piece) { verdict = exits_.punt(*action.context, *piece); });
    return cut.verdict ? cut.verdict : verdict;
  }

  void punt(const Controller& action) {
    if (const Verdict verdict = try_punt(action); !verdict) {
      tally_.was_punted = true;
    } else if (!tally_.reason) {
      tally_.reason = verdict;
    }
  }

  void execute_later(const std::shared_ptr<const Clone>& list) {
    if (PacketPtr packet = take_or_copy(is_last_)) {
      ++tally_.outputs;
      exits_.execute_later(list, std::move(packet));
    }
  }

  void run_clone(const Clone& clone) {
    if (PacketPtr packet = take_or_copy(is_last_)) {
      ListRun(EditedPacket(std::move(packet)), exits_, tally_).run(clone.actions);
    }
  }

  EditedPacket packet_;
  Exits& exits_;
  Tally& tally_;
  bool is_last_ = false;
};

void settle(const Tally& tally, Exits& exits) {
  if (const uint64_t departures = tally.outputs + tally.drops; departures > 0) {
    exits.originated(departures - 1);
  } else if (tally.was_punted) {
    exits.absorbed();
  } else {
    exits.dropped(tally.reason.value_or(DropReason::no_output));
  }
}

}  // namespace

void execute(const ActionList& actions, PacketPtr packet, Exits& exits) {
  Tally tally;
  ListRun(EditedPacket(std::move(packet)), exits, tally).run(actions);
  settle(tally, exits);
}

void Exits::execute_later(std::shared_ptr<const Clone> list, PacketPtr packet) {
  execute(list->actions, std::move(packet), *this);
}

struct PartedExecution::State {
  std::shared_ptr<const Clone> list;
  PacketPtr packet;
  Extent extent;
  size_t next = 0;
  Tally tally{};
};

PartedExecution::PartedExecution(std::shared_ptr<const Clone> list, PacketPtr packet)
    : state_(std::make_unique<State>()) {
  state_->extent = extent_of(list->actions);
  state_->list = std::move(list);
  state_->packet = std::move(packet);
}

PartedExecution::PartedExecution(PartedExecution&&) noexcept = default;
PartedExecution& PartedExecution::operator=(PartedExecution&&) noexcept = default;
PartedExecution::~PartedExecution() = default;

bool PartedExecution::run(size_t count, Exits& exits) {
  State& state = *state_;
  const size_t end = std::min(state.next + count, state.extent.count);
  ListRun part(EditedPacket(std::move(state.packet)), exits, state.tally);
  if (part.run(state.list->actions, state.extent, state.next, end)) {
    state.packet = part.take_packet();
    state.next = end;
    return true;
  }
  settle(state.tally, exits);
  return false;
}

}  // namespace weft::datapath
