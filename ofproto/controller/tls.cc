#include "ofproto/controller/tls.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include <fmt/format.h>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include "lib/base/log.h"
#include "lib/os/fd.h"

namespace weft::ofproto {

namespace asio = boost::asio;
using boost::system::error_code;

// The context that OpenSSL makes connections from.
struct TlsContext {
  asio::ssl::context ssl{asio::ssl::context::tls};
  std::string bootstrap_file;  // to be made from the first peer's chain; empty: peers are checked
};

namespace {

constexpr auto handshake_limit = std::chrono::seconds(10);

log::Logger& tls_logger = log::get("tls");

using TlsSocket = asio::ssl::stream<StreamSocket>;

// Why OpenSSL refused something; empties its queue of errors.
std::string openssl_reason() {
  const unsigned long first = ::ERR_get_error();
  ::ERR_clear_error();
  const char* text = first == 0 ? nullptr : ::ERR_reason_error_string(first);
  return text == nullptr ? "unknown error" : text;
}

// --- files

bool is_missing(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) != 0 && errno == ENOENT;
}

// What changes when the file does.
std::string stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return fmt::format("{}: {}\n", path, std::strerror(errno));
  }
  return fmt::format("{}: {} {} {} {}.{:09}\n", path, status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

std::string stamp_of(const TlsFiles& files) {
  return stamp_of(files.private_key) + stamp_of(files.certificate) + stamp_of(files.ca_certificate);
}

// Anything else (a pipe) could make the control thread wait.
Result<void, std::string> check_file(const char* what, const std::string& path) {
  if (path.empty()) {
    return Unexpected{fmt::format("no {} is set", what)};
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return Unexpected{fmt::format("{} {}: {}", what, path, std::strerror(errno))};
  }
  if (!S_ISREG(status.st_mode)) {
    return Unexpected{fmt::format("{} {}: no ordinary file", what, path)};
  }
  return {};
}

int refuse_passphrase(char*, int, int, void*) { return 0; }

void set_policy(SSL_CTX* context) {
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  ::SSL_CTX_set_num_tickets(context, 0);
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
}

Result<void, std::string> use_identity(SSL_CTX* context, const TlsFiles& files) {
  ::ERR_clear_error();
  if (::SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return Unexpected{fmt::format("certificate {}: {}", files.certificate, openssl_reason())};
  }
  if (::SSL_CTX_use_PrivateKey_file(context, files.private_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Unexpected{fmt::format("private key {}: {}", files.private_key, openssl_reason())};
  }
  return {};
}

// Also named to clients, so that they send a certificate of that authority.
Result<void, std::string> use_authority(SSL_CTX* context, const std::string& path) {
  ::ERR_clear_error();
  auto* names = ::SSL_load_client_CA_file(path.c_str());
  if (names == nullptr || ::SSL_CTX_load_verify_locations(context, path.c_str(), nullptr) != 1) {
    return Unexpected{fmt::format("CA certificate {}: {}", path, openssl_reason())};
  }
  ::SSL_CTX_set_client_CA_list(context, names);
  return {};
}

Result<std::shared_ptr<TlsContext>, std::string> read_files(const TlsFiles& files) {
  auto context = std::make_shared<TlsContext>();
  if (files.is_bootstrap && is_missing(files.ca_certificate)) {
    context->bootstrap_file = files.ca_certificate;
  }
  const bool is_checked = context->bootstrap_file.empty();
  SSL_CTX* ssl = context->ssl.native_handle();
  set_policy(ssl);
  Result<void, std::string> done = check_file("private key", files.private_key);
  if (done) {
    done = check_file("certificate", files.certificate);
  }
  if (done && is_checked) {
    done = check_file("CA certificate", files.ca_certificate);
  }
  if (done) {
    done = use_identity(ssl, files);
  }
  if (done && is_checked) {
    done = use_authority(ssl, files.ca_certificate);
  }
  if (!done) {
    return Unexpected{done.error()};
  }
  const auto trust_anybody = [](int, X509_STORE_CTX*) { return 1; };
  ::SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       is_checked ? nullptr : static_cast<int (*)(int, X509_STORE_CTX*)>(trust_anybody));
  return context;
}

// --- bootstrap

// The authority's certificate: the last of the chain. A server's view of a chain leaves out the peer's own.
X509* authority_of(SSL* ssl) {
  const auto* chain = ::SSL_get_peer_cert_chain(ssl);
  const int count = chain == nullptr ? 0 : sk_X509_num(chain);
  return count == 0 ? nullptr : sk_X509_value(chain, count - 1);
}

Result<void, std::string> write_certificate(X509* certificate, const std::string& path) {
  const Fd fd(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444));
  BIO* bio = fd.is_open() ? ::BIO_new_fd(fd.get(), BIO_NOCLOSE) : nullptr;
  const bool is_written = bio != nullptr && ::PEM_write_bio_X509(bio, certificate) == 1;
  ::BIO_free(bio);
  if (!is_written) {
    return Unexpected{fmt::format("write CA certificate {}: {}", path, std::strerror(errno))};
  }
  return {};
}

