// dump-tables and dump-table-features.
#include <fmt/format.h>

#include "lib/openflow/text/port_text.h"
#include "utilities/ofctl/command.h"
#include "utilities/ofctl/json_output.h"

namespace weft::ofctl {

Outcome dump_tables(Invocation& call) {
  const auto tables = call.connection->ask_list<openflow::TableStats>(openflow::TableStatsRequest{});
  if (!tables) {
    return Unexpected{tables.error()};
  }
  if (call.options.format == OutputFormat::json) {
    print_json(*tables);
    return {};
  }
  print_title<openflow::TableStats>(call);
  fmt::print("{}", openflow::format_table_stats(*tables));
  return {};
}

Outcome dump_table_features(Invocation& call) {
  const auto tables = call.connection->ask_list<openflow::TableFeatures>(openflow::TableFeaturesRequest{});
  if (!tables) {
    return Unexpected{tables.error()};
  }
  if (call.options.format == OutputFormat::json) {
    print_json(*tables);
    return {};
  }
  const openflow::Version version = call.connection->version();
  fmt::print("{}", openflow::format_table_features(*tables, {.has_capabilities = version >= openflow::Version::v1_4,
                                                             .shows_stages = version >= openflow::Version::v1_5}));
  return {};
}

}  // namespace weft::ofctl
