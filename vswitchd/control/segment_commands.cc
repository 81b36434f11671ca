// Commands about segments and addresses: where each address is, and what lies between here and there.
#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/os/netlink/route_lookup.h"
#include "ofproto/overlay/overhead.h"
#include "vswitchd/control/command.h"

namespace weft::control {
namespace {

// Looked up one by one; a longer list is cut short.
constexpr size_t max_paths = 1000;

std::string path_text(netlink::RouteLookup& routes, const ofproto::Segment& segment, const IpAddress& remote) {
  const auto route = routes.lookup(remote);
  if (!route) {
    return fmt::format("unreachable: {}", route.error().code.message());
  }
  if (route->is_local) {
    return "this host itself";
  }
  const auto overhead = ofproto::overhead_of(segment.encap, remote.is_v6());
  if (!overhead) {
    return fmt::format("any inner MTU (route MTU {}, frames are cut over segments)", route->mtu);
  }
  if (route->mtu <= *overhead) {
    return fmt::format("nothing fits (route MTU {}, overhead {})", route->mtu, *overhead);
  }
  const uint32_t largest = route->mtu - *overhead;
  return fmt::format("inner MTU {}{} (route MTU {}, overhead {})", largest,
                     segment.mtu.value_or(0) > largest ? ", less than the segment's," : "", route->mtu, *overhead);
}

// "10 (drop), 3 now, 12 refused"
std::string limit_text(const ofproto::MacLimitInfo& info) {
  std::string text = fmt::format("{} ({}), {} now, {} refused", info.limit.count, to_string(info.limit.policy),
                                 info.count, info.refused);
  if (info.evicted != 0 || info.limit.policy == ofproto::MacLimitPolicy::evict) {
    text += fmt::format(", {} evicted", info.evicted);
  }
  return text;
}

std::string show(const ofproto::FdbStats& stats, std::string_view bridge) {
  std::string out = fmt::format(
      "Statistics for bridge \"{}\":\n  Current/maximum MAC entries in the table: {}/{}\n  Refused, there was no room: "
      "{}\n",
      bridge, stats.count, stats.limit, stats.refused);
  for (const auto& [what, limit] : stats.limits) {
    out += fmt::format("  {}: limit {}\n", what, limit_text(limit));
  }
  return out;
}

std::string show(const ofproto::SegmentInfo& info) {
  std::string out = fmt::format("{:<13}{}\n", "tunnel port:", info.tunnel_port.empty() ? "none" : info.tunnel_port);
  out += fmt::format("{:<13}{} ({} here, {} behind remotes)\n", "addresses:", info.local_count + info.remote_count,
                     info.local_count, info.remote_count);
  if (info.limit) {
    out += fmt::format("{:<13}{}\n", "mac limit:", limit_text(*info.limit));
  }
  if (info.segment->suppress_arp) {
    out += fmt::format("{:<13}{} ({} disputed, {} refused for want of room), {} requests answered\n",
                       "neighbours:", info.neighbours.entries, info.neighbours.disputed, info.neighbours.refused,
                       info.neighbours.answers);
  }
  auto routes = netlink::RouteLookup::open();
  size_t count = 0;
  for (const auto& remote : info.remotes) {
    if (++count > max_paths) {
      return out + fmt::format("  and {} more remotes\n", info.remotes.size() - max_paths);
    }
    out += fmt::format("  remote {}: {}, {} addresses\n", remote.address.to_string(),
                       routes ? path_text(*routes, *info.segment, remote.address) : routes.error().code.message(),
                       remote.count);
  }
  return out;
}

}  // namespace

void segment_show(CommandContext& context, const Words& words, Answer answer) {
  const auto bridge = find_bridge(context, words[0]);
  if (!bridge) {
    return answer(Unexpected{bridge.error()});
  }
  // What was answered is counted with the packets of cached decisions. The bridge may be gone by then.
  (*bridge)->collect([&context, words, answer = std::move(answer)] {
    const auto found = find_bridge(context, words[0]);
    const auto info = found ? (*found)->segment_info(words[1]) : std::nullopt;
    answer(info ? Result<std::string, std::string>(show(*info))
                : Unexpected{fmt::format("bridge {} has no segment {}", words[0], words[1])});
  });
}

void fdb_stats_show(CommandContext& context, const Words& words, Answer answer) {
  answer(find_bridge(context, words[0]).transform([](const auto* bridge) {
    return show(bridge->fdb_stats(), bridge->name());
  }));
}

void fdb_flush_vtep(CommandContext& context, const Words& words, Answer answer) {
  const auto bridge = find_bridge(context, words[0]);
  if (!bridge) {
    return answer(Unexpected{bridge.error()});
  }
  const auto vtep = IpAddress::parse(words[1]);
  if (!vtep || vtep->is_unspecified()) {
    return answer(Unexpected{fmt::format("\"{}\" is not the address of a VTEP", words[1])});
  }
  answer(fmt::format("{} addresses flushed\n", (*bridge)->fdb_flush(*vtep)));
}

void fdb_add(CommandContext& context, const Words& words, Answer answer) {
  const auto bridge = find_bridge(context, words[0]);
  if (!bridge) {
    return answer(Unexpected{bridge.error()});
  }
  const auto mac = MacAddress::parse(words[3]);
  if (!mac || mac->is_multicast()) {
    return answer(Unexpected{fmt::format("\"{}\" is not the address of a host", words[3])});
  }
  std::optional<IpAddress> vtep;
  if (words.size() > 4) {
    vtep = IpAddress::parse(words[4]);
    if (!vtep || vtep->is_unspecified() || vtep->is_multicast()) {
      return answer(Unexpected{fmt::format("\"{}\" is not the address of a VTEP", words[4])});
    }
  }
  const auto added = (*bridge)->fdb_add(words[1], words[2], *mac, vtep);
  answer(added ? Result<std::string, std::string>(std::string()) : Unexpected{added.error()});
}

void fdb_del(CommandContext& context, const Words& words, Answer answer) {
  const auto bridge = find_bridge(context, words[0]);
  if (!bridge) {
    return answer(Unexpected{bridge.error()});
  }
  const auto mac = MacAddress::parse(words[2]);
  if (!mac) {
    return answer(Unexpected{fmt::format("\"{}\" is not an Ethernet address", words[2])});
  }
  const auto removed = (*bridge)->fdb_remove(words[1], *mac);
  answer(removed ? Result<std::string, std::string>(std::string()) : Unexpected{removed.error()});
}

}  // namespace weft::control
