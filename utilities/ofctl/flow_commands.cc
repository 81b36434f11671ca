// add-flow, add-flows, mod-flows, del-flows.
#include "lib/openflow/text/flow_text.h"
#include "utilities/ofctl/flow_batch.h"

namespace weft::ofctl {
namespace {

using openflow::FlowModCommand;

// One text, or "-" for many lines from standard input.
Outcome change_flows(Invocation& call, FlowModCommand command, const std::string& argument, bool is_file) {
  FlowBatch batch(call);
  const auto add = [&](const std::string& text) -> Outcome {
    const openflow::Version version = call.connection->version();
    const auto mod = is_file ? openflow::parse_flow_line(text, command, call.ports, version)
                             : openflow::parse_flow(text, command, call.ports, version);
    if (!mod) {
      return Unexpected{bad_text(text, mod.error())};
    }
    return batch.add(*mod, text);
  };
  const Outcome added = is_file ? for_each_line(argument, add) : add(argument);
  return added ? batch.commit() : added;
}

Outcome change_flows(Invocation& call, FlowModCommand command) {
  return change_flows(call, command, call.argument(0), call.argument(0) == "-");
}

}  // namespace

Outcome add_flow(Invocation& call) { return change_flows(call, FlowModCommand::add); }

Outcome add_flows(Invocation& call) { return change_flows(call, FlowModCommand::add, call.argument(0), true); }

Outcome mod_flows(Invocation& call) {
  return change_flows(call, call.options.is_strict ? FlowModCommand::modify_strict : FlowModCommand::modify);
}

Outcome del_flows(Invocation& call) {
  return change_flows(call, call.options.is_strict ? FlowModCommand::remove_strict : FlowModCommand::remove);
}

}  // namespace weft::ofctl
