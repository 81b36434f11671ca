// Transactions with a real switch without ports and a state file that can be kept from being written.
#include "vswitchd/transactions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "datapath/api/datapath.h"
#include "tests/lib/management/database_support.h"

namespace weft {
namespace {

using management::Database;
using management::Operation;
using management::Uuid;
using testing::HasSubstr;
namespace pb = management::pb;

struct TransactionsTest : testing::Test {
  TransactionsTest() {
    std::string name = "/tmp/weft_transactions_test_XXXXXX";
    directory = ::mkdtemp(name.data());
    state = directory + "/state";
    saver.emplace(state, post);
    reconciler.emplace(loop, the_switch, directory, "0.1");
    transactions.emplace(loop, Database::make_empty(), *reconciler, *saver, std::chrono::milliseconds(1));
    bool is_ready = false;
    transactions->start([&] { is_ready = true; });
    settle_until([&] { return is_ready; });
  }
  ~TransactionsTest() override {
    transactions.reset();
    reconciler.reset();
    saver.reset();
    std::filesystem::remove_all(directory);
  }

  static ofproto::SwitchOptions switch_options(EventLoop& loop) {
    ofproto::SwitchOptions options;
    options.make_datapath = [](datapath::UpcallSink& sink) {
      datapath::DatapathOptions inner;
      inner.worker_count = 1;
      return datapath::make_datapath(inner, sink);
    };
    options.post = [&loop](std::function<void()> task) { loop.post(std::move(task)); };
    return options;
  }

  template <typename Condition>
  void settle_until(Condition is_true) {
    Timer tick(loop);  // answers come from the saver's thread: without a timer the loop would not wait for them
    tick.start_every(std::chrono::milliseconds(1), [] {});
    for (int i = 0; i < 5000 && !is_true(); ++i) {
      the_switch.run_until_idle();
      loop.run_for(std::chrono::milliseconds(2));
    }
    EXPECT_TRUE(is_true());
  }

  Database current() { return management::from_wire(transactions->current_state().state()).value(); }
  // A note in external_ids, as the tools would send it.
  pb::Transaction note(const std::string& text) {
    const Database base = current();
    management::Datum ids;
    ids.put(std::string("note"), text);
    return transaction(base.version(), {management::update("Open_vSwitch", base.root().uuid, {{"external_ids", ids}})});
  }
  pb::Transaction nothing() { return transaction(current().version(), {}); }
  static pb::Transaction transaction(uint64_t base, const std::vector<Operation>& operations) {
    pb::Transaction out;
    out.set_base_version(base);
    out.set_wait(true);
    for (const auto& operation : operations) {
      *out.add_operations() = management::to_wire(operation);
    }
    return out;
  }
  pb::Response submit(pb::Transaction transaction) {
    std::optional<pb::Response> answer;
    transactions->submit(std::move(transaction), [&](pb::Response response) { answer = std::move(response); });
    settle_until([&] { return answer.has_value(); });
    return answer.value_or(pb::Response());
  }
  std::string saved_note() const {
    const auto saved = config::load_state(state);
    return saved ? saved->root()["external_ids"].at("note").value_or("") : saved.error();
  }
  // As a full disk would.
  void keep_from_saving() { std::filesystem::create_directories(state + ".new/in_the_way"); }
  void let_save() { std::filesystem::remove_all(state + ".new"); }

  std::string directory, state;
  EventLoop loop;
  std::function<void(std::function<void()>)> post = [this](std::function<void()> task) { loop.post(std::move(task)); };
  ofproto::Switch the_switch{switch_options(loop)};
  std::optional<config::StateSaver> saver;
  std::optional<config::Reconciler> reconciler;
  std::optional<Transactions> transactions;
};

TEST_F(TransactionsTest, AChangeThatIsAnsweredIsOnDisk) {
  const auto response = submit(note("one"));
  EXPECT_EQ(response.status(), pb::Response::OK);
  EXPECT_EQ(saved_note(), "one");
  const auto state_after = management::from_wire(response.state());
  ASSERT_TRUE(state_after);
  EXPECT_EQ(state_after->root()["external_ids"].at("note"), "one");
  EXPECT_EQ(state_after->root()["ovs_version"].string(), "0.1") << "with what the switch reports";
}

TEST_F(TransactionsTest, WhoDoesNotWaitIsAnsweredWhenTheChangeIsOnDisk) {
  auto change = note("one");
  change.set_wait(false);
  const auto response = submit(change);
  EXPECT_EQ(response.status(), pb::Response::OK);
  EXPECT_FALSE(response.has_state());
  EXPECT_EQ(saved_note(), "one");
}

TEST_F(TransactionsTest, AChangeToAnOlderStateIsAConflict) {
  auto late = note("late");
  submit(note("one"));
  EXPECT_EQ(submit(late).status(), pb::Response::CONFLICT);
  EXPECT_EQ(saved_note(), "one");
}

TEST_F(TransactionsTest, AChangeThatMakesNoSenseIsRefusedAndChangesNothing) {
  const auto version = current().version();
  const auto response =
      submit(transaction(version, {management::update("Bridge", Uuid::random(), {{"name", management::text("x")}})}));
  EXPECT_EQ(response.status(), pb::Response::REFUSED);
  EXPECT_NE(response.error(), "");
  EXPECT_EQ(current().version(), version);
}

// The second of two that were computed from the same state starts over.
TEST_F(TransactionsTest, ChangesAreMadeOneAfterTheOther) {
  std::vector<pb::Response> answers;
  const auto keep = [&](pb::Response response) { answers.push_back(std::move(response)); };
  const auto one = note("one");
  const auto two = note("two");
  transactions->submit(one, keep);
  transactions->submit(two, keep);
  settle_until([&] { return answers.size() == 2; });
  EXPECT_EQ(answers[0].status(), pb::Response::OK);
  EXPECT_EQ(answers[1].status(), pb::Response::CONFLICT);
}

TEST_F(TransactionsTest, AChangeThatCannotBeSavedIsRefusedThoughItIsInForce) {
  keep_from_saving();
  const auto response = submit(note("one"));
  EXPECT_EQ(response.status(), pb::Response::REFUSED);
  EXPECT_THAT(response.error(), HasSubstr("the change is in force but could not be saved: create " + state));
  EXPECT_EQ(current().root()["external_ids"].at("note"), "one");
}

// It changed nothing any more, was answered with success, and was lost at the next start.
TEST_F(TransactionsTest, ARetryIsRefusedUntilTheStateIsSaved) {
  keep_from_saving();
  submit(note("one"));
  EXPECT_EQ(submit(nothing()).status(), pb::Response::REFUSED);
  let_save();
  EXPECT_EQ(submit(nothing()).status(), pb::Response::OK);
  EXPECT_EQ(saved_note(), "one");
}

TEST_F(TransactionsTest, WhatCouldNotBeSavedIsSavedLaterUnasked) {
  keep_from_saving();
  submit(note("one"));
  let_save();
  settle_until([&] { return saved_note() == "one"; });
}

TEST_F(TransactionsTest, NothingToChangeIsAnsweredAtOnce) {
  submit(note("one"));
  const auto written = std::filesystem::last_write_time(state);
  EXPECT_EQ(submit(nothing()).status(), pb::Response::OK);
  EXPECT_EQ(std::filesystem::last_write_time(state), written);
}

}  // namespace
}  // namespace weft
