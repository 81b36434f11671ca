#include "ofproto/message/bundle_set.h"

#include <numeric>
#include <utility>

#include "lib/base/rcu.h"

namespace weft::ofproto {

using openflow::ErrorCode;
using openflow::OpenFlowError;
namespace bundle_flag = openflow::bundle_flag;

namespace {

Unexpected<OpenFlowError> refused(ErrorCode code) { return Unexpected{OpenFlowError(code)}; }

// Every bundle is atomic and ordered here, whether that was asked for or not.
BundleSet::Outcome check_flags(uint16_t flags) {
  if ((flags & bundle_flag::time) != 0) {
    return refused(ErrorCode::ofpbfc_sched_not_supported);
  }
  if ((flags & ~(bundle_flag::atomic | bundle_flag::ordered)) != 0) {
    return refused(ErrorCode::ofpbfc_bad_flags);
  }
  return {};
}

}  // namespace

// A million messages are not freed in one handler, but on RCU's own thread.
bool BundleSet::drop(uint32_t bundle_id) {
  const auto found = bundles_.find(bundle_id);
  if (found == bundles_.end()) {
    return false;
  }
  rcu::retire(std::move(found->second.bundle));
  bundles_.erase(found);
  return true;
}

void BundleSet::clear() {
  while (!bundles_.empty()) {
    drop(bundles_.begin()->first);
  }
}

BundleSet::Outcome BundleSet::open(Bridge& bridge, const openflow::BundleControl& message, Time now) {
  if (drop(message.bundle_id)) {
    return refused(ErrorCode::ofpbfc_bad_id);
  }
  const auto begun = begin(bridge, message.bundle_id, message.flags, now);
  return begun ? Outcome() : Outcome(Unexpected{begun.error()});
}

Result<BundleSet::Entries::iterator, OpenFlowError> BundleSet::begin(Bridge& bridge, uint32_t bundle_id, uint16_t flags,
                                                                     Time now) {
  if (auto checked = check_flags(flags); !checked) {
    return Unexpected{checked.error()};
  }
  if (bundles_.size() >= limits_.bundles) {
    return refused(ErrorCode::ofpbfc_out_of_bundles);
  }
  Entry entry;
  entry.bundle = bridge.make_bundle();
  entry.flags = flags;
  entry.used = now;
  return bundles_.emplace(bundle_id, std::move(entry)).first;
}

Result<BundleSet::Entries::iterator, OpenFlowError> BundleSet::find(uint32_t bundle_id, uint16_t flags) {
  const auto found = bundles_.find(bundle_id);
  if (found == bundles_.end()) {
    return refused(ErrorCode::ofpbfc_bad_id);
  }
  if (found->second.flags != flags) {
    drop(bundle_id);
    return refused(ErrorCode::ofpbfc_bad_flags);
  }
  return found;
}

BundleSet::Outcome BundleSet::close(const openflow::BundleControl& message, Time now) {
  const auto found = find(message.bundle_id, message.flags);
  if (!found) {
    return Unexpected{found.error()};
  }
  Entry& entry = (*found)->second;
  if (entry.is_closed) {
    drop(message.bundle_id);
    return refused(ErrorCode::ofpbfc_bundle_closed);
  }
  entry.is_closed = true;
  entry.used = now;
  return {};
}

BundleSet::Outcome BundleSet::discard(const openflow::BundleControl& message) {
  return drop(message.bundle_id) ? Outcome() : Outcome(refused(ErrorCode::ofpbfc_bad_id));
}

BundleSet::Outcome BundleSet::add(Bridge& bridge, const openflow::BundleAdd& message, std::span<const uint8_t> bytes,
                                  Time now) {
  const bool is_new = !bundles_.contains(message.bundle_id);
  const auto found =
      is_new ? begin(bridge, message.bundle_id, message.flags, now) : find(message.bundle_id, message.flags);
  if (!found) {
    return Unexpected{found.error()};
  }
  Entry& entry = (*found)->second;
  if (entry.is_closed) {
    drop(message.bundle_id);
    return refused(ErrorCode::ofpbfc_bundle_closed);
  }
  entry.used = now;
  if (entry.bundle->message_count() >= limits_.messages || byte_count() >= limits_.bytes) {
    entry.is_spoilt = true;
    return refused(ErrorCode::ofpbfc_msg_too_many);
  }
  const openflow::Envelope& inside = *message.message.envelope;
  auto added = entry.bundle->add(inside.message, inside.xid, bytes);
  entry.is_spoilt = entry.is_spoilt || !added;
  if (added && std::holds_alternative<openflow::GroupMod>(inside.message)) {
    entry.forwarded.push_back(message.message);
    entry.forwarded_bytes += bytes.size();
  }
  return added;
}

void BundleSet::spoil(uint32_t bundle_id) {
  if (const auto found = bundles_.find(bundle_id); found != bundles_.end()) {
    found->second.is_spoilt = true;
  }
}

Result<BundleSet::Taken, OpenFlowError> BundleSet::take(const openflow::BundleControl& message) {
  const auto found = find(message.bundle_id, message.flags);
  if (!found) {
    return Unexpected{found.error()};
  }
  Entry entry = std::move((*found)->second);
  bundles_.erase(*found);
  if (entry.is_spoilt) {
    rcu::retire(std::move(entry.bundle));
    return refused(ErrorCode::ofpbfc_msg_failed);
  }
  return Taken{std::move(entry.bundle), std::move(entry.forwarded)};
}

std::vector<uint32_t> BundleSet::expire(Time now) {
  std::vector<uint32_t> expired;
  for (const auto& [id, entry] : bundles_) {
    if (now - entry.used >= limits_.idle) {
      expired.push_back(id);
    }
  }
  for (const uint32_t id : expired) {
    drop(id);
  }
  return expired;
}

size_t BundleSet::byte_count() const {
  return std::accumulate(bundles_.begin(), bundles_.end(), size_t{0}, [](size_t sum, const auto& entry) {
    return sum + entry.second.bundle->byte_count() + entry.second.forwarded_bytes;
  });
}

}  // namespace weft::ofproto
