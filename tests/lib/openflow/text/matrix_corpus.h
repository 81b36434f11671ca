// The recorded answers of stock ovs-ofctl to the generated flow texts (record_matrix.py says how they are written down).
#pragma once

#include <array>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/openflow/version.h"

namespace weft::openflow::testing {

struct MatrixAnswer {
  std::string wire;          // hexadecimal; empty: refused
  bool is_readable = false;  // by ovs-ofctl itself
  std::string line;          // as "OFPT_FLOW_MOD ...: ADD " goes on
};

struct MatrixEntry {
  std::string text;
  std::map<Version, MatrixAnswer> answers;
};

// Zeros counted in parentheses, and "~" behind the length for what most flow-mods begin with.
inline std::string expand(const std::string& bytes) {
  const std::string xid = "00000001";
  const std::string standard = xid + std::string(44, '0') + "8000" + std::string(24, 'f') + std::string(8, '0');
  const std::string nicira = xid + "000023200000000d" + std::string(28, '0') + "8000" + std::string(12, 'f') + "0000";
  std::string out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '(') {
      size_t digits = 0;
      out.append(std::stoul(bytes.substr(i + 1), &digits), '0');
      i += digits + 1;
    } else if (bytes[i] == '~') {
      out += bytes.substr(2, 2) == "0e" ? standard : nicira;
    } else {
      out += bytes[i];
    }
  }
  return out;
}

inline MatrixAnswer parse_answer(const std::string& words) {
  const std::string unreadable = "unreadable ";
  if (words == "refused") {
    return {};
  }
  const bool is_readable = !words.starts_with(unreadable);
  return {expand(is_readable ? words : words.substr(unreadable.size())), is_readable, ""};
}

// 1.4 and 1.5 say what 1.3 says where nothing else is written down.
inline void fill_in(MatrixEntry& entry) {
  const MatrixAnswer& in_13 = entry.answers[Version::v1_3];
  for (const auto& [version, first] : {std::pair(Version::v1_4, "05"), std::pair(Version::v1_5, "06")}) {
    if (!entry.answers.contains(version)) {
      MatrixAnswer same = in_13;
      if (!same.wire.empty()) {
        same.wire.replace(0, 2, first);
      }
      entry.answers[version] = same;
    }
  }
  for (auto& [version, answer] : entry.answers) {
    if (answer.line.empty()) {
      answer.line = in_13.line;
    }
  }
}

inline std::vector<MatrixEntry> read_matrix() {
  const std::map<std::string, Version> versions = {
      {"10 ", Version::v1_0}, {"13 ", Version::v1_3}, {"14 ", Version::v1_4}, {"15 ", Version::v1_5}};
  std::vector<MatrixEntry> entries;
  std::ifstream file("tests/lib/openflow/text/flow_matrix.txt");
  MatrixAnswer* last = nullptr;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("flow ")) {
      if (!entries.empty()) {
        fill_in(entries.back());
      }
      entries.push_back({line.substr(5), {}});
    } else if (line.starts_with("= ")) {
      last->line = line.substr(2);
    } else if (const auto version = versions.find(line.substr(0, 3)); version != versions.end()) {
      last = &(entries.back().answers[version->second] = parse_answer(line.substr(3)));
    }
  }
  if (!entries.empty()) {
    fill_in(entries.back());
  }
  return entries;
}

}  // namespace weft::openflow::testing
