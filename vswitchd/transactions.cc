#include "vswitchd/transactions.h"

#include <map>
#include <utility>

#include "lib/base/log.h"

namespace weft {
namespace {

namespace pb = management::pb;

log::Logger& management_logger = log::get("management");

// The numbers that are saved, by interface.
std::map<management::Uuid, management::Datum> numbers(const management::Database& database) {
  std::map<management::Uuid, management::Datum> out;
  for (const auto& [uuid, row] : database.rows("Interface")) {
    out.emplace(uuid, row["last_ofport"]);
  }
  return out;
}

pb::Response refused(const std::string& reason) {
  pb::Response response;
  response.set_status(pb::Response::REFUSED);
  response.set_error(reason);
  return response;
}

}  // namespace

Transactions::Transactions(EventLoop& loop, management::Database database, config::Reconciler& reconciler,
                           config::StateSaver& saver, Duration pause_before_saving_again)
    : database_(std::move(database)),
      reconciler_(reconciler),
      saver_(saver),
      save_again_(loop),
      pause_before_saving_again_(pause_before_saving_again) {
  reconciler_.set_numbers_listener([this] {
    reconciler_.report(database_);
    save_unasked();
  });
}

Transactions::~Transactions() { reconciler_.set_numbers_listener({}); }

void Transactions::start(std::function<void()> done) {
  is_busy_ = true;
  reconciler_.follow(database_, [this, done = std::move(done)] {
    const auto before = numbers(database_);
    reconciler_.report(database_);
    if (numbers(database_) != before) {
      save_unasked();
    }
    done();
    run_next();
  });
}

void Transactions::save(config::StateSaver::Done done) {
  save_again_.cancel();
  saver_.save(database_, [this, done = std::move(done)](const Result<void, std::string>& saved) {
    const std::string before = std::exchange(save_error_, saved ? "" : saved.error());
    if (!saved) {
      save_again_.start(pause_before_saving_again_, [this] { save_unasked(); });
    }
    if (!saved && save_error_ != before) {
      management_logger.err("the state could not be saved: {}", save_error_);
    } else if (saved && !before.empty()) {
      management_logger.info("the state is saved again");
    }
    done(saved);
  });
}

// What nobody waits for: numbers, and another try.
void Transactions::save_unasked() {
  save([](const Result<void, std::string>&) {});
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
  if (!waiting.transaction.comment().empty()) {
    management_logger.info("{}", waiting.transaction.comment());
  }
  if (waiting.transaction.operations().empty() && save_error_.empty()) {
    return answer(waiting, {});
  }
  is_busy_ = true;
  if (!waiting.transaction.wait()) {
    // Answered when it cannot be lost any more; the switch follows meanwhile.
    save([this, waiting](const Result<void, std::string>& saved) { answer(waiting, saved); });
  }
  reconciler_.follow(database_, [this, waiting] {
    // Numbers that were given out are part of what is saved.
    reconciler_.report(database_);
    save([this, waiting](const Result<void, std::string>& saved) {
      if (waiting.transaction.wait()) {
        answer(waiting, saved);
      }
      run_next();
    });
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

void Transactions::answer(const Waiting& waiting, const Result<void, std::string>& saved) {
  if (!saved) {
    return waiting.answer(refused("the change is in force but could not be saved: " + saved.error()));
  }
  pb::Response response;
  if (waiting.transaction.wait()) {
    *response.mutable_state() = management::to_wire(database_, true);
  }
  waiting.answer(std::move(response));
}

pb::Response Transactions::current_state() {
  reconciler_.report(database_);
  pb::Response response;
  *response.mutable_state() = management::to_wire(database_, true);
  return response;
}

}  // namespace weft
