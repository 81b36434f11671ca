// A control thread that changes tables and workers that look packets up and credit what they find.
//
// The property: a rule in table 0 sends every packet to a rule in table 1 and to a group; all three are changed
// together and must be found of one generation, and every packet credited is counted once, in the end.
#include <atomic>
#include <thread>
#include <vector>

#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

class TableThreadTest : public TableTest {
 protected:
  // Rules of a generation have its number as the output port.
  void change_to(uint16_t generation) {
    Change bundle;
    const auto put = [&](auto message) {
      auto change = prepare(message);
      ASSERT_TRUE(change) << to_string(change.error());
      bundle.append(std::move(*change));
    };
    put(group_mod(GroupModCommand::add_or_modify, 1, {bucket_to_port(generation)}));
    put(flow_mod(generation == 1 ? FlowModCommand::add : FlowModCommand::modify, port(1), output(generation)));
    FlowMod second = add(mac(7), output(generation));
    second.table_id = 1;
    put(second);
    tables_.publish(bundle);
  }

  void work(const std::atomic<bool>& stop) {
    rcu::ThreadScope scope;
    const Flow packet = packet_of({{FieldId::in_port, 1}, {FieldId::eth_dst, 7}});
    std::shared_ptr<const FlowRule> kept;
    while (!stop.load(std::memory_order_relaxed)) {
      const uint64_t version = version_.current();
      Flow mask;
      const FlowRule* first = tables_.lookup(0, packet, version, &mask);
      const FlowRule* second = tables_.lookup(1, packet, version, &mask);
      const Group* group = tables_.find_group(1, version);
      if (first == nullptr || second == nullptr || group == nullptr || port_of(*first) != port_of(*second) ||
          openflow::ActionList(group->buckets()[0].actions) != *first->instructions().apply) {
        torn_.fetch_add(1);
        continue;
      }
      (kept ? *kept : *first).counters().credit(1, 100, TimePoint(Duration(static_cast<int64_t>(version))));
      kept = credited_.fetch_add(1) % 3 == 0 ? first->shared_from_this() : nullptr;
      rcu::quiescent();
    }
  }
  static uint16_t port_of(const FlowRule& rule) {
    return number(std::get<openflow::OutputAction>(rule.instructions().apply->front()).port);
  }

  std::atomic<uint64_t> torn_{0};
  std::atomic<uint64_t> credited_{0};
};

TEST_F(TableThreadTest, WorkersSeeOneGenerationAndEveryCreditCounts) {
  change_to(1);
  std::atomic<bool> stop{false};
  std::vector<std::thread> workers;
  for (int i = 0; i < 2; ++i) {
    workers.emplace_back([&] { work(stop); });
  }
  for (uint16_t generation = 2; generation < 1500; ++generation) {
    change_to(generation);
    rcu::quiescent();
    if (generation % 20 == 0) {
      rcu::synchronize();
      tables_.reclaim();
    }
  }
  stop.store(true);
  {
    rcu::OfflineScope offline;
    for (std::thread& worker : workers) {
      worker.join();
    }
  }
  EXPECT_EQ(torn_.load(), 0u);
  EXPECT_GT(credited_.load(), 0u);
  EXPECT_EQ(find(port(1))->counters().packet_count(), credited_.load());
}

}  // namespace
}  // namespace weft::ofproto
