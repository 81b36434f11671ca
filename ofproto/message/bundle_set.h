// BundleSet: the bundles that one session has opened and neither committed nor discarded (OpenFlow 1.5.1 section 7.3.9).
//
// A bundle belongs to its session and ends with it; numbers are the peer's to choose. What it holds is bounded, and one
// that nobody has spoken of for ten seconds goes: it is memory that its peer may have forgotten. A message that is refused
// spoils the bundle that it was for, so that the commit fails: half of what was wanted is not what was wanted.
//
// Threads: control thread. Ownership: the session's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "lib/base/result.h"
#include "lib/openflow/bundle_message.h"
#include "lib/openflow/error.h"
#include "ofproto/bridge/bridge.h"

namespace weft::ofproto {

struct BundleLimits {
  size_t bundles = 64;
  size_t messages = 4'000'000;                           // of one bundle
  size_t bytes = size_t{2} << 30U;                       // of all bundles of a session
  std::chrono::seconds idle = std::chrono::seconds(10);  // as Open vSwitch's default
};

class BundleSet {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Outcome = Result<void, openflow::OpenFlowError>;

  explicit BundleSet(const BundleLimits& limits = {}) : limits_(limits) {}
  ~BundleSet() { clear(); }
  BundleSet(const BundleSet&) = delete;
  BundleSet& operator=(const BundleSet&) = delete;

  // What the specification says to discard when it is misused (a number opened twice, other flags) is discarded.
  Outcome open(Bridge& bridge, const openflow::BundleControl& message, Time now);
  Outcome close(const openflow::BundleControl& message, Time now);
  Outcome discard(const openflow::BundleControl& message);
  // `bytes`: of the message inside. A bundle that was not opened is.
  Outcome add(Bridge& bridge, const openflow::BundleAdd& message, std::span<const uint8_t> bytes, Time now);
  // A bundle-add that could not even be read has spoilt it, if there is one of this number.
  void spoil(uint32_t bundle_id);
  struct Taken {
    std::unique_ptr<Bundle> bundle;
    std::vector<openflow::CarriedMessage> forwarded;  // what others are told of when it has been committed
  };
  // Takes it out, to be committed. OFPBFC_MSG_FAILED: it was spoilt.
  Result<Taken, openflow::OpenFlowError> take(const openflow::BundleControl& message);

  bool empty() const { return bundles_.empty(); }
  // Discards those that have been idle too long; their numbers.
  std::vector<uint32_t> expire(Time now);
  void clear();

 private:
  struct Entry {
    std::unique_ptr<Bundle> bundle;
    std::vector<openflow::CarriedMessage> forwarded;
    size_t forwarded_bytes = 0;
    uint16_t flags = 0;
    bool is_closed = false;
    bool is_spoilt = false;
    Time used;
  };
  using Entries = std::map<uint32_t, Entry>;

  Result<Entries::iterator, openflow::OpenFlowError> begin(Bridge& bridge, uint32_t bundle_id, uint16_t flags,
                                                           Time now);
  Result<Entries::iterator, openflow::OpenFlowError> find(uint32_t bundle_id, uint16_t flags);
  bool drop(uint32_t bundle_id);
  size_t byte_count() const;

  const BundleLimits limits_;
  Entries bundles_;
};

}  // namespace weft::ofproto
