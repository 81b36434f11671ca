#include "utilities/vsctl/command_line.h"

#include <gtest/gtest.h>

#include "tests/utilities/vsctl/vsctl_support.h"

namespace weft::vsctl {
namespace {

Result<CommandLine, std::string> parse(std::string_view line) { return parse_command_line(FakeSwitch::words(line)); }

TEST(CommandLine, TimeoutsAsPeopleAndProgramsTypeThem) {
  for (const auto* line : {"-t5 list-br", "-t 5 list-br", "--timeout=5 list-br", "--timeout 5 list-br",
                           "--timeout=5 -- list-br", "--no-wait -t5 -- list-br"}) {
    const auto parsed = parse(line);
    ASSERT_TRUE(parsed) << line << ": " << parsed.error();
    EXPECT_EQ(parsed->timeout.count(), 5) << line;
    EXPECT_EQ(parsed->commands.size(), 1u) << line;
  }
  EXPECT_EQ(parse("--timeout=soon list-br").error(), "option --timeout: \"soon\" is not a valid value");
  EXPECT_EQ(parse("-t").error(), "option -t needs a value");
}

TEST(CommandLine, CommandsAreJoinedByTwoDashes) {
  const auto parsed = parse("-- --may-exist add-br br0 -- -- list-br --");
  ASSERT_TRUE(parsed) << parsed.error();
  ASSERT_EQ(parsed->commands.size(), 2u);
  EXPECT_EQ(parsed->commands[0].spec->name, "add-br");
  EXPECT_TRUE(parsed->commands[0].options.contains("--may-exist"));
  EXPECT_EQ(parsed->commands[1].spec->name, "list-br");
}

TEST(CommandLine, OptionsOfTheFirstCommandMayStandAmongGlobalOnes) {
  const auto parsed = parse(
      "--timeout=5 --if-exists --format=list --data=json --no-headings --columns=statistics list Interface vnet0");
  ASSERT_TRUE(parsed) << parsed.error();
  EXPECT_EQ(parsed->data, DataFormat::json);
  EXPECT_FALSE(parsed->has_headings);
  EXPECT_EQ(parsed->commands[0].options.at("--columns"), "statistics");
  EXPECT_TRUE(parsed->commands[0].options.contains("--if-exists"));
}

TEST(CommandLine, AnOptionsValueMayBeAWordOfItsOwn) {
  for (const auto* line : {"--columns name list interface", "--no-wait --columns name list interface",
                           "-- --columns name list interface", "list-br -- --columns name list interface"}) {
    const auto parsed = parse(line);
    ASSERT_TRUE(parsed) << line << ": " << parsed.error();
    EXPECT_EQ(parsed->commands.back().spec->name, "list") << line;
    EXPECT_EQ(parsed->commands.back().options.at("--columns"), "name") << line;
    EXPECT_EQ(parsed->commands.back().words, std::vector<std::string>{"interface"}) << line;
  }
  EXPECT_EQ(parse("--columns").error(), "option --columns needs a value (--columns=LIST)");
  EXPECT_EQ(parse("--may-exist=yes add-br br0").error(), "option --may-exist takes no value");
}

// `--no-heading`, as scripts for ovs-vsctl have it, was refused.
TEST(CommandLine, TheBeginningOfAnOptionIsEnough) {
  const auto parsed = parse("--time=15 --data=bare --no-heading --column=name find interface type=internal");
  ASSERT_TRUE(parsed) << parsed.error();
  EXPECT_EQ(parsed->timeout.count(), 15);
  EXPECT_FALSE(parsed->has_headings);
  EXPECT_EQ(parsed->commands[0].options.at("--columns"), "name");
  EXPECT_TRUE(parse("list-br -- --if-exist del-br a")->commands[1].options.contains("--if-exists"));
  EXPECT_EQ(parse("--no list-br").error(), "unknown option \"--no\"") << "of several";
}

TEST(CommandLine, LogOptionsAreAccepted) {
  EXPECT_TRUE(parse("-vconsole:off --no-syslog list-br"));
  EXPECT_TRUE(parse("--verbose=off list-br"));
}

TEST(CommandLine, SaysWhatIsWrong) {
  EXPECT_EQ(parse("").error(), "missing command name (--help lists them)");
  EXPECT_EQ(parse("--no-wiat list-br").error(), "unknown option \"--no-wiat\", did you mean \"--no-wait\"?");
  EXPECT_EQ(parse("--colunms=name list port").error(), "unknown option \"--colunms\", did you mean \"--columns\"?");
  EXPECT_EQ(parse("list-br -- --if-exits del-br a").error(),
            "unknown option \"--if-exits\", did you mean \"--if-exists\"?");
  EXPECT_EQ(parse("list-br -- --no-wait list-br").error(),
            "option --no-wait is for the whole run and stands before the first \"--\"");
  EXPECT_EQ(parse("-f html list port").error(), "option -f: \"html\" is not a valid value (list|table|csv|json)");
  EXPECT_EQ(parse("ad-br br0").error(), "unknown command \"ad-br\", did you mean \"add-br\"? (--help lists them)");
  EXPECT_EQ(parse("add-br").error(), "\"add-br\" command takes more words: add-br BRIDGE");
  EXPECT_EQ(parse("add-br a b").error(), "\"add-br\" command takes fewer words: add-br BRIDGE");
  EXPECT_EQ(parse("--if-exists add-br a").error(), "\"add-br\" command has no \"--if-exists\" option");
  EXPECT_EQ(parse("--may-exist").error(), "a command is missing (--help lists them)");
}

TEST(CommandLine, RefusesWhatCannotTravel) {
  EXPECT_TRUE(parse("add-br gr\xc3\xbc\xc3\x9f"));
  EXPECT_TRUE(parse("comment \xe2\x82\xac \xf0\x9f\x90\x99"));
  for (const auto* bad : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xf5\x80\x80\x80", "\x80"}) {
    EXPECT_EQ(parse(std::string("comment ") + bad).error(), "word 2 is not valid UTF-8");
  }
}

TEST(CommandLine, HelpNamesEveryCommand) {
  for (const auto& spec : command_table()) {
    EXPECT_NE(help_text().find(' ' + std::string(spec.name) + ' '), std::string::npos) << spec.name;
  }
  // As they are typed: options first.
  EXPECT_NE(help_text().find("\n  [--may-exist] add-br BRIDGE "), std::string::npos) << help_text();
  EXPECT_NE(help_text().find("\n  [--columns=LIST] [--if-exists] list TABLE "), std::string::npos) << help_text();
  EXPECT_TRUE(parse("--help")->wants_help);
  EXPECT_TRUE(parse("-V")->wants_version);
}

}  // namespace
}  // namespace weft::vsctl
