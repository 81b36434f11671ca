// TunnelTable: which tunnel port takes a received packet, by its key and its two outer addresses.
//
// Ports of several types may share a table (GRE and NVGRE do): a packet is for a port of the type that is asked for.
// A port may leave each of the three open (`flow`, or any local address). The most specific port wins: a fixed key
// before an open one, then a fixed remote, then a fixed local address. Only the combinations that some port uses are
// looked up, so with one kind of port in use, which is usual, a lookup is one hash probe.
//
// Threads:   add() and remove() by the control thread, find() by any worker under RCU.
// Ownership: ports are the datapath's; one is removed here before it goes, and a grace period lies between.
// Cost:      a change copies the table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "datapath/api/port_spec.h"
#include "datapath/port/port.h"
#include "lib/base/ip_address.h"
#include "lib/base/rcu.h"

namespace weft::datapath {

class TunnelTable {
 public:
  TunnelTable();
  ~TunnelTable();
  TunnelTable(const TunnelTable&) = delete;
  TunnelTable& operator=(const TunnelTable&) = delete;

  // The port that takes the same packets already, or null: added.
  Port* add(Port& port);
  void remove(Port& port);
  bool is_empty() const { return ports_.empty(); }

  Port* find(PortType type, uint64_t key, const IpAddress& remote, const IpAddress& local) const;

 private:
  struct Address {
    PortType type = PortType::vxlan;
    uint64_t key = 0;
    IpAddress remote;
    IpAddress local;
    friend bool operator==(const Address&, const Address&) = default;
  };
  struct AddressHash {
    size_t operator()(const Address& address) const;
  };
  // Which parts are fixed; a higher value is more specific.
  enum Fixed : unsigned { fixed_local = 1, fixed_remote = 2, fixed_key = 4, all_fixed = 7 };
  struct Kind {
    unsigned fixed = 0;
    std::unordered_map<Address, Port*, AddressHash> ports;
  };
  // Most specific kind first.
  using Table = std::vector<Kind>;

  static unsigned fixed_parts(const TunnelSpec& spec);
  static Address masked(const Address& address, unsigned fixed);
  void publish();

  std::vector<Port*> ports_;
  RcuPtr<const Table> table_;
};

}  // namespace weft::datapath
