#include "utilities/ofctl/flow_batch.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "utilities/ofctl/said.h"

namespace weft::ofctl {
namespace {

constexpr uint32_t bundle_id = 1;  // ours: a connection has one batch at a time
constexpr uint16_t bundle_flags = openflow::bundle_flag::atomic | openflow::bundle_flag::ordered;

// A line that ends in a comment, or is one.
std::string_view without_comment(std::string_view line) {
  bool in_quotes = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      in_quotes = !in_quotes;
    } else if (line[i] == '#' && !in_quotes) {
      return line.substr(0, i);
    }
  }
  return line;
}

Outcome for_each_line_of(std::istream& in, const std::string& name,
                         const std::function<Outcome(const std::string&)>& each) {
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const std::string text(trim(without_comment(line)));
    if (text.empty()) {
      continue;
    }
    if (auto done = each(text); !done) {
      Failure failure = done.error();
      failure.message = fmt::format("{}:{}: {}", name, number, failure.message);
      return Unexpected{failure};
    }
  }
  return in.bad() ? Outcome(Unexpected{unreadable(name)}) : Outcome{};
}

}  // namespace

// A directory can be opened as if it were an empty file.
Failure unreadable(const std::string& name) {
  return {fmt::format("{}: {}", name, errno != 0 ? std::strerror(errno) : "cannot be read")};
}

Outcome for_each_line(const std::string& name, const std::function<Outcome(const std::string&)>& each) {
  if (name == "-") {
    return for_each_line_of(std::cin, "<stdin>", each);
  }
  std::ifstream file(name);
  if (!file) {
    return Unexpected{unreadable(name)};
  }
  return for_each_line_of(file, name, each);
}

Outcome FlowBatch::add(const openflow::Message& message, std::string text) {
  if (auto checked = check_sayable(message, connection_.version()); !checked) {
    return checked;
  }
  if (!in_bundle_) {
    return put(message, std::move(text));
  }
  if (texts_.empty()) {
    if (auto opened = control(openflow::BundleControlType::open_request, "opening a bundle"); !opened) {
      return opened;
    }
  }
  // The message inside has the xid of the one around it.
  const auto inside = std::make_shared<openflow::Envelope>();
  inside->version = connection_.version();
  inside->xid = connection_.last_xid() + 1;
  inside->message = message;
  return put(openflow::BundleAdd{bundle_id, bundle_flags, {inside}}, std::move(text));
}

Outcome FlowBatch::control(openflow::BundleControlType type, const char* text) {
  return put(openflow::BundleControl{bundle_id, type, bundle_flags, std::nullopt}, text);
}

Outcome FlowBatch::put(const openflow::Message& message, std::string text) {
  const uint32_t xid = connection_.next_xid();
  if (texts_.empty()) {
    first_xid_ = xid;
  }
  // Asking for port names may have taken numbers in between.
  texts_.resize(xid - first_xid_);
  texts_.push_back(std::move(text));
  const auto one = try_encode(connection_.version(), xid, message);
  if (!one) {
    return Unexpected{Failure{"longer than an OpenFlow message can be (64 KB)"}};
  }
  bytes_.insert(bytes_.end(), one->begin(), one->end());
  return {};
}

Failure FlowBatch::describe(const std::vector<openflow::Envelope>& errors) const {
  constexpr size_t most_shown = 10;
  std::string message;
  for (size_t i = 0; i < errors.size() && i < most_shown; ++i) {
    const uint32_t place = errors[i].xid - first_xid_;
    message += (i == 0 ? "" : "\n") + refusal(std::get<openflow::Error>(errors[i].message)).message;
    if (place < texts_.size()) {
      message += "\n  " + texts_[place];
    }
  }
  if (errors.size() > most_shown) {
    message += fmt::format("\n... and {} more", errors.size() - most_shown);
  }
  return {message};
}

Outcome FlowBatch::commit() {
  if (in_bundle_ && !texts_.empty()) {
    if (auto committed = control(openflow::BundleControlType::commit_request, "committing the bundle"); !committed) {
      return committed;
    }
  }
  if (auto sent = connection_.send(bytes_); !sent) {
    return sent;
  }
  const auto errors = connection_.barrier();
  if (!errors) {
    return Unexpected{errors.error()};
  }
  return errors->empty() ? Outcome{} : Outcome(Unexpected{describe(*errors)});
}

}  // namespace weft::ofctl