// Always an error: the connection has served its purpose.
std::string bootstrap(SSL* ssl, const std::string& path) {
  X509* authority = authority_of(ssl);
  if (authority == nullptr || ::X509_check_issued(authority, authority) != X509_V_OK) {
    return "no CA certificate to begin with: the peer's chain does not end in a self-signed one";
  }
  if (const auto written = write_certificate(authority, path); !written) {
    return written.error();
  }
  return fmt::format("took the CA certificate {} from the peer; connecting again", path);
}

// --- the stream

class TlsStream final : public Stream {
 public:
  explicit TlsStream(std::unique_ptr<TlsSocket> socket)
      : socket_(std::move(socket)), peer_(peer_of(socket_->next_layer(), "tls")) {}

  void read_some(asio::mutable_buffer into, Done done) override { socket_->async_read_some(into, std::move(done)); }
  void write(asio::const_buffer from, Done done) override { asio::async_write(*socket_, from, std::move(done)); }
  // Without a farewell, which a peer that does not read would make us wait for.
  void close() override {
    error_code ignored;
    socket_->next_layer().close(ignored);
  }
  const std::string& peer() const override { return peer_; }
  std::string explain(error_code error) const override {
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
      return "closed by the peer";
    }
    return error.category() == asio::error::get_ssl_category() ? "TLS: " + error.message() : error.message();
  }

 private:
  std::unique_ptr<TlsSocket> socket_;
  const std::string peer_;
};

std::string explain_failure(SSL* ssl, error_code error) {
  const long verified = ::SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) {
    return fmt::format("TLS: the peer's certificate: {}", ::X509_verify_cert_error_string(verified));
  }
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return "TLS: the peer ended the handshake";
  }
  return "TLS: " + error.message();
}

}  // namespace

TlsKeeper::TlsKeeper() = default;
TlsKeeper::~TlsKeeper() = default;

void TlsKeeper::configure(std::optional<TlsFiles> files) {
  if (files != files_) {
    files_ = std::move(files);
    context_.reset();
    stamp_.clear();
  }
}

Result<std::shared_ptr<TlsContext>, std::string> TlsKeeper::context() {
  if (!files_) {
    return Unexpected{std::string("no private key and certificates are set (weft-vsctl set-ssl)")};
  }
  std::string stamp = stamp_of(*files_);
  if (stamp != stamp_) {
    return read_again(stamp);
  }
  if (context_ == nullptr) {
    return Unexpected{problem_};
  }
  return context_;
}

Result<std::shared_ptr<TlsContext>, std::string> TlsKeeper::read_again(const std::string& stamp) {
  const bool is_first = stamp_.empty();
  stamp_ = stamp;
  auto read = read_files(*files_);
  problem_ = read ? "" : read.error();
  if (read) {
    context_ = std::move(*read);
    tls_logger.info("{} the private key and certificates", is_first ? "read" : "read again");
    return context_;
  }
  if (context_ == nullptr) {
    return Unexpected{problem_};
  }
  tls_logger.warn("{}; what was read before stays in force", problem_);
  return context_;
}

// Shared with the operation under way.
struct TlsHandshake::State : std::enable_shared_from_this<State> {
  State(EventLoop& loop, Done call) : done(std::move(call)), timer(loop) {}

  void start(StreamSocket plain, TlsKeeper& keeper, TlsSide side) {
    auto made = keeper.context();
    if (!made) {
      // Not before the constructor has returned.
      return timer.start(Duration::zero(), [this, why = made.error()] { finish(Unexpected{"TLS: " + why}); });
    }
    context = std::move(*made);
    socket = std::make_unique<TlsSocket>(std::move(plain), context->ssl);
    timer.start(handshake_limit, [this] { finish(Unexpected{std::string("TLS: no handshake in time")}); });
    const auto as = side == TlsSide::client ? asio::ssl::stream_base::client : asio::ssl::stream_base::server;
    socket->async_handshake(as, [self = shared_from_this()](error_code error) {
      const EventLoop::Handler handler;
      self->shaken(error);
    });
  }

  void shaken(error_code error) {
    if (!done) {
      return;
    }
    SSL* ssl = socket->native_handle();
    if (error) {
      return finish(Unexpected{explain_failure(ssl, error)});
    }
    if (!context->bootstrap_file.empty()) {
      return finish(Unexpected{"TLS: " + bootstrap(ssl, context->bootstrap_file)});
    }
    finish(std::unique_ptr<Stream>(std::make_unique<TlsStream>(std::move(socket))));
  }

  void finish(Result<std::unique_ptr<Stream>, std::string> result) {
    timer.cancel();
    const auto call = std::exchange(done, nullptr);
    if (!result) {
      close();
    }
    call(std::move(result));
  }

  void close() const {
    if (socket) {
      error_code ignored;
      socket->next_layer().close(ignored);
    }
  }

  Done done;  // empty: nobody waits any more
  Timer timer;
  std::shared_ptr<TlsContext> context;
  std::unique_ptr<TlsSocket> socket;
};

TlsHandshake::TlsHandshake(EventLoop& loop, StreamSocket socket, TlsKeeper& keeper, TlsSide side, Done done)
    : state_(std::make_shared<State>(loop, std::move(done))) {
  state_->start(std::move(socket), keeper, side);
}

TlsHandshake::~TlsHandshake() {
  state_->done = nullptr;
  state_->timer.cancel();
  state_->close();
}

}  // namespace weft::ofproto
