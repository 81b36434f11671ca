#include "lib/base/log.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

namespace weft::log {

namespace {

constexpr std::array<std::string_view, 6> level_names = {"off", "emer", "err", "warn", "info", "dbg"};
constexpr std::array<std::string_view, destination_count> destination_names = {"console", "file"};
constexpr std::string_view any_module = "any";
constexpr Level default_level = Level::info;

constexpr size_t index(Destination destination) { return static_cast<size_t>(destination); }

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::off:
      return spdlog::level::off;
    case Level::emer:
      return spdlog::level::critical;
    case Level::err:
      return spdlog::level::err;
    case Level::warn:
      return spdlog::level::warn;
    case Level::info:
      return spdlog::level::info;
    case Level::dbg:
      return spdlog::level::debug;
  }
  return spdlog::level::off;
}

// Writes a level by our name instead of spdlog's.
class LevelName final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    for (const Level level : {Level::emer, Level::err, Level::warn, Level::info, Level::dbg}) {
      if (to_spdlog(level) == message.level) {
        const std::string_view name = to_string(level);
        out.append(name.data(), name.data() + name.size());
      }
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<LevelName>(); }
};

std::unique_ptr<spdlog::formatter> make_formatter() {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<LevelName>('K').set_pattern("%Y-%m-%d %H:%M:%S.%e %^%K%$ %n: %v");
  return formatter;
}

// All loggers, and where they write to.
class Registry {
 public:
  Registry() : sinks_{std::make_shared<spdlog::sinks::stderr_color_sink_mt>(), nullptr} {
    default_levels_.fill(default_level);
    sinks_[index(Destination::console)]->set_formatter(make_formatter());
  }

  Logger& get(std::string_view module) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const auto found = loggers_.find(module);
    if (found != loggers_.end()) {
      return *found->second;
    }
    auto logger = std::make_unique<Logger>(std::string(module));
    for (size_t i = 0; i < destination_count; ++i) {
      logger->set_level(Destination(i), default_levels_[i]);
    }
    return *loggers_.emplace(module, std::move(logger)).first->second;
  }

  void set_all_levels(Destination destination, Level level) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    default_levels_[index(destination)] = level;
    for (const auto& [name, logger] : loggers_) {
      logger->set_level(destination, level);
    }
  }

  std::vector<ModuleLevels> list() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    std::vector<ModuleLevels> modules;
    for (const auto& [name, logger] : loggers_) {
      modules.push_back({name, logger->level(Destination::console), logger->level(Destination::file)});
    }
    return modules;
  }

  void set_sink(Destination destination, spdlog::sink_ptr sink) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    sinks_[index(destination)] = std::move(sink);
  }

  spdlog::sink_ptr sink(Destination destination) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return sinks_[index(destination)];
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<Logger>, std::less<>> loggers_ GUARDED_BY(mutex_);
  std::array<Level, destination_count> default_levels_ GUARDED_BY(mutex_);
  std::array<spdlog::sink_ptr, destination_count> sinks_ GUARDED_BY(mutex_);
};

// Never destroyed: destructors of static objects may log.
Registry& registry() {
  static auto* const registry = new Registry;
  return *registry;
}

