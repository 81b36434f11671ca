#include "datapath/tunnel/tunnel_table.h"

#include <algorithm>

#include "lib/base/hash.h"

namespace weft::datapath {

TunnelTable::TunnelTable() : table_(new Table) {}

TunnelTable::~TunnelTable() { rcu::retire(table_.exchange(nullptr)); }

size_t TunnelTable::AddressHash::operator()(const Address& address) const {
  const std::hash<IpAddress> hash;
  return hash_finish(hash_add(hash_add(address.key, hash(address.remote)), hash(address.local)),
                     static_cast<uint64_t>(address.type));
}

unsigned TunnelTable::fixed_parts(const TunnelSpec& spec) {
  return (spec.in_key ? fixed_key : 0U) | (spec.remote ? fixed_remote : 0U) | (spec.local ? fixed_local : 0U);
}

TunnelTable::Address TunnelTable::masked(const Address& address, unsigned fixed) {
  return {address.type, (fixed & fixed_key) != 0 ? address.key : 0,
          (fixed & fixed_remote) != 0 ? address.remote : IpAddress(),
          (fixed & fixed_local) != 0 ? address.local : IpAddress()};
}

Port* TunnelTable::add(Port& port) {
  const TunnelSpec& spec = port.spec().tunnel;
  const auto takes_the_same = [&](const Port* other) {
    const TunnelSpec& its = other->spec().tunnel;
    return other->spec().type == port.spec().type && its.in_key == spec.in_key && its.remote == spec.remote &&
           its.local == spec.local;
  };
  if (const auto found = std::find_if(ports_.begin(), ports_.end(), takes_the_same); found != ports_.end()) {
    return *found;
  }
  ports_.push_back(&port);
  publish();
  return nullptr;
}

void TunnelTable::remove(Port& port) {
  if (std::erase(ports_, &port) != 0) {
    publish();
  }
}

void TunnelTable::publish() {
  auto table = std::make_unique<Table>();
  for (unsigned fixed = all_fixed + 1; fixed-- > 0;) {
    Kind kind{fixed, {}};
    for (Port* port : ports_) {
      const TunnelSpec& spec = port->spec().tunnel;
      if (fixed_parts(spec) == fixed) {
        const Address address{port->spec().type, spec.in_key.value_or(0), spec.remote.value_or(IpAddress()),
                              spec.local.value_or(IpAddress())};
        kind.ports[masked(address, fixed)] = port;
      }
    }
    if (!kind.ports.empty()) {
      table->push_back(std::move(kind));
    }
  }
  rcu::retire(table_.exchange(table.release()));
}

Port* TunnelTable::find(PortType type, uint64_t key, const IpAddress& remote, const IpAddress& local) const {
  const Table& table = *table_.load();
  const Address address{type, key, remote, local};
  for (const Kind& kind : table) {
    if (const auto found = kind.ports.find(masked(address, kind.fixed)); found != kind.ports.end()) {
      return found->second;
    }
  }
  return nullptr;
}

}  // namespace weft::datapath
