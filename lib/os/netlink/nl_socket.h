// NlSocket: a connected libnl socket on NETLINK_ROUTE with one owner. For the sources of this folder.
#pragma once

#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <memory>
#include <string>

#include "lib/base/os_error.h"
#include "lib/base/result.h"

namespace weft::netlink {

struct NlSocketDeleter {
  void operator()(nl_sock* socket) const { nl_socket_free(socket); }
};
using NlSocket = std::unique_ptr<nl_sock, NlSocketDeleter>;

// libnl's error numbers are its own and negative; what matters of them is the text.
inline OsError nl_error(int error, const std::string& what) {
  return os_error(EIO, what + " (" + nl_geterror(error) + ")");
}

inline Result<NlSocket, OsError> open_nl_socket() {
  NlSocket socket(nl_socket_alloc());
  if (!socket) {
    return Unexpected(os_error(ENOMEM, "allocate a netlink socket"));
  }
  if (const int error = nl_connect(socket.get(), NETLINK_ROUTE); error < 0) {
    return Unexpected(nl_error(error, "connect a netlink socket"));
  }
  return socket;
}

}  // namespace weft::netlink
