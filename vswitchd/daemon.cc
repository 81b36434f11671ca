#include "vswitchd/daemon.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/signal_set.hpp>

#include "datapath/api/datapath.h"
#include "lib/base/log.h"
#include "lib/os/device.h"
#include "lib/os/event_loop.h"
#include "lib/os/netlink/netlink_mirror.h"
#include "ofproto/switch.h"
#include "vswitchd/background.h"
#include "vswitchd/config/reconciler.h"
#include "vswitchd/config/state_file.h"
#include "vswitchd/control/command.h"
#include "vswitchd/control/management_server.h"
#include "vswitchd/process.h"
#include "vswitchd/transactions.h"

namespace weft {
namespace {

namespace pb = management::pb;

log::Logger& logger = log::get("daemon");

// Long enough that a move pays for the lookups that it makes necessary.
constexpr Duration rebalance_period = std::chrono::seconds(5);

// How long a multicast group may stay unheard when a route comes or moves, and an address be taken for another host's.
constexpr Duration underlay_period = std::chrono::seconds(3);

datapath::PollPolicy poll_policy(const std::string& name) {
  return name == "busy"    ? datapath::PollPolicy::busy
         : name == "sleep" ? datapath::PollPolicy::sleep
                           : datapath::PollPolicy::adaptive;
}

ofproto::SwitchOptions switch_options(const DaemonOptions& options, EventLoop& loop) {
  datapath::DatapathOptions datapath;
  datapath.worker_count = options.worker_count;
  datapath.poll_policy = poll_policy(options.poll_policy);
  datapath.megaflow_limit = options.megaflow_limit;
  ofproto::SwitchOptions out;
  out.make_datapath = [datapath](datapath::UpcallSink& sink) { return datapath::make_datapath(datapath, sink); };
  out.post = [&loop](std::function<void()> task) { loop.post(std::move(task)); };
  return out;
}

// As nohup leaves it to the programs that it starts.
bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// Arms one timer with the switch's next deadline.
class Expiry {
 public:
  Expiry(EventLoop& loop, ofproto::Switch& the_switch) : timer_(loop), switch_(the_switch) {
    switch_.set_deadline_listener([this](TimePoint when) { arm(when); });
    run();
  }
  ~Expiry() { switch_.set_deadline_listener({}); }
  Expiry(const Expiry&) = delete;
  Expiry& operator=(const Expiry&) = delete;

 private:
  void run() {
    if (const auto next = switch_.expire_timeouts()) {
      arm(*next);
    }
  }
  void arm(TimePoint when) {
    timer_.start(std::max(when - switch_.clock().now(), Duration::zero()), [this] { run(); });
  }

  Timer timer_;
  ofproto::Switch& switch_;
};

// Tells the switch of devices that change, and the reconciler of those that come (back), go or get another name.
class LinkWatch : public netlink::NetlinkListener {
 public:
  LinkWatch(netlink::NetlinkMirror& mirror, ofproto::Switch& the_switch, config::Reconciler& reconciler)
      : mirror_(mirror), switch_(the_switch), reconciler_(reconciler) {
    mirror_.add_listener(*this);
  }
  ~LinkWatch() override { mirror_.remove_listener(*this); }
  LinkWatch(const LinkWatch&) = delete;
  LinkWatch& operator=(const LinkWatch&) = delete;

  void on_link(const netlink::Link& link, const netlink::Link* before) override {
    const bool is_new_name = before == nullptr || before->name != link.name;
    if (before != nullptr) {
      switch_.device_changed(link.ifindex);
      if (is_new_name) {
        reconciler_.device_renamed(before->name, link.name);
      }
    }
    if (is_new_name) {
      reconciler_.device_appeared(link.name);
    }
  }

  void on_link_removed(const netlink::Link& link) override {
    switch_.device_changed(link.ifindex);
    reconciler_.device_gone(link.name);
  }

 private:
  netlink::NetlinkMirror& mirror_;
  ofproto::Switch& switch_;
  config::Reconciler& reconciler_;
};

}  // namespace

class Daemon::Impl {
 public:
  Impl(const DaemonOptions& options, management::Database database)
      : options_(options),
        switch_(switch_options(options, loop_)),
        background_([this](std::function<void()> task) { loop_.post(std::move(task)); }),
        saver_(options.state_path, [this](std::function<void()> task) { loop_.post(std::move(task)); }),
        reconciler_(loop_, switch_, options.rundir, options.version),
        transactions_(loop_, std::move(database), reconciler_, saver_),
        commands_{switch_, options.version, options.log_file, [this] { loop_.post([this] { loop_.stop(); }); },
                  [this](Background::Work work, Background::Done done) {
                    background_.run(std::move(work), std::move(done));
                  }} {}

