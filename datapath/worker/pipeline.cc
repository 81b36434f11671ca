#include "datapath/worker/pipeline.h"

#include <algorithm>

#include "datapath/action/execute.h"
#include "datapath/cache/mask_table.h"
#include "datapath/cache/megaflow_domain.h"
#include "datapath/cache/megaflow_entry.h"
#include "datapath/offload/ingress.h"
#include "lib/base/hash.h"
#include "lib/flow/extract.h"

namespace weft::datapath {
namespace {

// flow_hash tells flows of one network apart; the same addresses may be in use behind every port and tunnel key.
uint64_t cache_hash(const Packet& packet) {
  uint64_t network = packet.tunnel.present ? packet.tunnel.id : 0;
  if ((packet.recirculation_id | packet.dp_hash) != 0) {
    network ^= hash_mix(uint64_t{packet.recirculation_id} << 32 ^ packet.dp_hash, detail::hash_secret_0);
  }
  return hash_add(packet.flow_hash, number(packet.in_port), network);
}

// Adds up what arrives at a port, which counts it when frames of another follow, or none.
class PortSum {
 public:
  PortSum(const PortTable& ports, unsigned worker) : ports_(ports), worker_(worker) {}
  ~PortSum() { count(); }
  PortSum(const PortSum&) = delete;
  PortSum& operator=(const PortSum&) = delete;

  // What follows is of this port. False: it is gone.
  bool turn_to(PortId id) {
    if (id != id_) {
      count();
      id_ = id;
      port_ = ports_.find(id);
    }
    return port_ != nullptr;
  }
  void add(const Packet& packet) { received_.add(packet.size(), packet.gso_segments()); }
  void drop() { ++dropped_; }

 private:
  void count() {
    if (port_ != nullptr) {
      PortCounterCells& cells = port_->counters(worker_);
      cells.rx_packets.add(received_.frames);
      cells.rx_bytes.add(received_.bytes);
      cells.rx_gso_segments.add(received_.gso_segments);
      cells.rx_dropped.add(dropped_);
    }
    received_ = {};
    dropped_ = 0;
  }

  const PortTable& ports_;
  const unsigned worker_;
  PortId id_ = port_id::none;
  Port* port_ = nullptr;
  FrameSum received_;
  uint64_t dropped_ = 0;
};

void count(Installed& installed, uint64_t packets, uint64_t bytes, TimePoint now) {
  const auto add = [](std::atomic<uint64_t>& counter, uint64_t n) {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_release);
  };
  installed.used_ns.store(now.time_since_epoch().count(), std::memory_order_release);
  add(installed.byte_count, bytes);
  add(installed.packet_count, packets);
}

bool is_to_be_offered(const Installed& installed) {
  return installed.packet_count.load(std::memory_order_relaxed) >= installed.offer_at;
}

// Adds up what one decision is about, and counts it when another's turn comes.
class DecisionSum {
 public:
  // `has_offer` becomes true with a decision that is to be offered to the kernel.
  DecisionSum(TimePoint now, bool& has_offer) : now_(now), has_offer_(has_offer) {}
  ~DecisionSum() { count_so_far(); }
  DecisionSum(const DecisionSum&) = delete;
  DecisionSum& operator=(const DecisionSum&) = delete;

  void add(Installed& installed, size_t frame_size) {
    if (installed_ != &installed) {
      count_so_far();
      installed_ = &installed;
      packets_ = bytes_ = 0;
    }
    ++packets_;
    bytes_ += frame_size;
  }

 private:
  void count_so_far() {
    if (installed_ != nullptr) {
      count(*installed_, packets_, bytes_, now_);
      has_offer_ = has_offer_ || is_to_be_offered(*installed_);
    }
  }

  const TimePoint now_;
  bool& has_offer_;
  Installed* installed_ = nullptr;
  uint64_t packets_ = 0, bytes_ = 0;
};

}  // namespace

void Pipeline::process(PacketBatch&& batch, const PortTable& ports) {
  now_ = parts_.clock.coarse_now();
  receive(batch, ports);
  end(Stage::extract);
  run_all();
  run_recirculated();
}

