// Election: which controller of a bridge leads (OpenFlow 1.3.5 section 6.3.6, 1.5.1 section 6.3.7).
//
// Every connection that may ask for a role is a Candidate from its agreement on a version to its end. At most one is
// primary: when another becomes it, the former is made a secondary and told so. A request for primary or secondary
// names the generation of the election that it comes from; one of an earlier generation than the last that was seen is
// stale. Controllers of 1.5 may name themselves with a short id and hear of each other.
//
// Threads:   control thread.
// Ownership: candidates are not owned; each leaves before it goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/openflow/session_message.h"

namespace weft::ofproto {

class Candidate {
 public:
  // `uri`: where the controller is, as OpenFlow 1.5.1 section 6.3.1 spells it.
  explicit Candidate(std::string uri) : uri_(std::move(uri)) {}
  virtual ~Candidate() = default;

  openflow::Role role() const { return role_; }
  uint16_t short_id() const { return short_id_; }
  const std::string& uri() const { return uri_; }

 private:
  friend class Election;
  virtual void demoted(const openflow::RoleStatus& status) = 0;
  // Something about another controller, or that one itself.
  virtual void hear(const openflow::ControllerStatus& status) = 0;

  openflow::Role role_ = openflow::Role::equal;
  uint16_t short_id_ = 0;
  const std::string uri_;
};

class Election {
 public:
  void join(Candidate& candidate);
  void leave(Candidate& candidate);

  // `has_generation`: Nicira's form of the request has none. Errors: OFPRRFC_STALE, OFPRRFC_ID_IN_USE.
  Result<openflow::RoleReply, openflow::OpenFlowError> request(Candidate& by, const openflow::RoleRequest& request,
                                                               bool has_generation);
  std::vector<openflow::ControllerStatus> statuses() const;

 private:
  bool is_stale(uint64_t generation) const;
  void demote_primary_but(const Candidate& leader);
  void tell_all(const Candidate& of, openflow::ControllerStatusReason reason, openflow::ChannelStatus channel);

  std::vector<Candidate*> candidates_;
  std::optional<uint64_t> generation_;  // none was ever named
};

}  // namespace weft::ofproto
