#include "ofproto/translate/frozen_states.h"

#include <unordered_map>
#include <utility>

#include "lib/base/hash.h"
#include "lib/base/mutex.h"

namespace weft::ofproto {
namespace {

// Of what tells states apart at little cost; equal hashes are compared.
uint64_t hash_of(const FrozenState& state) {
  uint64_t sum = hash_add(0, state.bridge, number(state.in_port));
  for (const uint64_t word : state.pipeline.values()) {
    sum = hash_add(sum, word);
  }
  for (const FrozenStep& step : state.steps) {
    const auto rule = reinterpret_cast<uintptr_t>(step.rule.get());
    sum = hash_add(hash_add(sum, step.actions.size(), step.table_id), rule, step.cookie);
  }
  return hash_finish(hash_add(sum, state.action_set.size(), state.hashed_group.value_or(~0U)), state.steps.size());
}

}  // namespace

struct FrozenStates::Shared {
  explicit Shared(size_t most) : limit(most) {}

  struct Known {
    std::weak_ptr<const FrozenState> state;
    uint64_t hash = 0;
  };

  void forget(uint32_t id) EXCLUDES(mutex) {
    MutexLock lock(mutex);
    const auto known = by_id.find(id);
    const auto [first, last] = by_content.equal_range(known->second.hash);
    for (auto entry = first; entry != last; ++entry) {
      if (entry->second == id) {
        by_content.erase(entry);
        break;
      }
    }
    by_id.erase(known);
  }

  uint32_t next_id() REQUIRES(mutex) {
    do {
      ++last_id;
    } while (last_id == 0 || by_id.contains(last_id));
    return last_id;
  }

  const size_t limit;
  Mutex mutex;
  std::unordered_map<uint32_t, Known> by_id GUARDED_BY(mutex);
  std::unordered_multimap<uint64_t, uint32_t> by_content GUARDED_BY(mutex);
  uint32_t last_id GUARDED_BY(mutex) = 0;
};

FrozenStates::FrozenStates(size_t limit) : shared_(std::make_shared<Shared>(limit)) {}

FrozenStatePtr FrozenStates::intern(FrozenState state) const {
  const uint64_t hash = hash_of(state);
  // Let go of behind the lock: the last holder of a state forgets it, which takes the lock.
  std::vector<FrozenStatePtr> looked_at;
  MutexLock lock(shared_->mutex);
  const auto [first, last] = shared_->by_content.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    looked_at.push_back(shared_->by_id.find(entry->second)->second.state.lock());
    if (looked_at.back() != nullptr && looked_at.back()->has_content_of(state)) {
      return looked_at.back();
    }
  }
  if (shared_->by_id.size() >= shared_->limit) {
    return nullptr;
  }
  state.id = shared_->next_id();
  const FrozenStatePtr made(new FrozenState(std::move(state)), [shared = shared_](const FrozenState* gone) {
    shared->forget(gone->id);
    delete gone;
  });
  shared_->by_id[made->id] = {made, hash};
  shared_->by_content.emplace(hash, made->id);
  return made;
}

FrozenStatePtr FrozenStates::find(uint32_t id) const {
  MutexLock lock(shared_->mutex);
  const auto known = shared_->by_id.find(id);
  return known == shared_->by_id.end() ? nullptr : known->second.state.lock();
}

size_t FrozenStates::count() const {
  MutexLock lock(shared_->mutex);
  return shared_->by_id.size();
}

}  // namespace weft::ofproto
