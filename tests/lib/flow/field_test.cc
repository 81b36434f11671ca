// The registry, row by row: every field is somewhere, alone there unless on purpose, and found by all of its names.
#include "lib/flow/field.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace weft {
namespace {

FieldValue bit(unsigned n) { return n < 64 ? FieldValue{0, uint64_t{1} << n} : FieldValue{uint64_t{1} << (n - 64), 0}; }

unsigned count_bits(const Flow& flow) {
  unsigned count = 0;
  for (unsigned i = 0; i < key_word_count; ++i) {
    count += static_cast<unsigned>(std::popcount(flow.word(i)));
  }
  return count;
}

Flow all_ones(const Field& f) {
  Flow flow;
  set(flow, f, all_bits(f));
  return flow;
}

bool share_bits(const Field& a, const Field& b) {
  const Flow x = all_ones(a);
  const Flow y = all_ones(b);
  for (unsigned i = 0; i < key_word_count; ++i) {
    if ((x.word(i) & y.word(i)) != 0) {
      return true;
    }
  }
  return false;
}

// Fields that are views of the same bits have the same family.
std::string family(const Field& f) {
  static const std::map<std::string, std::string> families = {
      {"in_port", "in_port"},       {"in_port_oxm", "in_port"},
      {"vlan_tci", "vlan"},         {"dl_vlan", "vlan"},
      {"dl_vlan_pcp", "vlan"},      {"vlan_vid", "vlan"},
      {"vlan_pcp", "vlan"},         {"nw_tos", "tos"},
      {"ip_dscp", "tos"},           {"tcp_src", "tp_src"},
      {"udp_src", "tp_src"},        {"sctp_src", "tp_src"},
      {"tcp_dst", "tp_dst"},        {"udp_dst", "tp_dst"},
      {"sctp_dst", "tp_dst"},       {"icmp_type", "icmp_type"},
      {"icmpv6_type", "icmp_type"}, {"icmp_code", "icmp_code"},
      {"icmpv6_code", "icmp_code"},
  };
  const std::string name(f.name);
  if (name.find("reg") != std::string::npos) {
    return "reg";
  }
  const auto found = families.find(name);
  return found == families.end() ? name : found->second;
}

TEST(FieldValue, ShiftsThroughBothWords) {
  for (unsigned n = 0; n < 128; ++n) {
    EXPECT_EQ(bit(0) << n, bit(n));
    EXPECT_EQ(bit(127) >> n, bit(127 - n));
  }
  const FieldValue ones = FieldValue::ones(128);
  EXPECT_EQ(ones << 128, FieldValue{});
  EXPECT_EQ(ones >> 128, FieldValue{});
}

TEST(FieldRegistry, HasARowForEveryId) {
  ASSERT_EQ(all_fields().size(), field_count);
  for (unsigned i = 0; i < field_count; ++i) {
    const Field& f = all_fields()[i];
    EXPECT_EQ(static_cast<unsigned>(f.id), i);
    EXPECT_FALSE(f.name.empty()) << i;
    EXPECT_FALSE(f.description.empty()) << f.name;
    EXPECT_GT(f.n_bits, 0) << f.name;
  }
}

TEST(FieldRegistry, EveryBitOfEveryFieldComesBackAlone) {
  for (const Field& f : all_fields()) {
    for (unsigned n = f.n_zero_bits; f.has_place() && n < f.n_bits; ++n) {
      Flow flow;
      set(flow, f, bit(n));
      EXPECT_EQ(get(flow, f), bit(n)) << f.name << " bit " << n;
      EXPECT_EQ(get(FlowKey(flow), f), bit(n)) << f.name << " bit " << n;
      EXPECT_EQ(count_bits(flow), 1U) << f.name << " bit " << n;
    }
  }
}

TEST(FieldRegistry, SettingAFieldLeavesTheRestAlone) {
  for (const Field& f : all_fields()) {
    Flow flow;
    for (unsigned i = 0; i < key_word_count; ++i) {
      flow.word(i) = ~uint64_t{0};
    }
    set(flow, f, {});
    const unsigned width = f.has_place() ? f.n_bits - unsigned{f.n_zero_bits} : 0;
    EXPECT_EQ(count_bits(flow), key_word_count * 64 - width) << f.name;
    set(flow, f, FieldValue{~uint64_t{0}, ~uint64_t{0}});
    EXPECT_EQ(count_bits(flow), key_word_count * 64) << f.name;
  }
}

TEST(FieldRegistry, AMaskedSetChangesOnlyMaskedBits) {
  Flow flow;
  set(flow, FieldId::eth_src, {0, 0x112233445566});
  set_masked(flow, field(FieldId::eth_src), {0, 0xaabbccddeeff}, {0, 0xff00000000ff});
  EXPECT_EQ(get(flow, FieldId::eth_src).lo, 0xaa22334455ffU);
}

TEST(FieldRegistry, OnlyViewsOfTheSameHeaderOverlap) {
  const auto fields = all_fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    for (size_t j = i + 1; j < fields.size(); ++j) {
      if (family(fields[i]) != family(fields[j])) {
        EXPECT_FALSE(share_bits(fields[i], fields[j])) << fields[i].name << " and " << fields[j].name;
      }
    }
  }
}

