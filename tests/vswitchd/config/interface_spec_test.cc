#include "vswitchd/config/interface_spec.h"

#include <gtest/gtest.h>

namespace weft::config {
namespace {

using datapath::PortSpec;
using datapath::PortType;
using management::Datum;
using management::Row;
using management::Uuid;

using Options = std::vector<std::pair<std::string, std::string>>;

Row interface(const std::string& type, const Options& options = {}) {
  Row row{Uuid::random(), {}};
  row.columns["name"] = Datum::of(std::string("p1"));
  row.columns["type"] = Datum::of(type);
  for (const auto& [key, value] : options) {
    row.columns["options"].put(key, value);
  }
  return row;
}

const MacAddress some_mac = MacAddress::parse("02:00:00:00:00:01").value();

PortSpec spec(const Row& row) {
  const auto made = to_attachment(row, some_mac);
  EXPECT_TRUE(made) << made.error();
  return made ? std::get<PortSpec>(*made) : PortSpec{};
}
datapath::TunnelSpec tunnel(Options options) {
  options.emplace_back("remote_ip", "192.0.2.1");
  return spec(interface("vxlan", options)).tunnel;
}
std::string problem(const Row& row) {
  const auto made = to_attachment(row, some_mac);
  return made ? "none" : made.error();
}
std::string tunnel_problem(const std::string& key, const std::string& value) {
  Options options{{key, value}};
  if (key != "remote_ip") {
    options.emplace_back("remote_ip", "192.0.2.1");
  }
  return problem(interface("vxlan", options));
}

TEST(InterfaceSpec, TypesOfDevices) {
  EXPECT_EQ(spec(interface("")).type, PortType::system);
  EXPECT_EQ(spec(interface("system")).type, PortType::system);
  EXPECT_EQ(spec(interface("tap")).type, PortType::tap);
  EXPECT_EQ(spec(interface("internal")).mac, some_mac);
  EXPECT_EQ(problem(interface("erspan")), "could not open network device p1: unknown type \"erspan\"");
  EXPECT_EQ(problem(interface("vxlna")),
            "could not open network device p1: unknown type \"vxlna\", did you mean \"vxlan\"?");
  EXPECT_TRUE(spec(interface("", {{"force", "true"}})).force);
}

TEST(InterfaceSpec, TypesOfTunnels) {
  const auto tunnel = [](const char* type, Options more = {}) {
    more.emplace_back("remote_ip", "flow");
    return interface(type, more);
  };
  EXPECT_EQ(spec(tunnel("geneve")).type, PortType::geneve);
  EXPECT_EQ(spec(tunnel("geneve")).tunnel.dst_port, 6081);
  EXPECT_EQ(spec(tunnel("nvgre", {{"key", "16777215"}})).tunnel.in_key, 16777215U);
  EXPECT_FALSE(spec(tunnel("gre")).tunnel.outer_checksum);
  EXPECT_TRUE(spec(tunnel("gre", {{"csum", "true"}})).tunnel.outer_checksum);
  EXPECT_EQ(spec(tunnel("gre", {{"key", "4294967295"}})).tunnel.out_key, 4294967295U);
  EXPECT_TRUE(spec(tunnel("vxlan", {{"exts", "gbp"}})).tunnel.has_gbp);
  EXPECT_EQ(problem(tunnel("vxlan", {{"exts", "gpe"}})), "p1: options:exts=\"gpe\": \"gbp\" is needed");
  EXPECT_EQ(problem(tunnel("nvgre", {{"key", "16777216"}})),
            "p1: options:key=\"16777216\": a VSID of 0 to 16777215 or \"flow\" is needed");
  EXPECT_EQ(problem(tunnel("gre", {{"dst_port", "1"}})), "p1: unknown gre option \"dst_port\"");
  EXPECT_EQ(problem(tunnel("nvgre", {{"csum", "true"}})), "p1: unknown nvgre option \"csum\"");
}

TEST(InterfaceSpec, AfXdp) {
  using datapath::XdpMode;
  EXPECT_EQ(spec(interface("afxdp")).type, PortType::afxdp);
  EXPECT_EQ(spec(interface("afxdp")).xdp.mode, XdpMode::best_effort);
  EXPECT_EQ(spec(interface("afxdp")).rx_queue_count, 0u) << "as the device has them";
  const auto all = spec(interface(
      "afxdp",
      {{"xdp-mode", "native-with-zerocopy"}, {"n_rxq", "4"}, {"use-need-wakeup", "false"}, {"force", "true"}}));
  EXPECT_EQ(all.xdp.mode, XdpMode::native_with_zerocopy);
  EXPECT_EQ(all.rx_queue_count, 4u);
  EXPECT_FALSE(all.xdp.need_wakeup);
  EXPECT_TRUE(all.force);
  EXPECT_EQ(problem(interface("afxdp", {{"xdp-mode", "fast"}})),
            "p1: options:xdp-mode=\"fast\": best-effort, native-with-zerocopy, native or generic is needed");
  EXPECT_EQ(problem(interface("afxdp", {{"n_rxq", "65"}})),
            "p1: options:n_rxq=\"65\": a number from 1 to 64 is needed");
  EXPECT_EQ(problem(interface("afxdp", {{"use-need-wakeup", "1"}})),
            "p1: options:use-need-wakeup=\"1\": \"true\" or \"false\" is needed");
  EXPECT_EQ(problem(interface("afxdp", {{"xdpmode", "native"}})),
            "p1: unknown afxdp option \"xdpmode\", did you mean \"xdp-mode\"?");
}

TEST(InterfaceSpec, MacAndMtu) {
  Row row = interface("internal");
  row.columns["mac"] = Datum::of(std::string("02:00:00:00:00:09"));
  row.columns["mtu_request"] = Datum::of(int64_t{9000});
  EXPECT_EQ(spec(row).mac, MacAddress::parse("02:00:00:00:00:09"));
  EXPECT_EQ(spec(row).mtu_request, 9000u);
  row.columns["mac"] = Datum::of(std::string("nine"));
  EXPECT_EQ(problem(row), "p1: mac=\"nine\" is not the address of a device");
  row.columns["mac"] = Datum::of(std::string("01:00:00:00:00:09"));
  EXPECT_EQ(problem(row), "p1: mac=\"01:00:00:00:00:09\" is not the address of a device") << "a multicast address";
}

TEST(InterfaceSpec, Patch) {
  const auto made = to_attachment(interface("patch", {{"peer", "p2"}}), some_mac);
  ASSERT_TRUE(made);
  EXPECT_EQ(std::get<ofproto::PatchSpec>(*made).peer, "p2");
  EXPECT_EQ(problem(interface("patch")), "p1: patch type requires valid 'peer' argument");
  EXPECT_EQ(problem(interface("patch", {{"peer", "p1"}})), "p1: patch peer must not be self");
}

TEST(InterfaceSpec, ATunnelsEnds) {
  EXPECT_EQ(problem(interface("vxlan")), "p1: vxlan type requires valid 'remote_ip' argument");
  EXPECT_EQ(tunnel({}).remote, IpAddress::parse("192.0.2.1"));
  EXPECT_TRUE(tunnel({}).local_is_any);
  EXPECT_FALSE(tunnel({{"local_ip", "192.0.2.2"}}).local_is_any);
  EXPECT_EQ(tunnel({{"local_ip", "192.0.2.2"}}).local, IpAddress::parse("192.0.2.2"));
  EXPECT_FALSE(tunnel({{"local_ip", "flow"}}).local);
  EXPECT_FALSE(spec(interface("vxlan", {{"remote_ip", "flow"}})).tunnel.remote);
  EXPECT_EQ(tunnel_problem("remote_ip", "here"), "p1: options:remote_ip=\"here\": an IP address or \"flow\" is needed");
  EXPECT_EQ(tunnel_problem("remote_ip", "239.1.1.1"), "p1: multicast remote_ip=239.1.1.1 not allowed");
}

// A mistyped key used to leave the VNI at 0.
TEST(InterfaceSpec, ATunnelsUnknownOption) {
  EXPECT_EQ(tunnel_problem("keyy", "1"), "p1: unknown vxlan option \"keyy\", did you mean \"key\"?");
  EXPECT_EQ(tunnel_problem("something_else", "1"), "p1: unknown vxlan option \"something_else\"");
}

TEST(InterfaceSpec, AnSttTunnel) {
  const auto stt = [](Options options) {
    options.emplace_back("remote_ip", "192.0.2.1");
    return interface("stt", options);
  };
  EXPECT_EQ(spec(stt({})).type, datapath::PortType::stt);
  EXPECT_EQ(spec(stt({})).tunnel.dst_port, 7471);
  EXPECT_EQ(spec(stt({{"dst_port", "7472"}})).tunnel.dst_port, 7472);
  EXPECT_EQ(spec(stt({{"key", "18446744073709551615"}})).tunnel.in_key, 18446744073709551615U);
  EXPECT_EQ(problem(stt({{"key", "x"}})),
            "p1: options:key=\"x\": a context id of 0 to 18446744073709551615 or \"flow\" is needed");
  EXPECT_EQ(problem(stt({{"csum", "false"}})), "p1: unknown stt option \"csum\"");
}

TEST(InterfaceSpec, ATunnelsKeys) {
  EXPECT_EQ(tunnel({}).in_key, 0u) << "absent is 0";
  EXPECT_EQ(tunnel({{"key", "5001"}}).in_key, 5001u);
  EXPECT_EQ(tunnel({{"key", "0x10"}}).out_key, 16u);
  EXPECT_FALSE(tunnel({{"key", "flow"}}).in_key);
  const auto mixed = tunnel({{"key", "flow"}, {"in_key", "7"}});
  EXPECT_EQ(mixed.in_key, 7u);
  EXPECT_FALSE(mixed.out_key);
  EXPECT_EQ(tunnel_problem("key", "16777216"),
            "p1: options:key=\"16777216\": a VNI of 0 to 16777215 or \"flow\" is needed");
  EXPECT_EQ(tunnel_problem("in_key", "x"), "p1: options:in_key=\"x\": a VNI of 0 to 16777215 or \"flow\" is needed");
}

TEST(InterfaceSpec, ATunnelsOuterHeader) {
  EXPECT_EQ(tunnel({}).dst_port, 4789);
  EXPECT_EQ(tunnel({{"dst_port", "8472"}}).dst_port, 8472);
  EXPECT_EQ(tunnel({{"tos", "0x10"}}).tos, 16);
  EXPECT_FALSE(tunnel({}).tos);
  EXPECT_TRUE(tunnel({{"tos", "inherit"}}).tos_inherit);
  EXPECT_EQ(tunnel({{"ttl", "7"}}).ttl, 7);
  EXPECT_TRUE(tunnel({{"ttl", "inherit"}}).ttl_inherit);
  EXPECT_FALSE(tunnel({{"df_default", "false"}}).dont_fragment);
  EXPECT_FALSE(tunnel({{"csum", "false"}}).outer_checksum);
  EXPECT_FALSE(tunnel({}).clamps_mss);
  EXPECT_TRUE(tunnel({{"mss_clamp", "true"}}).clamps_mss);
  EXPECT_EQ(tunnel({}).too_big_rate, 100U);
  EXPECT_EQ(tunnel({{"too_big_rate", "0"}}).too_big_rate, 0U);
  EXPECT_EQ(tunnel_problem("dst_port", "0"), "p1: options:dst_port=\"0\": a number from 1 to 65535 is needed");
  EXPECT_EQ(tunnel_problem("dst_port", "65536"), "p1: options:dst_port=\"65536\": a number from 1 to 65535 is needed");
  EXPECT_EQ(tunnel_problem("tos", "256"), "p1: options:tos=\"256\": a number from 0 to 255 is needed");
  EXPECT_EQ(tunnel_problem("ttl", "x"), "p1: options:ttl=\"x\": a number from 0 to 255 is needed");
  EXPECT_EQ(tunnel_problem("csum", "maybe"), "p1: options:csum=\"maybe\": \"true\" or \"false\" is needed");
  EXPECT_EQ(tunnel_problem("df_default", "1"), "p1: options:df_default=\"1\": \"true\" or \"false\" is needed");
}

TEST(InterfaceSpec, Vlans) {
  Row port{Uuid::random(), {}};
  EXPECT_EQ(to_vlan(port), ofproto::VlanConfig{});
  EXPECT_EQ(to_port_security(port), std::nullopt);
  port.columns["tag"] = Datum::of(int64_t{5});
  port.columns["trunks"].add(int64_t{7});
  port.columns["trunks"].add(int64_t{6});
  port.columns["vlan_mode"] = Datum::of(std::string("native-tagged"));
  EXPECT_EQ(to_vlan(port), (ofproto::VlanConfig{ofproto::VlanMode::native_tagged, uint16_t{5}, {6, 7}}));
}

// Only a state file from elsewhere can have what cannot be read: it opens no port.
TEST(InterfaceSpec, PortSecurity) {
  Row port{Uuid::random(), {}};
  port.columns["port_security"] = Datum::of_strings({"02:00:00:00:00:01 10.0.0.1", "nonsense"});
  ASSERT_TRUE(to_port_security(port));
  ASSERT_EQ(to_port_security(port)->size(), 1U);
  EXPECT_EQ(to_port_security(port)->front(), *HostAddresses::parse("02:00:00:00:00:01 10.0.0.1"));
  port.columns["port_security"] = Datum::of_strings({"nonsense"});
  ASSERT_TRUE(to_port_security(port));
  EXPECT_TRUE(to_port_security(port)->empty());
}

TEST(InterfaceSpec, ABridgesAddressAndId) {
  Row bridge{Uuid{"12345678-9abc-4def-8123-456789abcdef"}, {}};
  EXPECT_EQ(bridge_mac(bridge), MacAddress::parse("02:12:34:56:78:9a")) << "from the row's uuid";
  EXPECT_EQ(to_bridge_options(bridge).datapath_id, 0x02123456789au);
  auto& settings = bridge.columns["other_config"];
  settings.put(std::string("hwaddr"), std::string("02:00:00:00:00:07"));
  EXPECT_EQ(to_bridge_options(bridge).datapath_id, 0x020000000007u);
  settings.put(std::string("datapath-id"), std::string("00000000000000ff"));
  EXPECT_EQ(to_bridge_options(bridge).datapath_id, 0xffu);
  for (const auto* nonsense : {"0000000000000000", "x", "12345678123456781"}) {
    settings.put(std::string("datapath-id"), std::string(nonsense));
    EXPECT_EQ(to_bridge_options(bridge).datapath_id, 0x020000000007u) << nonsense;
  }
}

TEST(InterfaceSpec, ABridgesSettings) {
  Row bridge{Uuid::random(), {}};
  EXPECT_EQ(to_bridge_options(bridge).fail_mode, ofproto::FailMode::standalone);
  bridge.columns["fail_mode"] = Datum::of(std::string("secure"));
  auto& settings = bridge.columns["other_config"];
  settings.put(std::string("mac-aging-time"), std::string("1"));
  settings.put(std::string("mac-table-size"), std::string("100"));
  settings.put(std::string("forward-bpdu"), std::string("true"));
  EXPECT_EQ(to_bridge_options(bridge).prefix_fields.size(), 6u) << "addresses and ports";
  settings.put(std::string("prefixes"), std::string("nw_dst, tp_src"));
  const auto options = to_bridge_options(bridge);
  EXPECT_EQ(options.fail_mode, ofproto::FailMode::secure);
  EXPECT_EQ(options.mac_aging, std::chrono::seconds(15)) << "the least";
  EXPECT_EQ(options.mac_limit, 100u);
  EXPECT_TRUE(options.forward_bpdu);
  EXPECT_EQ(options.prefix_fields, (std::vector{FieldId::ipv4_dst, FieldId::tcp_src}));
  settings.put(std::string("prefixes"), std::string("none"));
  EXPECT_TRUE(to_bridge_options(bridge).prefix_fields.empty());
}

// Milliseconds that no Duration can hold used to overflow.
TEST(InterfaceSpec, AControllersNumbersAreCutToWhatFits) {
  Row controller{Uuid::random(), {}};
  controller.columns["target"] = Datum::of(std::string("tcp:192.0.2.1"));
  EXPECT_EQ(to_controller_config(controller).max_backoff, std::chrono::seconds(8));
  controller.columns["max_backoff"] = Datum::of(int64_t{1000});
  controller.columns["inactivity_probe"] = Datum::of(INT64_MAX);
  controller.columns["controller_rate_limit"] = Datum::of(int64_t{1} << 32);
  const auto config = to_controller_config(controller);
  EXPECT_EQ(config.max_backoff, std::chrono::seconds(1));
  EXPECT_EQ(config.inactivity_probe, std::chrono::hours(24));
  EXPECT_EQ(config.packet_ins.rate, UINT32_MAX);
  EXPECT_FALSE(config.packet_ins.burst);
}

TEST(ControllerConfig, ReadsEveryColumn) {
  Row controller;
  EXPECT_EQ(to_controller_config(controller).dscp, 48);
  controller.columns["target"] = Datum::of(std::string("pssl:6654"));
  controller.columns["type"] = Datum::of(std::string("service"));
  controller.columns["enable_async_messages"] = Datum::of(false);
  controller.columns["controller_queue_size"] = Datum::of(int64_t{7});
  controller.columns["other_config"].put(std::string("dscp"), std::string("10"));
  controller.columns["other_config"].put(std::string("auxiliary-connections"), std::string("2"));
  const auto config = to_controller_config(controller);
  EXPECT_EQ(config.target, "pssl:6654");
  EXPECT_TRUE(config.is_service);
  EXPECT_FALSE(config.is_told);
  EXPECT_EQ(config.packet_ins.queue_size, 7u);
  EXPECT_EQ(config.dscp, 10);
  EXPECT_EQ(config.auxiliary_count, 2);
  controller.columns["other_config"].put(std::string("dscp"), std::string("64"));
  controller.columns["other_config"].put(std::string("auxiliary-connections"), std::string("many"));
  EXPECT_EQ(to_controller_config(controller).dscp, 48) << "what is no setting does not count";
  EXPECT_EQ(to_controller_config(controller).auxiliary_count, 0);
}

TEST(BridgeVersions, AreThoseOfTheProtocolsColumn) {
  Row bridge;
  EXPECT_EQ(to_versions(bridge), openflow::supported_versions());
  bridge.columns["protocols"] = Datum::of_strings({"OpenFlow10", "OpenFlow13"});
  EXPECT_EQ(to_versions(bridge), (openflow::VersionSet{openflow::Version::v1_0, openflow::Version::v1_3}));
}

}  // namespace
}  // namespace weft::config
