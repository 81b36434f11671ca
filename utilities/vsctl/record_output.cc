#include "utilities/vsctl/record_output.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::vsctl {
namespace {

// A null column stands for _uuid.
using Columns = std::vector<const management::Column*>;

std::string_view name_of(const management::Column* column) { return column == nullptr ? "_uuid" : column->name; }

nlohmann::json to_json(const Atom& atom) {
  struct Converter {
    nlohmann::json operator()(int64_t value) const { return value; }
    nlohmann::json operator()(double value) const { return value; }
    nlohmann::json operator()(bool value) const { return value; }
    nlohmann::json operator()(const std::string& value) const { return value; }
    nlohmann::json operator()(const Uuid& value) const { return nlohmann::json::array({"uuid", value.text}); }
  };
  return std::visit(Converter{}, atom);
}

// RFC 7047 section 5.1: a set of one stands for itself.
nlohmann::json to_json(const Datum& datum, bool is_map) {
  if (!is_map && datum.count() == 1) {
    return to_json(datum.keys.front());
  }
  auto members = nlohmann::json::array();
  for (size_t i = 0; i < datum.count(); ++i) {
    members.push_back(is_map ? nlohmann::json::array({to_json(datum.keys[i]), to_json(datum.values[i])})
                             : to_json(datum.keys[i]));
  }
  return nlohmann::json::array({is_map ? "map" : "set", std::move(members)});
}

// Without brackets and quotes, for scripts.
std::string bare(const Datum& datum) {
  const auto text = [](const Atom& atom) {
    const auto* string = std::get_if<std::string>(&atom);
    return string == nullptr ? management::format(atom) : *string;
  };
  std::string out;
  for (size_t i = 0; i < datum.count(); ++i) {
    out += i == 0 ? "" : " ";
    out += text(datum.keys[i]);
    out += datum.values.empty() ? "" : '=' + text(datum.values[i]);
  }
  return out;
}

std::string cell(const Row& row, const management::Column* column, DataFormat format) {
  const Datum value = column == nullptr ? Datum::of(row.uuid) : row[column->name];
  const bool is_map = column != nullptr && column->type.is_map();
  switch (format) {
    case DataFormat::bare:
      return bare(value);
    case DataFormat::json:
      return to_json(value, is_map).dump();
    case DataFormat::string:
      break;
  }
  return column == nullptr ? row.uuid.text : management::format(value, column->type);
}

Result<Columns, CommandError> wanted_columns(const Invocation& call, const management::Table& table) {
  Columns columns;
  const auto option = call.options.find("--columns");
  if (option == call.options.end()) {
    columns.push_back(nullptr);
    for (const auto& column : table.columns) {
      columns.push_back(&column);
    }
    std::sort(columns.begin() + 1, columns.end(), [](const auto* a, const auto* b) { return name_of(a) < name_of(b); });
    return columns;
  }
  for (const auto name : split(option->second, ',')) {
    if (name == "_uuid") {
      columns.push_back(nullptr);
      continue;
    }
    const auto column = management::match_column(table, name);
    if (!column) {
      return Unexpected{
          CommandError{"--columns: " + column.error().message, CommandError::no_word, 0, 0, column.error().suggestion}};
    }
    columns.push_back(*column);
  }
  return columns;
}

std::string as_list(const std::vector<const Row*>& rows, const Columns& columns, const Run& run) {
  std::string out;
  for (const Row* row : rows) {
    out += out.empty() ? "" : "\n";
    for (const auto* column : columns) {
      out += run.has_headings ? fmt::format("{:<20}: ", name_of(column)) : "";
      out += cell(*row, column, run.data) + '\n';
    }
  }
  return out;
}

using Lines = std::vector<std::vector<std::string>>;  // of cells

Lines lines_of(const std::vector<const Row*>& rows, const Columns& columns, const Run& run) {
  Lines lines;
  if (run.has_headings) {
    auto& heading = lines.emplace_back();
    for (const auto* column : columns) {
      heading.emplace_back(name_of(column));
    }
  }
  for (const Row* row : rows) {
    auto& line = lines.emplace_back();
    for (const auto* column : columns) {
      line.push_back(cell(*row, column, run.data));
    }
  }
  return lines;
}

std::string as_table(const std::vector<const Row*>& rows, const Columns& columns, const Run& run) {
  const Lines lines = lines_of(rows, columns, run);
  std::vector<size_t> widths(columns.size(), 0);
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], line[i].size());
    }
  }
  std::string out;
  for (size_t n = 0; n < lines.size(); ++n) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool is_last = i + 1 == columns.size();
      out += fmt::format("{:<{}}{}", lines[n][i], is_last ? 0 : widths[i], is_last ? "\n" : " ");
    }
    if (n == 0 && run.has_headings) {
      for (size_t i = 0; i < columns.size(); ++i) {
        out += std::string(widths[i], '-') + (i + 1 == columns.size() ? "\n" : " ");
      }
    }
  }
  return out;
}

std::string quoted_for_csv(std::string_view cell) {
  std::string out = "\"";
  for (const char c : cell) {
    out += c == '"' ? "\"\"" : std::string(1, c);
  }
  return out + '"';
}

// RFC 4180, but for the ends of lines.
std::string as_csv(const std::vector<const Row*>& rows, const Columns& columns, const Run& run) {
  std::string out;
  for (const auto& line : lines_of(rows, columns, run)) {
    for (size_t i = 0; i < line.size(); ++i) {
      out += i == 0 ? "" : ",";
      out += line[i].find_first_of("\",\n") == std::string::npos ? line[i] : quoted_for_csv(line[i]);
    }
    out += '\n';
  }
  return out;
}

std::string as_json(const std::vector<const Row*>& rows, const Columns& columns) {
  nlohmann::json out{{"headings", nlohmann::json::array()}, {"data", nlohmann::json::array()}};
  for (const auto* column : columns) {
    out["headings"].push_back(name_of(column));
  }
  for (const Row* row : rows) {
    auto line = nlohmann::json::array();
    for (const auto* column : columns) {
      line.push_back(column == nullptr ? to_json(Atom{row->uuid})
                                       : to_json((*row)[column->name], column->type.is_map()));
    }
    out["data"].push_back(std::move(line));
  }
  return out.dump() + '\n';
}

}  // namespace

CommandResult print_records(Invocation& call, const management::Table& table, const std::vector<const Row*>& rows) {
  const auto columns = wanted_columns(call, table);
  if (!columns) {
    return Unexpected{columns.error()};
  }
  switch (call.run.format) {
    case OutputFormat::list:
      call.run.output += as_list(rows, *columns, call.run);
      break;
    case OutputFormat::table:
      call.run.output += as_table(rows, *columns, call.run);
      break;
    case OutputFormat::csv:
      call.run.output += as_csv(rows, *columns, call.run);
      break;
    case OutputFormat::json:
      call.run.output += as_json(rows, *columns);
      break;
  }
  return {};
}

}  // namespace weft::vsctl
