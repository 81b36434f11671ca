// weft-actions(7) has an entry for each action. The first example of an entry decides which versions of OpenFlow can say
// it; every example is read.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/unsaid.h"
#include "tests/utilities/man/page.h"

namespace weft::man {
namespace {

using openflow::FlowMod;
using openflow::FlowModCommand;
using openflow::Version;
using ::testing::Contains;

constexpr std::array versions{Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5};
constexpr std::array<std::string_view, versions.size()> version_names{"1.0", "1.3", "1.4", "1.5"};

// Whether an action's form in this version is one of an experimenter's.
bool is_extension(const openflow::Action& action, Version version, bool is_tagged) {
  std::vector<uint8_t> bytes;
  openflow::WireWriter out(bytes);
  openflow::write_actions(out, {action}, version, is_tagged);
  for (size_t at = 0; at + 4 <= bytes.size(); at += size_t{bytes[at + 2]} << 8 | bytes[at + 3]) {
    if ((bytes[at] << 8 | bytes[at + 1]) == openflow::action_type_experimenter) {
      return true;
    }
  }
  return false;
}

std::string_view form_in(const FlowMod& mod, Version version) {
  if (openflow::find_unsaid(mod, version)) {
    return "not there";
  }
  const auto& instructions = mod.instructions;
  if (version == Version::v1_0 && (instructions.goto_table || instructions.write_metadata)) {
    return "extension";
  }
  const bool is_tagged = mod.match.meets_prerequisite(Prerequisite::vlan);
  for (const auto* list : {&instructions.apply, &instructions.write}) {
    if (*list && std::ranges::any_of(**list, [&](const auto& a) { return is_extension(a, version, is_tagged); })) {
      return "extension";
    }
  }
  return "standard";
}

// "1.3 and later", "1.3, 1.4": versions first..end-1 of the table.
std::string names_of(size_t first, size_t end) {
  const std::span<const std::string_view> names = std::span(version_names).subspan(first, end - first);
  return end == versions.size() && names.size() > 1 ? fmt::format("{} and later", names.front())
                                                    : fmt::format("{}", fmt::join(names, ", "));
}

// "OpenFlow 1.0: extension; 1.3, 1.4: standard; 1.5: ...", versions that are alike together.
std::string forms_of(const FlowMod& mod) {
  std::string text = "OpenFlow ";
  for (size_t first = 0; first < versions.size();) {
    const std::string_view form = form_in(mod, versions[first]);
    size_t end = first;
    while (end < versions.size() && form_in(mod, versions[end]) == form) {
      ++end;
    }
    text += fmt::format("{}{}: {}", first == 0 ? "" : "; ", names_of(first, end), form);
    first = end;
  }
  return text + ".";
}

TEST(ActionsPage, HasAnEntryForEachAction) {
  const auto names = openflow::action_names();
  EXPECT_EQ(Page("weft-actions.7").section("ACTIONS").commands(), std::set<std::string>(names.begin(), names.end()));
}

TEST(ActionsPage, ShowsWhatCanBeRead) {
  for (const std::string& example : Page("weft-actions.7").displays()) {
    const auto mod = openflow::parse_flow(example, FlowModCommand::add);
    EXPECT_TRUE(mod.has_value()) << example << ": " << (mod ? "" : mod.error().to_string());
  }
}

TEST(ActionsPage, SaysWhichVersionsCanSayIt) {
  for (const Page& entry : Page("weft-actions.7").section("ACTIONS").entries()) {
    ASSERT_FALSE(entry.displays().empty()) << entry.lines().front() << " has no example";
    if (const auto mod = openflow::parse_flow(entry.displays().front(), FlowModCommand::add)) {
      EXPECT_THAT(entry.lines(), Contains(forms_of(*mod))) << entry.displays().front();
    }
  }
}

}  // namespace
}  // namespace weft::man
