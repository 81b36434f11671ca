// Requests about meters: OpenFlow 1.3.5 sections 7.3.4.5 and 7.3.5.11 to 7.3.5.13.

#include <algorithm>
#include <string>

#include "ofproto/message/list_reply.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

// The meters that a request means; an error where it names one that is not there.
Result<std::vector<uint32_t>, OpenFlowError> meters_of(const RequestPtr& request, uint32_t meter) {
  auto numbers = request->session()->bridge().meter_numbers();
  if (meter == meter_id::all) {
    return numbers;
  }
  if (std::find(numbers.begin(), numbers.end(), meter) == numbers.end()) {
    return Unexpected{OpenFlowError(ErrorCode::ofpmmfc_unknown_meter, "there is no meter " + std::to_string(meter))};
  }
  return std::vector{meter};
}

}  // namespace

Outcome on_meter_mod(const RequestPtr& request, const MeterMod& message) {
  request->session()->bridge().in_turn([request, message] {
    const auto session = request->session();
    if (!session) {
      return;
    }
    const auto done = [request, message] {
      request->forward(message);
      request->finish();
    };
    if (const auto applied = session->bridge().apply(message, done); !applied) {
      request->refuse(applied.error());
      request->finish();
    }
  });
  return Progress::pending;
}

Outcome on_meter_stats(const RequestPtr& request, const MeterStatsRequest& message) {
  auto numbers = meters_of(request, message.meter);
  if (!numbers) {
    return Unexpected{numbers.error()};
  }
  request->session()->bridge().collect([request, numbers = std::move(*numbers)] {
    if (request->session()) {
      ListReply::start(request, MultipartType::meter,
                       one_by_one(numbers, [](Bridge& from, uint32_t number) { return from.meter_stats(number); }));
    }
  });
  return Progress::pending;
}

Outcome on_meter_config(const RequestPtr& request, const MeterConfigRequest& message) {
  auto numbers = meters_of(request, message.meter);
  if (!numbers) {
    return Unexpected{numbers.error()};
  }
  ListReply::start(
      request, MultipartType::meter_config,
      one_by_one(std::move(*numbers), [](Bridge& from, uint32_t number) { return from.meter_config(number); }));
  return Progress::pending;
}

Outcome on_meter_features(const RequestPtr& request) {
  request->reply(request->session()->bridge().meter_features());
  return Progress::done;
}

}  // namespace weft::ofproto
