#include "datapath/tunnel/tunnel_table.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "tests/datapath/tunnel/stub_port.h"

namespace weft::datapath {
namespace {

class TunnelTableStory : public ::testing::Test {
 protected:
  Port& port(const std::string& name, std::optional<uint64_t> key, std::optional<IpAddress> remote = {},
             std::optional<IpAddress> local = {}) {
    PortSpec spec = tunnel_spec(name);
    spec.tunnel.in_key = key;
    spec.tunnel.remote = remote;
    spec.tunnel.local = local;
    return ports_.emplace_back(spec);
  }
  std::string found(uint32_t key, const char* remote, const char* local) {
    const Port* port = table_.find(PortType::vxlan, key, ip(remote), ip(local));
    return port == nullptr ? "none" : port->spec().name;
  }

  std::deque<StubPort> ports_;
  TunnelTable table_;
};

TEST_F(TunnelTableStory, TheMostSpecificPortWins) {
  EXPECT_EQ(table_.add(port("any", {})), nullptr);
  EXPECT_EQ(found(5, "192.0.2.1", "192.0.2.2"), "any");
  EXPECT_EQ(table_.add(port("local", {}, {}, ip("192.0.2.2"))), nullptr);
  EXPECT_EQ(found(5, "192.0.2.1", "192.0.2.2"), "local");
  EXPECT_EQ(table_.add(port("remote", {}, ip("192.0.2.1"))), nullptr);
  EXPECT_EQ(found(5, "192.0.2.1", "192.0.2.2"), "remote");
  EXPECT_EQ(table_.add(port("key", 5)), nullptr);
  EXPECT_EQ(found(5, "192.0.2.1", "192.0.2.2"), "key");
  EXPECT_EQ(table_.add(port("all", 5, ip("192.0.2.1"), ip("192.0.2.2"))), nullptr);
  EXPECT_EQ(found(5, "192.0.2.1", "192.0.2.2"), "all");

  EXPECT_EQ(found(6, "192.0.2.1", "192.0.2.2"), "remote");
  EXPECT_EQ(found(6, "192.0.2.7", "192.0.2.2"), "local");
  EXPECT_EQ(found(6, "192.0.2.7", "192.0.2.8"), "any");
}

TEST_F(TunnelTableStory, KeyZeroIsAKeyAndNotAnOpenOne) {
  table_.add(port("zero", 0));
  EXPECT_EQ(found(0, "192.0.2.1", "192.0.2.2"), "zero");
  EXPECT_EQ(found(1, "192.0.2.1", "192.0.2.2"), "none");
}

TEST_F(TunnelTableStory, TheUnspecifiedAddressIsNoWildcard) {
  table_.add(port("v6", {}, ip("::")));
  EXPECT_EQ(found(1, "0.0.0.0", "192.0.2.2"), "none");
}

TEST_F(TunnelTableStory, ATwinIsRefusedByName) {
  Port& first = port("first", 5, ip("192.0.2.1"));
  table_.add(first);
  EXPECT_EQ(table_.add(port("second", 5, ip("192.0.2.1"))), &first);
  EXPECT_EQ(found(5, "192.0.2.1", "192.0.2.2"), "first");
}

TEST_F(TunnelTableStory, ARemovedPortIsNotFound) {
  Port& first = port("first", 5);
  table_.add(first);
  table_.add(port("any", {}));
  table_.remove(first);
  EXPECT_EQ(found(5, "192.0.2.1", "192.0.2.2"), "any");
  EXPECT_FALSE(table_.is_empty());
}

}  // namespace
}  // namespace weft::datapath
