// The table of addresses, dully: a list that is walked for everything. It knows limits of ports and domains, not the
// table's own bounds. It says which ids a change must name, and who must make room.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "ofproto/translate/mac_table.h"

namespace weft::reference {

class MacTable {
 public:
  using Key = ofproto::MacKey;
  struct Entry {
    Key key;
    ofproto::MacLocation location;
    TimePoint used;
    bool is_fixed = false;
  };
  using Ids = std::vector<ofproto::DependencyId>;
  using Learned = ofproto::MacTable::Learned;

  explicit MacTable(ofproto::BridgeId bridge_id) : bridge_id_(bridge_id) {}

  const std::vector<Entry>& entries() const { return entries_; }

  Learned learn(const Key& key, const ofproto::MacLocation& location, TimePoint now, Ids& ids) {
    Entry* known = find(key);
    if (known != nullptr && known->is_fixed) {
      return Learned::known;
    }
    if (known != nullptr) {
      known->used = now;
      if (known->location == location) {
        return Learned::known;
      }
    }
    const std::vector<ofproto::MacScope> claimed = scopes_claimed(key, location, known != nullptr);
    if (obstacle(key, location)) {
      return Learned::refused;
    }
    for (const ofproto::MacScope scope : claimed) {
      if (is_full(scope) && !evict(scope, ids)) {
        return Learned::refused;
      }
    }
    known = find(key);
    if (known != nullptr) {
      note_room(known->location, std::nullopt, ids);
      known->location = location;
    } else {
      entries_.push_back({key, location, now});
    }
    ids.push_back(id_of(key));
    return Learned::changed;
  }

  void fix(const Key& key, const ofproto::MacLocation& location, TimePoint now, Ids& ids) {
    ids.push_back(id_of(key));
    if (Entry* known = find(key)) {
      if (known->location != location) {
        note_room(known->location, std::nullopt, ids);
      }
      known->location = location;
      known->is_fixed = true;
    } else {
      entries_.push_back({key, location, now, true});
    }
  }

  void refresh(const Key& key, const ofproto::MacLocation& location, TimePoint used) {
    Entry* known = find(key);
    if (known != nullptr && known->location == location && known->used < used) {
      known->used = used;
    }
  }

  template <class Drop>
  void remove_if(Drop&& drop, Ids& ids) {
    for (size_t i = 0; i < entries_.size();) {
      if (!drop(entries_[i])) {
        ++i;
        continue;
      }
      note_room(entries_[i].location, entries_[i].key.domain, ids);
      ids.push_back(id_of(entries_[i].key));
      entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  void set_limit(ofproto::MacScope scope, const std::optional<ofproto::MacLimit>& limit, Ids& ids) {
    const auto found = limits_.find(scope);
    if ((found == limits_.end() ? std::nullopt : std::optional(found->second)) == limit) {
      return;
    }
    ids.push_back(ofproto::dependency::mac_room(bridge_id_, scope));
    limits_.erase(scope);
    if (limit) {
      limits_.emplace(scope, *limit);
    }
  }

  size_t count(ofproto::MacScope scope) const {
    return static_cast<size_t>(std::ranges::count_if(entries_, [&](const Entry& e) { return is_in(e, scope); }));
  }

  // Whose limit keeps the address from being learned there.
  std::optional<ofproto::MacScope> obstacle(const Key& key, const ofproto::MacLocation& location) {
    std::optional<ofproto::MacScope> obstacle;
    for (const ofproto::MacScope scope : scopes_claimed(key, location, find(key) != nullptr)) {
      const auto limit = limits_.find(scope);
      if (is_full(scope) && limit->second.policy != ofproto::MacLimitPolicy::evict &&
          (!obstacle || limit->second.policy == ofproto::MacLimitPolicy::drop)) {
        obstacle = scope;
      }
    }
    return obstacle;
  }

 private:
  ofproto::DependencyId id_of(const Key& key) const {
    return ofproto::dependency::mac(bridge_id_, key.domain, key.mac);
  }
  Entry* find(const Key& key) {
    const auto found = std::ranges::find(entries_, key, &Entry::key);
    return found == entries_.end() ? nullptr : &*found;
  }
  static bool is_in(const Entry& entry, ofproto::MacScope scope) {
    return scope.is_port() ? entry.location == ofproto::MacLocation{scope.port(), {}}
                           : entry.key.domain == scope.domain();
  }
  static std::vector<ofproto::MacScope> scopes_claimed(const Key& key, const ofproto::MacLocation& location,
                                                       bool is_move) {
    std::vector<ofproto::MacScope> scopes;
    if (!location.is_remote()) {
      scopes.push_back(ofproto::MacScope::of(location.port));
    }
    if (!is_move) {
      scopes.push_back(ofproto::MacScope::of(key.domain));
    }
    return scopes;
  }
  bool is_full(ofproto::MacScope scope) const {
    const auto limit = limits_.find(scope);
    return limit != limits_.end() && count(scope) >= limit->second.count;
  }
  // Before an entry leaves them: those whose room decisions may have missed.
  void note_room(const ofproto::MacLocation& location, std::optional<ofproto::Domain> domain, Ids& ids) const {
    const auto note = [&](ofproto::MacScope scope) {
      const auto limit = limits_.find(scope);
      if (limit != limits_.end() && limit->second.policy != ofproto::MacLimitPolicy::evict &&
          count(scope) == limit->second.count) {
        ids.push_back(ofproto::dependency::mac_room(bridge_id_, scope));
      }
    };
    if (!location.is_remote()) {
      note(ofproto::MacScope::of(location.port));
    }
    if (domain) {
      note(ofproto::MacScope::of(*domain));
    }
  }
  bool evict(ofproto::MacScope scope, Ids& ids) {
    const Entry* oldest = nullptr;
    for (const Entry& entry : entries_) {
      if (!entry.is_fixed && is_in(entry, scope) && (oldest == nullptr || entry.used < oldest->used)) {
        oldest = &entry;
      }
    }
    if (oldest == nullptr) {
      return false;
    }
    const Key victim = oldest->key;
    remove_if([&](const Entry& entry) { return entry.key == victim; }, ids);
    return true;
  }

  const ofproto::BridgeId bridge_id_;
  std::vector<Entry> entries_;
  std::map<ofproto::MacScope, ofproto::MacLimit> limits_;
};

}  // namespace weft::reference