void Pipeline::process_answers(PacketBatch&& answers, const PortTable& ports) {
  now_ = parts_.clock.coarse_now();
  count_ = 0;
  answers.drain([&](PacketPtr packet) {
    if (ports.find(packet->in_port) == nullptr) {
      parts_.transmit.dropped(DropReason::port_gone);
    } else if (const Verdict verdict = extract(*packet, keys_[count_])) {
      parts_.transmit.dropped(*verdict);
    } else {
      add(std::move(packet));
    }
  });
  run_all();
  run_recirculated();
}

// What count_ packets are there for.
void Pipeline::run_all() {
  look_up();
  end(Stage::megaflow_table);
  run_hits();
  end(Stage::actions);
  parts_.transmit.flush();
  end(Stage::transmit);
  run_misses();
  end(Stage::misses);
  parts_.transmit.flush();
  end(Stage::transmit);
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
      end(Stage::extract);
      run_all();
    }
  }
}

void Pipeline::add(PacketPtr packet) {
  hashes_[count_] = cache_hash(*packet);
  packets_[count_++] = std::move(packet);
  parts_.flow_cache.expect({hashes_.data(), count_});
}

void Pipeline::receive(PacketBatch& batch, const PortTable& ports) {
  count_ = 0;
  parts_.counters.rx_packets.add(batch.size());
  parts_.counters.balance.received.add(batch.size());
  PortSum sum(ports, parts_.worker);
  batch.drain([&](PacketPtr packet) {
    if (!sum.turn_to(packet->in_port)) {
      parts_.transmit.dropped(DropReason::port_gone);
    } else if (const Verdict verdict = admit(*packet, keys_[count_])) {
      sum.drop();
      parts_.transmit.dropped(*verdict);
    } else {
      sum.add(*packet);
      add(std::move(packet));
    }
  });
}

// The frame is one that a flow table may see.
Verdict Pipeline::admit(Packet& packet, FlowKey& key) {
  const Verdict verdict = extract(packet, key);
  return verdict ? verdict : check_offload(packet);
}

void Pipeline::look_up() {
  const IndexSet missing =
      parts_.flow_cache.lookup({keys_.data(), count_}, {hashes_.data(), count_}, {found_.data(), count_});
  hits_ = IndexSet::all_below(count_) - missing;
  waiting_ = {};
  parts_.counters.flow_cache_hits.add(hits_.count());
  end(Stage::flow_cache);
  parts_.budget.count(count_, hits_.count());
  if (!missing.empty()) {
    look_up_misses(missing);
  }
}

// Those that the flow cache does not have and that there is time for; the others are dropped.
void Pipeline::look_up_misses(IndexSet missing) {
  std::array<MegaflowDomain*, capacity> domains{};
  const IndexSet admitted = admit_misses(missing, domains);
  drop_misses(missing - admitted);
  if (admitted.empty()) {
    return;
  }
  parts_.budget.start();
  admitted.for_each([&](size_t i) { parts_.flow_cache.prefetch_admission(hashes_[i]); });
  parts_.megaflows.lookup({keys_.data(), count_}, {domains.data(), count_}, {found_.data(), count_});
  parts_.budget.charge_lookups({domains.data(), count_});
  insertions_at_look_up_ = parts_.megaflows.insertion_count();
  admitted.for_each([&](size_t i) {
    if (found_[i] == nullptr) {
      waiting_.add(i);
    } else {
      hits_.add(i);
      parts_.counters.megaflow_hits.add();
      admit_to_cache(hashes_[i], *found_[i]);
    }
  });
}

