#include "lib/classifier/table_version.h"

#include "lib/base/rcu.h"

namespace weft {

void TableVersion::publish() {
  const uint64_t version = next();
  current_.store(version, std::memory_order_seq_cst);
  // Deferred calls run in order, one after the other.
  rcu::defer([settled = settled_, version] { settled->store(version, std::memory_order_release); });
}

}  // namespace weft
