#include "tests/utilities/man/page.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

namespace weft::man {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    words.push_back(word);
  }
  return words;
}

bool begins_with_any(const std::string& line, std::initializer_list<std::string_view> macros) {
  return std::ranges::any_of(macros, [&](std::string_view macro) { return line.starts_with(macro); });
}

// The lines between the one that is `begin` and the next that begins with one of `ends`.
std::vector<std::string> lines_between(const std::vector<std::string>& lines, const std::string& begin,
                                       std::initializer_list<std::string_view> ends) {
  auto first = std::ranges::find(lines, begin);
  if (first == lines.end()) {
    return {};
  }
  ++first;
  return {first, std::find_if(first, lines.end(), [&](const auto& line) { return begins_with_any(line, ends); })};
}

// The words behind each `macro` in the items of lists.
std::set<std::string> item_words(const std::vector<std::string>& lines, std::string_view macro) {
  std::set<std::string> found;
  for (const std::string& line : lines) {
    if (!line.starts_with(".It ")) {
      continue;
    }
    const auto words = words_of(line);
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == macro) {
        found.insert(words[i + 1]);
      }
    }
  }
  return found;
}

}  // namespace

std::filesystem::path build_directory() { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / ".."; }

std::vector<std::filesystem::path> all_pages() {
  std::vector<std::filesystem::path> pages;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(build_directory() / "man")) {
    if (entry.is_regular_file()) {
      pages.push_back(entry.path());
    }
  }
  std::ranges::sort(pages);
  return pages;
}

Page::Page(std::filesystem::path path) {
  if (!path.has_parent_path()) {
    path = build_directory() / "man" / (std::string("man") + path.string().back()) / path;
  }
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    lines_.push_back(line);
  }
}

Page Page::section(std::string_view title) const {
  return Page(lines_between(lines_, ".Sh " + std::string(title), {".Sh "}));
}

Page Page::subsection(std::string_view title) const {
  return Page(lines_between(lines_, ".Ss " + std::string(title), {".Sh ", ".Ss "}));
}

std::set<std::string> Page::commands() const { return item_words(lines_, "Cm"); }

std::set<std::string> Page::options() const {
  std::set<std::string> options;
  for (const std::string& word : item_words(lines_, "Fl")) {
    options.insert("-" + word);
  }
  return options;
}

std::vector<Page> Page::entries() const {
  std::vector<Page> entries;
  bool is_inside = false;
  for (size_t i = 0; i < lines_.size(); ++i) {
    const bool is_item = lines_[i].starts_with(".It ");
    if (is_item && (i == 0 || !lines_[i - 1].starts_with(".It "))) {
      entries.push_back(Page(std::vector<std::string>()));
      is_inside = true;
    }
    is_inside = is_inside && lines_[i] != ".El";
    if (is_inside) {
      entries.back().lines_.push_back(lines_[i]);
    }
  }
  return entries;
}

Page Page::items_of(std::string_view command) const {
  std::vector<std::string> items;
  std::ranges::copy_if(lines_, std::back_inserter(items), [&](const std::string& line) {
    return item_words({line}, "Cm").contains(std::string(command));
  });
  return Page(std::move(items));
}

std::vector<std::string> Page::displays() const {
  constexpr std::string_view macro = ".Dl ";
  std::vector<std::string> shown;
  for (const std::string& line : lines_) {
    if (line.starts_with(macro)) {
      shown.push_back(line.substr(macro.size()));
    }
  }
  return shown;
}

std::set<std::string> Page::references() const {
  std::set<std::string> names;
  for (const std::string& line : lines_) {
    const auto words = words_of(line);
    for (size_t i = 0; i + 2 < words.size(); ++i) {
      if (words[i] == ".Xr" || words[i] == "Xr") {
        names.insert(words[i + 1] + "." + words[i + 2]);
      }
    }
  }
  return names;
}

std::string Page::words() const {
  std::string text;
  for (const std::string& line : lines_) {
    const bool has_macro = line.starts_with('.');
    text += (has_macro ? line.substr(std::min(line.find(' '), line.size())) : line) + " ";
  }
  return text;
}

std::string output_of(const std::string& command_line) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((command_line + " 2>&1").c_str(), "r"), &::pclose);
  std::string text;
  std::array<char, 4096> part{};
  for (size_t size = 0; (size = std::fread(part.data(), 1, part.size(), pipe.get())) > 0;) {
    text.append(part.data(), size);
  }
  return text;
}

}  // namespace weft::man
