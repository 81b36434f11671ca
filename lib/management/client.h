// Client: a tool's connection to the daemon's management socket.
//
// One request at a time, blocking, with one deadline for the whole life of the client.
//
// Threads: one. Errors are sentences for people.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/management/management.pb.h"

namespace weft::management {

class Client {
 public:
  // A timeout of zero waits for ever.
  static Result<Client, std::string> connect(const std::string& rundir, std::chrono::seconds timeout);

  Client(Client&& other) noexcept;
  Client& operator=(Client&& other) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  Result<pb::Response, std::string> call(const pb::Request& request);

  // What happened, when the last error was the deadline's: tools exit with a status of its own.
  bool is_timed_out() const { return is_timed_out_; }

 private:
  Client(int fd, std::chrono::seconds timeout);
  Result<void, std::string> wait_for(short events);
  Result<void, std::string> send_all(std::string_view bytes);
  Result<void, std::string> receive(std::string& buffer, size_t wanted);

  int fd_ = -1;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  bool is_timed_out_ = false;
};

}  // namespace weft::management
