#include "ofproto/controller/incoming_connections.h"

#include <algorithm>

#include "ofproto/controller/logger.h"

namespace weft::ofproto {
namespace {

constexpr size_t handshake_limit = 16;

}  // namespace

IncomingConnections::IncomingConnections(ConnectionContext& context, TlsKeeper& tls, ConnectionOptions options,
                                         size_t connection_limit, Hooks hooks)
    : context_(context),
      tls_(tls),
      options_(std::move(options)),
      connection_limit_(connection_limit),
      hooks_(std::move(hooks)) {}

IncomingConnections::~IncomingConnections() {
  listener_.reset();
  handshakes_.clear();
  for (const auto& connection : std::exchange(connections_, {})) {
    connection->abandon("no longer listened for");
  }
}

Result<void, std::string> IncomingConnections::listen(const ControllerTarget& where) {
  is_tls_ = where.transport == Transport::ssl;
  auto listener = Listener::listen(context_.loop, where, [this](StreamSocket socket) { accept(std::move(socket)); });
  if (!listener) {
    return Unexpected{listener.error()};
  }
  listener_ = std::move(*listener);
  return {};
}

void IncomingConnections::accept(StreamSocket socket) {
  if (connections_.size() >= connection_limit_ || context_.versions.empty()) {
    openflow_logger.dbg("{}: refused a connection: there are {}", context_.bridge.name(), connections_.size());
    return;  // the socket closes
  }
  if (is_tls_) {
    return shake_hands(std::move(socket));
  }
  connect(make_plain_stream(std::move(socket)));
}

void IncomingConnections::shake_hands(StreamSocket socket) {
  if (handshakes_.size() >= handshake_limit) {
    handshakes_.pop_front();
  }
  const auto place = handshakes_.emplace(handshakes_.end());
  *place = std::make_unique<TlsHandshake>(context_.loop, std::move(socket), tls_, TlsSide::server,
                                          [this, place](Result<std::unique_ptr<Stream>, std::string> result) {
                                            handshakes_.erase(place);
                                            if (!result) {
                                              return hooks_.failed(result.error());
                                            }
                                            connect(std::move(*result));
                                          });
}

void IncomingConnections::connect(std::unique_ptr<Stream> stream) {
  if (context_.versions.empty()) {  // meanwhile
    return;
  }
  const auto place = connections_.emplace(connections_.end());
  ConnectionHooks hooks;
  hooks.ready = [this, place] { hooks_.ready(**place); };
  hooks.closed = [this, place](const std::string& reason) {
    // Later: the connection is on the stack.
    const auto gone = std::move(*place);
    context_.loop.post([gone] {});
    connections_.erase(place);
    if (gone->was_ready()) {
      hooks_.closed(*gone, reason);
    } else {
      hooks_.failed(reason);
    }
  };
  hooks.message = hooks_.message;
  *place = std::make_shared<Connection>(context_, std::move(stream), options_, std::move(hooks));
  (*place)->start();
}

void IncomingConnections::for_each(const std::function<void(Connection&)>& visit) {
  for (auto it = connections_.begin(); it != connections_.end();) {
    const auto connection = *it++;  // which the visit may end
    if (connection->is_ready()) {
      visit(*connection);
    }
  }
}

bool IncomingConnections::has_ready() const {
  return std::ranges::any_of(connections_, [](const auto& connection) { return connection->is_ready(); });
}

void IncomingConnections::close_unless(openflow::VersionSet versions) {
  for (auto it = connections_.begin(); it != connections_.end();) {
    const auto connection = *it++;
    connection->close_unless(versions);
  }
}

}  // namespace weft::ofproto
