#include "lib/management/client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>

#include "lib/management/framing.h"

namespace weft::management {
namespace {

using std::chrono::seconds;

// A switch that takes one connection and says what it is told to.
class FakeSwitch {
 public:
  FakeSwitch() {
    std::string name = "/tmp/weft_client_test_XXXXXX";
    directory_ = ::mkdtemp(name.data());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (directory_ + "/weft.sock").copy(address.sun_path, sizeof(address.sun_path) - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 4), 0);
  }
  ~FakeSwitch() {
    if (thread_.joinable()) {
      thread_.join();
    }
    ::close(listener_);
    std::filesystem::remove_all(directory_);
  }
  FakeSwitch(const FakeSwitch&) = delete;
  FakeSwitch& operator=(const FakeSwitch&) = delete;

  // Reads a request, answers with these bytes and closes.
  void answer_with(std::string bytes) {
    thread_ = std::thread([this, bytes = std::move(bytes)] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      char request[4096];
      EXPECT_GT(::recv(peer, request, sizeof(request), 0), 0);
      EXPECT_EQ(::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
      ::close(peer);
    });
  }
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
  int listener_ = -1;
  std::thread thread_;
};

Result<pb::Response, std::string> ask(const FakeSwitch& the_switch) {
  auto client = Client::connect(the_switch.directory(), seconds(10));
  if (!client) {
    return Unexpected{client.error()};
  }
  pb::Request request;
  request.mutable_get_state();
  return client->call(request);
}

TEST(Client, TakesAnAnswer) {
  FakeSwitch the_switch;
  pb::Response response;
  response.set_text("hello");
  the_switch.answer_with(framed(response.SerializeAsString()));
  const auto answer = ask(the_switch);
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_EQ(answer->text(), "hello");
}

TEST(Client, SaysWhatIsWrongWithAnAnswer) {
  {
    FakeSwitch the_switch;
    the_switch.answer_with(std::string("\0\0", 2));
    EXPECT_EQ(ask(the_switch).error(), "the switch closed the connection");
  }
  {
    FakeSwitch the_switch;
    the_switch.answer_with("\xff\xff\xff\xff");
    EXPECT_EQ(ask(the_switch).error(), "a message of 4294967295 bytes; at most 67108864 are accepted");
  }
  {
    FakeSwitch the_switch;
    the_switch.answer_with(framed("\xff\xff"));
    EXPECT_EQ(ask(the_switch).error(), "the switch's answer cannot be read");
  }
}

TEST(Client, GivesUpWhenTheTimeIsOver) {
  const FakeSwitch the_switch;  // accepts in the kernel only
  auto client = Client::connect(the_switch.directory(), seconds(1));
  ASSERT_TRUE(client) << client.error();
  EXPECT_EQ(client->call(pb::Request()).error(), "the switch did not answer in time");
  EXPECT_TRUE(client->is_timed_out());
}

TEST(Client, SaysWhereItLookedForTheSwitch) {
  EXPECT_EQ(Client::connect("/nowhere", seconds(1)).error(),
            "/nowhere/weft.sock: No such file or directory (is weft-vswitchd running with --rundir /nowhere?)");
  EXPECT_FALSE(Client::connect(std::string(200, 'x'), seconds(1)));
}

}  // namespace
}  // namespace weft::management
