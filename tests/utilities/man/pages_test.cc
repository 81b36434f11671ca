// What every manual page must be: free of faults in its markup, and pointing at pages that exist.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/utilities/man/page.h"

namespace weft::man {
namespace {

bool is_installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

TEST(ManualPages, AreAllThere) { EXPECT_FALSE(all_pages().empty()); }

TEST(ManualPages, MandocFindsNoFault) {
  if (!is_installed("mandoc")) {
    GTEST_SKIP() << "mandoc is not installed";
  }
  for (const auto& page : all_pages()) {
    EXPECT_EQ(output_of("mandoc -T lint -W warning " + page.string()), "") << page;
  }
}

TEST(ManualPages, ManShowsThemWithoutWarning) {
  if (!is_installed("man")) {
    GTEST_SKIP() << "man is not installed";
  }
  for (const auto& page : all_pages()) {
    EXPECT_EQ(output_of("(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l " + page.string() + " 2>&1 >/dev/null)"), "")
        << page;
  }
}

TEST(ManualPages, ReferToPagesThatExist) {
  for (const auto& path : all_pages()) {
    for (const std::string& name : Page(path).references()) {
      if (name.starts_with("weft-")) {
        EXPECT_FALSE(Page(name).lines().empty()) << path << " refers to " << name;
      }
    }
  }
}

}  // namespace
}  // namespace weft::man
