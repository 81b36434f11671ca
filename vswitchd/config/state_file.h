// The state file: the wanted state as it was last acknowledged.
//
//     "weft state 1\n"   then the payload's size (8 bytes, big-endian), its XXH3-64 (8 bytes), the payload
//                         (Protobuf, management.SavedState)
//
// A new state is written beside the old one, synced, and renamed over it, so a crash at any instant leaves one or the
// other. A file that is cut short or altered is refused with what is wrong; nothing is changed, so that nothing is lost.
//
// Threads: load on start; StateSaver writes on a thread of its own and answers on the control thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/result.h"
#include "lib/management/database.h"

namespace weft::config {

// A file that does not exist gives an empty state.
Result<management::Database, std::string> load_state(const std::string& path);
// Returns when the state is on disk.
Result<void, std::string> save_state(const std::string& path, const management::Database& database);

class StateSaver {
 public:
  using Done = std::function<void(Result<void, std::string>)>;

  // `post` runs a function on the control thread.
  StateSaver(std::string path, std::function<void(std::function<void()>)> post);
  ~StateSaver();  // writes what is waiting
  StateSaver(const StateSaver&) = delete;
  StateSaver& operator=(const StateSaver&) = delete;

  // Saves a copy, which dies on the control thread. Several calls that wait become one write; each is answered.
  void save(const management::Database& database, Done done);

 private:
  void run();

  const std::string path_;
  const std::function<void(std::function<void()>)> post_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<management::Database> next_;
  std::vector<Done> waiting_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace weft::config
