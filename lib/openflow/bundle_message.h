// Bundles, and the other message that carries one whole: request-forward. Values.
//
// OpenFlow 1.4.1 sections 7.3.9 and 7.4.6, 1.5.1 sections 7.3.9, 7.3.5.20 and 7.4.5; in 1.3 the ONF extensions 230
// and 235.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "lib/openflow/multipart.h"

namespace weft::openflow {

struct Envelope;

// A message inside another, decoded and checked as if it had come alone. Never null in a message that was decoded.
// Copies share it. Its bytes are found in those of the message around it by carried_bytes() (codec.h).
struct CarriedMessage {
  std::shared_ptr<const Envelope> envelope;
  // By what they say.
  friend bool operator==(const CarriedMessage& a, const CarriedMessage& b);
};

// OFPBCT_*: what is asked is even, its answer one more.
enum class BundleControlType : uint16_t {
  open_request = 0,
  open_reply = 1,
  close_request = 2,
  close_reply = 3,
  commit_request = 4,
  commit_reply = 5,
  discard_request = 6,
  discard_reply = 7,
};

// OFPBF_*. All numbers are accepted by the codecs: which are served is the switch's to say (OFPBFC_BAD_FLAGS).
namespace bundle_flag {
inline constexpr uint16_t atomic = 1 << 0;
inline constexpr uint16_t ordered = 1 << 1;
inline constexpr uint16_t time = 1 << 2;  // 1.5
}  // namespace bundle_flag

// A point in time since the Unix epoch (struct ofp_time).
struct BundleTime {
  uint64_t seconds = 0;
  uint32_t nanoseconds = 0;
  friend bool operator==(const BundleTime&, const BundleTime&) = default;
};

struct BundleControl {
  uint32_t bundle_id = 0;
  BundleControlType type = BundleControlType::open_request;
  uint16_t flags = 0;
  std::optional<BundleTime> scheduled = std::nullopt;  // 1.5, with bundle_flag::time
  friend bool operator==(const BundleControl&, const BundleControl&) = default;
};

// The message has the xid of the bundle-add. Whether its kind may stand in a bundle is checked by the codec: flow-mod,
// group-mod, port-mod, packet-out and, in 1.5, meter-mod and table-mod; the rest are OFPBFC_MSG_UNSUP.
struct BundleAdd {
  uint32_t bundle_id = 0;
  uint16_t flags = 0;
  CarriedMessage message;
  friend bool operator==(const BundleAdd&, const BundleAdd&) = default;
};

// 1.5: what bundles can do.
namespace bundle_feature_flag {
inline constexpr uint32_t timestamp = 1 << 0;       // OFPBF_TIMESTAMP: the request tells the controller's time
inline constexpr uint32_t time_set_sched = 1 << 1;  // OFPBF_TIME_SET_SCHED: it sets the scheduling tolerance
}  // namespace bundle_feature_flag

struct BundleFeaturesRequest {
  uint32_t flags = 0;  // bundle_feature_flag
  friend bool operator==(const BundleFeaturesRequest&, const BundleFeaturesRequest&) = default;
};
struct BundleFeaturesReply {
  uint16_t capabilities = 0;  // bundle_flag
  friend bool operator==(const BundleFeaturesReply&, const BundleFeaturesReply&) = default;
};

enum class RequestForwardReason : uint8_t { group_mod = 0, meter_mod = 1 };  // OFPRFR_*

// A group-mod or meter-mod of another controller, to those that asked to be told.
struct RequestForward {
  CarriedMessage request;
  friend bool operator==(const RequestForward&, const RequestForward&) = default;
};

}  // namespace weft::openflow