TEST(FieldRegistry, NoFieldCoversThePresenceBits) {
  for (const Field& f : all_fields()) {
    EXPECT_EQ(present_from_word(all_ones(f).word(present_word)), 0) << f.name;
  }
}

TEST(FieldRegistry, RegistersOfThreeWidthsAreOneArray) {
  Flow flow;
  set(flow, FieldId::xxreg0, {0x0000000100000002, 0x0000000300000004});
  EXPECT_EQ(get(flow, FieldId::reg0).lo, 1U);
  EXPECT_EQ(get(flow, FieldId::reg0 + 3).lo, 4U);
  EXPECT_EQ(get(flow, FieldId::xreg0).lo, 0x0000000100000002U);
  EXPECT_EQ(get(flow, FieldId::xreg0 + 1).lo, 0x0000000300000004U);
  set(flow, FieldId::reg15, {0, 7});
  EXPECT_EQ(get(flow, FieldId::xxreg3), (FieldValue{0, 7}));
}

TEST(FieldRegistry, TosHidesTheEcnBits) {
  Flow flow;
  set(flow, FieldId::nw_tos, {0, 0xff});
  EXPECT_EQ(get(flow, FieldId::nw_tos).lo, 0xfcU);
  EXPECT_EQ(get(flow, FieldId::ip_dscp).lo, 0x3fU);
  EXPECT_EQ(get(flow, FieldId::ip_ecn).lo, 0U);
}

TEST(FieldRegistry, ValuesStandInNetworkOrder) {
  Flow flow;
  set(flow, FieldId::eth_dst, {0, 0x010203040506});
  const uint8_t* bytes = flow.bytes() + index(KeyWord::eth_dst) * 8;
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[5], 6);
}

TEST(FieldRegistry, EveryNameAndNumberFindsItsField) {
  std::set<std::string_view> names;
  for (const Field& f : all_fields()) {
    EXPECT_EQ(find_field(f.name), &f);
    EXPECT_TRUE(names.insert(f.name).second) << f.name;
    for (const std::string_view alias : f.aliases) {
      EXPECT_EQ(find_field(alias), &f);
      EXPECT_TRUE(names.insert(alias).second) << alias;
    }
    for (const auto& id : {f.oxm, f.oxm_experimenter, f.nxm}) {
      if (id) {
        EXPECT_EQ(find_numbered(id->oxm_class, id->field, id->experimenter).field, &f) << f.name;
        EXPECT_EQ(find_numbered(id->oxm_class, id->field, id->experimenter).id->name, id->name);
        EXPECT_EQ(find_field(id->name), &f);
        EXPECT_GE(id->size, f.size()) << f.name;
      }
    }
  }
  EXPECT_EQ(find_field("no_such_field"), nullptr);
  EXPECT_EQ(find_numbered(0x8000, 127).field, nullptr);
  EXPECT_EQ(find_numbered(0x8000, 200).field, nullptr);
  EXPECT_EQ(find_numbered(0x8002, 1).field, nullptr);
}

