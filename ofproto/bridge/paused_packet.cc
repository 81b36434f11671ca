#include "ofproto/bridge/paused_packet.h"

#include "lib/base/big_endian.h"

namespace weft::ofproto {

openflow::Continuation continuation_of(const FrozenState& state, uint64_t datapath_id) {
  openflow::Continuation continuation;
  continuation.datapath_id = datapath_id;
  continuation.in_port = state.in_port;
  continuation.egress_port = state.egress_port;
  continuation.action_set = state.action_set;
  continuation.stack = state.stack;
  continuation.runs_action_set = state.runs_action_set;
  for (const FrozenStep& step : state.steps) {
    continuation.steps.push_back({.actions = step.actions,
                                  .then = step.then,
                                  .table_id = step.table_id,
                                  .cookie = step.cookie,
                                  .is_packet_out = step.is_packet_out,
                                  .is_in_action_set = step.is_in_action_set,
                                  .is_in_group = step.is_in_group,
                                  .is_pipeline = step.is_pipeline});
  }
  return continuation;
}

FrozenStatePtr frozen_state(const openflow::Continuation& continuation, const Match& metadata, BridgeId bridge) {
  auto state = std::make_shared<FrozenState>();
  state->bridge = bridge;
  state->in_port = continuation.in_port;
  state->egress_port = continuation.egress_port;
  if (!metadata.is_wild(field(FieldId::in_port))) {
    state->in_port = OfPort{static_cast<uint16_t>(metadata.value(FieldId::in_port).lo)};
  }
  Match pipeline;
  for (unsigned i = index(KeyWord::tun_id); i < index(KeyWord::regs) + 8; ++i) {
    pipeline.mask().word(i) = ~uint64_t{0};
    pipeline.value().word(i) = metadata.value().word(i);
  }
  state->pipeline = MiniMatch(pipeline);
  state->action_set = continuation.action_set;
  state->stack = continuation.stack;
  state->runs_action_set = continuation.runs_action_set;
  for (const openflow::ContinuationStep& step : continuation.steps) {
    state->steps.push_back({.actions = step.actions,
                            .then = step.then,
                            .table_id = step.table_id,
                            .rule = nullptr,
                            .cookie = step.cookie,
                            .is_packet_out = step.is_packet_out,
                            .is_in_action_set = step.is_in_action_set,
                            .is_in_group = step.is_in_group,
                            .is_pipeline = step.is_pipeline});
  }
  return state;
}

std::vector<const openflow::ActionList*> actions_of(const openflow::Continuation& continuation) {
  std::vector<const openflow::ActionList*> lists{&continuation.action_set};
  for (const openflow::ContinuationStep& step : continuation.steps) {
    lists.push_back(&step.actions);
    if (step.then.write) {
      lists.push_back(&*step.then.write);
    }
  }
  return lists;
}

}  // namespace weft::ofproto
