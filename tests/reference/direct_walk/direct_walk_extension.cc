// Extension actions of the dull switch.
#include <algorithm>

#include "ofproto/translate/learn.h"
#include "ofproto/translate/link_choice.h"
#include "tests/reference/direct_walk/direct_walk.h"

namespace weft::reference {

using namespace openflow;

namespace {

FieldValue shifted(FieldValue v, int n) {
  unsigned __int128 wide = static_cast<unsigned __int128>(v.hi) << 64 | v.lo;
  wide = n >= 0 ? wide << n : wide >> -n;
  return {static_cast<uint64_t>(wide >> 64), static_cast<uint64_t>(wide)};
}

}  // namespace

// False: the action does nothing to a packet.
bool DirectWalk::act_extension(const Action& action, Packet& packet, Walk& walk) {
  if (const auto* push = std::get_if<StackPushAction>(&action)) {
    walk.stack.push_back(read(push->from, packet));
  } else if (const auto* pop = std::get_if<StackPopAction>(&action)) {
    if (!walk.stack.empty()) {
      write(pop->to, walk.stack.back(), packet, walk);
      walk.stack.pop_back();
    }
  } else if (const auto* metadata = std::get_if<WriteMetadataAction>(&action)) {
    set_field({.field = FieldId::metadata, .value = {0, metadata->value}, .mask = {0, metadata->mask}}, packet, walk);
  } else if (const auto* out = std::get_if<OutputRegAction>(&action)) {
    const FieldValue port = read(out->from, packet);
    if (port.hi == 0 && port.lo <= 0xffff) {
      output(OfPort{static_cast<uint16_t>(port.lo)}, packet, walk);
    }
  } else if (const auto* multi = std::get_if<MultipathAction>(&action)) {
    const uint32_t hashed = hash(multi->fields, multi->basis, packet);
    const uint32_t link = ofproto::choose_link(multi->algorithm, hashed, multi->max_link + 1U, multi->argument);
    write(multi->to, {0, link}, packet, walk);
  } else if (const auto* bundle = std::get_if<BundleAction>(&action)) {
    const OfPort port = member(*bundle, packet);
    bundle->to ? write(*bundle->to, {0, number(port)}, packet, walk) : output(port, packet, walk);
  } else if (const auto* learning = std::get_if<LearnAction>(&action)) {
    learn(*learning->learn, packet, walk);
  } else if (const auto* clone = std::get_if<CloneAction>(&action)) {
    branch(packet, walk, [&](Packet& copy, Walk& of_copy) { act(clone->nested->actions, copy, of_copy); });
  } else if (const auto* queue = std::get_if<SetQueueAction>(&action)) {
    packet.queue_id = queue->queue_id;
  } else if (const auto* deletes = std::get_if<DeleteFieldAction>(&action)) {
    set(packet.pipeline, deletes->field, FieldValue{});
    packet.pipeline.word(KeyWord::tun_options_present) &= ~presence_of(field(deletes->field)).bits;
  } else if (std::holds_alternative<PopQueueAction>(action)) {
    packet.queue_id = 0;
  } else if (const auto* enqueue = std::get_if<EnqueueAction>(&action)) {
    const uint32_t before = std::exchange(packet.queue_id, enqueue->queue_id);
    output(enqueue->port, packet, walk);
    packet.queue_id = before;
  } else {
    return false;
  }
  return true;
}

// At once, without a limit.
void DirectWalk::learn(const Learn& action, Packet& packet, Walk& walk) {
  const FlowMod flow = ofproto::learned_flow(action, [&](const SubField& bits) { return read(bits, packet); });
  const auto known = std::ranges::find_if(rules_, [&](const Rule& rule) {
    return rule.table_id == flow.table_id && rule.priority == flow.priority && rule.match == flow.match;
  });
  if (known == rules_.end()) {
    add(flow);
  } else {
    known->instructions = flow.instructions;
  }
  if (action.result) {
    write(*action.result, {0, 1}, packet, walk);
  }
}

FieldValue DirectWalk::read(const SubField& from, const Packet& packet) const {
  const Flow flow = flow_of(packet);
  const Field& f = field(from.field);
  const bool is_there = (present_from_word(flow.word(present_word)) & f.presence) == f.presence;
  return is_there ? shifted(get(flow, f), -int{from.offset}) & FieldValue::ones(from.bit_count) : FieldValue{};
}

void DirectWalk::write(const SubField& to, FieldValue value, Packet& packet, Walk& walk) {
  const FieldValue bits = FieldValue::ones(to.bit_count);
  set_field({.field = to.field, .value = shifted(value & bits, to.offset), .mask = shifted(bits, to.offset)}, packet,
            walk);
}

uint32_t DirectWalk::hash(HashFields fields, uint16_t basis, const Packet& packet) const {
  const Flow flow = flow_of(packet);
  return ofproto::hash_fields(fields, basis, [&](FieldId id) -> std::optional<FieldValue> {
    const Field& f = field(id);
    const bool is_there = (present_from_word(flow.word(present_word)) & f.presence) == f.presence;
    return is_there ? std::optional(get(flow, f)) : std::nullopt;
  });
}

// A port is live unless it is down.
OfPort DirectWalk::member(const BundleAction& action, const Packet& packet) const {
  const auto is_usable = [&](uint32_t i) {
    return ports_.contains(action.members[i]) && !down_.contains(action.members[i]);
  };
  const auto count = static_cast<uint32_t>(action.members.size());
  std::optional<uint32_t> chosen;
  if (action.algorithm == BundleAlgorithm::hrw) {
    chosen = ofproto::choose_by_weight(hash(action.fields, action.basis, packet), count, is_usable);
  } else {
    for (uint32_t i = count; i-- > 0;) {
      chosen = is_usable(i) ? i : chosen;
    }
  }
  return chosen ? action.members[*chosen] : of_port::none;
}

void DirectWalk::branch(const Packet& packet, Walk& walk, const std::function<void(Packet&, Walk&)>& run) {
  Packet copy = packet;
  Walk of_copy;
  of_copy.stack = walk.stack;
  run(copy, of_copy);
  walk.outcome.punted += of_copy.outcome.punted;
  std::ranges::move(of_copy.outcome.sent, std::back_inserter(walk.outcome.sent));
}

}  // namespace weft::reference
