// TestSwitch: a whole switch for packet stories: real ofproto, real datapath, memory ports, a clock the test moves.
//
//     TestSwitch sw{"p1", "p2"};                              // bridge br0, ports 1 and 2
//     sw.add_flow("in_port=p1,actions=output:p2");
//     sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2"));
//     EXPECT_THAT(sw.sent("p2"), ElementsAre(...));
//     EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p2\n");
//
// No threads, no root, no sleeps: everything that the daemon's threads would do is done, on the test's thread, before
// a call returns. The bridge is in secure mode, so it has no flow but those the test adds. Text that is wrong
// fails the test.
//
// Threads: the test's. A switch with threads is made from TestSwitchOptions::has_threads; settle() then waits.
#pragma once

#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/api/datapath.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "ofproto/switch.h"
#include "tests/support/frame.h"

namespace weft {

struct TestSwitchOptions {
  unsigned worker_count = 1;
  bool has_threads = false;
  ofproto::FailMode fail_mode = ofproto::FailMode::secure;
  // Puts something between the datapath and the real sink. The result must live as long as the switch.
  std::function<datapath::UpcallSink&(datapath::UpcallSink&)> wrap_sink{};
};

// What a bridge has told, in order.
struct Heard final : ofproto::BridgeListener {
  std::vector<ofproto::PacketInEvent> packet_ins;
  std::vector<openflow::FlowRemoved> flows_removed;
  std::vector<openflow::PortStatus> port_statuses;

  void packet_in(const ofproto::PacketInEvent& event) override { packet_ins.push_back(event); }
  void flow_removed(const openflow::FlowRemoved& message) override { flows_removed.push_back(message); }
  void port_status(const openflow::PortStatus& message, const void* /*by*/) override {
    port_statuses.push_back(message);
  }
};

class TestSwitch {
 public:
  TestSwitch(std::initializer_list<const char*> ports) : TestSwitch(TestSwitchOptions(), ports) {}
  TestSwitch(const TestSwitchOptions& options, std::initializer_list<const char*> ports);
  ~TestSwitch();

  // --- what it is made of
  ofproto::Switch& the_switch() { return *switch_; }
  ofproto::Bridge& bridge(std::string_view name = "br0");
  datapath::Datapath& datapath() { return switch_->datapath(); }
  ManualClock& clock() { return clock_; }
  Heard& heard(std::string_view name = "br0");

  ofproto::Bridge& add_bridge(const std::string& name, ofproto::BridgeOptions options = {});
  OfPort add_port(const std::string& name, const ofproto::VlanConfig& vlan = {}, std::string_view bridge = "br0");
  // `mtu`: what fits inside, Ethernet header not counted; absent: everything.
  OfPort add_tunnel(const std::string& name, const datapath::TunnelSpec& spec = {}, std::string_view bridge = "br0",
                    std::optional<uint32_t> mtu = {});
  void set_segments(std::vector<ofproto::Segment> segments, std::string_view bridge = "br0");
  // A pair of patch ports: `name` on one bridge, `peer` on the other.
  void connect(std::string_view bridge, const std::string& name, std::string_view other, const std::string& peer);
  void remove_port(std::string_view name);
  void set_qos(std::string_view port, const std::optional<ofproto::QosConfig>& qos, std::string_view bridge = "br0");

  // --- what a controller would say
  void add_flow(std::string_view text, std::string_view bridge = "br0");
  void mod_flows(std::string_view text, std::string_view bridge = "br0");
  void del_flows(std::string_view text = "", std::string_view bridge = "br0");
  void add_group(std::string_view text, std::string_view bridge = "br0");
  void mod_group(std::string_view text, std::string_view bridge = "br0");
  void add_meter(std::string_view text, std::string_view bridge = "br0");
  void mod_meter(std::string_view text, std::string_view bridge = "br0");
  void del_meters(std::string_view text = "", std::string_view bridge = "br0");
  // tun_metadata n is the option of class 0x102 and this type, critical or not.
  void map_option(uint16_t n, uint8_t type, std::string_view bridge = "br0");
  // The first egress table, or none.
  void set_first_egress(std::optional<uint8_t> table_id, std::string_view bridge = "br0");
  // What is said to a flow that is refused; empty: it is not.
  std::string refusal_of(std::string_view flow, std::string_view bridge = "br0");
  void packet_out(std::string_view in_port, std::string_view actions, const Frame& frame,
                  std::string_view bridge = "br0");
  // With the pipeline fields that the packet starts with (1.5): "metadata=5,reg0=7".
  void packet_out_with(std::string_view metadata, std::string_view in_port, std::string_view actions,
                       const Frame& frame, std::string_view bridge = "br0");

  // --- packets
  void receive(std::string_view port, const Frame& frame, const PacketTunnel& tunnel = {});
  // What has left the port since the last call.
  std::vector<Frame> sent(std::string_view port);
  std::vector<datapath::MemoryFrame> sent_with_metadata(std::string_view port);

  // --- what it remembers
  // A line for each cached decision, "in_port=p1 actions=output:p2", sorted.
  std::string megaflows();
  size_t megaflow_count();
  // A line for each rule, "n_packets=1, n_bytes=60, in_port=p1 actions=output:p2", in no particular order.
  std::string dump_flows(std::string_view bridge = "br0");
  std::vector<openflow::FlowStats> flow_stats(const openflow::FlowFilter& filter, std::string_view bridge = "br0");
  // Packets of the rules that a filter selects ("table=1,ip"); counters are collected first.
  uint64_t packets(std::string_view filter = "", std::string_view bridge = "br0");
  uint64_t bytes(std::string_view filter = "", std::string_view bridge = "br0");
  // Its statistics, when counters have been collected; the meter is there.
  openflow::MeterStats meter(uint32_t meter_id, std::string_view bridge = "br0");
  // Of a queue that is there.
  openflow::QueueStats queue(std::string_view port, uint32_t queue_id, std::string_view bridge = "br0");
  std::vector<ofproto::PacketInEvent> packet_ins(std::string_view bridge = "br0");  // since the last call
  uint64_t misses();
  uint64_t drops(DropReason reason) { return datapath().drop_count(reason); }
  std::string trace(std::string_view flow, std::string_view bridge = "br0");
  std::string trace(const ofproto::TraceRequest& request);

  // --- time
  void advance(double seconds);
  // Until nothing is left to do. With threads: until a barrier has come back.
  void settle();
  void collect();

 private:
  struct TestBridge {
    ofproto::Bridge* bridge;
    std::unique_ptr<Heard> heard;
  };
  class Names;

  void wait_for(std::function<void(std::function<void()>)> request);
  bool run_posted();
  PortId port_id(std::string_view name);

  const bool has_threads_;
  ManualClock clock_;
  Mutex mutex_;
  CondVar posted_one_;
  std::deque<std::function<void()>> posted_ GUARDED_BY(mutex_);
  std::unique_ptr<ofproto::Switch> switch_;
  std::map<std::string, TestBridge, std::less<>> bridges_;
};

}  // namespace weft