// Which of them may be looked up, with their domains; of the others these stay null. Those that follow each other in one
// domain, as most do, are asked for together.
IndexSet Pipeline::admit_misses(IndexSet missing, std::array<MegaflowDomain*, capacity>& domains) {
  IndexSet admitted, run;
  MegaflowDomain* domain = nullptr;
  const auto end_run = [&] {
    if (!run.empty() && parts_.budget.admits_lookups(*domain, run.count())) {
      admitted = admitted | run;
      run.for_each([&](size_t i) { domains[i] = domain; });
    }
    run = {};
  };
  parts_.budget.begin(now_);
  missing.for_each([&](size_t i) {
    MegaflowDomain& own = parts_.megaflows.domain_of(keys_[i]);
    if (domain != &own) {
      end_run();
      domain = &own;
    }
    run.add(i);
  });
  end_run();
  return admitted;
}

void Pipeline::admit_to_cache(uint64_t hash, Megaflow& megaflow) {
  MegaflowDomain& domain = entry_of(megaflow).masked->domain();
  if (parts_.flow_cache.admit(hash, megaflow, parts_.budget.may_evict(domain))) {
    parts_.budget.evicted(domain, parts_.flow_cache.slot_count());
  }
}

void Pipeline::drop_misses(IndexSet refused) {
  refused.for_each([&](size_t i) { packets_[i].reset(); });
  parts_.transmit.dropped(DropReason::miss_budget, refused.count());
}

void Pipeline::run_hits() {
  choose_hits();
  IndexSet dropped;
  bool has_offer = false;
  {
    DecisionSum sum(now_, has_offer);
    hits_.for_each([&](size_t i) {
      Installed& installed = in_force(*found_[i]);
      sum.add(installed, packets_[i]->size());
      dropped.add_if(installed.shortcut.drop.has_value(), i);
    });
  }
  if (has_offer) [[unlikely]] {
    offer_hits();
  }
  (hits_ - dropped).for_each([&](size_t i) { carry_out(packets_[i], in_force(*found_[i])); });
  dropped.for_each([&](size_t i) { carry_out(packets_[i], in_force(*found_[i])); });
}

void Pipeline::offer_hits() {
  hits_.for_each([&](size_t i) {
    if (is_to_be_offered(in_force(*found_[i]))) {
      offer(*found_[i]);
    }
  });
}

// What the kernel takes up it may have to give back; what it has no room for, it may have later.
void Pipeline::offer(Megaflow& megaflow) {
  constexpr uint64_t pause = 1000, longest_pause = 10'000;
  Installed& installed = in_force(megaflow);
  const uint64_t count = installed.packet_count.load(std::memory_order_relaxed);
  switch (parts_.kernel.offer(megaflow)) {
    case KernelPath::Answer::taken:
      installed.offer_at = count + pause;
      break;
    case KernelPath::Answer::not_now:
      installed.offer_at = count + std::min(count, longest_pause) + pause;
      break;
    case KernelPath::Answer::never:
      installed.offer_at = Installed::no_offer;
      break;
  }
}

// Leaves the misses, and what must stay behind one: the same flow, as far as its hash tells.
void Pipeline::choose_hits() {
  if (waiting_.empty() && held_.empty()) {
    return;
  }
  std::array<uint64_t, capacity> waiting;
  auto end = waiting.begin();
  (hits_ | waiting_).for_each([&](size_t i) {
    if (waiting_.has(i) || std::find(waiting.begin(), end, hashes_[i]) != end || held_.has_flow(hashes_[i])) {
      *end++ = hashes_[i];
      hits_.remove(i);
      waiting_.add(i);
    }
  });
}

void Pipeline::run_misses() {
  if (waiting_.empty()) {
    return;
  }
  parts_.budget.start();
  waiting_.for_each([&](size_t i) {
    if (held_.has_flow(hashes_[i])) {
      hold(arrival(i), 0);
    } else {
      look_up_and_run(arrival(i));
    }
  });
}

void Pipeline::look_up_and_run(const Arrival& arrival) {
  if (Megaflow* megaflow = look_up_again(arrival)) {
    parts_.counters.megaflow_hits.add();
    admit_to_cache(arrival.hash, *megaflow);
    run(arrival.packet, *megaflow);
    return;
  }
  parts_.counters.misses.add(arrival.is_released ? 0 : 1);  // it was one before it was held
  MegaflowDomain& domain = parts_.megaflows.domain_of(arrival.key);
  if (!arrival.is_released && !parts_.budget.admits_translation(domain)) {
    arrival.packet.reset();
    parts_.transmit.dropped(DropReason::miss_budget);
    return;
  }
  translate_and_run(arrival);
  parts_.budget.charge(domain);
}

