#include "datapath/tunnel/stt_paths.h"

#include <net/if.h>

#include <cstring>
#include <memory>

#include "lib/base/hash.h"
#include "lib/os/device.h"
#include "lib/os/netlink/neighbour_lookup.h"
#include "lib/os/netlink/route_lookup.h"

namespace weft::datapath {

namespace {

constexpr Duration path_lifetime = std::chrono::seconds(1);
constexpr Duration resolving_lifetime = std::chrono::milliseconds(2);
constexpr Duration patience = std::chrono::seconds(3);  // as long as the kernel asks, three times

std::optional<DeviceStatus> device_of(uint32_t ifindex) {
  char name[IF_NAMESIZE];
  if (::if_indextoname(ifindex, name) == nullptr) {
    return std::nullopt;
  }
  auto device = read_device(name);
  return device && device->is_admin_up && !device->is_loopback ? std::optional(*device) : std::nullopt;
}

// The kernel's answers, from sockets that are opened with the first question: by the worker that asks.
class Kernel {
 public:
  SttHop look_up(const IpAddress& remote, const std::optional<IpAddress>& local) {
    SttHop hop;
    hop.verdict = DropReason::tunnel_no_route;
    if (!open()) {
      return hop;
    }
    const auto route = routes_->lookup(remote, local);
    if (!route) {
      return hop;
    }
    if (route->is_local) {
      hop.verdict = DropReason::tunnel_own_address;
      return hop;
    }
    const auto device = device_of(route->ifindex);
    const auto source = local ? local : route->source;
    if (!route->is_unicast || !device || !source || source->is_v4() != remote.is_v4()) {
      return hop;
    }
    hop.verdict = keep;
    hop.mtu = route->mtu;
    hop.ifindex = route->ifindex;
    hop.source = *source;
    if (device->is_ethernet) {
      add_link_header(hop, *device, route->gateway.value_or(remote), remote.is_v4());
    }
    return hop;
  }

 private:
  bool open() {
    if (!routes_) {
      auto routes = netlink::RouteLookup::open();
      auto neighbours = netlink::NeighbourLookup::open();
      if (!routes || !neighbours) {
        return false;
      }
      routes_ = std::move(*routes);
      neighbours_ = std::move(*neighbours);
    }
    return true;
  }

  void add_link_header(SttHop& hop, const DeviceStatus& device, const IpAddress& next, bool is_v4) {
    const auto neighbour = neighbours_->find(hop.ifindex, next);
    if (!neighbour || neighbour->wants_use) {
      // An error would be said again by the next find().
      (void)neighbours_->use(hop.ifindex, next).has_value();
    }
    hop.has_neighbour = neighbour && neighbour->mac;
    if (!hop.has_neighbour) {
      return;
    }
    const EthernetHeader header{*neighbour->mac, device.mac, Be16{is_v4 ? eth_type::ipv4 : eth_type::ipv6}};
    std::memcpy(hop.link_header.data(), &header, sizeof header);
    hop.link_header_size = sizeof header;
  }

  std::optional<netlink::RouteLookup> routes_;
  std::optional<netlink::NeighbourLookup> neighbours_;
};

}  // namespace

SttPaths::SttPaths(const Clock& clock)
    : SttPaths(clock,
               [kernel = std::make_shared<Kernel>()](const IpAddress& remote, const std::optional<IpAddress>& local) {
                 return kernel->look_up(remote, local);
               }) {}

size_t SttPaths::KeyHash::operator()(const Key& key) const {
  const std::hash<IpAddress> hash;
  return hash_add(hash(key.remote), key.local ? hash(*key.local) : 0);
}

const SttPath& SttPaths::find(const IpAddress& remote, const std::optional<IpAddress>& local) {
  static const SttPath unknown = [] {
    SttPath path;
    path.hop.verdict = DropReason::tunnel_no_route;
    return path;
  }();
  const TimePoint now = clock_.coarse_now();
  if (last_ != nullptr && last_key_.remote == remote && last_key_.local == local && now < last_->expires) {
    return *last_;
  }
  last_ = nullptr;
  Key key{remote, local};
  auto found = paths_.find(key);
  if (found == paths_.end() || now >= found->second.expires) {
    if (!may_ask(now)) {
      return found == paths_.end() ? unknown : found->second;
    }
    if (found == paths_.end()) {
      if (paths_.size() >= max_entries) {
        paths_.clear();
      }
      found = paths_.try_emplace(key).first;
    }
    ask(key, found->second, now);
  }
  last_ = &found->second;
  last_key_ = std::move(key);
  return *last_;
}

void SttPaths::forget(const IpAddress& remote, const std::optional<IpAddress>& local) {
  const auto found = paths_.find(Key{remote, local});
  if (found != paths_.end()) {
    found->second.expires = {};
  }
}

bool SttPaths::may_ask(TimePoint now) {
  if (now - second_began_ >= std::chrono::seconds(1)) {
    second_began_ = now;
    asked_ = 0;
  }
  return asked_++ < lookups_per_second;
}

void SttPaths::ask(const Key& key, SttPath& path, TimePoint now) {
  path.hop = lookup_(key.remote, key.local);
  if (path.hop.verdict || path.hop.has_neighbour) {
    path.is_resolving = false;
    path.asked_since = {};
    path.expires = now + path_lifetime;
    return;
  }
  if (path.asked_since == TimePoint{} || now - path.expires > patience) {
    path.asked_since = now;  // for the first time, or the first in a while
  }
  path.is_resolving = now - path.asked_since < patience;
  if (!path.is_resolving) {
    path.hop.verdict = DropReason::tunnel_no_neighbour;
  }
  // A neighbour that has been silent may answer any time; what is sent to it is dropped until then, so it is asked for
  // less often.
  path.expires = now + (path.is_resolving ? resolving_lifetime : std::chrono::milliseconds(50));
}

}  // namespace weft::datapath
