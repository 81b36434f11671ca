// Requests that come in several messages (OFPMPF_REQ_MORE).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ofproto/message/message_fixture.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names
using testing::ElementsAre;
using testing::IsEmpty;

// The flag was ignored: the first message was answered as if it were all.
class PartsTest : public MessageTest {
 protected:
  static TableFeaturesRequest naming(uint8_t table_id, unsigned count = 1) {
    TableFeaturesRequest message;
    for (unsigned i = 0; i < count; ++i) {
      TableFeatures table;
      table.table_id = static_cast<uint8_t>(table_id + i);
      table.name = "acl";
      table.max_entries = 1000;
      message.entries.push_back(table);
    }
    return message;
  }
  std::vector<std::string> errors() {
    std::vector<std::string> errors;
    for (const Envelope& answer : session->answers()) {
      if (const auto* error = std::get_if<Error>(&answer.message)) {
        errors.push_back(to_string(error->error));
      }
    }
    return errors;
  }
};

TEST_F(PartsTest, TableFeaturesMayComeInSeveralMessages) {
  request(naming(1), true);
  request(naming(2), true);
  EXPECT_THAT(bridge.asked, IsEmpty());
  EXPECT_EQ(session->finished, 2);
  request(naming(3));
  EXPECT_THAT(bridge.asked, ElementsAre("table_features 3"));
  EXPECT_THAT(errors(), IsEmpty());
}

TEST_F(PartsTest, MoreTablesThanThereAreAreRefusedOnce) {
  request(naming(0, 254), true);
  request(naming(0), true);
  EXPECT_THAT(errors(), ElementsAre("OFPBRC_MULTIPART_BUFFER_OVERFLOW"));
  request(naming(1), true);
  request(naming(2));
  EXPECT_THAT(errors(), IsEmpty());
  EXPECT_THAT(bridge.asked, IsEmpty());
  request(naming(1));
  EXPECT_THAT(bridge.asked, ElementsAre("table_features 1")) << "the next request is its own";
}

TEST_F(PartsTest, NothingIsMadeOfARequestWithAPartThatCannotBeRead) {
  Bytes unreadable = encode(session->speaks, 7, naming(2), true);
  request(naming(1), true);
  note_unreadable(*session, unreadable);
  request(naming(3));
  EXPECT_THAT(bridge.asked, IsEmpty());
  note_unreadable(*session, unreadable);
  request(naming(3));
  EXPECT_THAT(bridge.asked, IsEmpty()) << "the first part was it";
}

// The first part was refused, and the last one answered as if it were all.
TEST_F(PartsTest, OfOtherRequestsInSeveralMessagesNoneIsAnswered) {
  request(FlowStatsRequest{}, true);
  EXPECT_THAT(errors(), ElementsAre("OFPBRC_MULTIPART_BUFFER_OVERFLOW"));
  request(FlowStatsRequest{}, true);
  request(FlowStatsRequest{});
  EXPECT_THAT(session->answers(), IsEmpty());
  EXPECT_EQ(session->finished, 3);
  request(FlowStatsRequest{});
  EXPECT_EQ(session->answers().size(), 1u) << "the next request is its own";
}

TEST_F(PartsTest, PartsWithoutABodyAreOneRequest) {
  request(DescRequest{}, true);
  request(DescRequest{}, true);
  EXPECT_THAT(session->answers(), IsEmpty());
  request(DescRequest{});
  ASSERT_EQ(session->answers().size(), 1u);
}

TEST_F(PartsTest, OtherRequestsMayComeBetween) {
  request(DescRequest{}, true);
  request(FlowStatsRequest{}, true, 8);
  EXPECT_THAT(errors(), ElementsAre("OFPBRC_MULTIPART_BUFFER_OVERFLOW"));
  request(PortDescRequest{}, false, 9);
  EXPECT_EQ(session->answers().size(), 1u);
  request(FlowStatsRequest{}, false, 8);
  EXPECT_THAT(session->answers(), IsEmpty());
  request(DescRequest{});
  EXPECT_EQ(session->answers().size(), 1u);
}