  Result<void, std::string> open() {
    auto mirror = netlink::NetlinkMirror::open(loop_);
    if (!mirror) {
      return Unexpected{mirror.error().to_string()};
    }
    mirror_ = std::move(*mirror);
    links_ = std::make_unique<LinkWatch>(*mirror_, switch_, reconciler_);
    auto server = control::ManagementServer::listen(
        loop_, options_.rundir + "/weft.sock",
        [this](pb::Request request, control::ManagementServer::Answer answer) { handle(request, std::move(answer)); });
    if (!server) {
      return Unexpected{server.error()};
    }
    server_ = std::move(*server);
    return {};
  }

  void run(const std::function<void()>& ready) {
    boost::asio::signal_set signals(loop_.context(), SIGTERM, SIGINT);
    if (!is_ignored(SIGHUP)) {  // the terminal was closed
      signals.add(SIGHUP);
    }
    signals.async_wait([this](const boost::system::error_code& error, int signal) {
      if (!error) {
        logger.info("signal {}: stopping", signal);
        loop_.stop();
      }
    });
    switch_.set_own_addresses(host_addresses());
    switch_.start();
    const Expiry expiry(loop_, switch_);
    Timer rebalancing(loop_);
    if (switch_.datapath().worker_count() > 1) {
      rebalancing.start_every(rebalance_period, [this] { switch_.datapath().rebalance(); });
    }
    Timer underlay(loop_);
    underlay.start_every(underlay_period, [this] {
      switch_.set_own_addresses(host_addresses());
      switch_.underlay_changed();
    });
    transactions_.start([ready] {
      logger.info("ready");
      ready();
    });
    loop_.run();
    server_.reset();
    switch_.stop();
  }

 private:
  void handle(const pb::Request& request, control::ManagementServer::Answer answer) {
    switch (request.request_case()) {
      case pb::Request::kGetState:
        return answer(transactions_.current_state());
      case pb::Request::kTransaction:
        return transactions_.submit(request.transaction(), std::move(answer));
      case pb::Request::kCommand:
        return run_command(request.command(), std::move(answer));
      case pb::Request::REQUEST_NOT_SET:
        break;
    }
    answer(to_response(Unexpected{std::string("an empty request")}));
  }

  void run_command(const pb::Command& command, control::ManagementServer::Answer answer) {
    const control::Words words(command.words().begin(), command.words().end());
    control::run_command(commands_, words, [answer = std::move(answer)](const Result<std::string, std::string>& text) {
      answer(to_response(text));
    });
  }

  static pb::Response to_response(const Result<std::string, std::string>& text) {
    pb::Response response;
    if (text) {
      response.set_text(*text);
    } else {
      response.set_status(pb::Response::REFUSED);
      response.set_error(text.error());
    }
    return response;
  }

  const DaemonOptions options_;
  EventLoop loop_;
  ofproto::Switch switch_;
  Background background_;
  config::StateSaver saver_;
  config::Reconciler reconciler_;
  Transactions transactions_;
  control::CommandContext commands_;
  std::unique_ptr<netlink::NetlinkMirror> mirror_;
  std::unique_ptr<LinkWatch> links_;
  std::unique_ptr<control::ManagementServer> server_;
};

namespace {

// One daemon a run directory, whose sockets' files each would take from the other; one a state file, where each would
// overwrite what the other had answered for.
Result<void, std::string> lock_out_others(const DaemonOptions& options) {
  if (const auto lock =
          FileLock::take(options.rundir + "/weft-vswitchd.lock",
                         fmt::format("run directory {} is used by another weft-vswitchd", options.rundir));
      !lock) {
    return Unexpected{lock.error()};
  }
  const auto lock = FileLock::take(options.state_path + ".lock",
                                   fmt::format("state file {} is used by another weft-vswitchd", options.state_path));
  if (lock) {
    return {};
  }
  // Where nobody can write nothing can be lost, and guests get their network.
  if (::access(options.state_path.c_str(), W_OK) != 0 && errno == EROFS) {
    logger.warn("{}: no change can be saved", lock.error());
    return {};
  }
  return Unexpected{lock.error()};
}

}  // namespace

Result<std::unique_ptr<Daemon>, std::string> Daemon::create(const DaemonOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.rundir, error);
  if (error) {
    return Unexpected{fmt::format("create {}: {}", options.rundir, error.message())};
  }
  if (auto locked = lock_out_others(options); !locked) {
    return Unexpected{locked.error()};
  }
  auto database = config::load_state(options.state_path);
  if (!database) {
    return Unexpected{database.error()};
  }
  auto impl = std::make_unique<Impl>(options, std::move(*database));
  if (auto opened = impl->open(); !opened) {
    return Unexpected{opened.error()};
  }
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;

void Daemon::run(const std::function<void()>& ready) { impl_->run(ready); }

}  // namespace weft
