#include "vswitchd/config/domain_spec.h"

#include <gtest/gtest.h>

#include "lib/management/rules.h"
#include "tests/lib/management/database_support.h"

namespace weft::config {
namespace {

using datapath::DomainLimits;
using management::Datum;

Datum switch_settings(std::initializer_list<std::pair<const char*, const char*>> pairs) {
  Datum map;
  for (const auto& [key, value] : pairs) {
    map.put(std::string(key), std::string(value));
  }
  return map;
}

TEST(DomainSpec, WhatIsNotSetIsAsUsual) {
  const management::OneBridge a;
  EXPECT_EQ(to_domain_limits(a.database), DomainLimits());
}

TEST(DomainSpec, EachSettingHasItsKey) {
  management::OneBridge a;
  const auto done =
      a.database.apply({management::update("Open_vSwitch", a.root,
                                           {{"other_config", switch_settings({{"max-masks-per-port", "32"},
                                                                              {"max-megaflows-per-port", "1000"},
                                                                              {"max-tunnel-ids", "16"},
                                                                              {"miss-time-percent", "20"},
                                                                              {"something-else", "x"}})}})},
                       management::Writer::user);
  ASSERT_TRUE(done);
  EXPECT_EQ(to_domain_limits(a.database),
            (DomainLimits{.max_masks = 32, .max_megaflows = 1000, .max_domains = 16, .miss_share_percent = 20}));
}

TEST(DomainSpec, ANumberThatCannotBeIsRefusedByName) {
  EXPECT_EQ(management::check_switch_settings(switch_settings({{"miss-time-percent", "0"}})),
            "miss-time-percent=\"0\": a number from 1 to 100 is needed");
  EXPECT_EQ(management::check_switch_settings(switch_settings({{"max-masks-per-port", "many"}})),
            "max-masks-per-port=\"many\": a number from 1 to 4096 is needed");
  EXPECT_EQ(management::check_switch_settings(switch_settings({{"max-megaflows-per-port", "0"}})), std::nullopt);
}

TEST(DomainSpec, TheKernelForwardsUnlessToldNotTo) {
  management::OneBridge a;
  EXPECT_TRUE(wants_kernel_forwarding(a.database));
  for (const auto* wish : {"false", "true"}) {
    ASSERT_TRUE(
        a.database.apply({management::update("Open_vSwitch", a.root,
                                             {{"other_config", switch_settings({{"kernel-forwarding", wish}})}})},
                         management::Writer::user));
    EXPECT_EQ(wants_kernel_forwarding(a.database), std::string_view(wish) == "true");
  }
  EXPECT_EQ(management::check_switch_settings(switch_settings({{"kernel-forwarding", "perhaps"}})),
            "kernel-forwarding=\"perhaps\": true or false is needed");
}

}  // namespace
}  // namespace weft::config
