#include "vswitchd/transactions.h"

#include "lib/base/log.h"

namespace weft {
namespace {

namespace pb = management::pb;

log::Logger& logger() { return log::get("management"); }

pb::Response refused(const std::string& reason) {
  pb::Response response;
  response.set_status(pb::Response::REFUSED);
  response.set_error(reason);
  return response;
}

}  // namespace

Transactions::Transactions(management::Database database, config::Reconciler& reconciler, config::StateSaver& saver)
    : database_(std::move(database)), reconciler_(reconciler), saver_(saver) {}

void Transactions::start(std::function<void()> done) {
  is_busy_ = true;
  reconciler_.follow(database_, [this, done = std::move(done)] {
    reconciler_.report(database_);
    done();
    run_next();
  });
}

void Transactions::submit(pb::Transaction transaction, Answer answer) {
  waiting_.push_back({std::move(transaction), std::move(answer)});
  if (!is_busy_) {
    run_next();
  }
}

void Transactions::run_next() {
  // A refusal or conflict is answered at once; the loop ends at the first that has work to wait for.
  is_busy_ = false;
  while (!is_busy_ && !waiting_.empty()) {
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    run(next);
  }
}

void Transactions::run(const Waiting& waiting) {
  if (waiting.transaction.base_version() != database_.version()) {
    pb::Response response;
    response.set_status(pb::Response::CONFLICT);
    return waiting.answer(response);
  }
  if (auto applied = apply(waiting.transaction); !applied) {
    return waiting.answer(refused(applied.error()));
  }
  is_busy_ = true;
  reconciler_.follow(database_, [this, waiting] {
    // Numbers that were given out are part of what is saved.
    reconciler_.report(database_);
    saver_.save(database_, [this, waiting](const Result<void, std::string>& saved) { finish(waiting, saved); });
  });
}

Result<void, std::string> Transactions::apply(const pb::Transaction& transaction) {
  std::vector<management::Operation> operations;
  for (const auto& wire : transaction.operations()) {
    auto operation = management::from_wire(wire);
    if (!operation) {
      return Unexpected{operation.error()};
    }
    operations.push_back(std::move(*operation));
  }
  return database_.apply(operations, management::Writer::user);
}

void Transactions::finish(const Waiting& waiting, const Result<void, std::string>& saved) {
  if (!saved) {
    logger().err("the state could not be saved: {}", saved.error());
    waiting.answer(refused("the change is in force but could not be saved: " + saved.error()));
  } else {
    pb::Response response;
    if (waiting.transaction.wait()) {
      *response.mutable_state() = management::to_wire(database_, true);
    }
    waiting.answer(std::move(response));
  }
  run_next();
}

pb::Response Transactions::current_state() {
  reconciler_.report(database_);
  pb::Response response;
  *response.mutable_state() = management::to_wire(database_, true);
  return response;
}

}  // namespace weft
