#include "datapath/tunnel/path_cache.h"

#include "lib/base/hash.h"

namespace weft::datapath {

namespace {

constexpr Duration lifetime = std::chrono::seconds(1);

// Opened with the first question, so by the worker that asks.
PathCache::Lookup kernel_lookup() {
  auto kernel = std::make_shared<std::optional<netlink::RouteLookup>>();
  return [kernel](const IpAddress& remote,
                  const std::optional<IpAddress>& local) -> Result<netlink::RouteAnswer, OsError> {
    if (!*kernel) {
      auto opened = netlink::RouteLookup::open();
      if (!opened) {
        return Unexpected(opened.error());
      }
      *kernel = std::move(*opened);
    }
    return (*kernel)->lookup(remote, local);
  };
}

}  // namespace

PathCache::PathCache(const Clock& clock, unsigned lookups_per_second)
    : PathCache(clock, lookups_per_second, kernel_lookup()) {}

size_t PathCache::KeyHash::operator()(const Key& key) const {
  const std::hash<IpAddress> hash;
  return hash_add(hash(key.remote), key.local ? hash(*key.local) : 0);
}

const Path* PathCache::find(const IpAddress& remote, const std::optional<IpAddress>& local) {
  const TimePoint now = clock_.coarse_now();
  if (last_ != nullptr && last_key_.remote == remote && last_key_.local == local && now < last_->expires) {
    return last_;
  }
  Key key{remote, local};
  const auto found = paths_.find(key);
  if (found == paths_.end() || now >= found->second.expires) {
    if (!may_ask(now)) {
      return found == paths_.end() ? nullptr : &found->second;
    }
    last_ = nullptr;
    if (paths_.size() >= max_entries) {
      paths_.clear();
    }
    const Path path = ask(key, now);
    last_ = &paths_.insert_or_assign(key, path).first->second;
  } else {
    last_ = &found->second;
  }
  last_key_ = std::move(key);
  return last_;
}

void PathCache::forget(const IpAddress& remote, const std::optional<IpAddress>& local) {
  last_ = nullptr;
  paths_.erase(Key{remote, local});
}

bool PathCache::may_ask(TimePoint now) {
  if (now - second_began_ >= std::chrono::seconds(1)) {
    second_began_ = now;
    asked_ = 0;
  }
  return asked_++ < lookups_per_second_;
}

Path PathCache::ask(const Key& key, TimePoint now) {
  Path path;
  path.expires = now + lifetime;
  const auto answer = lookup_(key.remote, key.local);
  if (!answer) {
    path.verdict = DropReason::tunnel_no_route;
  } else if (answer->is_local) {
    path.verdict = DropReason::tunnel_own_address;
  } else {
    path.mtu = answer->mtu;
    path.source = answer->source;
  }
  return path;
}

}  // namespace weft::datapath
