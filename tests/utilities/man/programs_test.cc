// The pages of programs list what the programs take: each sub-command and option, and none that is no more.
#include <algorithm>
#include <iterator>
#include <map>
#include <regex>

#include <gtest/gtest.h>

#include "tests/utilities/man/page.h"
#include "utilities/ofctl/command.h"
#include "utilities/vsctl/command.h"
#include "vswitchd/control/command.h"

namespace weft::man {
namespace {

using Words = std::set<std::string>;

std::string help_of(const std::string& program) {
  return output_of((build_directory() / "bin" / program).string() + " --help");
}

// "-t, --timeout=SECS ..." at the beginning of a line.
Words options_in_help(const std::string& help) {
  static const std::regex line(R"(\n +(?:(-[A-Za-z]), ?)?(--[a-z-]+))");
  Words options;
  for (std::sregex_iterator it(help.begin(), help.end(), line), end; it != end; ++it) {
    for (const size_t group : {1u, 2u}) {
      if ((*it)[group].matched) {
        options.insert((*it)[group]);
      }
    }
  }
  return options;
}

template <class Commands>
Words names_of(const Commands& commands) {
  Words names;
  for (const auto& command : commands) {
    names.emplace(command.name);
  }
  return names;
}

// "--columns" of "--columns=LIST".
std::string name_of(std::string_view option) { return std::string(option.substr(0, option.find('='))); }

TEST(ProgramPages, ListEachCommand) {
  EXPECT_EQ(Page("weft-ofctl.8").section("COMMANDS").commands(), names_of(ofctl::commands()));
  EXPECT_EQ(Page("weft-vsctl.8").section("COMMANDS").commands(), names_of(vsctl::command_table()));
  EXPECT_EQ(Page("weft-appctl.8").section("COMMANDS").commands(), names_of(control::command_table()));
}

TEST(ProgramPages, ListEachOption) {
  for (const std::string program : {"weft-ofctl", "weft-vsctl", "weft-appctl", "weft-vswitchd"}) {
    EXPECT_EQ(Page(program + ".8").section("OPTIONS").options(), options_in_help(help_of(program))) << program;
  }
}

TEST(ProgramPages, VsctlHasTheOptionsOfEachCommand) {
  const Page commands = Page("weft-vsctl.8").section("COMMANDS");
  for (const vsctl::CommandSpec& command : vsctl::command_table()) {
    Words options;
    std::ranges::transform(command.options, std::inserter(options, options.end()), name_of);
    EXPECT_EQ(commands.items_of(command.name).options(), options) << command.name;
  }
}

// The command of "weft-ofctl --strict del-flows br0 ..." in an example; nothing where a line is none.
std::pair<std::string, std::string> program_and_command(const std::string& line) {
  static const std::regex example(R"((?:\.Dl |\$ )?(weft-[a-z]+) (?:-[^ ]+ )*([a-z][a-z/-]+).*)");
  std::smatch parts;
  return std::regex_match(line, parts, example) ? std::pair(parts.str(1), parts.str(2))
                                                : std::pair<std::string, std::string>();
}

TEST(ProgramPages, ShowCommandsThatExist) {
  const std::map<std::string, Words> commands{{"weft-ofctl", names_of(ofctl::commands())},
                                              {"weft-vsctl", names_of(vsctl::command_table())},
                                              {"weft-appctl", names_of(control::command_table())}};
  size_t count = 0;
  for (const auto& path : all_pages()) {
    const Page page(path);
    for (const std::string& line : page.lines()) {
      const auto [program, command] = program_and_command(line);
      if (const auto known = commands.find(program); known != commands.end()) {
        EXPECT_TRUE(known->second.contains(command)) << path << ": " << line;
        ++count;
      }
    }
  }
  EXPECT_GT(count, 0u);
}

}  // namespace
}  // namespace weft::man
