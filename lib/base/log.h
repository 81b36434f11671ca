// Log: one logger per module, levels set at run time in words.
//
//     namespace { log::Logger& logger = log::get("netlink"); }
//     logger.warn("{}: link went down", name);
//     static log::RateLimit limit{5, std::chrono::seconds(10)};
//     logger.warn(limit, "{}: lying header", name);
//
// Messages go to two places, console (standard error) and file, each with a level per module:
// off, emer, err, warn, info, dbg. A message below both levels costs two relaxed loads and formats
// nothing. configure() takes what operators type: "dbg", "bridge:dbg", "any:file:info".
//
// Threads:   any. Not on the packet path: count there, and log where counters are read.
// Ownership: loggers live to the end of the process; keep references.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/os_error.h"
#include "lib/base/result.h"
#include "lib/base/text.h"

namespace weft::log {

enum class Level : uint8_t { off, emer, err, warn, info, dbg };

std::string_view to_string(Level level);
std::optional<Level> parse_level(std::string_view text);

enum class Destination : uint8_t { console, file };
inline constexpr size_t destination_count = 2;

// At most `burst` messages per `period`; the first one after a silence says how many were left out.
class RateLimit {
 public:
  RateLimit(uint32_t burst, Duration period, const Clock& clock = SystemClock::instance());

  // Nothing: stay silent. Else how many were suppressed since the last message.
  std::optional<uint64_t> admit() EXCLUDES(mutex_);

 private:
  const uint32_t burst_;
  const Duration period_;
  const Clock& clock_;
  Mutex mutex_;
  TimePoint period_start_ GUARDED_BY(mutex_);
  uint32_t used_ GUARDED_BY(mutex_) = 0;
  uint64_t suppressed_ GUARDED_BY(mutex_) = 0;
};

class Logger {
 public:
  explicit Logger(std::string name);

  const std::string& name() const { return name_; }
  Level level(Destination destination) const;
  void set_level(Destination destination, Level level);
  bool is_enabled(Level level) const;

  template <class... Args>
  void emer(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::emer, nullptr, format, args...);
  }
  template <class... Args>
  void err(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::err, nullptr, format, args...);
  }
  template <class... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::warn, nullptr, format, args...);
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::info, nullptr, format, args...);
  }
  template <class... Args>
  void dbg(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::dbg, nullptr, format, args...);
  }

  template <class... Args>
  void err(RateLimit& limit, fmt::format_string<Args...> format, Args&&... args) {
    log(Level::err, &limit, format, args...);
  }
  template <class... Args>
  void warn(RateLimit& limit, fmt::format_string<Args...> format, Args&&... args) {
    log(Level::warn, &limit, format, args...);
  }
  template <class... Args>
  void info(RateLimit& limit, fmt::format_string<Args...> format, Args&&... args) {
    log(Level::info, &limit, format, args...);
  }
  template <class... Args>
  void dbg(RateLimit& limit, fmt::format_string<Args...> format, Args&&... args) {
    log(Level::dbg, &limit, format, args...);
  }

  // The message as it is, to every destination whose level admits it.
  void write(Level level, std::string_view message);

 private:
  template <class... Args>
  void log(Level level, RateLimit* limit, fmt::string_view format, const Args&... args) {
    if (is_enabled(level)) {
      log_formatted(level, limit, format, fmt::make_format_args(args...));
    }
  }
  void log_formatted(Level level, RateLimit* limit, fmt::string_view format, fmt::format_args args);

  const std::string name_;
  std::atomic<Level> levels_[destination_count];
};

// The logger of a module; made at its first mention with the levels set for "any".
Logger& get(std::string_view module);

// Sets levels by words joined with ':' or spaces, in any order: at most one module ("any" or none:
// all of them, later ones too), at most one destination (none: both), one level (none: dbg).
Result<void, TextError> configure(std::string_view spec);

struct ModuleLevels {
  std::string module;
  Level console;
  Level file;
  friend bool operator==(const ModuleLevels&, const ModuleLevels&) = default;
};

// Every module, by name.
std::vector<ModuleLevels> list();

// Sends `file` messages there from now on; again with the same path after a log was rotated away.
Result<void, OsError> open_file(const std::string& path);
void close_file();

}  // namespace weft::log
