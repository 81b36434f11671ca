// weft-ofctl: the OpenFlow tool. Speaks OpenFlow as any controller would; what it can do is in command.cc.

#include <cstdio>

#include <fmt/format.h>

#include "utilities/ofctl/command.h"

int main(int argc, char** argv) {
  using namespace weft::ofctl;
  const auto options = parse_options(std::span<const char* const>(argv, static_cast<size_t>(argc)).subspan(1));
  if (!options) {
    fmt::print(stderr, "weft-ofctl: {}\n", options.error());
    return 1;
  }
  if (options->wants_version) {
    fmt::print("weft-ofctl (weft) {}\nOpenFlow versions {}\n", WEFT_VERSION, version_names());
    return 0;
  }
  if (options->wants_help && options->words.empty()) {
    fmt::print("{}", help_text());
    return 0;
  }
  const auto outcome = run(*options);
  std::fflush(stdout);
  if (!outcome) {
    const std::string& message = outcome.error().message;
    fmt::print(stderr, "weft-ofctl: {}{}", message, message.ends_with('\n') ? "" : "\n");
    return outcome.error().status;
  }
  return 0;
}
