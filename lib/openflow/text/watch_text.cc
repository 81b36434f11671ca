#include "lib/openflow/text/watch_text.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "lib/openflow/text/flow_text.h"

namespace weft::openflow {
namespace {

struct Exception {
  std::string_view name;
  uint16_t flag;
};
// "own" abbreviates one's own changes instead of leaving them out.
constexpr Exception exceptions[] = {
    {"initial", monitor_flag::initial}, {"add", monitor_flag::add},       {"delete", monitor_flag::removed},
    {"modify", monitor_flag::modify},   {"own", monitor_flag::no_abbrev}, {"actions", monitor_flag::instructions},
};
constexpr uint16_t everything = monitor_flag::all & ~monitor_flag::only_own;

Result<void, TextError> except(std::string_view text, std::string_view word, uint16_t& flags) {
  const auto* exception = std::ranges::find(exceptions, word.substr(1), &Exception::name);
  if (exception == std::end(exceptions)) {
    constexpr std::string_view names[] = {"!initial", "!add", "!delete", "!modify", "!own", "!actions"};
    return Unexpected{error_at(text, word, fmt::format("nothing that a monitor can leave out: \"{}\"", word),
                               did_you_mean(word, names))};
  }
  flags &= static_cast<uint16_t>(~exception->flag);
  return {};
}

}  // namespace

Result<FlowMonitor, TextError> parse_watch(std::string_view text, const PortNames* ports) {
  FlowMonitor monitor;
  monitor.flags = everything;
  std::string selection(text);  // with blanks where an exception stood, so that places stay what they are
  for (const std::string_view part : split(text, ',')) {
    const std::string_view word = trim(part);
    if (!word.starts_with('!')) {
      continue;
    }
    if (auto done = except(text, word, monitor.flags); !done) {
      return Unexpected{done.error()};
    }
    selection.replace(static_cast<size_t>(word.data() - text.data()), word.size(), word.size(), ' ');
  }
  auto filter = parse_flow_filter(selection, ports);
  if (!filter) {
    return Unexpected{filter.error()};
  }
  monitor.table_id = filter->table_id;
  monitor.out_port = filter->out_port;
  monitor.out_group = filter->out_group;
  monitor.match = std::move(filter->match);
  return monitor;
}

}  // namespace weft::openflow
