// PublishedState: what the control thread publishes and everybody else translates with.
//
// The order of a change: its parts become visible (tables at a version, a snapshot, an address), then it is appended
// to `changes`. The order of a translation: the number of the last change first, then snapshot and version.
//
// Threads: written by the control thread (addresses: any); read by any thread under RCU.
// Ownership: the Switch; snapshots are retired by whoever replaces them.
#pragma once

#include "lib/base/rcu.h"
#include "lib/classifier/table_version.h"
#include "ofproto/translate/frozen_states.h"
#include "ofproto/translate/snapshot.h"
#include "ofproto/upcall/change_log.h"

namespace weft::ofproto {

struct PublishedState {
  RcuPtr<const Snapshot> snapshot;
  TableVersion version;
  ChangeLog changes;
  FrozenStates frozen;  // any thread
};

}  // namespace weft::ofproto
