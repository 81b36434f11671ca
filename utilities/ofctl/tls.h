// One side of a TLS connection, without its socket: a client that turns what a tool says into what goes on the wire, and back.
//
// TLS 1.2 or later. The switch is shown the tool's certificate, and its own must be signed by the authority (for whatever
// name, as in Open vSwitch), unless the authority's file is "none". A passphrase of the key is not asked for.
//
// Threads: one.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"

namespace weft::ofctl {

struct TlsFiles {  // PEM
  std::string private_key;
  std::string certificate;
  std::string ca_certificate;  // "none": the switch's certificate is not checked
};

// Errors are sentences: what is wrong with which file, or why the connection cannot go on.
class TlsSession {
 public:
  using Bytes = std::vector<uint8_t>;

  // The handshake's first message is ready to be taken.
  static Result<TlsSession, std::string> begin(const TlsFiles& files);

  bool is_established() const;
  // What has come from the wire; what it says is added to `plain`. Goes on with the handshake while there is one.
  Result<void, std::string> receive(std::span<const uint8_t> wire, Bytes& plain);
  // Once it is established.
  Result<void, std::string> send(std::span<const uint8_t> plain);
  // Adds what is to go on the wire.
  void take_output(Bytes& wire);

 private:
  template <class T, void (*free)(T*)>
  struct Deleter {
    void operator()(T* one) const { free(one); }
  };
  using Context = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX, SSL_CTX_free>>;
  using Session = std::unique_ptr<SSL, Deleter<SSL, SSL_free>>;

  explicit TlsSession(Session session) : session_(std::move(session)) {}
  static Result<Context, std::string> read_files(const TlsFiles& files);
  Result<void, std::string> shake_hands();
  std::string problem() const;

  Session session_;  // owns its two buffers
};

}  // namespace weft::ofctl
