// weft-bench-replay: how many packets a second the whole switch handles when no device limits it.
//
//     weft-bench-replay --pcap FILE --flows FILE --in NAME --out NAME --seconds N [--workers N]
//                       [--also-in NAME --also-pcap FILE --also-rate N]
//
// The frames of a capture come in at port NAME over and over, each copied into a fresh buffer; everything behind is as in
// the daemon: workers, caches, translation of misses, the revalidator. What goes out is freed. --vxlan puts a whole VXLAN
// packet around each frame first; a flow may set tun_id and tun_dst.
//
// --also-in is a second port whose frames come at a rate of their own: what others do while the first is flooded.
//
// It prints, of the time after --warmup: packets in, packets out of each port, millions of each a second, processor time and
// cycles of a worker for each packet, and where lookups hit. --cpu N puts worker i on processor N + i.
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "lib/base/rcu.h"
#include "lib/openflow/text/flow_text.h"
#include "ofproto/switch.h"
#include "utilities/capture/capture.h"

namespace weft {
namespace {

using Steady = std::chrono::steady_clock;

struct Options {
  std::string pcap, flows, in = "in", also_in, also_pcap;
  std::vector<std::string> out;
  double seconds = 5, warmup = 1;
  double also_rate = 1000;
  unsigned workers = 1;
  int cpu = -1;
  bool vxlan = false;
};

std::shared_ptr<const datapath::ReplayFrames> read_frames(const std::string& path, unsigned queues, double rate = 0) {
  auto frames = std::make_shared<datapath::ReplayFrames>();
  frames->queue_count = queues;
  frames->frames_a_second = rate;
  const auto read = capture::for_each_captured(path, capture::Links::ethernet,
                                               [&](const capture::CapturedFrame& frame) { frames->add(frame.bytes); });
  if (!read) {
    throw std::runtime_error(read.error());
  }
  if (frames->count() == 0) {
    throw std::runtime_error(path + " holds no packet");
  }
  return frames;
}

class Names final : public PortNames {
 public:
  explicit Names(const ofproto::Bridge& bridge) : bridge_(bridge) {}
  std::optional<OfPort> find_port(std::string_view name) const override {
    const auto port = bridge_.port(name);
    return port ? std::optional(port->of_port) : std::nullopt;
  }
  std::optional<std::string> port_name(OfPort port) const override {
    const auto found = bridge_.port(port);
    return found ? std::optional(found->name) : std::nullopt;
  }

 private:
  const ofproto::Bridge& bridge_;
};

// Calls that the switch posts to its control thread, which is the one that measures.
class Posted {
 public:
  void add(std::function<void()> call) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
    added_.notify_one();
  }
  void run_until(Steady::time_point end) {
    while (auto call = next(end)) {
      call();
      rcu::quiescent();
    }
  }

 private:
  std::function<void()> next(Steady::time_point end) {
    const rcu::OfflineScope offline;
    std::unique_lock lock(mutex_);
    if (!added_.wait_until(lock, end, [this] { return !calls_.empty(); })) {
      return nullptr;
    }
    std::function<void()> call = std::move(calls_.front());
    calls_.pop_front();
    return call;
  }

  std::mutex mutex_;
  std::condition_variable added_;
  std::deque<std::function<void()>> calls_;
};

// The workers' threads, found by their names.
class WorkerThreads {
 public:
  WorkerThreads() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
      std::ifstream comm(entry.path() / "comm");
      std::string name;
      std::getline(comm, name);
      if (name.starts_with("weft-worker")) {
        threads_.emplace_back(std::stoi(name.substr(11)), entry.path());
      }
    }
  }
  void pin(int first_cpu) const {
    for (const auto& [number, path] : threads_) {
      cpu_set_t cpus;
      CPU_ZERO(&cpus);
      CPU_SET(static_cast<size_t>(first_cpu + number), &cpus);
      if (::sched_setaffinity(std::stoi(path.filename().string()), sizeof cpus, &cpus) != 0) {
        throw std::runtime_error(fmt::format("no processor {}", first_cpu + number));
      }
    }
  }
  // Seconds on a processor, of all together.
  double cpu_seconds() const {
    double sum = 0;
    for (const auto& [number, path] : threads_) {
      std::ifstream file(path / "schedstat");
      uint64_t nanoseconds = 0;
      file >> nanoseconds;
      sum += static_cast<double>(nanoseconds) * 1e-9;
    }
    return sum;
  }

 private:
  std::vector<std::pair<int, std::filesystem::path>> threads_;
};

