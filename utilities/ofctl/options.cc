#include "utilities/ofctl/options.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "lib/base/run_directory.h"
#include "lib/base/text.h"

namespace weft::ofctl {
namespace {

using Done = Result<void, std::string>;

struct OptionRow {
  std::string_view name;
  char letter;             // '\0': none
  std::string_view value;  // what it is called in the help; empty: takes none
  bool is_value_optional;
  std::string_view help;
  Done (*apply)(Options&, std::string_view value);
};

Done set_rundir(Options& options, std::string_view value) {
  options.connection.rundir = value;
  return {};
}

Done set_timeout(Options& options, std::string_view value) {
  const auto seconds = parse_unsigned(value, 1'000'000);
  if (!seconds) {
    return Unexpected{fmt::format("--timeout takes a number of seconds, not \"{}\"", value)};
  }
  options.connection.timeout = std::chrono::seconds(*seconds);
  return {};
}

// "+OpenFlow14" adds to the usual ones, as for ovs-ofctl; here it is as good as naming it.
Done set_version(Options& options, std::string_view value) {
  uint32_t bits = 0;
  for (std::string_view name : split(value, ',')) {
    name = name.starts_with('+') ? name.substr(1) : name;
    const auto version = openflow::parse_version(name);
    if (!version || !openflow::supported_versions().has(*version)) {
      return Unexpected{fmt::format("--protocols: {} is none of {}", name, version_names())};
    }
    bits |= openflow::VersionSet{*version}.bits();
  }
  options.versions = openflow::VersionSet{bits};
  return {};
}

// ovs-ofctl's names: openflow10 and standard are one thing, as are nxm and nxt_packet_in.
Done set_packet_in_format(Options& options, std::string_view value) {
  const std::string name = to_lower(value);
  if (name == "standard" || name == "openflow10") {
    options.packet_in_format = openflow::Form::standard;
  } else if (name == "nxt_packet_in" || name == "nxm") {
    options.packet_in_format = openflow::Form::nicira;
  } else if (name == "nxt_packet_in2") {
    options.packet_in_format = openflow::Form::nicira2;
  } else {
    return Unexpected{
        fmt::format("--packet-in-format is standard, nxt_packet_in or nxt_packet_in2, not \"{}\"", value)};
  }
  return {};
}

Done set_format(Options& options, std::string_view value) {
  if (value != "json" && value != "text") {
    return Unexpected{fmt::format("--format is text or json, not \"{}\"", value)};
  }
  options.format = value == "json" ? OutputFormat::json : OutputFormat::text;
  return {};
}

Done set_sort(Options& options, std::string_view value) {
  options.sort_by = value.empty() ? "priority" : value;
  return {};
}

Done set_reverse_sort(Options& options, std::string_view value) {
  options.sort_descending = true;
  return set_sort(options, value);
}

template <std::string TlsFiles::*file>
Done set_tls_file(Options& options, std::string_view value) {
  options.connection.tls.*file = value;
  return {};
}

template <bool Options::*member, bool to>
Done set_flag(Options& options, std::string_view) {
  options.*member = to;
  return {};
}

// Tools written for Open vSwitch pass these; here they change nothing.
Done accept(Options&, std::string_view) { return {}; }

constexpr OptionRow rows[] = {
    {"rundir", '\0', "DIR", false, "where the switch's sockets are (default $WEFT_RUNDIR or /run/weft)", set_rundir},
    {"timeout", 't', "SECONDS", false, "give up after this long", set_timeout},
    {"protocols", 'O', "VERSION", false, "OpenFlow versions to choose from: OpenFlow10, OpenFlow13,...", set_version},
    {"private-key", 'p', "FILE", false, "ssl: the tool's private key (PEM)", set_tls_file<&TlsFiles::private_key>},
    {"certificate", 'c', "FILE", false, "ssl: the tool's certificate", set_tls_file<&TlsFiles::certificate>},
    {"ca-cert", 'C', "FILE", false, "ssl: certificate of the authority that signed the switch's; \"none\" trusts any",
     set_tls_file<&TlsFiles::ca_certificate>},
    {"bundle", '\0', "", false, "send changes in one bundle: all of them or none (OpenFlow 1.4, or 1.3's extension)",
     set_flag<&Options::in_bundle, true>},
    {"read-only", '\0', "", false, "refuse commands that change the switch", set_flag<&Options::is_read_only, true>},
    {"readd", '\0', "", false, "replace-flows: add again what is there already", set_flag<&Options::adds_again, true>},
    {"timestamp", '\0', "", false, "monitor, snoop, ofp-parse-pcap: print when each message came",
     set_flag<&Options::shows_time, true>},
    {"bare", '\0', "", false, "compose-packet: only hexadecimal digits, as packet-out and ofproto/trace take them",
     set_flag<&Options::is_bare, true>},
    {"packet-in-format", 'P', "FORMAT", false, "monitor: standard, nxt_packet_in or nxt_packet_in2",
     set_packet_in_format},
    {"strict", '\0', "", false, "mod-flows, del-flows: only the flow with exactly this match and priority",
     set_flag<&Options::is_strict, true>},
    {"may-create", '\0', "", false, "mod-group: add the group if it is not there",
     set_flag<&Options::may_create, true>},
    {"names", '\0', "", false, "show port names (default on a terminal)", set_flag<&Options::show_names, true>},
    {"no-names", '\0', "", false, "show port numbers", set_flag<&Options::show_names, false>},
    {"stats", '\0', "", false, "dump-flows: show duration and counters (default)",
     set_flag<&Options::show_statistics, true>},
    {"no-stats", '\0', "", false, "dump-flows: leave out duration and counters",
     set_flag<&Options::show_statistics, false>},
    {"sort", '\0', "FIELD", true, "dump-flows: in ascending order of FIELD (default priority)", set_sort},
    {"rsort", '\0', "FIELD", true, "dump-flows: in descending order", set_reverse_sort},
    {"format", 'f', "FORMAT", false, "dumps: text (default) or json", set_format},
    {"flow-format", 'F', "FORMAT", false, "accepted and ignored", accept},
    {"more", 'm', "", false, "accepted and ignored", accept},
    {"color", '\0', "WHEN", true, "accepted and ignored", accept},
    {"help", 'h', "", false, "this text; after a command: about it", set_flag<&Options::wants_help, true>},
    {"version", 'V', "", false, "print the version", set_flag<&Options::wants_version, true>},
};

const OptionRow* find_long(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const OptionRow& row) { return row.name == name; });
  return found == std::end(rows) ? nullptr : found;
}

