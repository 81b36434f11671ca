// Commands about bridges: flows, learned MACs.

#include <algorithm>

#include <fmt/format.h>

#include "vswitchd/control/command.h"

namespace weft::control {

void ofproto_list(CommandContext& context, const Words&, Answer answer) {
  std::string out;
  for (const auto* bridge : context.the_switch.bridges()) {
    out += bridge->name() + '\n';
  }
  answer(std::move(out));
}

void bridge_dump_flows(CommandContext& context, const Words& words, Answer answer) {
  const auto bridge = find_bridge(context, words[0]);
  if (!bridge) {
    return answer(Unexpected{bridge.error()});
  }
  // The bridge may be gone when the counters are in.
  (*bridge)->collect([&context, name = words[0], answer = std::move(answer)] {
    const auto still = find_bridge(context, name);
    answer(still ? Result<std::string, std::string>((*still)->dump_all_flows()) : Unexpected{still.error()});
  });
}

void fdb_show(CommandContext& context, const Words& words, Answer answer) {
  answer(find_bridge(context, words[0]).transform([](const auto* bridge) { return bridge->fdb_show(); }));
}

void fdb_flush(CommandContext& context, const Words& words, Answer answer) {
  std::vector<ofproto::Bridge*> bridges = context.the_switch.bridges();
  if (!words.empty()) {
    const auto bridge = find_bridge(context, words[0]);
    if (!bridge) {
      return answer(Unexpected{bridge.error()});
    }
    bridges = {*bridge};
  }
  std::ranges::for_each(bridges, [](auto* bridge) { bridge->fdb_flush(); });
  answer(std::string("table successfully flushed\n"));
}

void revalidator_wait(CommandContext& context, const Words&, Answer answer) {
  const auto bridges = context.the_switch.bridges();
  if (bridges.empty()) {
    return answer(std::string());
  }
  // Changes of all bridges go through one revalidator, in order.
  bridges.front()->barrier([answer = std::move(answer)] { answer(std::string()); });
}

}  // namespace weft::control
