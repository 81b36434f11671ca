// Commands about the fast path: megaflows, ports, workers, drops.

#include <algorithm>
#include <chrono>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "vswitchd/control/command.h"

namespace weft::control {
namespace {

std::string port_line(const ofproto::PortInfo& port, const datapath::Datapath& datapath) {
  if (port.patch) {
    return fmt::format("    {} {}: (patch: peer={})\n", port.name, number(port.of_port), port.patch->peer);
  }
  if (port.port_id == port_id::none) {
    return fmt::format("    {} {}: device is gone\n", port.name, number(port.of_port));
  }
  const auto c = datapath.port_counters(port.port_id);
  return fmt::format(
      "    {} {}/{}: rx packets:{} bytes:{} dropped:{} errors:{} segments:{}, "
      "tx packets:{} bytes:{} dropped:{} errors:{} segments:{}\n",
      port.name, number(port.of_port), number(port.port_id), c.rx_packets, c.rx_bytes, c.rx_dropped, c.rx_errors,
      c.rx_gso_segments, c.tx_packets, c.tx_bytes, c.tx_dropped, c.tx_errors, c.tx_gso_segments);
}

std::string kernel_line(const datapath::KernelStatus& status) {
  switch (status.state) {
    case datapath::KernelStatus::State::unused:
      break;
    case datapath::KernelStatus::State::forwards:
      return fmt::format("  kernel: forwards, flows:{}\n", status.megaflow_count);
    case datapath::KernelStatus::State::switched_off:
      return "  kernel: does not forward (other_config:kernel-forwarding)\n";
    case datapath::KernelStatus::State::unavailable:
      return "  kernel: does not forward, it refused the programs (see the log)\n";
  }
  return "";
}

// Names of the datapath's ports.
class PortNamesById {
 public:
  explicit PortNamesById(const CommandContext& context) {
    for (const auto* bridge : context.the_switch.bridges()) {
      for (auto& port : bridge->ports()) {
        if (!port.patch) {
          names_.emplace(port.port_id, std::move(port.name));
        }
      }
    }
  }
  std::string of(PortId id) const {
    const auto found = names_.find(id);
    return found != names_.end() ? found->second : fmt::format("#{}", number(id));
  }

