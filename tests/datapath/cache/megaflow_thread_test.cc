// A worker that inserts, replaces and removes, and readers that walk the table meanwhile: what they visit is
// whole, a key always belongs to its decision, and memory is not used again under them.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "datapath/cache/megaflow_table.h"
#include "lib/base/rcu.h"
#include "tests/datapath/cache/cache_support.h"

namespace weft::datapath {
namespace {

FlowKey packet_from(uint64_t in_port) { return key_of({{FieldId::in_port, in_port}}); }

// Marks the decision with the key it was made for.
std::unique_ptr<Installed> decision_for(uint64_t in_port) {
  return decision_under(mask_of({FieldId::in_port}), in_port);
}

void check(const Megaflow& megaflow, std::atomic<uint64_t>& errors) {
  const uint64_t port = get(megaflow.key, FieldId::in_port).lo;
  const Installed* installed = megaflow.installed.load(std::memory_order_acquire);
  if (installed == nullptr || installed->decision.version != port || !(FlowKey(megaflow.key) == packet_from(port))) {
    errors.fetch_add(1);
  }
}

void walk(const MegaflowTable& table, const std::atomic<bool>& stop, std::atomic<uint64_t>& errors) {
  rcu::ThreadScope scope;
  while (!stop.load()) {
    std::vector<Megaflow*> kept;
    table.for_each([&](Megaflow& megaflow) { kept.push_back(&megaflow); });
    for (const Megaflow* megaflow : kept) {
      check(*megaflow, errors);  // may be dead by now, but is still what it was
    }
    rcu::quiescent();
  }
}

TEST(MegaflowThreads, ReadersSeeWholeMegaflowsWhileTheWorkerChangesThem) {
  rcu::ThreadScope scope;
  MegaflowTable table({.worker = 0, .limit = 300, .hash_seed = 1});
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> errors{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] { walk(table, stop, errors); });
  }
  std::deque<Megaflow*> alive;
  for (uint64_t port = 1; port <= 8000; ++port) {
    if (Megaflow* megaflow = table.insert(packet_from(port % 60000), decision_for(port % 60000), TimePoint())) {
      alive.push_back(megaflow);
      const uint64_t own = get(megaflow->key, FieldId::in_port).lo;
      rcu::retire(MegaflowTable::replace(*megaflow, decision_for(own)));
    }
    while (alive.size() > 100) {
      table.remove(*alive.front());
      alive.pop_front();
    }
    rcu::quiescent();
    if (port % 100 == 0) {
      rcu::synchronize();
    }
  }
  stop.store(true);
  rcu::OfflineScope offline;
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(errors.load(), 0u);
  rcu::barrier();
}

}  // namespace
}  // namespace weft::datapath