TEST_F(PartsTest, PartsAreOfOneType) {
  request(DescRequest{}, true);
  request(PortDescRequest{}, true);
  EXPECT_THAT(errors(), ElementsAre("OFPBRC_BAD_MULTIPART"));
  request(PortDescRequest{});
  EXPECT_THAT(session->answers(), IsEmpty()) << "it belongs to what was refused";
  request(FlowStatsRequest{}, true);
  EXPECT_THAT(errors(), ElementsAre("OFPBRC_MULTIPART_BUFFER_OVERFLOW"));
  request(DescRequest{});
  EXPECT_EQ(session->answers().size(), 1u) << "nobody goes on with a refused request in another type";
}

// The oldest was forgotten, and its last part answered as if it were all.
TEST_F(PartsTest, WhatBeginsWhileTooManyAreOpenIsRefusedOnceAndWhole) {
  for (uint32_t xid = 0; xid < RequestParts::max_open; ++xid) {
    request(naming(1), true, xid);
  }
  EXPECT_THAT(errors(), IsEmpty());
  request(naming(2), true, 100);
  request(naming(3), true, 100);
  EXPECT_THAT(errors(), ElementsAre("OFPBRC_MULTIPART_BUFFER_OVERFLOW"));
  request(naming(4), false, 100);
  EXPECT_THAT(bridge.asked, IsEmpty());
  EXPECT_THAT(errors(), IsEmpty());
  EXPECT_EQ(session->finished, static_cast<int>(RequestParts::max_open) + 3);
  request(naming(5), false, 0);
  EXPECT_THAT(bridge.asked, ElementsAre("table_features 2")) << "those that are open go on";
  request(naming(2), true, 100);
  request(naming(3), false, 100);
  EXPECT_THAT(bridge.asked, ElementsAre("table_features 2", "table_features 2")) << "there is a place again";
}

TEST_F(PartsTest, ARequestInOneMessageNeedsNoPlace) {
  for (uint32_t xid = 0; xid < RequestParts::max_open; ++xid) {
    request(DescRequest{}, true, xid);
  }
  request(naming(1), false, 100);
  EXPECT_THAT(bridge.asked, ElementsAre("table_features 1"));
  EXPECT_THAT(errors(), IsEmpty());
  request(DescRequest{}, false, 100);
  EXPECT_EQ(session->answers().size(), 1u);
}

TEST_F(PartsTest, RefusedRequestsTakeNoPlaceOfOthers) {
  for (uint32_t xid = 0; xid < 4 * RequestParts::max_open; ++xid) {
    request(FlowStatsRequest{}, true, xid);
  }
  EXPECT_EQ(errors().size(), 4 * RequestParts::max_open);
  request(naming(1), true, 1000);
  request(naming(2), false, 1000);
  EXPECT_THAT(bridge.asked, ElementsAre("table_features 2"));
  EXPECT_THAT(errors(), IsEmpty());
}

TEST_F(PartsTest, WhereARefusedRequestHadToBeForgottenNoTableFeaturesAreSet) {
  const auto first = static_cast<uint32_t>(RequestParts::max_open);
  const auto end = first + static_cast<uint32_t>(RequestParts::max_refused) + 1;
  for (uint32_t xid = 0; xid < end; ++xid) {
    request(naming(1), true, xid);
  }
  EXPECT_EQ(errors().size(), RequestParts::max_refused + 1);
  request(naming(2), false, first);
  EXPECT_THAT(errors(), ElementsAre("OFPBRC_MULTIPART_BUFFER_OVERFLOW")) << "it is the last part of the forgotten one";
  request(naming(2), false, first + 1);
  EXPECT_THAT(errors(), IsEmpty());
  EXPECT_THAT(bridge.asked, IsEmpty());
  request(FlowStatsRequest{}, false, end);
  EXPECT_EQ(session->answers().size(), 1u) << "what changes nothing is answered";
}

TEST_F(PartsTest, NothingIsMadeOfARequestWithAPartThatASecondaryMayNotSend) {
  session->the_role = Role::secondary;
  request(naming(1), true);
  EXPECT_THAT(errors(), ElementsAre("OFPBRC_IS_SECONDARY"));
  request(TableFeaturesRequest{});
  EXPECT_THAT(session->answers(), IsEmpty());
}

TEST_F(PartsTest, ARequestOf10HasNoFlags) {
  session->speaks = Version::v1_0;
  Bytes bytes = encode(Version::v1_0, 7, DescRequest{});
  bytes[11] = 1;
  const auto read = decode(Version::v1_0, bytes);
  ASSERT_TRUE(read);
  handle(session, *read, bytes);
  EXPECT_EQ(session->answers().size(), 1u);
}

}  // namespace
}  // namespace weft::ofproto
