// TLS over a socket pair: who is let in, why not, and files that change.
#include "ofproto/controller/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "tests/ofproto/controller/certificates.h"
#include "tests/ofproto/controller/peer.h"

namespace weft::ofproto {
namespace {

using testing::HasSubstr;

// One side of a handshake, and what came of it.
struct Side {
  Side(EventLoop& loop, int fd, TlsKeeper& keeper, TlsSide side)
      : handshake(loop, StreamSocket(loop.context(), boost::asio::generic::stream_protocol(AF_UNIX, 0), fd), keeper,
                  side, [this](Result<std::unique_ptr<Stream>, std::string> result) {
                    is_done = true;
                    if (result) {
                      stream = std::move(*result);
                    } else {
                      error = result.error();
                    }
                  }) {}

  bool is_done = false;
  std::unique_ptr<Stream> stream;
  std::string error;
  TlsHandshake handshake;
};

struct TlsTest : testing::Test {
  TlsTest() {
    std::string name = "/tmp/weft_tls_test_XXXXXX";
    directory = ::mkdtemp(name.data());
    ours.configure(authority.write(file("ours")));
    theirs.configure(authority.write(file("theirs")));
  }
  ~TlsTest() override {
    settle();
    std::filesystem::remove_all(directory);
  }
  std::string file(const std::string& name) const { return directory + "/" + name; }
  void settle() {
    while (loop.poll() != 0) {
    }
  }

  // We are the client.
  struct Pair {
    std::unique_ptr<Side> us, them;
  };
  Pair shake_hands() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
    Pair pair;
    pair.them = std::make_unique<Side>(loop, fds[1], theirs, TlsSide::server);
    pair.us = std::make_unique<Side>(loop, fds[0], ours, TlsSide::client);
    EXPECT_TRUE(turn_until(loop, [&] { return pair.us->is_done && pair.them->is_done; }));
    return pair;
  }
  // Sends a byte each way; what went wrong, if anything did.
  std::string talk(Stream& from, Stream& to) {
    std::string problem;
    bool has_come = false;
    from.write(boost::asio::buffer("x", 1),
               [&](boost::system::error_code error, size_t) { problem += error ? from.explain(error) : ""; });
    char byte = 0;
    to.read_some(boost::asio::buffer(&byte, 1), [&](boost::system::error_code error, size_t) {
      problem += error ? to.explain(error) : "";
      has_come = true;
    });
    EXPECT_TRUE(turn_until(loop, [&] { return has_come; }));
    EXPECT_TRUE(byte == 'x' || !problem.empty());
    return problem;
  }
  bool works() {
    const auto pair = shake_hands();
    return pair.us->stream && pair.them->stream && talk(*pair.us->stream, *pair.them->stream).empty() &&
           talk(*pair.them->stream, *pair.us->stream).empty();
  }

