// Manual pages of the build, taken apart far enough to ask what they speak of.
//
// Threads: values. A page that is not there is empty.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::man {

// Where programs and tests are, and beside it the pages: bin/ and man/ of the build directory.
std::filesystem::path build_directory();

// Every page of the build.
std::vector<std::filesystem::path> all_pages();

class Page {
 public:
  // A name alone, "weft-fields.7", is that of a page of the build.
  explicit Page(std::filesystem::path path);

  const std::vector<std::string>& lines() const& { return lines_; }
  std::vector<std::string> lines() && { return std::move(lines_); }
  // The lines below ".Sh TITLE" up to the next section; below ".Ss TITLE" up to the next of either kind.
  Page section(std::string_view title) const;
  Page subsection(std::string_view title) const;

  // What the items of its lists are about: the words behind Cm, and the options: "--strict", "-h".
  std::set<std::string> commands() const;
  std::set<std::string> options() const;
  // Each item of its lists with the lines below it. Items without any between them are one entry.
  std::vector<Page> entries() const;
  // The items of lists that are about this command.
  Page items_of(std::string_view command) const;
  // The lines behind ".Dl ", which show something as it is typed.
  std::vector<std::string> displays() const;
  // Manuals referred to: "weft-fields.7".
  std::set<std::string> references() const;
  // What a reader sees, nearly: lines without their macros, joined by spaces.
  std::string words() const;

 private:
  explicit Page(std::vector<std::string> lines) : lines_(std::move(lines)) {}

  std::vector<std::string> lines_;
};

// What a program says to this command line.
std::string output_of(const std::string& command_line);

}  // namespace weft::man
