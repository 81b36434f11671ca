// The command line of weft-ofctl: options anywhere, then a command and its arguments. Values.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace weft::ofctl {

enum class OutputFormat : uint8_t { text, json };

struct Options {
  std::string rundir;
  std::optional<std::chrono::milliseconds> timeout;
  OutputFormat format = OutputFormat::text;
  bool is_strict = false;
  bool may_create = false;
  bool show_statistics = true;
  bool show_names = false;
  std::optional<std::string> sort_by;  // a field's name, or "priority"
  bool sort_descending = false;
  bool wants_help = false;
  bool wants_version = false;
  std::vector<std::string> words;  // the command and its arguments
};

// The error is a sentence for the user.
Result<Options, std::string> parse_options(std::span<const char* const> arguments);

std::string option_help();

}  // namespace weft::ofctl
