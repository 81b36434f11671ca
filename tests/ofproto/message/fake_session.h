// A session without sockets: it keeps what it is told to send.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "ofproto/message/handlers.h"
#include "tests/ofproto/message/fake_bridge.h"

namespace weft::ofproto {

class FakeSession : public Session {
 public:
  bool is_open() const override { return is_alive; }
  Bridge& bridge() override { return the_bridge; }
  openflow::Version version() const override { return speaks; }
  const SwitchDescription& description() const override { return words; }
  void send(openflow::Bytes message) override { sent.push_back(std::move(message)); }
  void when_writable(std::function<void()> task) override { tasks.push_back(std::move(task)); }
  bool has_room() const override { return room; }
  void finish_request() override { ++finished; }
  openflow::Role role() const override { return the_role; }
  Result<openflow::RoleReply, openflow::OpenFlowError> request_role(const openflow::RoleRequest& request,
                                                                    bool /*has_generation*/) override {
    if (request.generation_id < 5) {
      return Unexpected{openflow::OpenFlowError(openflow::ErrorCode::ofprrfc_stale)};
    }
    the_role = request.role;
    return openflow::RoleReply{.role = the_role, .generation_id = request.generation_id};
  }
  bool is_service() const override { return is_of_a_tool; }
  uint8_t auxiliary_id() const override { return 0; }
  std::vector<openflow::ControllerStatus> controllers() const override { return {}; }
  void forward(const openflow::Envelope& request) override { forwarded.emplace_back(message_name(request.message)); }
  void settings_changed() override { ++changes; }

  // The answers as messages; all parts of a dump that the peer takes.
  std::vector<openflow::Envelope> answers() {
    while (!tasks.empty()) {
      const auto task = std::move(tasks.front());
      tasks.pop_front();
      task();
    }
    std::vector<openflow::Envelope> out;
    for (const auto& bytes : sent) {
      auto envelope = openflow::decode(speaks, bytes);
      EXPECT_TRUE(envelope) << to_string(envelope.error());
      out.push_back(std::move(*envelope));
    }
    sent.clear();
    return out;
  }

  openflow::Version speaks = openflow::Version::v1_3;
  FakeBridge the_bridge;
  SwitchDescription words;
  std::vector<openflow::Bytes> sent;
  std::deque<std::function<void()>> tasks;
  int finished = 0;
  int changes = 0;
  std::vector<std::string> forwarded;
  openflow::Role the_role = openflow::Role::equal;
  bool is_alive = true;
  bool is_of_a_tool = false;
  bool room = true;
};

}  // namespace weft::ofproto
