// BridgeHost: what a bridge needs of the switch it belongs to.
//
// Threads: control thread, but for what the parts themselves allow. Ownership: outlives the bridge.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "datapath/api/datapath.h"
#include "lib/base/clock.h"
#include "lib/base/ip_address.h"
#include "lib/packet/packet_pool.h"
#include "ofproto/bridge/change_queue.h"
#include "ofproto/upcall/executor.h"
#include "ofproto/upcall/published_state.h"
#include "ofproto/upcall/revalidator.h"
#include "ofproto/upcall/upcall_handler.h"

namespace weft::ofproto {

class BridgeHost {
 public:
  virtual ~BridgeHost() = default;

  virtual datapath::Datapath& datapath() = 0;
  virtual PublishedState& state() = 0;
  virtual Revalidator& revalidator() = 0;
  virtual UpcallHandler& upcalls() = 0;
  virtual const Clock& clock() const = 0;
  virtual const Executor& post() const = 0;
  virtual ChangeQueue& changes() = 0;
  virtual PacketPool& packets() = 0;  // for packet-outs on their way

  // Of the host itself, sorted; never null.
  virtual std::shared_ptr<const std::vector<IpAddress>> own_addresses() const = 0;
  // Whether some bridge has a port of this name, or is called so.
  virtual bool has_name(std::string_view name) const = 0;
  // Makes ports and settings as they are now visible to translations. `port_name`: patch ports that wait for it.
  virtual void publish_snapshot(Touches touches, std::string_view port_name = {}) = 0;
  // A flow that a packet asks for, of whichever bridge, in the caller's turn to change tables: it is in force when this
  // returns, unless it is refused.
  virtual void learn(const LearnedFlow& learned) = 0;
  // Something may be due earlier than was thought.
  virtual void deadline_moved() = 0;
};

}  // namespace weft::ofproto