 private:
  std::unordered_map<PortId, std::string> names_;
};

std::string domain_name(const PortNamesById& names, const datapath::DomainStatus& domain) {
  using Kind = datapath::DomainStatus::Kind;
  if (domain.kind == Kind::rest) {
    return "all others";
  }
  const std::string port = names.of(domain.port);
  if (domain.kind == Kind::rest_of_port) {
    return port + " other ids";
  }
  return domain.tun_id == 0 ? port : fmt::format("{} tun_id={:#x}", port, domain.tun_id);
}

}  // namespace

void dpctl_dump_flows(CommandContext& context, const Words& words, Answer answer) {
  std::optional<std::string> bridge;
  for (const auto& word : words) {
    if (word == "-m" || word == "--more" || word == "--names") {
      continue;  // what is printed anyway
    }
    if (word.starts_with('-') || bridge) {
      return answer(Unexpected{fmt::format("\"{}\": only a bridge may follow, once", word)});
    }
    bridge = word;
  }
  if (bridge) {
    if (const auto found = find_bridge(context, *bridge); !found) {
      return answer(Unexpected{found.error()});
    }
  }
  auto dump = [&the_switch = context.the_switch, bridge] { return the_switch.dump_megaflows(bridge); };
  if (context.in_background) {
    return context.in_background(std::move(dump), std::move(answer));
  }
  answer(dump());
}

void dpctl_show(CommandContext& context, const Words&, Answer answer) {
  uint64_t hits = 0;
  uint64_t misses = 0;
  size_t megaflows = 0;
  size_t masks = 0;
  for (const auto& worker : context.the_switch.datapath().worker_status()) {
    hits += worker.flow_cache_hits + worker.megaflow_hits;
    misses += worker.misses;
    megaflows += worker.megaflow_count;
    masks += worker.mask_count;
  }
  std::string out = fmt::format("weft: hit:{} missed:{} flows:{} masks:{}\n", hits, misses, megaflows, masks);
  out += kernel_line(context.the_switch.datapath().kernel_status());
  for (const auto* bridge : context.the_switch.bridges()) {
    out += fmt::format("  {}:\n", bridge->name());
    for (const auto& port : bridge->ports()) {
      out += port_line(port, context.the_switch.datapath());
    }
  }
  answer(std::move(out));
}

// By worker, as who balances load thinks of it. A queue that several ports share is shown for each.
void rxq_show(CommandContext& context, const Words&, Answer answer) {
  const auto& datapath = context.the_switch.datapath();
  const auto queues = datapath.rx_queues();
  const PortNamesById names(context);
  std::string out;
  for (unsigned worker = 0; worker < datapath.worker_count(); ++worker) {
    out += fmt::format("worker {}:\n", worker);
    for (const auto& queue : queues) {
      if (queue.worker == worker) {
        out += fmt::format("  port: {:<16} queue-id: {:>2}  packets: {:>12}  busy: {:>10.3f} s\n", names.of(queue.port),
                           queue.index, queue.packets, std::chrono::duration<double>(queue.busy).count());
      }
    }
  }
  answer(std::move(out));
}

// A line for each domain, which is a port and, behind a tunnel port, a tunnel id.
void dpif_budgets(CommandContext& context, const Words&, Answer answer) {
  auto domains = context.the_switch.datapath().domain_status();
  std::ranges::sort(domains, {}, [](const auto& d) { return std::tuple(d.worker, d.kind, d.port, d.tun_id); });
  const PortNamesById names(context);
  std::string out = fmt::format("{:>6}  {:<24} {:>6} {:>9} {:>12} {:>12} {:>12} {:>9} {:>9}\n", "worker", "domain",
                                "masks", "megaflows", "misses", "translations", "dropped", "rounded", "not kept");
  for (const auto& d : domains) {
    out += fmt::format("{:>6}  {:<24} {:>6} {:>9} {:>12} {:>12} {:>12} {:>9} {:>9}\n", d.worker, domain_name(names, d),
                       d.mask_count, d.megaflow_count, d.misses, d.translations, d.dropped, d.rounded, d.refused);
  }
  answer(std::move(out));
}

void worker_show(CommandContext& context, const Words&, Answer answer) {
  std::string out;
  for (const auto& w : context.the_switch.datapath().worker_status()) {
    out += fmt::format(
        "worker {}:\n  packets received: {}\n  flow cache hits: {}\n  megaflow hits: {}\n  misses: {}\n"
        "  megaflows: {}\n  masks: {}\n  rounds: {}\n  sleeps: {}\n",
        w.index, w.rx_packets, w.flow_cache_hits, w.megaflow_hits, w.misses, w.megaflow_count, w.mask_count, w.rounds,
        w.sleeps);
  }
  answer(std::move(out));
}

void drop_show(CommandContext& context, const Words& words, Answer answer) {
  const bool shows_all = !words.empty() && words[0] == "all";
  if (!words.empty() && !shows_all) {
    return answer(Unexpected{fmt::format("\"{}\": only \"all\" may follow", words[0])});
  }
  const auto& datapath = context.the_switch.datapath();
  std::string out;
  for (unsigned i = 0; i < drop_reason_count; ++i) {
    const auto reason = static_cast<DropReason>(i);
    const uint64_t count = datapath.drop_count(reason);
    if (count != 0 || shows_all) {
      out += fmt::format("{:>12}  {:<24} {}\n", count, to_string(reason), explain(reason));
    }
  }
  const auto b = datapath.balance();
  out += fmt::format("received {} + originated {} = sent {} + dropped {} + absorbed {}\n", b.received, b.originated,
                     b.sent, b.dropped, b.absorbed);
  answer(std::move(out));
}

}  // namespace weft::control
