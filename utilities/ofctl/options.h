// The command line of weft-ofctl: options anywhere, then a command and its arguments. Values.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/openflow/form.h"
#include "lib/openflow/version.h"
#include "utilities/ofctl/connection.h"

namespace weft::ofctl {

enum class OutputFormat : uint8_t { text, json };

struct Options {
  ConnectionSettings connection;
  OutputFormat format = OutputFormat::text;
  std::optional<openflow::VersionSet> versions;  // as -O says; otherwise the command's own
  bool is_strict = false;
  bool in_bundle = false;     // changes are sent in one bundle: all of them or none
  bool adds_again = false;    // replace-flows: flows that are there already too
  bool is_read_only = false;  // refuse commands that change the switch
  bool shows_time = false;    // monitor, snoop: when each message came
  std::optional<openflow::Form> packet_in_format;
  bool is_bare = false;  // compose-packet: only hexadecimal digits
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

// "OpenFlow10, OpenFlow13, ...": what -O may choose from.
std::string version_names();

}  // namespace weft::ofctl