template <size_t n>
std::optional<size_t> find_name(const std::array<std::string_view, n>& names, std::string_view name) {
  for (size_t i = 0; i < n; ++i) {
    if (names[i] == name) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Level level) { return level_names[static_cast<size_t>(level)]; }

std::optional<Level> parse_level(std::string_view text) {
  const auto found = find_name(level_names, to_lower(text));
  return found ? std::optional(Level(*found)) : std::nullopt;
}

RateLimit::RateLimit(uint32_t burst, Duration period, const Clock& clock)
    : burst_(burst), period_(period), clock_(clock), period_start_(clock.now() - period) {}

std::optional<uint64_t> RateLimit::admit() {
  MutexLock lock(mutex_);
  const TimePoint now = clock_.now();
  if (now - period_start_ >= period_) {
    period_start_ = now;
    used_ = 0;
  }
  if (used_ == burst_) {
    ++suppressed_;
    return std::nullopt;
  }
  ++used_;
  return std::exchange(suppressed_, 0);
}

Logger::Logger(std::string name) : name_(std::move(name)) {
  for (auto& level : levels_) {
    level.store(default_level, std::memory_order_relaxed);
  }
}

Level Logger::level(Destination destination) const {
  return levels_[index(destination)].load(std::memory_order_relaxed);
}

void Logger::set_level(Destination destination, Level level) {
  levels_[index(destination)].store(level, std::memory_order_relaxed);
}

bool Logger::is_enabled(Level wanted) const {
  return wanted <= level(Destination::console) || wanted <= level(Destination::file);
}

void Logger::log_formatted(Level level, RateLimit* limit, fmt::string_view format, fmt::format_args args) {
  uint64_t suppressed = 0;
  if (limit != nullptr) {
    const auto admitted = limit->admit();
    if (!admitted) {
      return;
    }
    suppressed = *admitted;
  }
  std::string message = fmt::vformat(format, args);
  if (suppressed > 0) {
    message += fmt::format(" ({} more like this were not logged)", suppressed);
  }
  write(level, message);
}

void Logger::write(Level level, std::string_view message) {
  const spdlog::details::log_msg entry(name_, to_spdlog(level), message);
  for (const Destination destination : {Destination::console, Destination::file}) {
    if (level > this->level(destination)) {
      continue;
    }
    if (const auto sink = registry().sink(destination)) {
      sink->log(entry);
      sink->flush();
    }
  }
}

Logger& get(std::string_view module) { return registry().get(module); }

std::vector<ModuleLevels> list() { return registry().list(); }

namespace {

// What a spec asks for; each part at most once.
struct Spec {
  std::optional<std::string> module;
  std::optional<Destination> destination;
  std::optional<Level> level;
};

// Sets a part of a spec; false when it was there already.
template <class T>
bool set_once(std::optional<T>& part, T value) {
  return !std::exchange(part, std::move(value)).has_value();
}

// A level, a destination or a module: nothing has the name of another kind.
Result<void, TextError> read_word(std::string_view text, std::string_view word, Spec& spec) {
  const std::string lower = to_lower(word);
  std::vector<std::string> names = {std::string(any_module)};
  for (const ModuleLevels& known : list()) {
    names.push_back(known.module);
  }

  bool is_first = true;
  if (const auto level = parse_level(lower)) {
    is_first = set_once(spec.level, *level);
  } else if (const auto destination = find_name(destination_names, lower)) {
    is_first = set_once(spec.destination, Destination(*destination));
  } else if (std::find(names.begin(), names.end(), lower) != names.end()) {
    is_first = set_once(spec.module, lower);
  } else {
    names.insert(names.end(), destination_names.begin(), destination_names.end());
    names.insert(names.end(), level_names.begin(), level_names.end());
    return Unexpected(error_at(text, word, fmt::format("\"{}\" is no module, destination or level", word),
                               did_you_mean(word, names)));
  }
  if (!is_first) {
    return Unexpected(error_at(text, word, fmt::format("\"{}\" is one too many of its kind", word)));
  }
  return {};
}

}  // namespace

Result<void, TextError> configure(std::string_view spec_text) {
  Spec spec;
  size_t word_count = 0;
  for (const std::string_view part : split(spec_text, ':')) {
    for (const std::string_view word : split_words(part)) {
      ++word_count;
      if (auto read = read_word(spec_text, word, spec); !read) {
        return read;
      }
    }
  }
  if (word_count == 0) {
    return Unexpected(error_at(spec_text, spec_text, "a module, destination or level is expected"));
  }
  const Level level = spec.level.value_or(Level::dbg);
  for (const Destination destination : {Destination::console, Destination::file}) {
    if (spec.destination.value_or(destination) != destination) {
      continue;
    }
    if (spec.module.value_or(std::string(any_module)) == any_module) {
      registry().set_all_levels(destination, level);
    } else {
      get(*spec.module).set_level(destination, level);
    }
  }
  return {};
}

Result<void, OsError> open_file(const std::string& path) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    sink->set_formatter(make_formatter());
    registry().set_sink(Destination::file, std::move(sink));
  } catch (const spdlog::spdlog_ex&) {
    return Unexpected(last_os_error("open log file " + path));
  }
  return {};
}

void close_file() { registry().set_sink(Destination::file, nullptr); }

}  // namespace weft::log