  EventLoop loop;
  std::string directory;
  Authority authority{"authority"};
  Authority stranger{"stranger"};
  TlsKeeper ours, theirs;
};

TEST_F(TlsTest, BothSidesShowACertificate) { EXPECT_TRUE(works()); }

TEST_F(TlsTest, APeerOfAnotherAuthorityIsRefused) {
  theirs.configure(stranger.write(file("stranger"), authority));
  const auto pair = shake_hands();
  EXPECT_THAT(pair.us->error, HasSubstr("TLS: the peer's certificate: "));
  EXPECT_FALSE(pair.us->stream);
  EXPECT_FALSE(pair.them->stream);
}

// A client of TLS 1.3 has finished before the server has seen its certificate.
TEST_F(TlsTest, AStrangeClientIsRefused) {
  ours.configure(stranger.write(file("stranger"), authority));
  const auto pair = shake_hands();
  EXPECT_THAT(pair.them->error, HasSubstr("TLS: the peer's certificate: "));
  if (pair.us->stream) {
    EXPECT_NE(talk(*pair.us->stream, *pair.us->stream), "");
  }
}

TEST_F(TlsTest, AnExpiredCertificateIsRefused) {
  theirs.configure(authority.write(file("expired"), authority, false, -60));
  EXPECT_THAT(shake_hands().us->error, HasSubstr("certificate has expired"));
}

TEST_F(TlsTest, NothingWorksWithoutFiles) {
  ours.configure(std::nullopt);
  EXPECT_THAT(shake_hands().us->error, HasSubstr("weft-vsctl set-ssl"));
}

TEST_F(TlsTest, SaysWhatIsWrongWithAFile) {
  auto files = authority.write(file("ours"));
  std::filesystem::remove(files.certificate);
  ours.configure(files);
  EXPECT_EQ(ours.context().error(), "certificate " + files.certificate + ": No such file or directory");
  std::ofstream(files.certificate) << "no certificate\n";
  EXPECT_THAT(ours.context().error(), HasSubstr("certificate " + files.certificate + ": "));
  files.private_key = "/dev/zero";
  ours.configure(files);
  EXPECT_EQ(ours.context().error(), "private key /dev/zero: no ordinary file");
  files.private_key = "";
  ours.configure(files);
  EXPECT_EQ(ours.context().error(), "no private key is set");
}

// OpenSSL would ask for it on the terminal.
TEST_F(TlsTest, NoPassphraseIsAskedFor) {
  const auto files = authority.write(file("ours"));
  write_key(files.private_key, make_key().get(), "secret");
  ours.configure(files);
  EXPECT_THAT(ours.context().error(), HasSubstr("private key " + files.private_key + ": "));
}

TEST_F(TlsTest, FilesAreReadAgainWhenTheyChange) {
  EXPECT_TRUE(works());
  stranger.write(file("theirs"));
  EXPECT_FALSE(works());
  stranger.write(file("ours"));
  EXPECT_TRUE(works());
}

TEST_F(TlsTest, HalfReplacedFilesLeaveWhatWasReadBefore) {
  EXPECT_TRUE(works());
  const auto key = make_key();
  write_key(file("ours-key.pem"), key.get());
  EXPECT_TRUE(works()) << "the certificate is not of that key";
  const auto certificate = make_certificate("new", key.get(), authority.certificate.get(), authority.key.get());
  write_certificates(file("ours-cert.pem"), {certificate.get()});
  EXPECT_TRUE(works());
}

TEST_F(TlsTest, TheFirstPeersAuthorityIsTaken) {
  auto files = authority.write(file("ours"));
  std::filesystem::remove(files.ca_certificate);
  files.is_bootstrap = true;
  ours.configure(files);
  theirs.configure(authority.write(file("theirs"), authority, true));
  EXPECT_EQ(shake_hands().us->error,
            "TLS: took the CA certificate " + files.ca_certificate + " from the peer; connecting again");
  EXPECT_TRUE(works());
  theirs.configure(stranger.write(file("stranger"), authority, true));
  EXPECT_FALSE(works()) << "only the first is trusted";
}

TEST_F(TlsTest, AChainWithoutAnAuthorityIsNotTaken) {
  auto files = authority.write(file("ours"));
  std::filesystem::remove(files.ca_certificate);
  files.is_bootstrap = true;
  ours.configure(files);
  // OpenSSL completes a chain from the authorities that it knows.
  theirs.configure(authority.write(file("theirs"), stranger));
  EXPECT_THAT(shake_hands().us->error, HasSubstr("does not end in a self-signed one"));
  EXPECT_FALSE(std::filesystem::exists(files.ca_certificate));
}

TEST_F(TlsTest, GarbageEndsTheHandshake) {
  std::array<int, 2> fds{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  Side server(loop, fds[1], theirs, TlsSide::server);
  Peer peer(loop, fds[0]);
  peer.send(openflow::Bytes(1000, 0x55));
  EXPECT_TRUE(turn_until(loop, [&] { return server.is_done; }));
  EXPECT_THAT(server.error, HasSubstr("TLS: "));
}

TEST_F(TlsTest, AHandshakeIsAbandoned) {
  std::array<int, 2> fds{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  auto server = std::make_unique<Side>(loop, fds[1], theirs, TlsSide::server);
  Peer peer(loop, fds[0]);
  settle();
  server.reset();
  settle();
  EXPECT_TRUE(peer.is_at_end());
}

}  // namespace
}  // namespace weft::ofproto
