#include "utilities/vsctl/run.h"

#include <fmt/format.h>

namespace weft::vsctl {
namespace {

bool is_referred_to(const Draft& draft, std::string_view table, const Uuid& uuid) {
  for (const auto& from : management::tables()) {
    for (const auto& column : from.columns) {
      if (column.type.ref_table == table && draft.referrer(from.name, column.name, uuid) != nullptr) {
        return true;
      }
    }
  }
  return false;
}

bool is_set_up(const Row& interface) { return interface["ofport"].integer().value_or(-1) != -1; }

// `a\nb\n` on one line, as --oneline asks.
std::string on_one_line(std::string_view output) {
  std::string out;
  for (const char c : output.substr(0, output.ends_with('\n') ? output.size() - 1 : output.size())) {
    out += c == '\n' ? "\\n" : c == '\\' ? "\\\\" : std::string(1, c);
  }
  return out + '\n';
}

}  // namespace

Result<void, std::string> run_commands(const CommandLine& line, Run& run) {
  run.format = line.format;
  run.data = line.data;
  run.has_headings = line.has_headings;
  std::string output;
  for (const auto& command : line.commands) {
    Invocation call{run, command.words, command.options};
    run.output.clear();
    if (auto done = command.spec->run(call); !done) {
      return Unexpected{render(command, done.error())};
    }
    if (run.must_wait) {
      return {};
    }
    output += line.is_oneline ? on_one_line(run.output) : run.output;
  }
  run.output = std::move(output);
  if (auto problem = unbound_symbol(run)) {
    return Unexpected{std::move(*problem)};
  }
  return {};
}

std::vector<std::string> useless_records(const Run& run) {
  std::vector<std::string> out;
  for (const auto& [table, uuid] : run.created) {
    const bool goes_alone = management::find_table(table)->lifetime == management::Lifetime::referenced;
    if (goes_alone && run.draft.find(table, uuid) != nullptr && !is_referred_to(run.draft, table, uuid)) {
      out.push_back(
          fmt::format("the new {} record {} has no effect: no other record refers to it (--id=@NAME names it "
                      "for the other commands of the run)",
                      table, uuid.text));
    }
  }
  return out;
}

std::vector<std::string> new_problems(const Database& before, const Database& after) {
  std::vector<std::string> out;
  for (const auto& [uuid, row] : after.rows("Interface")) {
    const Row* earlier = before.find("Interface", uuid);
    const bool is_told = earlier != nullptr && !is_set_up(*earlier) && (*earlier)["error"] == row["error"];
    if (!is_set_up(row) && !is_told) {
      out.push_back(fmt::format("Error detected while setting up '{}': {}", row.name(),
                                row["error"].string().value_or("the switch gave no reason")));
    }
    // A patch port whose peer comes later is no problem.
    const std::string error = row["error"].string().value_or("");
    const bool is_patch = row["type"].string() == "patch";
    if (is_set_up(row) && !is_patch && !error.empty() &&
        (earlier == nullptr || (*earlier)["error"].string().value_or("") != error)) {
      out.push_back(error);
    }
  }
  for (const auto& [uuid, row] : after.rows("Segment")) {
    const Row* earlier = before.find("Segment", uuid);
    const auto error = row["error"].string();
    if (error && (earlier == nullptr || (*earlier)["error"].string() != error)) {
      out.push_back(fmt::format("Segment '{}': {}", row.name(), *error));
    }
  }
  return out;
}

std::vector<std::string> new_warnings(const Database& before, const Database& after) {
  std::vector<std::string> out;
  for (const auto& [uuid, row] : after.rows("Interface")) {
    const Row* earlier = before.find("Interface", uuid);
    const auto warning = row["status"].at("warning");
    if (warning && (earlier == nullptr || (*earlier)["status"].at("warning") != warning)) {
      out.push_back(fmt::format("Note on '{}': {}", row.name(), *warning));
    }
  }
  return out;
}

}  // namespace weft::vsctl
