#include "ofproto/controller/election.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::ofproto {

using openflow::ControllerStatusReason;
using openflow::ErrorCode;
using openflow::OpenFlowError;
using openflow::Role;

namespace {

// OpenFlow 1.3.5 section 7.3.9: what a reply says while no generation was named.
constexpr uint64_t no_generation = ~uint64_t{0};

openflow::ControllerStatus status_of(const Candidate& candidate, ControllerStatusReason reason,
                                     openflow::ChannelStatus channel) {
  return {candidate.short_id(), candidate.role(), reason, channel, {candidate.uri()}};
}

}  // namespace

void Election::join(Candidate& candidate) {
  candidates_.push_back(&candidate);
  tell_all(candidate, ControllerStatusReason::channel_status, openflow::ChannelStatus::up);
}

void Election::leave(Candidate& candidate) {
  if (std::erase(candidates_, &candidate) != 0) {
    tell_all(candidate, ControllerStatusReason::channel_status, openflow::ChannelStatus::down);
  }
}

// Generations wrap around: the distance counts, as a signed number.
bool Election::is_stale(uint64_t generation) const {
  return generation_ && static_cast<int64_t>(generation - *generation_) < 0;
}

Result<openflow::RoleReply, OpenFlowError> Election::request(Candidate& by, const openflow::RoleRequest& request,
                                                             bool has_generation) {
  const bool is_election = request.role == Role::primary || request.role == Role::secondary;
  if (is_election && has_generation && is_stale(request.generation_id)) {
    return Unexpected{OpenFlowError(
        ErrorCode::ofprrfc_stale, fmt::format("generation {} is older than {}", request.generation_id, *generation_))};
  }
  const bool is_taken = request.short_id != 0 && std::ranges::any_of(candidates_, [&](const Candidate* other) {
                          return other != &by && other->short_id_ == request.short_id;
                        });
  if (is_taken) {
    return Unexpected{OpenFlowError(ErrorCode::ofprrfc_id_in_use)};
  }
  if (is_election && has_generation) {
    generation_ = request.generation_id;
  }
  if (request.short_id != 0 && request.short_id != by.short_id_) {
    by.short_id_ = request.short_id;
    tell_all(by, ControllerStatusReason::short_id, openflow::ChannelStatus::up);
  }
  if (request.role != Role::no_change && request.role != by.role_) {
    if (request.role == Role::primary) {
      demote_primary_but(by);
    }
    by.role_ = request.role;
    tell_all(by, ControllerStatusReason::role, openflow::ChannelStatus::up);
  }
  return openflow::RoleReply{by.role_, generation_.value_or(no_generation), by.short_id_};
}

void Election::demote_primary_but(const Candidate& leader) {
  for (Candidate* other : candidates_) {
    if (other != &leader && other->role_ == Role::primary) {
      other->role_ = Role::secondary;
      other->demoted(
          {Role::secondary, openflow::RoleStatusReason::primary_request, generation_.value_or(no_generation)});
      tell_all(*other, ControllerStatusReason::role, openflow::ChannelStatus::up);
    }
  }
}

void Election::tell_all(const Candidate& of, ControllerStatusReason reason, openflow::ChannelStatus channel) {
  const auto status = status_of(of, reason, channel);
  for (Candidate* candidate : candidates_) {
    candidate->hear(status);
  }
}

std::vector<openflow::ControllerStatus> Election::statuses() const {
  std::vector<openflow::ControllerStatus> out;
  for (const Candidate* candidate : candidates_) {
    out.push_back(status_of(*candidate, ControllerStatusReason::request, openflow::ChannelStatus::up));
  }
  return out;
}

}  // namespace weft::ofproto
