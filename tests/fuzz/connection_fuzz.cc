// A connection fed with anything at all, in pieces of any size: it answers or ends, and never owns more than its bounds.
//
// The first byte says how long the pieces are and of which kind the connection is; the rest is the peer's.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

#include "tests/ofproto/controller/peer.h"
#include "tests/ofproto/message/fake_bridge.h"

namespace weft::ofproto {
namespace {

using boost::system::error_code;

// Gives its input piece by piece, takes everything.
class InputStream final : public Stream {
 public:
  InputStream(EventLoop& loop, std::span<const uint8_t> input, size_t piece)
      : loop_(loop), input_(input), piece_(piece) {}

  void read_some(boost::asio::mutable_buffer into, Done done) override {
    const size_t count = std::min({piece_, into.size(), input_.size()});
    std::copy_n(input_.begin(), count, static_cast<uint8_t*>(into.data()));
    input_ = input_.subspan(count);
    const error_code end = boost::asio::error::eof;
    loop_.post([done = std::move(done), count, error = count == 0 ? end : error_code()] { done(error, count); });
  }
  void write(boost::asio::const_buffer from, Done done) override {
    loop_.post([done = std::move(done), count = from.size()] { done({}, count); });
  }
  void close() override {}
  const std::string& peer() const override { return peer_; }
  std::string explain(error_code error) const override { return error.message(); }

 private:
  EventLoop& loop_;
  std::span<const uint8_t> input_;
  const size_t piece_;
  const std::string peer_ = "tcp:192.0.2.1:6653";
};

void run(std::span<const uint8_t> input) {
  if (input.empty()) {
    return;
  }
  EventLoop loop;
  FakeBridge bridge;
  ConnectionContext context = context_of(loop, bridge);
  ConnectionOptions options;
  options.kind = static_cast<ConnectionKind>(input[0] % 3);
  const size_t piece = size_t{1} << (input[0] >> 2 & 15);
  bool has_ended = false;
  ConnectionHooks hooks;
  hooks.closed = [&](const std::string&) { has_ended = true; };
  const auto connection = std::make_shared<Connection>(
      context, std::make_unique<InputStream>(loop, input.subspan(1), piece), options, std::move(hooks));
  connection->start();
  while (loop.poll() != 0 || !bridge.barriers.empty()) {
    connection->tell_packet_in(PacketInEvent{});
    if (!bridge.barriers.empty()) {
      bridge.answer_barrier();
    }
  }
  if (!has_ended) {  // the end of the input is the end of the peer, unless it was not read because output waits
    connection->abandon("fuzzing is over");
    std::abort();
  }
}

}  // namespace
}  // namespace weft::ofproto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weft::ofproto::run({data, size});
  return 0;
}
