#include "utilities/ofctl/tcp_stream.h"

#include <algorithm>
#include <utility>

namespace weft::ofctl {
namespace {

// More than any window scale allows (RFC 7323 section 2.3: 2^30).
constexpr int64_t largest_jump = int64_t{1} << 30;
// So that positions before the first one are positive too.
constexpr uint64_t first_lap = uint64_t{1} << 32;

}  // namespace

void TcpStream::restart(uint32_t sequence) {
  bytes_.clear();
  waiting_.clear();
  waiting_size_ = 0;
  is_started_ = true;
  start_ = sequence;
  position_ = first_lap + sequence;
}

StreamLoss TcpStream::add(const TcpSegment& segment) {
  StreamLoss loss;
  const uint32_t first = segment.sequence + (segment.syn ? 1 : 0);
  int64_t offset = static_cast<int32_t>(first - static_cast<uint32_t>(position_));
  const bool is_new = segment.syn && first != start_;  // or a repeated SYN
  if (!is_started_ || is_new || offset >= largest_jump || offset <= -largest_jump) {
    loss.unread = bytes_.size();
    restart(first);
    offset = 0;
  }
  std::span<const uint8_t> data = segment.data;
  if (offset < 0) {
    data = data.subspan(std::min(data.size(), static_cast<size_t>(-offset)));
    offset = 0;
  }
  if (data.empty()) {
    return loss;
  }
  if (offset > 0) {
    auto& place = waiting_[position_ + static_cast<uint64_t>(offset)];
    if (place.size() < data.size()) {
      waiting_size_ += data.size() - place.size();
      place.assign(data.begin(), data.end());
    }
    return waiting_size_ > most_waiting ? skip_gap() : loss;
  }
  bytes_.insert(bytes_.end(), data.begin(), data.end());
  position_ += data.size();
  take_waiting();
  return loss;
}

void TcpStream::take_waiting() {
  while (!waiting_.empty() && waiting_.begin()->first <= position_) {
    const auto first = waiting_.extract(waiting_.begin());
    waiting_size_ -= first.mapped().size();
    const uint64_t known = std::min<uint64_t>(position_ - first.key(), first.mapped().size());
    bytes_.insert(bytes_.end(), first.mapped().begin() + static_cast<std::ptrdiff_t>(known), first.mapped().end());
    position_ += first.mapped().size() - known;
  }
}

StreamLoss TcpStream::skip_gap() {
  if (waiting_.empty()) {
    return {};
  }
  const StreamLoss loss{bytes_.size(), waiting_.begin()->first - position_};
  bytes_.clear();
  position_ = waiting_.begin()->first;
  take_waiting();
  return loss;
}

}  // namespace weft::ofctl
