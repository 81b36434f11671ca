// IncomingConnections: a listener, and the connections that came in by it.
//
// Bounds: at most `connection_limit` connections, further ones are closed at once; at most 16 TLS handshakes at a time,
// the oldest makes room for another, so that peers that begin one and stall lock nobody out.
//
// Threads:   control thread.
// Ownership: owns its connections. Hooks are not called after it is gone.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "ofproto/controller/connection.h"
#include "ofproto/controller/listener.h"
#include "ofproto/controller/tls.h"

namespace weft::ofproto {

class IncomingConnections {
 public:
  struct Hooks {
    std::function<void(Connection&)> ready;
    std::function<void(const Connection&, const std::string& reason)> closed;  // of one that had been ready
    std::function<void(const std::string& reason)> failed;                     // before that
    std::function<void(const openflow::Bytes&)> message;
  };

  IncomingConnections(ConnectionContext& context, TlsKeeper& tls, ConnectionOptions options, size_t connection_limit,
                      Hooks hooks);
  ~IncomingConnections();
  IncomingConnections(const IncomingConnections&) = delete;
  IncomingConnections& operator=(const IncomingConnections&) = delete;

  Result<void, std::string> listen(const ControllerTarget& where);
  void set_options(const ConnectionOptions& options) { options_ = options; }  // of those that come from now on

  // Those that have agreed on a version.
  void for_each(const std::function<void(Connection&)>& visit);
  bool has_ready() const;
  void close_unless(openflow::VersionSet versions);

 private:
  void accept(StreamSocket socket);
  void shake_hands(StreamSocket socket);
  void connect(std::unique_ptr<Stream> stream);

  ConnectionContext& context_;
  TlsKeeper& tls_;
  ConnectionOptions options_;
  const size_t connection_limit_;
  const Hooks hooks_;
  bool is_tls_ = false;
  std::unique_ptr<Listener> listener_;
  std::list<std::unique_ptr<TlsHandshake>> handshakes_;  // oldest first
  std::list<std::shared_ptr<Connection>> connections_;
};

}  // namespace weft::ofproto
