#include "vswitchd/control/management_server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "lib/management/framing.h"
#include "lib/os/fd.h"

namespace weft::control {
namespace {

namespace pb = management::pb;

struct ManagementServerTest : testing::Test {
  ManagementServerTest() {
    std::string name = "/tmp/weft_server_test_XXXXXX";
    directory = ::mkdtemp(name.data());
    path = directory + "/weft.sock";
    auto made = ManagementServer::listen(loop, path, [this](pb::Request request, ManagementServer::Answer answer) {
      if (is_slow) {
        held.push_back(std::move(answer));
        return;
      }
      pb::Response response;
      response.set_text("got " + request.command().words(0));
      answer(response);
    });
    EXPECT_TRUE(made) << made.error();
    server = std::move(*made);
  }
  ~ManagementServerTest() override {
    server.reset();
    loop.poll();
    std::filesystem::remove_all(directory);
  }

  Fd connect() {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  static std::string request(const std::string& word) {
    pb::Request request;
    request.mutable_command()->add_words(word);
    return management::framed(request.SerializeAsString());
  }
  static void send(const Fd& socket, const std::string& bytes) {
    EXPECT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  // What comes back until there is as much, or the server closes.
  std::string receive(const Fd& socket, size_t size) {
    std::string bytes;
    for (int i = 0; i < 1000 && bytes.size() < size; ++i) {
      loop.run_for(std::chrono::milliseconds(5));
      char buffer[4096];
      const ssize_t count = ::recv(socket.get(), buffer, std::min(sizeof buffer, size - bytes.size()), MSG_DONTWAIT);
      if (count == 0) {
        return bytes + "(closed)";
      }
      bytes.append(buffer, count > 0 ? static_cast<size_t>(count) : 0);
    }
    return bytes;
  }
  std::string answer(const Fd& socket) {
    const std::string header = receive(socket, management::frame_header_bytes);
    const auto size = management::frame_size(header);
    if (!size || !*size) {
      return header;
    }
    pb::Response response;
    EXPECT_TRUE(response.ParseFromString(receive(socket, **size)));
    return response.text();
  }

  EventLoop loop;
  std::string directory, path;
  bool is_slow = false;
  std::vector<ManagementServer::Answer> held;
  std::unique_ptr<ManagementServer> server;
};

TEST_F(ManagementServerTest, AnswersOneRequestAfterTheOther) {
  const Fd tool = connect();
  send(tool, request("one") + request("two"));
  EXPECT_EQ(answer(tool), "got one");
  EXPECT_EQ(answer(tool), "got two");
}

TEST_F(ManagementServerTest, ARequestMayComeInPieces) {
  const Fd tool = connect();
  for (const char byte : request("slowly")) {
    send(tool, std::string(1, byte));
    loop.poll();
  }
  EXPECT_EQ(answer(tool), "got slowly");
}

TEST_F(ManagementServerTest, GarbageClosesItsOwnConnectionOnly) {
  const Fd good = connect();
  const Fd lying = connect();
  const Fd garbled = connect();
  send(lying, "\xff\xff\xff\xff");
  send(garbled, management::framed("\xff\xff\xff\xff"));
  EXPECT_EQ(answer(lying), "(closed)");
  EXPECT_EQ(answer(garbled), "(closed)");
  send(good, request("one"));
  EXPECT_EQ(answer(good), "got one");
}

TEST_F(ManagementServerTest, AnAnswerMayComeAfterTheToolOrTheServerHasGone) {
  is_slow = true;
  {
    const Fd impatient = connect();
    send(impatient, request("one"));
    for (int i = 0; i < 1000 && held.empty(); ++i) {
      loop.run_for(std::chrono::milliseconds(5));
    }
  }
  ASSERT_EQ(held.size(), 1u);
  held[0](pb::Response());
  loop.poll();
  server.reset();
  held[0](pb::Response());
  loop.poll();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ManagementServerTest, ASocketThatAKilledRunLeftIsReplaced) {
  Fd left(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string other = directory + "/left.sock";
  other.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(left.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(ManagementServer::listen(loop, other, {}));
}

TEST_F(ManagementServerTest, APathThatIsTooLongIsNamed) {
  const auto made = ManagementServer::listen(loop, directory + "/" + std::string(200, 'x'), {});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().find("longer than a socket's path may be"), std::string::npos);
}

}  // namespace
}  // namespace weft::control
