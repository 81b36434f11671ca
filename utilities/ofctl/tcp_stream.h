// One direction of a TCP connection as a capture saw it: bytes in order out of segments that may be repeated, overlap, come
// out of order, or be missing.
//
// add() takes segments as they come; what is in order then stands in bytes(), whose front the caller erases as it reads.
// What lies behind a gap waits for it to be filled; the caller may also give the gap up. A connection that is opened anew
// under the same numbers, and one whose numbers jump by more than any window, starts from the beginning.
//
// Threads: values. Memory: what was not read, and at most `most_waiting` bytes behind a gap, which is given up then.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace weft::ofctl {

struct TcpSegment {
  uint32_t sequence = 0;  // of the first byte, or of SYN
  bool syn = false;
  std::span<const uint8_t> data;
};

// What was lost before the bytes that are new.
struct StreamLoss {
  size_t unread = 0;     // bytes that were in order and not read
  uint64_t missing = 0;  // bytes that never came
};

class TcpStream {
 public:
  static constexpr size_t most_waiting = 4 << 20;

  StreamLoss add(const TcpSegment& segment);
  // Gives the first gap up, and what was not read before it.
  StreamLoss skip_gap();

  bool has_gap() const { return !waiting_.empty(); }
  std::vector<uint8_t>& bytes() { return bytes_; }

 private:
  void restart(uint32_t sequence);
  void take_waiting();

  std::vector<uint8_t> bytes_;
  bool is_started_ = false;
  uint32_t start_ = 0;     // sequence number of the first byte
  uint64_t position_ = 0;  // of the next byte: its sequence number, not wrapped
  std::map<uint64_t, std::vector<uint8_t>> waiting_;
  size_t waiting_size_ = 0;
};

}  // namespace weft::ofctl
