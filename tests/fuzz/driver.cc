// Runs a libFuzzer entry point without libFuzzer, so that fuzz targets are built and run by every compiler and
// under every sanitizer. Takes libFuzzer's spelling of the options it knows and ignores the others:
//
//   fuzz_x -runs=N -max_total_time=SECONDS -seed=N -max_len=BYTES  file-or-directory...
//
// Every file given runs once as it is; then come random mutations of them, from a fixed seed, until either
// bound is reached. It has no coverage feedback: the long search is the fuzz preset's (libFuzzer), this is the
// guard. An input is written to crash-<target>.bin before a signal ends the process.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;
using SteadyClock = std::chrono::steady_clock;

struct Options {
  std::uint64_t runs = 10'000;
  std::chrono::seconds max_total_time{10};
  std::uint64_t seed = 1;
  std::size_t max_len = 4096;
  std::vector<std::filesystem::path> paths;
};

// What the signal handler writes out; plain globals because a handler can be given nothing else.
const std::uint8_t* current_data = nullptr;
std::size_t current_size = 0;
std::string crash_file;

void save_current_input(int signal_number) {
  int fd = ::open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd >= 0) {
    [[maybe_unused]] auto written = ::write(fd, current_data, current_size);
    ::close(fd);
  }
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

void run_one(const Bytes& input) {
  // An exact-size copy on the heap, so that the address sanitizer sees a read one byte past the end.
  Bytes exact(input.begin(), input.end());
  exact.shrink_to_fit();
  current_data = exact.data();
  current_size = exact.size();
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

std::vector<Bytes> read_seeds(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::filesystem::path> files;
  for (const auto& path : paths) {
    if (std::filesystem::is_directory(path)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) {
          files.push_back(entry.path());
        }
      }
    } else if (std::filesystem::exists(path)) {
      files.push_back(path);
    }
  }
  // A directory's order is the file system's; the run must not depend on it.
  std::sort(files.begin(), files.end());
  std::vector<Bytes> seeds;
  for (const auto& file : files) {
    seeds.push_back(read_file(file));
  }
  return seeds;
}

class Mutator {
 public:
  Mutator(std::uint64_t seed, std::size_t max_len) : random_(seed), max_len_(max_len) {}

  Bytes mutate(const std::vector<Bytes>& seeds) {
    Bytes input = seeds.empty() || below(16) == 0 ? noise() : seeds[below(seeds.size())];
    for (std::size_t count = 1 + below(6); count > 0; --count) {
      mutate_once(input, seeds);
    }
    input.resize(std::min(input.size(), max_len_));
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(random_() % bound); }

  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

  Bytes noise() {
    Bytes bytes(below(256));
    std::generate(bytes.begin(), bytes.end(), [this] { return byte(); });
    return bytes;
  }

  void mutate_once(Bytes& input, const std::vector<Bytes>& seeds) {
    switch (below(7)) {
      case 0:
        return flip_bit(input);
      case 1:
        return set_interesting_number(input);
      case 2:
        input.resize(below(input.size() + 1));
        return;
      case 3:
        return insert(input, noise());
      case 4:
        return erase_range(input);
      case 5:
        return insert(input, seeds.empty() ? input : slice(seeds[below(seeds.size())]));
      default:
        if (!input.empty()) {
          input[below(input.size())] = byte();
        }
    }
  }

  void flip_bit(Bytes& input) {
    if (!input.empty()) {
      input[below(input.size())] ^= static_cast<std::uint8_t>(1U << below(8));
    }
  }

  // Lengths and counts on the wire are big-endian numbers of one to four bytes; these are the ones that parsers
  // get wrong.
  void set_interesting_number(Bytes& input) {
    static constexpr std::uint32_t numbers[] = {
        0,    1,      2,      3,      4,      7,       8,          15,         16,         0x7f,      0x80,
        0xff, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    std::size_t width = std::size_t{1} << below(3);
    if (input.size() < width) {
      return;
    }
    std::uint32_t number = numbers[below(std::size(numbers))];
    std::size_t at = below(input.size() - width + 1);
    for (std::size_t i = 0; i < width; ++i) {
      input[at + i] = static_cast<std::uint8_t>(number >> (8 * (width - 1 - i)));
    }
  }

  void insert(Bytes& input, const Bytes& what) {
    Bytes copy = what;
    input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(input.size() + 1)), copy.begin(), copy.end());
  }

  void erase_range(Bytes& input) {
    if (!input.empty()) {
      std::size_t from = below(input.size());
      std::size_t size = 1 + below(std::min<std::size_t>(input.size() - from, 32));
      auto first = input.begin() + static_cast<std::ptrdiff_t>(from);
      input.erase(first, first + static_cast<std::ptrdiff_t>(std::min(size, input.size() - from)));
    }
  }

  Bytes slice(const Bytes& from) {
    std::size_t begin = below(from.size() + 1);
    std::size_t size = below(std::min<std::size_t>(from.size() - begin, 64) + 1);
    auto first = from.begin() + static_cast<std::ptrdiff_t>(begin);
    return Bytes(first, first + static_cast<std::ptrdiff_t>(size));
  }

  std::mt19937_64 random_;
  std::size_t max_len_;
};

bool take_number(std::string_view argument, std::string_view name, std::uint64_t& number) {
  if (!argument.starts_with(name)) {
    return false;
  }
  number = std::strtoull(std::string(argument.substr(name.size())).c_str(), nullptr, 10);
  return true;
}

Options parse_arguments(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    std::uint64_t number = 0;
    if (take_number(argument, "-runs=", options.runs) || take_number(argument, "-seed=", options.seed)) {
      continue;
    }
    if (take_number(argument, "-max_total_time=", number)) {
      options.max_total_time = std::chrono::seconds(number);
    } else if (take_number(argument, "-max_len=", number)) {
      options.max_len = number;
    } else if (!argument.starts_with("-")) {
      options.paths.emplace_back(argument);
    }
  }
  return options;
}

void catch_crashes(const char* program) {
  crash_file = "crash-" + std::filesystem::path(program).filename().string() + ".bin";
  for (int signal_number : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) {
    std::signal(signal_number, save_current_input);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options = parse_arguments(argc, argv);
  catch_crashes(argv[0]);

  std::vector<Bytes> seeds = read_seeds(options.paths);
  run_one({});
  for (const Bytes& seed : seeds) {
    run_one(seed);
  }

  Mutator mutator(options.seed, options.max_len);
  auto end = SteadyClock::now() + options.max_total_time;
  std::uint64_t runs = 0;
  while (runs < options.runs && SteadyClock::now() < end) {
    run_one(mutator.mutate(seeds));
    ++runs;
  }
  std::printf("%s: %zu seeds and %llu mutations ran (-seed=%llu)\n", argv[0], seeds.size(),
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(options.seed));
  return 0;
}
