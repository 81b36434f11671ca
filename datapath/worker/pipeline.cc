#include "datapath/worker/pipeline.h"

#include <algorithm>

#include "datapath/action/execute.h"
#include "datapath/offload/ingress.h"
#include "lib/base/hash.h"
#include "lib/flow/extract.h"

namespace weft::datapath {
namespace {

// flow_hash tells flows of one network apart; the same addresses may be in use behind every port and tunnel key.
uint64_t cache_hash(const Packet& packet) {
  const uint64_t network = packet.tunnel.present ? packet.tunnel.id : 0;
  const uint64_t lookup = uint64_t{packet.recirculation_id} << 32 ^ packet.dp_hash;
  return hash_add(packet.flow_hash, number(packet.in_port), network ^ hash_mix(lookup, detail::hash_secret_0));
}

void count(Installed& installed, size_t frame_size, TimePoint now) {
  const auto add = [](std::atomic<uint64_t>& counter, uint64_t n) {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_release);
  };
  installed.used_ns.store(now.time_since_epoch().count(), std::memory_order_release);
  add(installed.byte_count, frame_size);
  add(installed.packet_count, 1);
}

}  // namespace

void Pipeline::process(PacketBatch&& batch, const PortTable& ports) {
  now_ = parts_.clock.coarse_now();
  receive(batch, ports);
  run_all();
  run_recirculated();
}

// What count_ packets are there for.
void Pipeline::run_all() {
  look_up();
  run_hits();
  parts_.transmit.flush();
  run_misses();
  parts_.transmit.flush();
}

// Each pass may leave more to do; how much is bounded (transmit.h).
void Pipeline::run_recirculated() {
  while (parts_.transmit.has_recirculated()) {
    std::vector<TransmitStep::Recirculated> waiting = parts_.transmit.take_recirculated();
    for (size_t done = 0; done < waiting.size();) {
      count_ = 0;
      for (; done < waiting.size() && count_ < capacity; ++done) {
        PacketPtr packet = std::move(waiting[done].packet);
        if (const Verdict verdict = extract(*packet, keys_[count_])) {
          parts_.transmit.dropped(*verdict);
        } else {
          add(std::move(packet));
        }
      }
      run_all();
    }
  }
}

void Pipeline::add(PacketPtr packet) {
  hashes_[count_] = cache_hash(*packet);
  packets_[count_++] = std::move(packet);
}

void Pipeline::receive(PacketBatch& batch, const PortTable& ports) {
  count_ = 0;
  parts_.counters.rx_packets.add(batch.size());
  parts_.counters.balance.received.add(batch.size());
  batch.drain([&](PacketPtr packet) {
    if (const Verdict verdict = admit(*packet, ports, keys_[count_])) {
      parts_.transmit.dropped(*verdict);
      return;
    }
    add(std::move(packet));
  });
}

// The frame is one that a flow table may see, and its port counts it.
Verdict Pipeline::admit(Packet& packet, const PortTable& ports, FlowKey& key) {
  Port* port = ports.find(packet.in_port);
  if (port == nullptr) {
    return DropReason::port_gone;
  }
  PortCounterCells& cells = port->counters(parts_.worker);
  Verdict verdict = extract(packet, key);
  if (!verdict) {
    verdict = check_offload(packet);
  }
  if (verdict) {
    cells.rx_dropped.add();
  } else {
    cells.count_rx(packet);
  }
  return verdict;
}

void Pipeline::look_up() {
  const std::span<const FlowKey> keys{keys_.data(), count_};
  const std::span<Megaflow*> found{found_.data(), count_};
  parts_.flow_cache.lookup(keys, {hashes_.data(), count_}, found);

  std::array<bool, capacity> is_cached;
  size_t cached_count = 0;
  for (size_t i = 0; i < count_; ++i) {
    is_cached[i] = found_[i] != nullptr;
    cached_count += is_cached[i] ? 1 : 0;
  }
  parts_.counters.flow_cache_hits.add(cached_count);
  if (cached_count == count_) {
    return;
  }
  parts_.megaflows.lookup(keys, found);
  for (size_t i = 0; i < count_; ++i) {
    if (!is_cached[i] && found_[i] != nullptr) {
      parts_.counters.megaflow_hits.add();
      parts_.flow_cache.admit(hashes_[i], *found_[i]);
    }
  }
}

// Leaves the misses, and what must stay behind one: the same flow, as far as its hash tells.
void Pipeline::run_hits() {
  std::array<uint64_t, capacity> waiting;
  size_t waiting_count = 0;
  for (size_t i = 0; i < count_; ++i) {
    const auto end = waiting.begin() + waiting_count;
    if (found_[i] == nullptr || std::find(waiting.begin(), end, hashes_[i]) != end) {
      waiting[waiting_count++] = hashes_[i];
    } else {
      run(i, *found_[i]);
    }
  }
}

void Pipeline::run_misses() {
  for (size_t i = 0; i < count_; ++i) {
    if (packets_[i] == nullptr) {
      continue;
    }
    if (Megaflow* megaflow = parts_.megaflows.lookup(keys_[i])) {
      parts_.counters.megaflow_hits.add();
      parts_.flow_cache.admit(hashes_[i], *megaflow);
      run(i, *megaflow);
    } else {
      parts_.counters.misses.add();
      translate_and_run(i);
    }
  }
}

void Pipeline::run(size_t i, Megaflow& megaflow) {
  Installed& installed = *megaflow.installed.load(std::memory_order_acquire);
  count(installed, packets_[i]->size(), now_);
  datapath::execute(installed.decision.actions, std::move(packets_[i]), parts_.transmit);
}

// The order of events that datapath/api/upcall.h promises to the revalidator.
void Pipeline::translate_and_run(size_t i) {
  constexpr unsigned attempts = 2;
  std::unique_ptr<Installed> installed;
  for (unsigned attempt = 0; attempt < attempts; ++attempt) {
    installed = std::make_unique<Installed>(parts_.sink.translate(keys_[i], *packets_[i]));
    Megaflow* megaflow = remember(keys_[i], installed);
    if (megaflow == nullptr) {
      break;
    }
    if (parts_.sink.is_current(megaflow->installed.load(std::memory_order_relaxed)->decision)) {
      parts_.flow_cache.admit(hashes_[i], *megaflow);
      run(i, *megaflow);
      return;
    }
    parts_.megaflows.remove(*megaflow);
  }
  if (installed == nullptr) {  // the tables change faster than we translate
    installed = std::make_unique<Installed>(parts_.sink.translate(keys_[i], *packets_[i]));
  }
  run_once(std::move(packets_[i]), installed->decision);
}

// Null, and `installed` as it was, when the decision is for this packet only or there is no room.
Megaflow* Pipeline::remember(const FlowKey& key, std::unique_ptr<Installed>& installed) {
  if (!installed->decision.is_cacheable) {
    return nullptr;
  }
  return parts_.megaflows.insert(key, std::move(installed), now_);
}

void Pipeline::execute(PacketPtr packet, const Decision& decision) {
  now_ = parts_.clock.coarse_now();
  run_once(std::move(packet), decision);
  run_recirculated();
}

void Pipeline::run_once(PacketPtr packet, const Decision& decision) {
  parts_.sink.credit(decision, 1, packet->size());
  datapath::execute(decision.actions, std::move(packet), parts_.transmit);
}

}  // namespace weft::datapath
