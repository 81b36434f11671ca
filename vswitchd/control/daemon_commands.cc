// Commands about the daemon itself: version, exit, log levels.

#include <fmt/format.h>

#include "lib/base/log.h"
#include "vswitchd/control/command.h"

namespace weft::control {

void show_version(CommandContext& context, const Words&, Answer answer) {
  answer(fmt::format("weft-vswitchd (weft) {}\n", context.version));
}

void exit_daemon(CommandContext& context, const Words&, Answer answer) {
  answer(std::string());
  context.exit();
}

void vlog_set(CommandContext&, const Words& words, Answer answer) {
  for (const auto& spec : words) {
    if (const auto done = log::configure(spec); !done) {
      return answer(Unexpected{render(spec, done.error())});
    }
  }
  answer(std::string());
}

void vlog_list(CommandContext&, const Words&, Answer answer) {
  std::string out = fmt::format("{:<20}{:<9}{}\n", "", "console", "file");
  for (const auto& module : log::list()) {
    out += fmt::format("{:<20}{:<9}{}\n", module.module, log::to_string(module.console), log::to_string(module.file));
  }
  answer(std::move(out));
}

void vlog_reopen(CommandContext& context, const Words&, Answer answer) {
  if (!context.log_file) {
    return answer(Unexpected{std::string("the switch logs to no file (weft-vswitchd --log-file)")});
  }
  if (const auto done = log::open_file(*context.log_file); !done) {
    return answer(Unexpected{done.error().to_string()});
  }
  answer(std::string());
}

}  // namespace weft::control
