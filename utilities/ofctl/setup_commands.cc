// How the switch is set up: fragments, tables, queues.
#include <algorithm>
#include <iterator>
#include <memory>

#include <fmt/format.h>

#include "lib/openflow/text/message_text.h"
#include "lib/openflow/text/port_text.h"
#include "utilities/ofctl/flow_batch.h"
#include "utilities/ofctl/json_output.h"

namespace weft::ofctl {
namespace {

using openflow::FragmentHandling;
using openflow::TableDesc;

constexpr FragmentHandling fragment_modes[] = {FragmentHandling::normal, FragmentHandling::drop,
                                               FragmentHandling::reassemble, FragmentHandling::nx_match};

Result<uint8_t, Failure> table_argument(const std::string& text) {
  const auto number = parse_unsigned(text, openflow::all_tables);
  if (!number) {
    return Unexpected{Failure{fmt::format("\"{}\" is not a table (0 to 254)", text)}};
  }
  return static_cast<uint8_t>(*number);
}

// "LOW,HIGH" in percent.
Result<openflow::Vacancy, Failure> parse_vacancy(std::string_view text) {
  const auto parts = split_once(text, ',');
  const auto down = parts ? parse_unsigned(parts->first, 100) : std::nullopt;
  const auto up = parts ? parse_unsigned(parts->second, 100) : std::nullopt;
  if (!down || !up || *down > *up) {
    return Unexpected{Failure{fmt::format("vacancy:{}: two percentages, the lower one first, were expected", text)}};
  }
  return openflow::Vacancy{static_cast<uint8_t>(*down), static_cast<uint8_t>(*up), 0};
}

// The rest of the table's set-up stays as it is: a table-mod says all of it.
Result<openflow::TableMod, Failure> change_table(const TableDesc& now, const std::string& change) {
  openflow::TableMod mod{now.table_id, now.config, now.eviction_flags, now.vacancy};
  constexpr std::string_view vacancy = "vacancy:";
  if (change == "evict") {
    mod.config |= openflow::table_config::eviction;
  } else if (change == "noevict") {
    mod.config &= ~openflow::table_config::eviction;
  } else if (change == "novacancy") {
    mod.config &= ~openflow::table_config::vacancy_events;
    mod.vacancy.reset();
  } else if (change.starts_with(vacancy)) {
    const auto limits = parse_vacancy(std::string_view(change).substr(vacancy.size()));
    if (!limits) {
      return Unexpected{limits.error()};
    }
    mod.config |= openflow::table_config::vacancy_events;
    mod.vacancy = *limits;
  } else {
    constexpr std::string_view names[] = {"evict", "noevict", "vacancy:", "novacancy", "egress", "noegress"};
    const std::string nearest = did_you_mean(change, names);
    return Unexpected{
        Failure{fmt::format("\"{}\" is nothing that a table can be told{}", change,
                            nearest.empty() ? " (see --help)" : fmt::format(", did you mean \"{}\"?", nearest))}};
  }
  return mod;
}

// The table as it is, but for where egress begins. What else it says is what the switch said of it.
Outcome change_first_egress(Invocation& call, uint8_t table_id, bool is_first) {
  using openflow::TableFeatures;
  namespace table_feature = openflow::table_feature;
  if (call.connection->version() < openflow::Version::v1_5) {
    return Unexpected{Failure{fmt::format("egress tables need OpenFlow 1.5 or later, and {} was agreed on",
                                          to_string(call.connection->version()))}};
  }
  const auto tables = call.connection->ask_list<TableFeatures>(openflow::TableFeaturesRequest{});
  if (!tables) {
    return Unexpected{tables.error()};
  }
  const auto found = std::ranges::find(*tables, table_id, &TableFeatures::table_id);
  if (found == tables->end()) {
    return Unexpected{Failure{fmt::format("the switch has no table {}", table_id)}};
  }
  const bool was_first = (found->features & table_feature::first_egress) != 0;
  if (!is_first && !was_first) {
    return Unexpected{Failure{fmt::format("table {} is not the first egress table", table_id)}};
  }
  TableFeatures wanted = *found;
  wanted.command = openflow::TableFeaturesCommand::modify;
  wanted.features =
      is_first ? wanted.features | table_feature::first_egress : wanted.features & ~table_feature::first_egress;
  const auto set = call.connection->ask_list<TableFeatures>(openflow::TableFeaturesRequest{{wanted}});
  return set ? Outcome{} : Outcome(Unexpected{set.error()});
}

// 1.0 asks about one port at a time.
Result<std::vector<openflow::QueueDescRequest>, Failure> request_for_each_port(Invocation& call) {
  const auto ports = call.connection->ask_list<openflow::PortDesc>(openflow::PortDescRequest{});
  if (!ports) {
    return Unexpected{ports.error()};
  }
  std::vector<openflow::QueueDescRequest> requests;
  for (const openflow::PortDesc& desc : *ports) {
    if (is_ordinary(desc.port)) {
      requests.push_back({.port = desc.port});
    }
  }
  return requests;
}

Result<std::vector<openflow::QueueDescRequest>, Failure> queue_requests(Invocation& call) {
  if (!call.arguments.empty()) {
    const auto port = parse_port(call.argument(0), call.ports);
    if (!port) {
      return Unexpected{Failure{fmt::format("the switch has no port \"{}\"", call.argument(0))}};
    }
    return std::vector<openflow::QueueDescRequest>{{.port = *port}};
  }
  if (call.connection->version() == openflow::Version::v1_0) {
    return request_for_each_port(call);
  }
  return std::vector<openflow::QueueDescRequest>(1);
}

Result<std::vector<openflow::QueueDesc>, Failure> ask_queues(Connection& connection,
                                                             const openflow::QueueDescRequest& request) {
  const auto parts = connection.request(request);
  if (!parts) {
    return Unexpected{parts.error()};
  }
  std::vector<openflow::QueueDesc> queues;
  for (const openflow::Envelope& part : *parts) {
    if (const auto* reply = std::get_if<openflow::QueueDescReply>(&part.message)) {
      queues.insert(queues.end(), reply->entries.begin(), reply->entries.end());
    }
  }
  return queues;
}

}  // namespace

Outcome get_frags(Invocation& call) {
  const auto reply = call.connection->ask<openflow::GetConfigReply>(openflow::GetConfigRequest{});
  if (!reply) {
    return Unexpected{reply.error()};
  }
  fmt::print("{}\n", to_string(reply->config.fragments));
  return {};
}

Outcome set_frags(Invocation& call) {
  const std::string name = call.argument(0);
  const auto* mode = std::ranges::find(fragment_modes, name, [](FragmentHandling one) { return to_string(one); });
  if (mode == std::end(fragment_modes)) {
    return Unexpected{Failure{fmt::format("\"{}\" is none of normal, drop, reassemble and nx-match", name)}};
  }
  auto now = call.connection->ask<openflow::GetConfigReply>(openflow::GetConfigRequest{});
  if (!now) {
    return Unexpected{now.error()};
  }
  now->config.fragments = *mode;
  FlowBatch batch(call);
  if (auto added = batch.add(openflow::SetConfig{now->config}, name); !added) {
    return added;
  }
  if (auto done = batch.commit(); !done) {
    return done;
  }
  // A switch that cannot may say so only by not having done it.
  const auto then = call.connection->ask<openflow::GetConfigReply>(openflow::GetConfigRequest{});
  if (!then) {
    return Unexpected{then.error()};
  }
  return then->config.fragments == *mode
             ? Outcome{}
             : Outcome(Unexpected{Failure{fmt::format("the switch does not treat fragments as {}", name)}});
}

Outcome queue_get_config(Invocation& call) {
  const auto requests = queue_requests(call);
  if (!requests) {
    return Unexpected{requests.error()};
  }
  std::vector<openflow::QueueDesc> all;
  const bool is_json = call.options.format == OutputFormat::json;
  for (const openflow::QueueDescRequest& request : *requests) {
    if (!is_json) {
      if (auto printed = print_replies(call, request); !printed) {
        return printed;
      }
      continue;
    }
    const auto queues = ask_queues(*call.connection, request);
    if (!queues) {
      return Unexpected{queues.error()};
    }
    all.insert(all.end(), queues->begin(), queues->end());
  }
  if (is_json) {
    print_json(all, call.ports);
  }
  return {};
}

Outcome dump_table_desc(Invocation& call) {
  if (call.options.format == OutputFormat::json) {
    return call.connection->ask_list<TableDesc>(openflow::TableDescRequest{}).transform([](const auto& tables) {
      print_json(tables);
    });
  }
  return print_replies(call, openflow::TableDescRequest{});
}

Outcome mod_table(Invocation& call) {
  const auto table = table_argument(call.argument(0));
  if (!table) {
    return Unexpected{table.error()};
  }
  const std::string change = call.argument(1);
  if (change == "egress" || change == "noegress") {
    return change_first_egress(call, *table, change == "egress");
  }
  const auto tables = call.connection->ask_list<TableDesc>(openflow::TableDescRequest{});
  if (!tables) {
    return Unexpected{tables.error()};
  }
  const bool is_all = *table == openflow::all_tables;
  const auto now =
      std::ranges::find_if(*tables, [&](const TableDesc& one) { return is_all || one.table_id == *table; });
  if (now == tables->end()) {
    return Unexpected{Failure{fmt::format("the switch has no table {}", call.argument(0))}};
  }
  auto mod = change_table(*now, change);
  if (!mod) {
    return Unexpected{mod.error()};
  }
  mod->table_id = *table;
  FlowBatch batch(call);
  const auto added = batch.add(*mod, call.argument(0) + " " + change);
  return added ? batch.commit() : added;
}

}  // namespace weft::ofctl
