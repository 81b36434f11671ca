#include "vswitchd/config/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <fmt/format.h>

#include "lib/base/big_endian.h"
#include "lib/management/convert.h"

namespace weft::config {
namespace {

using management::Database;
namespace pb = management::pb;

constexpr std::string_view magic = "weft state 1\n";
constexpr size_t header_bytes = magic.size() + 16;
constexpr uint32_t format_version = 1;

std::string with_header(const std::string& payload) {
  std::string out(header_bytes, '\0');
  std::memcpy(out.data(), magic.data(), magic.size());
  auto* numbers = reinterpret_cast<uint8_t*>(out.data()) + magic.size();
  store_be64(numbers, payload.size());
  store_be64(numbers + 8, XXH3_64bits(payload.data(), payload.size()));
  return out + payload;
}

Result<std::string, std::string> payload_of(const std::string& file) {
  if (!file.starts_with(std::string_view(magic).substr(0, file.size()))) {
    return Unexpected{std::string("it does not begin as a state file does")};
  }
  if (file.size() < header_bytes) {
    return Unexpected{fmt::format("it is cut short: {} bytes of a header of {}", file.size(), header_bytes)};
  }
  const auto* numbers = reinterpret_cast<const uint8_t*>(file.data()) + magic.size();
  const uint64_t size = load_be64(numbers);
  if (file.size() - header_bytes != size) {
    return Unexpected{
        fmt::format("it holds {} bytes of state where its header says {}", file.size() - header_bytes, size)};
  }
  std::string payload = file.substr(header_bytes);
  if (XXH3_64bits(payload.data(), payload.size()) != load_be64(numbers + 8)) {
    return Unexpected{std::string("its checksum is wrong")};
  }
  return payload;
}

Result<Database, std::string> parse(const std::string& file) {
  const auto payload = payload_of(file);
  if (!payload) {
    return Unexpected{payload.error()};
  }
  pb::SavedState saved;
  if (!saved.ParseFromString(*payload)) {
    return Unexpected{std::string("it cannot be decoded")};
  }
  if (saved.format() != format_version) {
    return Unexpected{fmt::format("its format is {}, this program knows {}", saved.format(), format_version)};
  }
  return management::from_wire(saved.state());
}

// What went wrong, with the operating system's reason.
Unexpected<std::string> failed(const std::string& what) {
  return Unexpected{fmt::format("{}: {}", what, std::strerror(errno))};
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<void, std::string> write_synced(const std::string& path, std::string_view bytes) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (file.get() < 0) {
    return failed("create " + path);
  }
  while (!bytes.empty()) {
    const auto count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) {
      return failed("write " + path);
    }
    bytes.remove_prefix(count > 0 ? static_cast<size_t>(count) : 0);
  }
  if (::fsync(file.get()) != 0) {
    return failed("sync " + path);
  }
  return {};
}

}  // namespace

Result<Database, std::string> load_state(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    if (errno == ENOENT) {
      return Database::make_empty();
    }
    return failed("read " + path);
  }
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return Unexpected{fmt::format("state file {} is a directory", path)};
  }
  std::ostringstream bytes;
  bytes << in.rdbuf();
  auto database = parse(bytes.str());
  if (!database) {
    return Unexpected{fmt::format("state file {} is damaged: {}. Nothing was changed; move it away to start empty",
                                  path, database.error())};
  }
  return database;
}

Result<void, std::string> save_state(const std::string& path, const Database& database) {
  pb::SavedState saved;
  saved.set_format(format_version);
  *saved.mutable_state() = management::to_wire(database, false);
  const std::filesystem::path target(path);
  const std::string directory = target.has_parent_path() ? target.parent_path().string() : ".";
  const std::string fresh = path + ".new";
  std::error_code error;
  std::filesystem::create_directories(directory, error);  // a failure shows in the next step
  if (auto written = write_synced(fresh, with_header(saved.SerializeAsString())); !written) {
    return written;
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    return failed("rename " + fresh);
  }
  // The rename itself is on disk when the directory is.
  const Fd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.get() < 0 || ::fsync(parent.get()) != 0) {
    return failed("sync " + directory);
  }
  return {};
}

StateSaver::StateSaver(std::string path, std::function<void(std::function<void()>)> post)
    : path_(std::move(path)), post_(std::move(post)), thread_([this] { run(); }) {}

StateSaver::~StateSaver() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void StateSaver::save(const Database& database, Done done) {
  {
    const std::lock_guard lock(mutex_);
    next_ = database;
    waiting_.push_back(std::move(done));
  }
  wake_.notify_one();
}

void StateSaver::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return next_.has_value() || is_stopping_; });
    if (!next_) {
      return;
    }
    auto database = std::make_shared<const Database>(std::move(*next_));
    next_.reset();
    auto waiting = std::move(waiting_);
    waiting_.clear();
    lock.unlock();
    const auto saved = save_state(path_, *database);
    // With the copy: it goes where the rows are that it shares.
    post_([waiting = std::move(waiting), saved, database = std::move(database)] {
      for (const auto& done : waiting) {
        done(saved);
      }
    });
    lock.lock();
  }
}

}  // namespace weft::config
