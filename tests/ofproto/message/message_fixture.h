// A session and a bridge that remember, and what a request to them leads to.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "tests/ofproto/message/fake_session.h"

namespace weft::ofproto {

struct MessageTest : testing::Test {
  void request(const openflow::Message& message, bool more = false, uint32_t xid = 7) {
    handle(session, {.version = session->speaks, .xid = xid, .more = more, .message = message},
           encode(session->speaks, xid, message, more));
  }
  template <typename Reply>
  Reply reply_to(const openflow::Message& message) {
    request(message);
    const auto answers = session->answers();
    EXPECT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers.at(0).xid, 7u);
    EXPECT_EQ(session->finished, 1);
    return std::get<Reply>(answers.at(0).message);
  }
  openflow::OpenFlowError refusal_of(const openflow::Message& message) {
    return reply_to<openflow::Error>(message).error;
  }

  std::shared_ptr<FakeSession> session = std::make_shared<FakeSession>();
  FakeBridge& bridge = session->the_bridge;
};

}  // namespace weft::ofproto
