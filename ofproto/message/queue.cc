// Requests about queues: OpenFlow 1.0.0 sections 5.3.4 and 5.3.5, 1.5.1 sections 7.3.5.8 and 7.3.5.18.
#include <algorithm>

#include <fmt/format.h>

#include "ofproto/message/list_reply.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

struct QueueOfPort {
  OfPort port;
  uint32_t queue_id;
};

// The queues that a request means: OFPP_ANY and OFPQ_ALL name whatever there is.
Result<std::vector<QueueOfPort>, OpenFlowError> queues_of(const RequestPtr& request, OfPort port, uint32_t queue_id) {
  const Bridge& bridge = request->session()->bridge();
  if (port != of_port::any && !bridge.port(port)) {
    return Unexpected{OpenFlowError(ErrorCode::ofpqofc_bad_port, fmt::format("there is no port {}", number(port)))};
  }
  std::vector<QueueOfPort> found;
  for (const OfPort own : port == of_port::any ? bridge.port_numbers() : std::vector{port}) {
    for (const uint32_t id : bridge.queue_numbers(own)) {
      if (queue_id == all_queues || queue_id == id) {
        found.push_back({own, id});
      }
    }
  }
  if (found.empty() && queue_id != all_queues) {
    return Unexpected{OpenFlowError(ErrorCode::ofpqofc_bad_queue, fmt::format("there is no queue {}", queue_id))};
  }
  return found;
}

// Before 1.4 the answer is one message, which holds no more of them than this: a head of 16 bytes, and at most as many for
// each queue and each of its two rates.
constexpr size_t max_queues_of_message = (max_message_size - 16) / (3 * 16);

QueueDescReply all_in_one(const Bridge& bridge, OfPort port, const std::vector<QueueOfPort>& queues) {
  QueueDescReply reply{port, {}};
  for (size_t i = 0; i < std::min(queues.size(), max_queues_of_message); ++i) {
    if (const auto desc = bridge.queue_desc(queues[i].port, queues[i].queue_id)) {
      reply.entries.push_back(*desc);
    }
  }
  return reply;
}

}  // namespace

Outcome on_queue_stats(const RequestPtr& request, const QueueStatsRequest& message) {
  auto queues = queues_of(request, message.port, message.queue_id);
  if (!queues) {
    return Unexpected{queues.error()};
  }
  ListReply::start(request, MultipartType::queue, one_by_one(std::move(*queues), [](Bridge& from, QueueOfPort queue) {
                     return from.queue_stats(queue.port, queue.queue_id);
                   }));
  return Progress::pending;
}

Outcome on_queue_desc(const RequestPtr& request, const QueueDescRequest& message) {
  auto queues = queues_of(request, message.port, message.queue_id);
  if (!queues) {
    return Unexpected{queues.error()};
  }
  if (request->session()->version() < Version::v1_4) {
    request->reply(all_in_one(request->session()->bridge(), message.port, *queues));
    return Progress::done;
  }
  ListReply::start(request, MultipartType::queue_desc,
                   one_by_one(std::move(*queues), [](Bridge& from, QueueOfPort queue) {
                     return from.queue_desc(queue.port, queue.queue_id);
                   }));
  return Progress::pending;
}

}  // namespace weft::ofproto
