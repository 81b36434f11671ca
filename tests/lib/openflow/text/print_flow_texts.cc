// Prints the generated flow texts, one a line, for record_matrix.py.
#include <cstdio>
#include <set>

#include "tests/lib/openflow/text/flow_generator.h"

int main() {
  std::set<std::string> printed;
  for (const auto& flow : weft::openflow::testing::generated_flows()) {
    if (printed.insert(flow.text).second) {
      std::puts(flow.text.c_str());
    }
  }
}
