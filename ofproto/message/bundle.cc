// Bundles: what opens, fills, commits and discards them, and what they can do. The rules are BundleSet's.

#include <algorithm>

#include "lib/base/big_endian.h"
#include "lib/base/clock.h"
#include "ofproto/message/handlers.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

using Clock = std::chrono::steady_clock;
constexpr uint32_t onf_id = 0x4f4e4600;

// Of a bundle-add: the message inside. In 1.3 it is an extension, whose header is longer.
std::span<const uint8_t> message_inside(Version version, std::span<const uint8_t> bytes) {
  const size_t before = version >= Version::v1_4 ? 16 : 24;
  return bytes.subspan(std::min(before, bytes.size()));
}

// Where a bundle-add has the number of its bundle; nothing when this is none.
std::optional<uint32_t> bundle_of(Version version, std::span<const uint8_t> bytes) {
  constexpr uint8_t type_experimenter = 4;
  constexpr uint8_t type_bundle_add = 34;
  constexpr uint32_t onf_bundle_add = 2301;
  constexpr size_t number = 8;
  constexpr size_t extension_number = 16;
  if (version >= Version::v1_4) {
    const bool is_add = bytes.size() >= number + 4 && bytes[1] == type_bundle_add;
    return is_add ? std::optional(load_be32(&bytes[number])) : std::nullopt;
  }
  const bool is_add = bytes.size() >= extension_number + 4 && bytes[1] == type_experimenter &&
                      load_be32(&bytes[8]) == onf_id && load_be32(&bytes[12]) == onf_bundle_add;
  return is_add ? std::optional(load_be32(&bytes[extension_number])) : std::nullopt;
}

// What failed is told first, as if it had come alone, then the commit.
void tell_failure(const RequestPtr& request, const BundleFailure& failure) {
  if (const auto session = request->session()) {
    session->send(error_reply(session->version(), failure.error, failure.bytes));
  }
  request->refuse(OpenFlowError(ErrorCode::ofpbfc_msg_failed));
}

void tell_success(const RequestPtr& request, const BundleControl& reply, const std::vector<CarriedMessage>& forwarded) {
  request->reply(reply);
  if (const auto session = request->session()) {
    for (const CarriedMessage& each : forwarded) {
      session->forward(*each.envelope);
    }
  }
}

Outcome commit(const RequestPtr& request, const BundleControl& message) {
  const auto session = request->session();
  auto taken = session->bundles.take(message);
  if (!taken) {
    return Unexpected{taken.error()};
  }
  BundleControl reply = message;
  reply.type = BundleControlType::commit_reply;
  const auto done = [request, reply,
                     forwarded = std::move(taken->forwarded)](const std::optional<BundleFailure>& failure) {
    failure ? tell_failure(request, *failure) : tell_success(request, reply, forwarded);
    request->finish();
  };
  session->bridge().commit(std::move(taken->bundle), done, session.get());
  return Progress::pending;
}

Outcome answer(const RequestPtr& request, BundleControl message, const BundleSet::Outcome& outcome) {
  if (!outcome) {
    return Unexpected{outcome.error()};
  }
  message.type = static_cast<BundleControlType>(static_cast<uint16_t>(message.type) + 1);
  request->reply(message);
  return Progress::done;
}

}  // namespace

Outcome on_bundle_control(const RequestPtr& request, const BundleControl& message) {
  const auto session = request->session();
  switch (message.type) {
    case BundleControlType::open_request:
      return answer(request, message, session->bundles.open(session->bridge(), message, Clock::now()));
    case BundleControlType::close_request:
      return answer(request, message, session->bundles.close(message, Clock::now()));
    case BundleControlType::discard_request:
      return answer(request, message, session->bundles.discard(message));
    case BundleControlType::commit_request:
      return commit(request, message);
    default:
      return Unexpected{OpenFlowError(ErrorCode::ofpbfc_bad_type)};
  }
}

// No bundle is scheduled, so there is no tolerance that could be set.
Outcome on_bundle_features(const RequestPtr& request, const BundleFeaturesRequest& message) {
  if ((message.flags & bundle_feature_flag::time_set_sched) != 0) {
    return Unexpected{OpenFlowError(ErrorCode::ofpbrc_multipart_bad_sched)};
  }
  request->reply(BundleFeaturesReply{.capabilities = bundle_flag::atomic | bundle_flag::ordered});
  return Progress::done;
}

void note_unreadable(Session& session, std::span<const uint8_t> bytes) {
  if (const auto bundle_id = bundle_of(session.version(), bytes)) {
    session.bundles.spoil(*bundle_id);
  }
  if (const auto part = parse_multipart_request(session.version(), bytes)) {
    session.parts.spoil(*part);
  }
}

void expire_bundles(Session& session) {
  for (const uint32_t bundle_id : session.bundles.expire(Clock::now())) {
    const BundleControl bundle{.bundle_id = bundle_id, .type = BundleControlType::open_request, .scheduled = {}};
    session.send(error_reply(session.version(), ErrorCode::ofpbfc_timeout, encode(session.version(), 0, bundle)));
  }
}

// There may be a million: by the clock that is cheap.
BundleSet::Outcome add_to_bundle(Session& session, const BundleAdd& message, std::span<const uint8_t> bytes) {
  return session.bundles.add(session.bridge(), message, message_inside(session.version(), bytes),
                             SystemClock::instance().coarse_now());
}

}  // namespace weft::ofproto
