// The recorded answers of stock ovs-ofctl to some hundred flow texts (record_flows.py).
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "lib/flow/port_names.h"

namespace weft::openflow::testing {

struct CorpusEntry {
  std::string text;
  bool is_refused = false;
  std::string wire;  // hexadecimal
  std::string line;  // as dump-flows prints it
};

inline std::vector<CorpusEntry> read_corpus(const std::string& path = "tests/lib/openflow/text/flow_corpus.txt") {
  std::vector<CorpusEntry> entries;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("flow ")) {
      entries.push_back({line.substr(5), false, "", ""});
    } else if (line == "refused") {
      entries.back().is_refused = true;
    } else if (line.starts_with("wire ")) {
      entries.back().wire = line.substr(5);
    } else if (line.starts_with("line ")) {
      entries.back().line = line.substr(5);
    }
  }
  return entries;
}

// The ports of the switch that the recording was made with.
class TwoPorts : public PortNames {
 public:
  std::optional<OfPort> find_port(std::string_view name) const override {
    if (name == "p1") {
      return OfPort{1};
    }
    if (name == "p2") {
      return OfPort{2};
    }
    return name == "br0" ? std::optional(of_port::local) : std::nullopt;
  }
  std::optional<std::string> port_name(OfPort port) const override {
    if (number(port) == 1 || number(port) == 2) {
      return "p" + std::to_string(number(port));
    }
    return std::nullopt;
  }
};

inline std::string to_hex(const std::vector<uint8_t>& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

inline std::vector<uint8_t> from_hex(const std::string& text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

}  // namespace weft::openflow::testing
