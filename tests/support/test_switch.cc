#include "tests/support/test_switch.h"

#include <algorithm>
#include <iterator>

#include <gtest/gtest.h>

#include "lib/base/rcu.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/group_text.h"
#include "lib/openflow/text/meter_text.h"

namespace weft {

using openflow::FlowModCommand;
using openflow::GroupModCommand;

class TestSwitch::Names final : public PortNames {
 public:
  explicit Names(const ofproto::Bridge& bridge) : bridge_(bridge) {}
  std::optional<OfPort> find_port(std::string_view name) const override {
    const auto port = bridge_.port(name);
    return port ? std::optional(port->of_port) : std::nullopt;
  }
  std::optional<std::string> port_name(OfPort port) const override {
    const auto found = bridge_.port(port);
    return found ? std::optional(found->name) : std::nullopt;
  }

 private:
  const ofproto::Bridge& bridge_;
};

TestSwitch::TestSwitch(const TestSwitchOptions& options, std::initializer_list<const char*> ports)
    : has_threads_(options.has_threads) {
  ofproto::SwitchOptions switch_options;
  switch_options.make_datapath = [&](datapath::UpcallSink& sink) {
    datapath::DatapathOptions datapath_options;
    datapath_options.worker_count = options.worker_count;
    datapath_options.hash_seed = 1;
    datapath_options.clock = has_threads_ ? nullptr : &clock_;
    return datapath::make_datapath(datapath_options, options.wrap_sink ? options.wrap_sink(sink) : sink);
  };
  switch_options.clock = has_threads_ ? nullptr : &clock_;
  switch_options.post = [this](std::function<void()> call) {
    MutexLock lock(mutex_);
    posted_.push_back(std::move(call));
    posted_one_.notify_one();
  };
  switch_ = std::make_unique<ofproto::Switch>(std::move(switch_options));
  if (has_threads_) {
    switch_->start();
  }
  ofproto::BridgeOptions bridge_options;
  bridge_options.datapath_id = 1;
  bridge_options.fail_mode = options.fail_mode;
  add_bridge("br0", bridge_options);
  for (const char* port : ports) {
    add_port(port);
  }
}

TestSwitch::~TestSwitch() { switch_.reset(); }

// --- what it is made of

ofproto::Bridge& TestSwitch::bridge(std::string_view name) { return *bridges_.find(name)->second.bridge; }

Heard& TestSwitch::heard(std::string_view name) { return *bridges_.find(name)->second.heard; }

ofproto::Bridge& TestSwitch::add_bridge(const std::string& name, ofproto::BridgeOptions options) {
  ofproto::Bridge* bridge = switch_->add_bridge(name, options);
  EXPECT_NE(bridge, nullptr) << name;
  auto heard = std::make_unique<Heard>();
  bridge->add_listener(*heard);
  bridges_[name] = {bridge, std::move(heard)};
  settle();
  return *bridge;
}

OfPort TestSwitch::add_port(const std::string& name, const ofproto::VlanConfig& vlan, std::string_view bridge_name) {
  datapath::PortSpec spec;
  spec.name = name;
  spec.type = datapath::PortType::memory;
  const auto added = bridge(bridge_name).add_port({name, spec, std::nullopt, vlan});
  EXPECT_TRUE(added) << (added ? "" : added.error().message);
  settle();
  return added.value_or(OfPort{0});
}

OfPort TestSwitch::add_tunnel(const std::string& name, const datapath::TunnelSpec& tunnel, std::string_view bridge_name,
                              std::optional<uint32_t> mtu) {
  datapath::PortSpec spec;
  spec.name = name;
  spec.type = datapath::PortType::memory;
  spec.mtu_request = mtu;
  spec.tunnel = tunnel;
  spec.is_memory_tunnel = true;
  const auto added = bridge(bridge_name).add_port({name, spec, std::nullopt, {}});
  EXPECT_TRUE(added) << (added ? "" : added.error().message);
  settle();
  return added.value_or(OfPort{0});
}

void TestSwitch::connect(std::string_view bridge_name, const std::string& name, std::string_view other,
                         const std::string& peer) {
  EXPECT_TRUE(bridge(bridge_name).add_port({name, ofproto::PatchSpec{peer}, std::nullopt, {}}));
  EXPECT_TRUE(bridge(other).add_port({peer, ofproto::PatchSpec{name}, std::nullopt, {}}));
  settle();
}

void TestSwitch::set_segments(std::vector<ofproto::Segment> segments, std::string_view bridge_name) {
  bridge(bridge_name).update_segments({.set = std::move(segments), .removed = {}});
  settle();
}

void TestSwitch::remove_port(std::string_view name) {
  const bool was_there =
      std::ranges::any_of(bridges_, [&](auto& entry) { return entry.second.bridge->remove_port(name); });
  EXPECT_TRUE(was_there) << name;
  settle();
}

void TestSwitch::set_qos(std::string_view port, const std::optional<ofproto::QosConfig>& qos,
                         std::string_view bridge_name) {
  EXPECT_TRUE(bridge(bridge_name).set_qos(port, qos)) << port;
  settle();
}

PortId TestSwitch::port_id(std::string_view name) {
  for (const auto& [bridge_name, entry] : bridges_) {
    if (const auto port = entry.bridge->port(name)) {
      return port->port_id;
    }
  }
  ADD_FAILURE() << "no port " << name;
  return port_id::none;
}

// --- what a controller would say

namespace {

template <class Message, class... Done>
void apply(ofproto::Bridge& bridge, std::string_view text, const Result<Message, TextError>& message, Done... done) {
  ASSERT_TRUE(message) << render(text, message.error());
  const auto applied = bridge.apply(*message, done...);
  EXPECT_TRUE(applied) << text << ": " << (applied ? "" : to_string(applied.error()));
}

}  // namespace

void TestSwitch::add_flow(std::string_view text, std::string_view name) {
  const Names names(bridge(name));
  apply(bridge(name), text, openflow::parse_flow(text, FlowModCommand::add, &names));
  settle();
}

void TestSwitch::mod_flows(std::string_view text, std::string_view name) {
  const Names names(bridge(name));
  apply(bridge(name), text, openflow::parse_flow(text, FlowModCommand::modify, &names));
  settle();
}

void TestSwitch::del_flows(std::string_view text, std::string_view name) {
  const Names names(bridge(name));
  apply(bridge(name), text, openflow::parse_flow(text, FlowModCommand::remove, &names));
  settle();
}

void TestSwitch::add_group(std::string_view text, std::string_view name) {
  const Names names(bridge(name));
  apply(bridge(name), text, openflow::parse_group(text, GroupModCommand::add, &names));
  settle();
}

void TestSwitch::mod_group(std::string_view text, std::string_view name) {
  const Names names(bridge(name));
  apply(bridge(name), text, openflow::parse_group(text, GroupModCommand::modify, &names));
  settle();
}

void TestSwitch::add_meter(std::string_view text, std::string_view name) {
  apply(bridge(name), text, openflow::parse_meter(text, openflow::MeterModCommand::add), [] {});
  settle();
}

void TestSwitch::mod_meter(std::string_view text, std::string_view name) {
  apply(bridge(name), text, openflow::parse_meter(text, openflow::MeterModCommand::modify), [] {});
  settle();
}

void TestSwitch::del_meters(std::string_view text, std::string_view name) {
  apply(bridge(name), text, openflow::parse_meter(text, openflow::MeterModCommand::remove), [] {});
  settle();
}

void TestSwitch::set_first_egress(std::optional<uint8_t> table_id, std::string_view name) {
  const auto set = bridge(name).set_table_features({}, table_id);
  EXPECT_TRUE(set) << (set ? "" : to_string(set.error()));
  settle();
}

void TestSwitch::map_option(uint16_t n, uint8_t type, std::string_view name) {
  const auto mapped = bridge(name).apply(openflow::TlvTableMod{openflow::TlvTableCommand::add, {{0x102, type, 4, n}}});
  EXPECT_TRUE(mapped) << (mapped ? "" : to_string(mapped.error()));
  settle();
}

std::string TestSwitch::refusal_of(std::string_view text, std::string_view name) {
  const Names names(bridge(name));
  const auto flow = openflow::parse_flow(text, FlowModCommand::add, &names);
  EXPECT_TRUE(flow) << (flow ? "" : render(text, flow.error()));
  const auto applied = flow ? bridge(name).apply(*flow) : Result<void, openflow::OpenFlowError>();
  settle();
  return applied ? "" : to_string(applied.error());
}

void TestSwitch::packet_out(std::string_view in_port, std::string_view actions, const Frame& frame,
                            std::string_view name) {
  packet_out_with("", in_port, actions, frame, name);
}

void TestSwitch::packet_out_with(std::string_view metadata, std::string_view in_port, std::string_view actions,
                                 const Frame& frame, std::string_view name) {
  const Names names(bridge(name));
  openflow::PacketOut message;
  const auto fields = openflow::parse_match(metadata, &names);
  ASSERT_TRUE(fields) << render(metadata, fields.error());
  message.metadata = *fields;
  const auto port = parse_port(in_port, &names);
  ASSERT_TRUE(port) << in_port;
  message.in_port = *port;
  const auto parsed = openflow::parse_actions(actions, &names);
  ASSERT_TRUE(parsed) << render(actions, parsed.error());
  message.actions = *parsed;
  message.data = frame.bytes();
  const auto sent = bridge(name).packet_out(message, ofproto::Misfits::refused);
  EXPECT_TRUE(sent) << (sent ? "" : to_string(sent.error()));
  settle();
}

// --- packets

void TestSwitch::receive(std::string_view port, const Frame& frame, const PacketTunnel& tunnel) {
  datapath().inject(port_id(port), {frame.bytes(), frame.offload(), tunnel});
  settle();
}

std::vector<datapath::MemoryFrame> TestSwitch::sent_with_metadata(std::string_view port) {
  return datapath().take_sent(port_id(port));
}

std::vector<Frame> TestSwitch::sent(std::string_view port) {
  std::vector<Frame> frames;
  for (const datapath::MemoryFrame& sent : sent_with_metadata(port)) {
    frames.emplace_back(Frame(sent.bytes));
  }
  return frames;
}

// --- what it remembers

std::string TestSwitch::megaflows() {
  std::vector<std::string> lines;
  const std::string dump = switch_->dump_megaflows();
  for (const std::string_view line : split(dump, '\n')) {
    const size_t match_end = line.find(", packets:");
    const size_t actions = line.find(", actions:");
    if (match_end != std::string_view::npos && actions != std::string_view::npos) {
      lines.push_back(std::string(line.substr(0, match_end)) +
                      " actions=" + std::string(line.substr(actions + std::string_view(", actions:").size())) + "\n");
    }
  }
  std::ranges::sort(lines);
  return join(lines, "");
}

size_t TestSwitch::megaflow_count() {
  const std::string lines = megaflows();
  return static_cast<size_t>(std::ranges::count(lines, '\n'));
}

std::vector<openflow::FlowStats> TestSwitch::flow_stats(const openflow::FlowFilter& filter, std::string_view name) {
  std::vector<openflow::FlowStats> all;
  for (const auto dump = bridge(name).flow_dump(filter); !dump->is_done();) {
    std::ranges::move(dump->next(100), std::back_inserter(all));
  }
  return all;
}

std::string TestSwitch::dump_flows(std::string_view name) {
  collect();
  const Names names(bridge(name));
  std::string text;
  for (const openflow::FlowStats& stats : flow_stats(openflow::FlowFilter(), name)) {
    text += "n_packets=" + std::to_string(stats.packet_count) + ", n_bytes=" + std::to_string(stats.byte_count) + ", " +
            openflow::format_flow(stats, &names, {.show_statistics = false}) + "\n";
  }
  return text;
}

namespace {

openflow::FlowFilter filter_of(std::string_view text, const PortNames& names) {
  const auto filter = openflow::parse_flow_filter(text, &names);
  EXPECT_TRUE(filter) << (filter ? "" : render(text, filter.error()));
  return filter ? *filter : openflow::FlowFilter();
}

openflow::AggregateStatsReply sum_of(ofproto::Bridge& bridge, const openflow::FlowFilter& filter) {
  openflow::AggregateStatsReply sum;
  for (const auto dump = bridge.flow_dump(filter); !dump->is_done();) {
    dump->add_next(sum);
  }
  return sum;
}

}  // namespace

uint64_t TestSwitch::packets(std::string_view filter, std::string_view name) {
  collect();
  return sum_of(bridge(name), filter_of(filter, Names(bridge(name)))).packet_count;
}

uint64_t TestSwitch::bytes(std::string_view filter, std::string_view name) {
  collect();
  return sum_of(bridge(name), filter_of(filter, Names(bridge(name)))).byte_count;
}

std::vector<ofproto::PacketInEvent> TestSwitch::packet_ins(std::string_view name) {
  return std::exchange(heard(name).packet_ins, {});
}

openflow::MeterStats TestSwitch::meter(uint32_t meter_id, std::string_view name) {
  collect();
  const auto stats = bridge(name).meter_stats(meter_id);
  EXPECT_TRUE(stats) << meter_id;
  return stats.value_or(openflow::MeterStats());
}

openflow::QueueStats TestSwitch::queue(std::string_view port, uint32_t queue_id, std::string_view name) {
  const auto info = bridge(name).port(port);
  const auto stats = info ? bridge(name).queue_stats(info->of_port, queue_id) : std::nullopt;
  EXPECT_TRUE(stats) << port << " " << queue_id;
  return stats.value_or(openflow::QueueStats());
}

uint64_t TestSwitch::misses() {
  uint64_t count = 0;
  for (const datapath::WorkerStatus& worker : datapath().worker_status()) {
    count += worker.misses;
  }
  return count;
}

std::string TestSwitch::trace(std::string_view flow, std::string_view name) {
  return trace(ofproto::TraceRequest{.bridge = name, .flow = flow});
}

std::string TestSwitch::trace(const ofproto::TraceRequest& request) {
  const auto text = switch_->trace(request);
  return text ? *text : text.error().render();
}

// --- time

void TestSwitch::advance(double seconds) {
  constexpr Duration step = std::chrono::milliseconds(250);
  const TimePoint end = clock_.now() + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  while (clock_.now() < end) {
    clock_.advance(std::min(step, end - clock_.now()));
    switch_->expire_timeouts();
    settle();
  }
}

bool TestSwitch::run_posted() {
  std::deque<std::function<void()>> calls;
  {
    MutexLock lock(mutex_);
    calls.swap(posted_);
  }
  for (const std::function<void()>& call : calls) {
    call();
  }
  return !calls.empty();
}

// Runs posted calls, and with threads waits for them, until the one that was asked for has come.
void TestSwitch::wait_for(std::function<void(std::function<void()>)> request) {
  const auto is_done = std::make_shared<bool>(false);
  request([is_done] { *is_done = true; });
  while (!*is_done) {
    if (!has_threads_) {
      switch_->run_until_idle();
    }
    if (!run_posted() && has_threads_) {
      const rcu::OfflineScope offline;
      MutexLock lock(mutex_);
      while (posted_.empty()) {
        posted_one_.wait(mutex_);
      }
    }
  }
}

void TestSwitch::settle() {
  if (has_threads_) {
    if (!bridges_.empty()) {
      wait_for([this](auto done) { bridges_.begin()->second.bridge->barrier(std::move(done)); });
    }
    return;
  }
  do {
    switch_->run_until_idle();
  } while (run_posted());
}

void TestSwitch::collect() {
  wait_for([this](auto done) { bridges_.begin()->second.bridge->collect(std::move(done)); });
}

}  // namespace weft
