#include "datapath/kernel/kernel_path.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "lib/base/log.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/vlan.h"

namespace weft::datapath {
namespace {

log::Logger& logger = log::get("kernel");

// A program that still had a slot in hand is long done with it.
constexpr Duration slot_rest = std::chrono::seconds(1);

template <class T>
T read(T& shared) {  // not const: std::atomic_ref takes none before C++26
  return std::atomic_ref<T>(shared).load(std::memory_order_acquire);
}
template <class T>
void write(T& shared, T value) {
  std::atomic_ref<T>(shared).store(value, std::memory_order_seq_cst);
}

bool is_empty(const weft_key& mask) {
  static constexpr weft_key none{};
  return std::memcmp(&mask, &none, sizeof mask) == 0;
}

bool are_equal(const weft_key& a, const weft_key& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace

// A decision's part in the kernel. `is_in_force` is under the path's mutex; the rest is fixed.
class KernelPath::Share final : public KernelShare {
 public:
  Share(std::shared_ptr<KernelPath> owner, uint32_t in, uint32_t out, const KernelMatch& packets,
        const KernelAction& done, uint32_t number)
      : path(std::move(owner)), in_place(in), out_place(out), match(packets), action(done), slot(number) {}
  ~Share() override { path->forget(*this); }

  MegaflowCount count() const override {
    weft_slot& counted = path->slot(slot);
    return {read(counted.packets), read(counted.bytes), TimePoint(Duration(read(counted.used_ns)))};
  }
  bool is_forwarding() const override { return read(path->slot(slot).state) == weft_slot_forwarding; }
  void withdraw() override { path->withdraw(*this); }

  const std::shared_ptr<KernelPath> path;
  const uint32_t in_place, out_place;
  const KernelMatch match;
  const KernelAction action;
  const uint32_t slot;
  bool is_in_force = false;
};

KernelPort::~KernelPort() { path_->remove_port(place_); }

void KernelPort::has_left(uint64_t frames) {
  std::atomic_ref<__u64>(path_->port(place_).left).fetch_add(frames, std::memory_order_seq_cst);
}

uint64_t KernelPort::take_dropped() {
  return std::atomic_ref<__u64>(path_->port(place_).dropped).exchange(0, std::memory_order_relaxed);
}

void KernelPort::set_mtu(uint32_t mtu) {
  write(path_->port(place_).max_frame, mtu != 0 ? static_cast<__u32>(mtu + ethernet_header_bytes) : __u32{0});
}

KernelTraffic& KernelTraffic::operator+=(const KernelTraffic& other) {
  packets += other.packets;
  bytes += other.bytes;
  gso_segments += other.gso_segments;
  return *this;
}

KernelPath::~KernelPath() = default;

const KernelPrograms* KernelPath::load() {
  MutexLock lock(mutex_);
  if (!was_tried_) {
    was_tried_ = true;
    if (auto loaded = KernelPrograms::load()) {
      programs_ = std::move(*loaded);
      places_.reserve(weft_max_ports);
      is_open_ = is_enabled_;
    } else {
      logger.info("{}: every packet goes through user space", loaded.error().to_string());
    }
  }
  return programs_.get();
}

std::unique_ptr<KernelPort> KernelPath::add_port(PortId id, uint32_t ifindex) {
  MutexLock lock(mutex_);
  if (free_places_.empty() && places_.size() == weft_max_ports) {
    return nullptr;
  }
  if (free_places_.empty()) {
    free_places_.push_back(static_cast<uint32_t>(places_.size()));
    places_.emplace_back();
  }
  const uint32_t place = free_places_.back();
  weft_port fresh{};
  fresh.ifindex = ifindex;
  port(place) = fresh;
  if (!programs_->set_place(ifindex, place)) {
    return nullptr;
  }
  free_places_.pop_back();
  places_[place] = {};
  places_[place].port = id;
  place_by_port_[id] = place;
  return std::make_unique<KernelPort>(shared_from_this(), place);
}

// What others still have in force here is of decisions that nobody meets any more.
void KernelPath::remove_port(uint32_t place) {
  MutexLock lock(mutex_);
  programs_->remove_place(port(place).ifindex);
  write(port(place).ifindex, __u32{0});
  for (const auto* shares : {&places_[place].received_by, &places_[place].sent_by}) {
    for (Share* share : *shares) {
      withdraw_locked(*share);
    }
  }
  place_by_port_.erase(places_[place].port);
  places_[place].port = port_id::none;
  free_places_.push_back(place);
}

void KernelPath::set_enabled(bool is_enabled) {
  MutexLock lock(mutex_);
  is_enabled_ = is_enabled;
  is_open_ = is_enabled && programs_ != nullptr;
  if (is_enabled) {
    return;
  }
  for (const Place& place : places_) {
    for (Share* share : place.received_by) {
      withdraw_locked(*share);
    }
  }
}

std::optional<uint32_t> KernelPath::place_of(PortId id) const {
  const auto found = place_by_port_.find(id);
  return found != place_by_port_.end() ? std::optional(found->second) : std::nullopt;
}

KernelPath::Answer KernelPath::offer(Megaflow& megaflow) {
  if (!is_open_.load(std::memory_order_relaxed)) {
    return Answer::not_now;
  }
  Installed& installed = *megaflow.installed.load(std::memory_order_relaxed);
  const auto match = kernel_match(megaflow);
  const auto action = match ? kernel_action(installed.decision.actions, *match) : std::nullopt;
  if (!action) {
    return Answer::never;
  }
  MutexLock lock(mutex_);
  const auto in = place_of(in_port_of(megaflow));
  const auto out = place_of(action->port);
  if (!in || !out || !is_enabled_) {
    return Answer::not_now;
  }
  auto* share = static_cast<Share*>(installed.kernel_share.load(std::memory_order_relaxed));
  if (share == nullptr) {
    if (!place_of_mask(*in, match->mask)) {
      return Answer::not_now;  // without a slot, which others have a use for
    }
    share = make_share(*in, *out, *match, *action);
    if (share == nullptr) {
      return Answer::not_now;
    }
    installed.kernel_share.store(share, std::memory_order_release);
  }
  if (share->in_place != *in || share->out_place != *out) {
    return Answer::not_now;
  }
  return put_in(*share) ? Answer::taken : Answer::not_now;
}

// Null: every slot is in use, or rests; or the port has as many as are left for others.
KernelPath::Share* KernelPath::make_share(uint32_t in, uint32_t out, const KernelMatch& match,
                                          const KernelAction& action) {
  const size_t used = next_slot_ - resting_.size();
  if (places_[in].received_by.size() >= weft_max_slots - used) {
    return nullptr;
  }
  const auto number = take_slot();
  if (!number) {
    return nullptr;
  }
  // Only now: a program that was under way when the last one was withdrawn counted after that.
  weft_slot& shared = slot(*number);
  for (__u64* counter : {&shared.packets, &shared.bytes, &shared.more_segments, &shared.padding}) {
    write(*counter, __u64{0});
  }
  write(shared.used_ns, __s64{0});
  auto* const share = new Share(shared_from_this(), in, out, match, action, *number);
  places_[in].received_by.insert(share);
  places_[out].sent_by.insert(share);
  return share;
}

std::optional<uint32_t> KernelPath::take_slot() {
  if (!resting_.empty() && SystemClock::instance().now() - resting_.front().since >= slot_rest) {
    const uint32_t number = resting_.front().slot;
    resting_.pop_front();
    return number;
  }
  return next_slot_ < weft_max_slots ? std::optional(next_slot_++) : std::nullopt;
}

// Where the port has it, or has room for it.
std::optional<uint8_t> KernelPath::place_of_mask(uint32_t place, const weft_key& mask) const {
  const weft_port& shared = port(place);
  std::optional<uint8_t> room;
  for (uint8_t i = 0; i < weft_max_masks; ++i) {
    if (are_equal(shared.masks[i], mask)) {
      return i;
    }
    if (!room && is_empty(shared.masks[i])) {
      room = i;
    }
  }
  return room;
}

std::optional<uint8_t> KernelPath::take_mask(uint32_t place, const weft_key& mask) {
  weft_port& shared = port(place);
  const auto found = place_of_mask(place, mask);
  if (found) {
    ++places_[place].mask_uses[*found];
    shared.masks[*found] = mask;
    write(shared.mask_end, std::max(shared.mask_end, __u32{*found} + 1));
  }
  return found;
}

void KernelPath::give_mask_back(uint32_t place, uint8_t mask) {
  if (--places_[place].mask_uses[mask] == 0) {
    port(place).masks[mask] = {};
  }
}

bool KernelPath::put_in(Share& share) {
  if (share.is_in_force) {
    return true;
  }
  const auto mask = take_mask(share.in_place, share.match.mask);
  if (!mask) {
    return false;
  }
  weft_slot& shared = slot(share.slot);
  weft_key key = share.match.key;
  key.port = static_cast<uint16_t>(share.in_place);
  key.mask = *mask;
  // One that was in force a moment ago may be read yet: it keeps what it is, and is never another port's in between.
  if (!are_equal(shared.key, key) || !are_equal(shared.mask, share.match.mask)) {
    shared.key = key;
    shared.mask = share.match.mask;
  }
  shared.out_port = share.out_place;
  shared.pops_tag = share.action.pops_tag ? 1 : 0;
  shared.pushes_tag = share.action.pushed_tci ? 1 : 0;
  shared.tag_tci = share.action.pushed_tci.value_or(0);
  write(shared.state, static_cast<__u32>(weft_slot_waiting));
  if (!programs_->add_flow(shared.key, share.slot)) {
    write(shared.state, static_cast<__u32>(weft_slot_unused));
    give_mask_back(share.in_place, *mask);
    return false;
  }
  share.is_in_force = true;
  ++in_force_count_;
  return true;
}

void KernelPath::withdraw(Share& share) {
  MutexLock lock(mutex_);
  withdraw_locked(share);
}

void KernelPath::withdraw_locked(Share& share) {
  if (!share.is_in_force) {
    return;
  }
  weft_slot& shared = slot(share.slot);
  write(shared.state, static_cast<__u32>(weft_slot_unused));
  programs_->remove_flow(shared.key);
  give_mask_back(share.in_place, shared.key.mask);
  share.is_in_force = false;
  --in_force_count_;
}

void KernelPath::forget(Share& share) {
  MutexLock lock(mutex_);
  withdraw_locked(share);
  // A place that is another port's by now does not know the share.
  if (places_[share.in_place].received_by.erase(&share) != 0) {
    places_[share.in_place].ended.received += received_by(share.slot);
  }
  if (places_[share.out_place].sent_by.erase(&share) != 0) {
    places_[share.out_place].ended.sent += sent_by(share.slot);
  }
  resting_.push_back({share.slot, SystemClock::instance().now()});
}

KernelTraffic KernelPath::received_by(uint32_t number) const {
  weft_slot& counted = slot(number);
  const uint64_t packets = read(counted.packets);
  return {packets, read(counted.bytes), packets + read(counted.more_segments)};
}

// With tag and padding as they are when the frame leaves.
KernelTraffic KernelPath::sent_by(uint32_t number) const {
  KernelTraffic sum = received_by(number);
  const weft_slot& counted = slot(number);
  sum.bytes += sum.packets * vlan_tag_bytes * counted.pushes_tag + read(slot(number).padding);
  sum.bytes -= sum.packets * vlan_tag_bytes * counted.pops_tag;
  return sum;
}

KernelPath::PortTraffic KernelPath::traffic(PortId id) const {
  MutexLock lock(mutex_);
  const auto place = place_of(id);
  if (!place) {
    return {};
  }
  PortTraffic sum = places_[*place].ended;
  for (const Share* share : places_[*place].received_by) {
    sum.received += received_by(share->slot);
  }
  for (const Share* share : places_[*place].sent_by) {
    sum.sent += sent_by(share->slot);
  }
  return sum;
}

KernelStatus KernelPath::status() const {
  using State = KernelStatus::State;
  MutexLock lock(mutex_);
  if (programs_ == nullptr) {
    return {was_tried_ ? State::unavailable : State::unused};
  }
  return {is_enabled_ ? State::forwards : State::switched_off, in_force_count_};
}

}  // namespace weft::datapath