TEST(FieldRegistry, HasTheNumbersOfTheSpecification) {
  const auto name = [](uint16_t oxm_class, uint8_t number, uint32_t who = 0) {
    return find_numbered(oxm_class, number, who).field->name;
  };
  EXPECT_EQ(name(0x8000, 0), "in_port_oxm");
  EXPECT_EQ(name(0x0000, 0), "in_port");
  EXPECT_EQ(name(0x8000, 6), "vlan_vid");
  EXPECT_EQ(name(0x8000, 38), "tun_id");
  EXPECT_EQ(name(0x8000, 39), "ipv6_exthdr");
  EXPECT_EQ(name(0x8000, 41), "pbb_uca");
  EXPECT_EQ(name(0x8000, 42), "tcp_flags");
  EXPECT_EQ(name(0xffff, 42, onf_experimenter), "tcp_flags");
  EXPECT_EQ(name(0xffff, 43, onf_experimenter), "actset_output");
  EXPECT_EQ(name(0x8001, 7), "xreg7");
  EXPECT_EQ(name(0x0001, 15), "reg15");
  EXPECT_EQ(name(0x0001, 40), "tun_metadata0");
  EXPECT_EQ(name(0x0001, 103), "tun_metadata63");
  EXPECT_EQ(name(0x0001, 114), "xxreg3");
  EXPECT_EQ(name(0x0001, 125), "ct_tp_dst");
  EXPECT_EQ(name(0x1000, 2), "nd_options_type");
  // All 45 basic fields of OpenFlow 1.5, except 40, which was never given.
  for (uint8_t number = 0; number <= 44; ++number) {
    EXPECT_EQ(find_numbered(0x8000, number).field != nullptr, number != 40) << int{number};
  }
}

// Widths on the wire that are more than the value needs.
TEST(FieldRegistry, KnowsSizesOnTheWire) {
  EXPECT_EQ(field(FieldId::in_port_oxm).oxm->size, 4);
  EXPECT_EQ(field(FieldId::in_port).nxm->size, 2);
  EXPECT_EQ(field(FieldId::mpls_label).oxm->size, 4);
  EXPECT_EQ(field(FieldId::pbb_isid).oxm->size, 3);
  EXPECT_EQ(field(FieldId::ipv6_exthdr).oxm->size, 2);
  EXPECT_EQ(field(FieldId::tun_metadata0).nxm->size, 4);
}

TEST(FieldRegistry, WordsOfAFieldIncludeItsPresence) {
  const WordSet eth_src = field_words(field(FieldId::eth_src));
  EXPECT_TRUE(eth_src.has(index(KeyWord::eth_dst)) && eth_src.has(index(KeyWord::eth_src_type)));
  const WordSet dst = field_words(field(FieldId::ipv4_dst));
  EXPECT_TRUE(dst.has(index(KeyWord::ipv4)) && dst.has(index(present_word)));
  EXPECT_EQ(dst.count(), 2U);
  const WordSet option = field_words(field(FieldId::tun_metadata0 + 5));
  EXPECT_TRUE(option.has(index(KeyWord::tun_options) + 2) && option.has(index(KeyWord::tun_options_present)));
  EXPECT_EQ(option.count(), 2U);
}

TEST(FieldRegistry, AFieldThatWasLookedAtIsInTheMaskWithItsPresence) {
  Flow mask;
  add_to_mask(mask, field(FieldId::tcp_dst), {0, 0xff00});
  EXPECT_EQ(get(mask, FieldId::tcp_dst).lo, 0xff00U);
  EXPECT_EQ(present_from_word(mask.word(present_word)), present::ports);
  add_to_mask(mask, field(FieldId::nw_tos));
  EXPECT_EQ(get(mask, FieldId::ip_dscp).lo, 0x3fU);
  EXPECT_EQ(get(mask, FieldId::ip_ecn).lo, 0U);
  add_to_mask(mask, field(FieldId::tun_metadata63), {0, 1});
  EXPECT_EQ(mask.word(KeyWord::tun_options_present), uint64_t{1} << 63);
}

TEST(FieldRegistry, MetadataNeedsNothingAndHeadersTheirPrerequisite) {
  for (const Field& f : all_fields()) {
    if (f.presence != 0) {
      EXPECT_NE(f.prerequisite, Prerequisite::none) << f.name;
    }
  }
}

}  // namespace
}  // namespace weft
