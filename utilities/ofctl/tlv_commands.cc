// Names of Geneve options: "{class=0xffff,type=0,len=4}->tun_metadata0".
#include <fmt/format.h>

#include "lib/openflow/text/message_text.h"
#include "lib/openflow/text/tlv_text.h"
#include "utilities/ofctl/flow_batch.h"

namespace weft::ofctl {
namespace {

using openflow::TlvTableCommand;
using openflow::TlvTableMod;

Outcome change(Invocation& call, const TlvTableMod& mod, const std::string& text) {
  FlowBatch batch(call);
  const auto added = batch.add(mod, text);
  return added ? batch.commit() : added;
}

Outcome change_maps(Invocation& call, TlvTableCommand command) {
  const std::string text = call.argument(0);
  auto maps = openflow::parse_tlv_maps(text);
  if (!maps) {
    return Unexpected{bad_text(text, maps.error())};
  }
  return change(call, TlvTableMod{command, std::move(*maps)}, text);
}

}  // namespace

Outcome add_tlv_map(Invocation& call) { return change_maps(call, TlvTableCommand::add); }

Outcome del_tlv_map(Invocation& call) {
  return call.arguments.empty() ? change(call, TlvTableMod{TlvTableCommand::clear, {}}, "all maps")
                                : change_maps(call, TlvTableCommand::remove);
}

Outcome dump_tlv_map(Invocation& call) { return print_replies(call, openflow::TlvTableRequest{}); }

}  // namespace weft::ofctl
