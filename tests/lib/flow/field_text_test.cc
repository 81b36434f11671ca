// Values as set_field prints them; strings compared with ovs-ofctl 3.1.
#include "lib/flow/field_text.h"

#include <gtest/gtest.h>

#include <random>

#include "lib/flow/number_text.h"

namespace weft {
namespace {

struct Case {
  FieldId id;
  std::string_view text;
  std::string_view printed;
};

TEST(FieldText, PrintsValuesAsSetFieldDoes) {
  const Case cases[] = {
      {FieldId::tcp_dst, "0x50", "80"},
      {FieldId::udp_src, "80/0xff", "80/0xff"},
      {FieldId::nw_ttl, "64", "64"},
      {FieldId::ip_ecn, "1", "1"},
      {FieldId::ip_dscp, "4", "4"},
      {FieldId::nw_tos, "16", "16"},
      {FieldId::reg0, "0x10/0xf0", "0x10/0xf0"},
      {FieldId::reg0, "0/0xf", "0/0xf"},
      {FieldId::reg0, "0", "0"},
      {FieldId::xxreg0, "0", "0"},
      {FieldId::xxreg0, "0/0xff", "0/0xff"},
      {FieldId::xxreg0, "0x500000000000000000", "0x500000000000000000"},
      {FieldId::tun_gbp_id, "0x5/0xf", "5/0xf"},
      {FieldId::tun_flags, "+oam", "oam"},
      {FieldId::tun_flags, "0x1", "oam"},
      {FieldId::tun_flags, "0", "0"},
      {FieldId::in_port, "1", "1"},
      {FieldId::in_port, "LOCAL", "LOCAL"},
      {FieldId::ipv4_src, "10.0.0.0/8", "10.0.0.0/8"},
      {FieldId::ipv4_src, "10.0.0.0/255.0.0.1", "10.0.0.0/255.0.0.1"},
      {FieldId::ipv6_src, "fe80::/10", "fe80::/10"},
      {FieldId::ipv6_src, "fe80::/ffff::ffff", "fe80::/ffff::ffff"},
      {FieldId::ipv6_label, "0x5/0xf", "0x5/0xf"},
      {FieldId::ipv6_label, "0", "0"},
      {FieldId::eth_dst, "01:00:00:00:00:00/01:00:00:00:00:00", "01:00:00:00:00:00/01:00:00:00:00:00"},
      {FieldId::vlan_vid, "0x100a", "4106"},
      {FieldId::vlan_tci, "4660", "0x1234"},
      {FieldId::mpls_label, "100", "100"},
      {FieldId::arp_op, "2", "2"},
      {FieldId::ct_state, "trk|est", "est|trk"},
      {FieldId::ct_mark, "5", "0x5"},
      {FieldId::ip_frag, "later", "later"},
      {FieldId::packet_type, "(1,0x800)", "(1,0x800)"},
  };
  for (const Case& c : cases) {
    const Field& f = field(c.id);
    const auto parsed = parse_value(f, c.text);
    ASSERT_TRUE(parsed.has_value()) << c.text << ": " << parsed.error().to_string();
    EXPECT_EQ(format_value(f, *parsed), c.printed) << f.name;
  }
}

struct BadCase {
  FieldId id;
  std::string_view text;
  std::string_view wrong;  // the stretch that is marked
};

TEST(FieldText, SaysWhatIsWrongAndWhere) {
  const BadCase cases[] = {
      {FieldId::eth_src, "1:2", "1:2"},
      {FieldId::eth_src, "00:00:00:00:00:01/x", "x"},
      {FieldId::eth_src, "00:00:00:00:00:01/24", "24"},
      {FieldId::ipv4_src, "1.2.3", "1.2.3"},
      {FieldId::ipv4_src, "1.2.3.4/33", "33"},
      {FieldId::ipv6_src, "::1/129", "129"},
      {FieldId::ipv6_src, "1.2.3.4", "1.2.3.4"},
      {FieldId::nw_ttl, "300", "300"},
      {FieldId::nw_ttl, "3/3", "3/3"},
      {FieldId::nw_ttl, "x", "x"},
      {FieldId::nw_ttl, "", ""},
      {FieldId::nw_ttl, "-1", "-1"},
      {FieldId::vlan_pcp, "9", "9"},
      {FieldId::reg0, "0x100000000", "0x100000000"},
      {FieldId::reg0, "0x1/-1", "-1"},
      {FieldId::reg0, "0x", "0x"},
      {FieldId::xxreg0, "0x100000000000000000000000000000000", "0x100000000000000000000000000000000"},
      {FieldId::tcp_flags, "+foo", "foo"},
      {FieldId::tcp_flags, "+syn+syn", "syn"},
      {FieldId::tcp_flags, "syn|foo", "foo"},
      {FieldId::tcp_flags, "-", ""},
      {FieldId::tcp_flags, "0x1fff/0x1fff", "0x1fff"},
      {FieldId::ct_state, "0x100/0x100", "0x100"},
      {FieldId::ct_state, "trk+new", "trk+new"},
      {FieldId::ip_frag, "bad", "bad"},
      {FieldId::packet_type, "5", "5"},
      {FieldId::in_port, "70000", "70000"},
      {FieldId::in_port, "foo", "foo"},
  };
  for (const BadCase& c : cases) {
    const auto parsed = parse_value(field(c.id), c.text);
    ASSERT_FALSE(parsed.has_value()) << c.text;
    const TextError& error = parsed.error();
    EXPECT_EQ(c.text.substr(error.position, error.length), c.wrong) << c.text << ": " << error.to_string();
    EXPECT_FALSE(error.message.empty());
  }
}

TEST(FieldText, SuggestsTheLikelyFlag) {
  EXPECT_EQ(parse_value(field(FieldId::tcp_flags), "+synn").error().suggestion, "syn");
}

TEST(FieldText, AStarMatchesAll) {
  EXPECT_TRUE(parse_value(field(FieldId::reg0), "*")->mask.is_zero());
  EXPECT_TRUE(parse_value(field(FieldId::nw_ttl), "ANY")->mask.is_zero());
  EXPECT_EQ(parse_value(field(FieldId::in_port), "ANY")->value.lo, 0xffffU);
}

// Every field, random values and masks: text reads back as it was.
TEST(FieldText, EveryFieldReadsBackWhatItPrints) {
  std::mt19937_64 random(1);
  for (const Field& f : all_fields()) {
    for (unsigned round = 0; round < 50 && f.has_place(); ++round) {
      MaskedValue v{{}, all_bits(f)};
      if (f.is_maskable() && round % 2 != 0 && f.format != FieldFormat::frag) {
        v.mask = FieldValue{random(), random()} & v.mask;
      }
      v.value = FieldValue{random(), random()} & v.mask;
      if (v.mask.is_zero() || f.format == FieldFormat::frag) {
        continue;
      }
      const std::string text = format_value(f, v);
      const auto parsed = parse_value(f, text);
      ASSERT_TRUE(parsed.has_value()) << f.name << " " << text << ": " << parsed.error().to_string();
      EXPECT_EQ(*parsed, v) << f.name << " " << text;
    }
  }
}

TEST(FieldText, NamesDependOnTheProtocol) {
  const auto name = [](std::string_view word, std::initializer_list<std::pair<FieldId, uint64_t>> fields) {
    Match m;
    for (const auto& [id, value] : fields) {
      m.set(id, value);
    }
    const Field* f = resolve_field(word, m);
    return f == nullptr ? std::string_view("?") : f->name;
  };
  const std::pair<FieldId, uint64_t> ip{FieldId::eth_type, 0x0800};
  const std::pair<FieldId, uint64_t> ipv6{FieldId::eth_type, 0x86dd};
  const std::pair<FieldId, uint64_t> arp{FieldId::eth_type, 0x0806};
  EXPECT_EQ(name("tp_src", {ip, {FieldId::ip_proto, 6}}), "tcp_src");
  EXPECT_EQ(name("tp_src", {ip, {FieldId::ip_proto, 17}}), "udp_src");
  EXPECT_EQ(name("tp_dst", {ipv6, {FieldId::ip_proto, 132}}), "sctp_dst");
  EXPECT_EQ(name("tp_dst", {ip, {FieldId::ip_proto, 1}}), "icmp_code");
  EXPECT_EQ(name("icmp_type", {ipv6, {FieldId::ip_proto, 58}}), "icmpv6_type");
  EXPECT_EQ(name("icmp_type", {ip, {FieldId::ip_proto, 1}}), "icmp_type");
  EXPECT_EQ(name("nw_src", {arp}), "arp_spa");
  EXPECT_EQ(name("nw_src", {ip}), "ip_src");
  EXPECT_EQ(name("nw_proto", {arp}), "arp_op");
  EXPECT_EQ(name("dl_vlna", {}), "?");
}

TEST(NumberText, WideNumbers) {
  EXPECT_EQ(format_hex(FieldValue{1, 0}), "0x10000000000000000");
  EXPECT_EQ(parse_wide_unsigned("0x10000000000000000"), (FieldValue{1, 0}));
  EXPECT_EQ(parse_wide_unsigned("18446744073709551616"), (FieldValue{1, 0}));
  EXPECT_EQ(parse_wide_unsigned("340282366920938463463374607431768211455"), (FieldValue{~0ULL, ~0ULL}));
  EXPECT_EQ(parse_wide_unsigned("340282366920938463463374607431768211456"), std::nullopt);
  EXPECT_EQ(format_padded_hex(0, 4), "0x0000");
}

}  // namespace
}  // namespace weft
