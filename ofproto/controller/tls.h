// TLS of controllers' connections: mutual, version 1.2 or later.
//
// TlsFiles names the switch's private key and certificate, and the certificate of the authority that peers' must be
// signed by; there are none of these for one bridge alone. TlsKeeper reads the files when a connection needs them and
// again whenever they have changed, so that a certificate is replaced by replacing its file. While new files cannot be
// used (a key that does not belong to the certificate, as between two renames) what was read before stays in force.
//
// Bootstrap: when the authority's file does not exist, the first peer's chain is taken on trust, the self-signed
// certificate at its end becomes that file, and the connection ends with that reason; the next one is checked.
//
// Bounds: a handshake ends after `handshake_limit`, and OpenSSL takes at most 100 KB of certificates. No renegotiation,
// no session is resumed (a replaced authority counts at the next connection), no passphrase is asked for.
//
// Threads:   control thread.
// Ownership: a keeper outlives handshakes that it is given to, not the streams that come of them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/os/event_loop.h"
#include "ofproto/controller/stream.h"

namespace weft::ofproto {

struct TlsFiles {
  std::string private_key;
  std::string certificate;
  std::string ca_certificate;
  bool is_bootstrap = false;
  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

struct TlsContext;  // what was read

class TlsKeeper {
 public:
  TlsKeeper();
  ~TlsKeeper();

  void configure(std::optional<TlsFiles> files);
  // Of the files as they are now; the error names the file and what is wrong with it.
  Result<std::shared_ptr<TlsContext>, std::string> context();

 private:
  Result<std::shared_ptr<TlsContext>, std::string> read_again(const std::string& stamp);

  std::optional<TlsFiles> files_;
  std::shared_ptr<TlsContext> context_;  // the last that could be read
  std::string stamp_;                    // of the files that were tried last
  std::string problem_;                  // with those; empty: they are in force
};

enum class TlsSide : uint8_t { client, server };

class TlsHandshake {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Stream>, std::string>)>;

  TlsHandshake(EventLoop& loop, StreamSocket socket, TlsKeeper& keeper, TlsSide side, Done done);
  ~TlsHandshake();  // abandons it: `done` is not called any more
  TlsHandshake(const TlsHandshake&) = delete;
  TlsHandshake& operator=(const TlsHandshake&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weft::ofproto
