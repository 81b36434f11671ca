// One OpenFlow request while it is being handled, and the session it came over.
//
// A handler answers through the Request, now or later, and says when it has finished: the requests of one session are
// handled in order, the next one when the one before has finished. So a barrier waits for nothing but its own turn
// and the bridge. A handler that answers later keeps the Request; when the session has ended, what it says goes
// nowhere, and session() must not be used.
//
// Threads:   control thread.
// Ownership: a Request is shared by the handler's callbacks; it does not keep the session alive.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lib/openflow/codec.h"
#include "ofproto/bridge/bridge.h"
#include "ofproto/message/bundle_set.h"
#include "ofproto/message/request_parts.h"

namespace weft::ofproto {

// What OFPMP_DESC says of the switch.
struct SwitchDescription {
  std::string manufacturer = "weft";
  std::string hardware = "weft user-space switch";
  std::string software;
  std::string serial_number = "None";
  std::string datapath;
};

class Session {
 public:
  virtual ~Session() = default;

  // False once it has ended, which may be before it is destroyed: its bridge may be gone then.
  virtual bool is_open() const = 0;
  virtual Bridge& bridge() = 0;
  virtual openflow::Version version() const = 0;
  virtual const SwitchDescription& description() const = 0;
  virtual void send(openflow::Bytes message) = 0;
  // Runs `task` on the control thread later, and when the peer has taken what was sent: how long dumps stay bounded.
  virtual void when_writable(std::function<void()> task) = 0;
  // Whether what nobody has asked for may be sent now: less waits for the peer than would be dropped.
  virtual bool has_room() const { return true; }
  // The request being handled has finished.
  virtual void finish_request() = 0;

  // --- the controller at the other end
  virtual openflow::Role role() const = 0;
  // `has_generation`: Nicira's form of the request has none.
  virtual Result<openflow::RoleReply, openflow::OpenFlowError> request_role(const openflow::RoleRequest& request,
                                                                            bool has_generation) = 0;
  // The peer is a tool or a controller of `type=service`, not one of those that the bridge depends on.
  virtual bool is_service() const { return false; }
  virtual uint8_t auxiliary_id() const = 0;  // 0: the main connection
  // The bridge's controllers, this one included.
  virtual std::vector<openflow::ControllerStatus> controllers() const = 0;
  // A group-mod or meter-mod of this controller has been carried out: the others that asked for it are told.
  virtual void forward(const openflow::Envelope& request) = 0;
  // What it is told unasked may be something else from now on: one of the members below has changed.
  virtual void settings_changed() = 0;

  openflow::SwitchConfig config;
  BundleSet bundles;
  RequestParts parts;
  std::unique_ptr<FlowMonitors> monitors;  // null: none was ever asked for
  openflow::AsyncConfig async;
  openflow::Form packet_in_format = openflow::Form::standard;
  uint16_t controller_id = 0;  // by which controller actions choose
  // 1.0: in what form flows are told of unasked, and whether flow-mods name tables (version_10.h).
  openflow::Form flow_format = openflow::Form::standard;
  bool names_tables = false;
};

class Request {
 public:
  Request(const std::shared_ptr<Session>& session, uint32_t xid, openflow::Bytes bytes,
          openflow::Form form = openflow::Form::standard)
      : session_(session), xid_(xid), bytes_(std::move(bytes)), form_(form) {}

  // Null when the session has ended.
  std::shared_ptr<Session> session() const {
    auto session = session_.lock();
    return session && session->is_open() ? session : nullptr;
  }
  uint32_t xid() const { return xid_; }
  std::span<const uint8_t> bytes() const { return bytes_; }
  openflow::Form form() const { return form_; }  // which replies have too

  void reply(const openflow::Message& message) const;  // for lists without a bound: ListReply
  void refuse(const openflow::OpenFlowError& error) const;
  // Tells other controllers of the group-mod or meter-mod that has been carried out (OpenFlow 1.4.1 section 7.4.6).
  void forward(const openflow::Message& carried_out) const;
  void finish() const;

 private:
  std::weak_ptr<Session> session_;
  uint32_t xid_;
  openflow::Bytes bytes_;
  openflow::Form form_;
};
using RequestPtr = std::shared_ptr<const Request>;

}  // namespace weft::ofproto