// What was not there is there when a packet ahead has brought it.
Megaflow* Pipeline::look_up_again(const Arrival& arrival) {
  if (arrival.is_known_miss && parts_.megaflows.insertion_count() == insertions_at_look_up_) {
    return nullptr;
  }
  return parts_.megaflows.lookup(arrival.key);
}

void Pipeline::run(PacketPtr& packet, Megaflow& megaflow) {
  Installed& installed = in_force(megaflow);
  count(installed, 1, packet->size(), now_);
  carry_out(packet, installed);
}

// A packet that was recirculated may want more than a shortcut.
void Pipeline::carry_out(PacketPtr& packet, const Installed& installed) {
  const Shortcut& shortcut = installed.shortcut;
  if (!shortcut.is_all() || packet->recirculation_count != 0) {
    datapath::execute(installed.decision.actions, std::move(packet), parts_.transmit);
    return;
  }
  if (shortcut.drop) {
    packet.reset();
    parts_.transmit.dropped(*shortcut.drop);
    return;
  }
  if (shortcut.tunnel != nullptr) {
    packet->tunnel = *shortcut.tunnel;
  }
  parts_.transmit.output(shortcut.port, std::move(packet));
}

Decision Pipeline::translate(const Arrival& arrival) {
  return arrival.is_released ? parts_.sink.translate_released(arrival.key, *arrival.packet)
                             : parts_.sink.translate(arrival.key, *arrival.packet);
}

// The order of events that datapath/api/upcall.h promises to the revalidator.
void Pipeline::translate_and_run(const Arrival& arrival) {
  constexpr unsigned attempts = 2;
  std::unique_ptr<Installed> installed;
  for (unsigned attempt = 0; attempt < attempts && installed == nullptr; ++attempt) {
    installed = std::make_unique<Installed>(translate(arrival));
    Megaflow* megaflow = remember(arrival.key, installed);
    if (megaflow == nullptr) {
      break;
    }
    if (parts_.sink.is_current(megaflow->installed.load(std::memory_order_relaxed)->decision)) {
      admit_to_cache(arrival.hash, *megaflow);
      run(arrival.packet, *megaflow);
      return;
    }
    parts_.megaflows.remove(*megaflow);
  }
  if (installed == nullptr) {  // the tables change faster than we translate
    installed = std::make_unique<Installed>(translate(arrival));
  }
  if (installed->decision.held_for != 0) {
    hold(arrival, installed->decision.held_for);
  } else {
    run_once(std::move(arrival.packet), installed->decision);
  }
}

// Packets that a port without room for more would hold are dropped.
void Pipeline::hold(const Arrival& arrival, uint64_t held_for) {
  if (!held_.add({std::move(arrival.packet), arrival.key, arrival.hash, held_for})) {
    arrival.packet.reset();
    parts_.transmit.dropped(DropReason::learn_queue_full);
  }
}

void Pipeline::release(uint64_t up_to) {
  now_ = parts_.clock.coarse_now();
  parts_.budget.start();
  for (HeldPacket& held : held_.take_all()) {
    const Arrival arrival{held.packet, held.key, held.hash, held.held_for != 0};
    if (held.held_for > up_to || held_.has_flow(held.hash)) {
      hold(arrival, held.held_for);
    } else {
      look_up_and_run(arrival);
    }
  }
  run_recirculated();
  parts_.transmit.flush();
}

// Null, and `installed` as it was, when the decision is for this packet only or there is no room.
Megaflow* Pipeline::remember(const FlowKey& key, std::unique_ptr<Installed>& installed) {
  if (!installed->decision.is_cacheable || installed->decision.held_for != 0) {
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
