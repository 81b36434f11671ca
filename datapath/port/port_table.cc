#include "datapath/port/port_table.h"

namespace weft::datapath {

PortRegistry::PortRegistry() : published_(new PortTable) {}

PortRegistry::~PortRegistry() { delete published_.load(); }

std::optional<PortId> PortRegistry::take_id() {
  if (!freed_ids_.empty()) {
    return PortId{freed_ids_.extract(freed_ids_.begin()).value()};
  }
  if (next_id_ > last_id) {
    return std::nullopt;
  }
  return PortId{next_id_++};
}

void PortRegistry::release_id(PortId id) { freed_ids_.insert(number(id)); }

void PortRegistry::add(std::unique_ptr<Port> port) {
  const size_t slot = number(port->id());
  if (slot >= ports_.size()) {
    ports_.resize(slot + 1);
  }
  ports_[slot] = std::move(port);
  publish();
}

std::unique_ptr<Port> PortRegistry::remove(PortId id) {
  if (number(id) >= ports_.size()) {
    return nullptr;
  }
  std::unique_ptr<Port> port = std::move(ports_[number(id)]);
  publish();
  return port;
}

void PortRegistry::publish() {
  auto table = std::make_unique<PortTable>();
  for (const auto& port : ports_) {
    table->ports_.push_back(port.get());
  }
  rcu::retire(std::unique_ptr<const PortTable>(published_.exchange(table.release())));
}

}  // namespace weft::datapath
