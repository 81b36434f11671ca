// What workers share: the table that the control thread changes under them, and the source ports they open at once.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <deque>
#include <set>
#include <thread>
#include <vector>

#include "datapath/tunnel/tunnel_table.h"
#include "datapath/tunnel/underlay_socket.h"
#include "lib/base/rcu.h"
#include "tests/datapath/tunnel/stub_port.h"

namespace weft::datapath {
namespace {

PortSpec spec_with_key(uint64_t key) {
  PortSpec spec = tunnel_spec();
  spec.tunnel.in_key = key;
  return spec;
}

TEST(TunnelThreads, APortThatIsFoundIsThereAndTheRightOne) {
  TunnelTable table;
  StubPort fallback(tunnel_spec());
  table.add(fallback);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> wrong{0};

  std::vector<std::thread> workers;
  for (int i = 0; i < 2; ++i) {
    workers.emplace_back([&] {
      const rcu::ThreadScope scope;
      while (!stop.load()) {
        for (uint32_t key = 0; key < 8; ++key) {
          const Port* port = table.find(PortType::vxlan, key, ip("192.0.2.1"), ip("192.0.2.2"));
          wrong += port == nullptr || port->spec().tunnel.in_key.value_or(key) != key ? 1 : 0;
        }
        rcu::quiescent();
      }
    });
  }
  for (int round = 0; round < 50; ++round) {
    std::deque<StubPort> ports;
    for (uint64_t key = 0; key < 8; ++key) {
      table.add(ports.emplace_back(spec_with_key(key)));
    }
    for (StubPort& port : ports) {
      table.remove(port);
    }
    rcu::synchronize();  // as a port does before it goes
  }
  stop = true;
  for (std::thread& worker : workers) {
    worker.join();
  }
  EXPECT_EQ(wrong, 0U);
  table.remove(fallback);
}

TEST(TunnelThreads, WorkersThatOpenASourcePortAtOnceShareOne) {
  UnderlayOptions options;
  options.source_port_count = 32;
  SourcePorts ports({}, options);
  std::array<std::array<int, 256>, 4> seen{};
  std::vector<std::thread> workers;
  for (auto& sockets : seen) {
    workers.emplace_back([&] {
      for (size_t i = 0; i < sockets.size(); ++i) {
        sockets[i] = ports.socket(i);
      }
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  for (const auto& sockets : seen) {
    EXPECT_EQ(sockets, seen[0]);
  }
  const std::set<int> distinct(seen[0].begin(), seen[0].end());
  EXPECT_LE(distinct.size(), 32U);
  EXPECT_FALSE(distinct.contains(-1));
}

}  // namespace
}  // namespace weft::datapath