uint64_t cycle_counter() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return 0;
#endif
}

// Everything that is counted, at one moment.
struct Reading {
  Steady::time_point time = Steady::now();
  uint64_t cycles = cycle_counter();
  double cpu_seconds = 0;
  uint64_t received = 0, cache_hits = 0, megaflow_hits = 0, misses = 0;
  size_t megaflows = 0, masks = 0;
  datapath::Datapath::Balance balance;
  std::vector<uint64_t> sent;
  uint64_t also_received = 0;
};

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {
    ofproto::SwitchOptions switch_options;
    switch_options.make_datapath = [&](datapath::UpcallSink& sink) {
      return datapath::make_datapath({.worker_count = options.workers, .poll_policy = datapath::PollPolicy::busy},
                                     sink);
    };
    switch_options.post = [this](std::function<void()> call) { posted_.add(std::move(call)); };
    switch_ = std::make_unique<ofproto::Switch>(std::move(switch_options));
    switch_->start();
    threads_.emplace();
    if (options.cpu >= 0) {
      threads_->pin(options.cpu);
    }
    bridge_ = switch_->add_bridge("br0", {.datapath_id = 1, .fail_mode = ofproto::FailMode::secure});
    for (const std::string& name : options.out) {
      out_.push_back(add_port(name, std::make_shared<datapath::ReplayFrames>()));
    }
  }

  void run() {
    // A port that flows name must be there; its frames come when all flows are.
    add_port(options_.in, std::make_shared<datapath::ReplayFrames>());
    if (has_also()) {
      add_port(options_.also_in, std::make_shared<datapath::ReplayFrames>());
    }
    load_flows();
    replace_port(options_.in, read_frames(options_.pcap, options_.workers));
    if (has_also()) {
      also_ = replace_port(options_.also_in, read_frames(options_.also_pcap, options_.workers, options_.also_rate));
    }
    wait(options_.warmup);
    const Reading before = read();
    wait(options_.seconds);
    print(before, read());
  }

 private:
  bool has_also() const { return !options_.also_in.empty(); }

  PortId replace_port(const std::string& name, std::shared_ptr<const datapath::ReplayFrames> frames) {
    bridge_->remove_port(name);
    return add_port(name, std::move(frames));
  }

  PortId add_port(const std::string& name, std::shared_ptr<const datapath::ReplayFrames> frames) {
    datapath::PortSpec spec;
    spec.name = name;
    spec.type = datapath::PortType::memory;
    spec.replay = std::move(frames);
    spec.is_memory_tunnel = options_.vxlan && name != options_.in && name != options_.also_in;
    const auto number = number_of(name);
    const auto added = bridge_->add_port({name, spec, number, {}});
    if (!added) {
      throw std::runtime_error(name + ": " + added.error().message);
    }
    posted_.run_until(Steady::now());
    return bridge_->port(name)->port_id;
  }

  // In the order of --in, --out, --also-in.
  uint16_t number_of(const std::string& name) const {
    if (name == options_.in) {
      return 1;
    }
    const auto found = std::find(options_.out.begin(), options_.out.end(), name);
    return static_cast<uint16_t>(2 + (found - options_.out.begin()));
  }

  void load_flows() {
    std::ifstream file(options_.flows);
    if (!file) {
      throw std::runtime_error("cannot read " + options_.flows);
    }
    const Names names(*bridge_);
    std::string line;
    for (size_t number = 1; std::getline(file, line); ++number) {
      if (line.empty() || line.front() == '#') {
        continue;
      }
      const auto flow = openflow::parse_flow_line(line, openflow::FlowModCommand::add, &names);
      if (!flow) {
        throw std::runtime_error(fmt::format("{}:{}: {}", options_.flows, number, render(line, flow.error())));
      }
      if (const auto applied = bridge_->apply(*flow); !applied) {
        throw std::runtime_error(fmt::format("{}:{}: {}", options_.flows, number, to_string(applied.error())));
      }
      posted_.run_until(Steady::now());
    }
  }

  void wait(double seconds) {
    posted_.run_until(Steady::now() +
                      std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds)));
  }

  Reading read() const {
    Reading reading;
    reading.cpu_seconds = threads_->cpu_seconds();
    for (const datapath::WorkerStatus& worker : switch_->datapath().worker_status()) {
      reading.received += worker.rx_packets;
      reading.cache_hits += worker.flow_cache_hits;
      reading.megaflow_hits += worker.megaflow_hits;
      reading.misses += worker.misses;
      reading.megaflows += worker.megaflow_count;
      reading.masks += worker.mask_count;
    }
    reading.balance = switch_->datapath().balance();
    for (const PortId port : out_) {
      reading.sent.push_back(switch_->datapath().port_counters(port).tx_packets);
    }
    if (has_also()) {
      reading.also_received = switch_->datapath().port_counters(also_).rx_packets;
    }
    return reading;
  }

  void print(const Reading& before, const Reading& after) const {
    const double seconds = std::chrono::duration<double>(after.time - before.time).count();
    const double cycles_a_second = static_cast<double>(after.cycles - before.cycles) / seconds;
    const auto packets = static_cast<double>(after.received - before.received);
    const double cpu = after.cpu_seconds - before.cpu_seconds;
    const auto share = [&](uint64_t of, uint64_t since) { return 100.0 * static_cast<double>(of - since) / packets; };
    fmt::print("Mpps {:.3f}\n", packets / seconds * 1e-6);
    fmt::print("Mpps_per_cpu_second {:.3f}\n", packets / cpu * 1e-6);
    fmt::print("cycles_per_packet {:.1f}\n", cpu * cycles_a_second / packets);
    fmt::print("cpu_percent {:.1f}\n", 100 * cpu / seconds);
    fmt::print("flow_cache_hits {:.3f} %\n", share(after.cache_hits, before.cache_hits));
    fmt::print("megaflow_hits {:.3f} %\n", share(after.megaflow_hits, before.megaflow_hits));
    fmt::print("misses {:.3f} %\n", share(after.misses, before.misses));
    fmt::print("megaflows {}\nmasks {}\n", after.megaflows, after.masks);
    fmt::print("dropped {:.3f} %\n", share(after.balance.dropped, before.balance.dropped));
    for (size_t i = 0; i < out_.size(); ++i) {
      const auto sent = static_cast<double>(after.sent[i] - before.sent[i]);
      fmt::print("sent {} {:.6f} Mpps {:.3f} per_cpu_second\n", options_.out[i], sent / seconds * 1e-6,
                 sent / cpu * 1e-6);
    }
  }

  const Options options_;
  Posted posted_;
  std::unique_ptr<ofproto::Switch> switch_;
  std::optional<WorkerThreads> threads_;
  ofproto::Bridge* bridge_ = nullptr;
  std::vector<PortId> out_;
  PortId also_ = port_id::none;
};

}  // namespace
}  // namespace weft