const OptionRow* find_letter(char letter) {
  const auto* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const OptionRow& row) { return row.letter == letter; });
  return letter == '\0' || found == std::end(rows) ? nullptr : found;
}

class CommandLine {
 public:
  CommandLine(std::span<const char* const> arguments, Options& options) : rest_(arguments), options_(options) {}

  Done parse() {
    bool options_end = false;
    while (!rest_.empty()) {
      const std::string_view word = take();
      if (options_end || word.size() < 2 || word[0] != '-') {
        options_.words.emplace_back(word);
      } else if (word == "--") {
        options_end = true;
      } else if (auto done = word[1] == '-' ? parse_long(word.substr(2)) : parse_short(word.substr(1)); !done) {
        return done;
      }
    }
    return {};
  }

 private:
  std::string_view take() {
    const std::string_view word = rest_.front();
    rest_ = rest_.subspan(1);
    return word;
  }

  Done parse_long(std::string_view word) {
    const auto parts = split_once(word, '=');
    const std::string_view name = parts ? parts->first : word;
    const OptionRow* row = find_long(name);
    if (row == nullptr) {
      return Unexpected{unknown(name)};
    }
    if (parts && row->value.empty()) {
      return Unexpected{fmt::format("--{} takes no value", name)};
    }
    if (!parts && !row->value.empty() && !row->is_value_optional) {
      return apply_next(*row);
    }
    return row->apply(options_, parts ? parts->second : "");
  }

  Done parse_short(std::string_view letters) {
    const OptionRow* row = find_letter(letters[0]);
    if (row == nullptr) {
      return Unexpected{fmt::format("unknown option -{}", letters[0])};
    }
    if (!row->value.empty()) {
      return letters.size() > 1 ? row->apply(options_, letters.substr(1)) : apply_next(*row);
    }
    const Done done = row->apply(options_, "");
    return done && letters.size() > 1 ? parse_short(letters.substr(1)) : done;
  }

  Done apply_next(const OptionRow& row) {
    if (rest_.empty()) {
      return Unexpected{fmt::format("--{} needs a value", row.name)};
    }
    return row.apply(options_, take());
  }

  static std::string unknown(std::string_view name) {
    std::vector<std::string_view> names;
    for (const OptionRow& row : rows) {
      names.push_back(row.name);
    }
    const std::string nearest = did_you_mean(name, names);
    return fmt::format("unknown option --{}{}", name, nearest.empty() ? "" : ", did you mean --" + nearest + "?");
  }

  std::span<const char* const> rest_;
  Options& options_;
};

}  // namespace

std::string version_names() {
  std::string names;
  for (unsigned wire = 1; wire <= static_cast<unsigned>(openflow::Version::v1_5); ++wire) {
    const auto version = static_cast<openflow::Version>(wire);
    if (openflow::supported_versions().has(version)) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", to_string(version));
    }
  }
  return names;
}

Result<Options, std::string> parse_options(std::span<const char* const> arguments) {
  Options options;
  options.connection.rundir = default_run_directory();
  options.show_names = ::isatty(STDOUT_FILENO) == 1;
  if (auto done = CommandLine(arguments, options).parse(); !done) {
    return Unexpected{done.error()};
  }
  return options;
}

std::string option_help() {
  std::string text;
  for (const OptionRow& row : rows) {
    const std::string letter = row.letter == '\0' ? "    " : fmt::format("-{}, ", row.letter);
    const std::string value = row.value.empty()       ? ""
                              : row.is_value_optional ? fmt::format("[={}]", row.value)
                                                      : fmt::format("={}", row.value);
    text += fmt::format("  {}{:<22}{}\n", letter, fmt::format("--{}{}", row.name, value), row.help);
  }
  return text;
}

}  // namespace weft::ofctl
