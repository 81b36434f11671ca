// Which buckets are live (OpenFlow 1.3.5 section 6.5.1). One that watches nothing is; one that watches a port is while
// the port is; one that watches a group is while that has a live bucket.
//
// Every port and group that was asked becomes a dependency, so a decision is made again when one of them changes.
#include <set>
#include <vector>

#include <fmt/format.h>

#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

bool watches(const openflow::Bucket& bucket) {
  return bucket.watch_port != of_port::any || bucket.watch_group != openflow::any_group;
}

// Groups that are looked at for one bucket: more than anybody chains on purpose.
constexpr size_t max_watched_groups = 4096;

}  // namespace

bool Translation::is_live_port(OfPort number) {
  const PortView* port = find_port(number);
  return port != nullptr && port->is_live;
}

bool Translation::is_live(const openflow::Bucket& bucket) {
  if (!watches(bucket)) {
    return true;
  }
  return (bucket.watch_port != of_port::any && is_live_port(bucket.watch_port)) ||
         (bucket.watch_group != openflow::any_group && is_live_group(bucket.watch_group));
}

// Whether watching leads to a bucket that is live by itself. Groups may watch each other in a circle: each is looked
// at once.
bool Translation::is_live_group(uint32_t group_id) {
  std::set<uint32_t> reached{group_id};
  std::vector<uint32_t> open{group_id};
  while (!open.empty() && reached.size() <= max_watched_groups) {
    const Group* group = find_group(open.back());
    open.pop_back();
    if (group == nullptr) {
      continue;
    }
    for (const openflow::Bucket& bucket : group->buckets()) {
      if (!watches(bucket) || (bucket.watch_port != of_port::any && is_live_port(bucket.watch_port))) {
        return true;
      }
      if (bucket.watch_group != openflow::any_group && reached.insert(bucket.watch_group).second) {
        open.push_back(bucket.watch_group);
      }
    }
  }
  return false;
}

void Translation::note_dead(const Group& group, size_t bucket) {
  if (in_.listener == nullptr) {
    return;
  }
  const openflow::Bucket& dead = group.buckets()[bucket];
  std::string why;
  if (dead.watch_port != of_port::any) {
    const PortView* port = place_.bridge->port(dead.watch_port);
    why = port == nullptr ? fmt::format("there is no port {}", number(dead.watch_port))
                          : fmt::format("port {} is down", port->name);
  }
  if (dead.watch_group != openflow::any_group) {
    why += fmt::format("{}group {} has no live bucket", why.empty() ? "" : ", ", dead.watch_group);
  }
  note(fmt::format("bucket {} of {} is not live: {}", bucket, group.buckets().size(), why));
}

}  // namespace weft::ofproto