int main(int argc, char** argv) {
  weft::Options options;
  CLI::App app("How many packets a second the whole switch handles when no device limits it.", "weft-bench-replay");
  app.add_option("--pcap", options.pcap, "frames that come in, over and over")->required();
  app.add_option("--flows", options.flows, "flows as for weft-ofctl add-flows; ports by name or number")->required();
  app.add_option("--in", options.in, "the port they come in at; number 1")->capture_default_str();
  app.add_option("--out", options.out, "a port to send to; may be given again; numbers from 2")->required();
  app.add_option("--seconds", options.seconds, "how long to measure")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--warmup", options.warmup, "seconds before that")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--workers", options.workers, "worker threads, each with a queue")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--cpu", options.cpu, "put worker i on this processor + i");
  CLI::Option* also_in =
      app.add_option("--also-in", options.also_in, "a second port; its number follows the last --out");
  app.add_option("--also-pcap", options.also_pcap, "frames that come in there")->needs(also_in);
  app.add_option("--also-rate", options.also_rate, "how many of them a second")
      ->capture_default_str()
      ->check(CLI::PositiveNumber)
      ->needs(also_in);
  also_in->needs("--also-pcap");
  app.add_flag("--vxlan", options.vxlan, "encapsulate what goes out; flows set tun_id and tun_dst");
  CLI11_PARSE(app, argc, argv);
  try {
    weft::Bench(options).run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "weft-bench-replay: {}\n", error.what());
    return 1;
  }
  return 0;
}
