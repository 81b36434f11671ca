// dpif/perf: where each worker's time goes.

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "vswitchd/control/command.h"

namespace weft::control {
namespace {

using datapath::Stage;
using datapath::WorkerPerf;
using datapath::WorkerStatus;

double ratio(double part, double whole) { return whole == 0 ? 0 : part / whole; }

double cycles_of(const WorkerPerf& perf, size_t stage) {
  return ratio(static_cast<double>(perf.cycles[stage]), static_cast<double>(perf.timed_packets));
}

double nanoseconds(const WorkerPerf& perf, double cycles) { return ratio(cycles * 1000, perf.cycles_per_microsecond); }

double all_cycles(const WorkerPerf& perf) {
  const uint64_t sum = std::accumulate(perf.cycles.begin(), perf.cycles.end(), uint64_t{0});
  return ratio(static_cast<double>(sum), static_cast<double>(perf.timed_packets));
}

// "1", "2", "3-4", "5-8", ...; the last has no end.
std::string sizes(size_t size_class) {
  const size_t most = size_t{1} << size_class;
  if (size_class < 2) {
    return std::to_string(most);
  }
  return size_class + 1 == datapath::batch_size_classes ? fmt::format("{}-", most / 2 + 1)
                                                        : fmt::format("{}-{}", most / 2 + 1, most);
}

std::string hits_line(const WorkerStatus& worker) {
  const auto looked_up = static_cast<double>(worker.flow_cache_hits + worker.megaflow_hits + worker.misses);
  const auto share = [&](uint64_t count) { return 100 * ratio(static_cast<double>(count), looked_up); };
  return fmt::format("  flow cache hits: {} ({:.2f} %)\n  megaflow hits: {} ({:.2f} %)\n  misses: {} ({:.2f} %)\n",
                     worker.flow_cache_hits, share(worker.flow_cache_hits), worker.megaflow_hits,
                     share(worker.megaflow_hits), worker.misses, share(worker.misses));
}

std::string batches_text(const WorkerStatus& worker) {
  const auto& by_size = worker.perf.batches;
  const uint64_t count = std::accumulate(by_size.begin(), by_size.end(), uint64_t{0});
  std::string out = fmt::format("  batches: {}, of {:.1f} packets on average\n", count,
                                ratio(static_cast<double>(worker.rx_packets), static_cast<double>(count)));
  for (size_t i = 0; i < by_size.size(); ++i) {
    if (by_size[i] != 0) {
      out += fmt::format("    {:>8} packets: {}\n", sizes(i), by_size[i]);
    }
  }
  return out;
}

std::string stages_text(const WorkerPerf& perf) {
  std::string out = fmt::format("  timed: one batch in {}: {} batches, {} packets; {} more were interrupted\n",
                                perf.timed_one_in, perf.timed_batches, perf.timed_packets, perf.interrupted_batches);
  if (perf.timed_packets == 0) {
    return out;
  }
  const double all = all_cycles(perf);
  out += fmt::format("    {:<16}{:>14}{:>12}{:>9}\n", "stage", "cycles/packet", "ns/packet", "share");
  const auto line = [&](std::string_view name, double cycles) {
    out += fmt::format("    {:<16}{:>14.1f}{:>12.1f}{:>7.1f} %\n", name, cycles, nanoseconds(perf, cycles),
                       100 * ratio(cycles, all));
  };
  for (size_t i = 0; i < datapath::stage_count; ++i) {
    line(to_string(static_cast<Stage>(i)), cycles_of(perf, i));
  }
  line("all", all);
  return out;
}

std::string text(const WorkerStatus& worker) {
  std::string out = fmt::format("worker {}:\n  packets received: {}\n", worker.index, worker.rx_packets) +
                    hits_line(worker) + fmt::format("  rounds: {}\n  sleeps: {}\n", worker.rounds, worker.sleeps) +
                    batches_text(worker) + stages_text(worker.perf);
  for (size_t i = 0; i < drop_reason_count; ++i) {
    if (worker.perf.dropped[i] != 0) {
      out += fmt::format("  dropped: {} {}\n", worker.perf.dropped[i], to_string(static_cast<DropReason>(i)));
    }
  }
  return out;
}

nlohmann::ordered_json json(const WorkerStatus& worker) {
  const WorkerPerf& perf = worker.perf;
  nlohmann::ordered_json out{{"worker", worker.index},
                             {"packets", worker.rx_packets},
                             {"flow_cache_hits", worker.flow_cache_hits},
                             {"megaflow_hits", worker.megaflow_hits},
                             {"misses", worker.misses},
                             {"rounds", worker.rounds},
                             {"sleeps", worker.sleeps},
                             {"cycles_per_microsecond", perf.cycles_per_microsecond},
                             {"timed",
                              {{"one_in", perf.timed_one_in},
                               {"batches", perf.timed_batches},
                               {"packets", perf.timed_packets},
                               {"interrupted_batches", perf.interrupted_batches}}}};
  for (size_t i = 0; i < datapath::stage_count; ++i) {
    const double cycles = cycles_of(perf, i);
    out["stages"][std::string(to_string(static_cast<Stage>(i)))] = {
        {"cycles", perf.cycles[i]}, {"cycles_per_packet", cycles}, {"ns_per_packet", nanoseconds(perf, cycles)}};
  }
  for (size_t i = 0; i < perf.batches.size(); ++i) {
    out["batches"][sizes(i)] = perf.batches[i];
  }
  out["dropped"] = nlohmann::ordered_json::object();
  for (size_t i = 0; i < drop_reason_count; ++i) {
    if (perf.dropped[i] != 0) {
      out["dropped"][std::string(to_string(static_cast<DropReason>(i)))] = perf.dropped[i];
    }
  }
  return out;
}

// "--format=json" in one word or two.
Result<bool, std::string> wants_json(const Words& words) {
  if (words.empty()) {
    return false;
  }
  std::string_view format = words.back();
  if (words.size() == 1) {
    constexpr std::string_view option = "--format=";
    if (!format.starts_with(option)) {
      return Unexpected{fmt::format("\"{}\": only --format=text or --format=json may follow", format)};
    }
    format.remove_prefix(option.size());
  } else if (words.front() != "--format") {
    return Unexpected{fmt::format("\"{}\": only --format=text or --format=json may follow", words.front())};
  }
  if (format != "json" && format != "text") {
    return Unexpected{fmt::format("\"{}\" is no format; it is text or json", format)};
  }
  return format == "json";
}

}  // namespace

void dpif_perf(CommandContext& context, const Words& words, Answer answer) {
  const auto is_json = wants_json(words);
  if (!is_json) {
    return answer(Unexpected{is_json.error()});
  }
  const auto workers = context.the_switch.datapath().worker_status();
  if (*is_json) {
    auto all = nlohmann::ordered_json::array();
    for (const WorkerStatus& worker : workers) {
      all.push_back(json(worker));
    }
    return answer(nlohmann::ordered_json{{"workers", all}}.dump(2) + "\n");
  }
  std::string out;
  for (const WorkerStatus& worker : workers) {
    out += text(worker);
  }
  answer(std::move(out));
}

}  // namespace weft::control
