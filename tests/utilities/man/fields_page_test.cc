// weft-fields(7) is made from the field registry; here is asked that nothing of it was left out.
#include "utilities/man/fields_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/flow/field.h"
#include "lib/flow/match_text.h"
#include "tests/utilities/man/page.h"

namespace weft::man {
namespace {

using ::testing::HasSubstr;

bool is_numbered(const Field& f) {
  return (f.id >= FieldId::tun_metadata0 && f.id <= FieldId::tun_metadata63) ||
         (f.id >= FieldId::reg0 && f.id <= FieldId::xxreg3);
}

std::string item_of(std::string_view name) { return "\n.It Cm " + std::string(name); }

TEST(FieldsPage, HasAnEntryForEachField) {
  const std::string page = fields_page();
  for (const Field& f : all_fields()) {
    if (!is_numbered(f)) {
      EXPECT_THAT(page, HasSubstr(item_of(f.name)));
    }
    for (const std::string_view alias : f.aliases) {
      EXPECT_THAT(page, HasSubstr(" , " + std::string(alias)));
    }
  }
}

TEST(FieldsPage, GathersNumberedFields) {
  const std::string page = fields_page();
  EXPECT_THAT(page, HasSubstr(item_of("reg0 No to Cm reg15\n")));
  EXPECT_THAT(page, HasSubstr(item_of("xreg0 No to Cm xreg7\n")));
  EXPECT_THAT(page, HasSubstr(item_of("xxreg0 No to Cm xxreg3\n")));
  EXPECT_THAT(page, HasSubstr(item_of("tun_metadata0 No to Cm tun_metadata63\n")));
}

TEST(FieldsPage, NamesEachFormOnTheWire) {
  const std::string page = fields_page();
  for (const Field& f : all_fields()) {
    for (const auto& id : {f.oxm, f.oxm_experimenter, f.nxm}) {
      if (id && !is_numbered(f)) {
        EXPECT_THAT(page, HasSubstr(".Li " + std::string(id->name) + "\n"));
      }
    }
  }
}

TEST(FieldsPage, NamesEachKeyword) {
  for (const std::string_view keyword : match_keywords()) {
    EXPECT_THAT(fields_page(), HasSubstr(item_of(keyword) + " Ta Li dl_type="));
  }
}

// A few whose properties have to be put together from several columns of the registry.
TEST(FieldsPage, SaysWhatAFieldIs) {
  const std::string page = fields_page();
  EXPECT_THAT(page, HasSubstr(".It Cm tcp_dst , tp_dst\n"
                              "TCP destination port.\n"
                              "Shown as\n.Li tp_dst\nwhere all of it is matched.\n"
                              ".br\n16 bits, decimal;\nany mask;\nneeds tcp or tcp6;\nactions may write it.\n"
                              ".br\nIn the match of OpenFlow 1.0.\n"
                              ".br\n.Li OXM_OF_TCP_DST\n(0x8000, 14), OpenFlow 1.2 and later.\n"
                              ".br\n.Li NXM_OF_TCP_DST\n(0x0000, 10), extension.\n"));
  EXPECT_THAT(page, HasSubstr(".It Cm ct_mark\nConnection mark.\n"
                              ".br\n32 bits, hexadecimal;\nany mask;\nwritten by ct(exec(...)) only.\n"));
  EXPECT_THAT(page, HasSubstr(".It Cm tun_metadata0 No to Cm tun_metadata63\n"
                              "Geneve option that is mapped to the field (weft-ofctl add-tlv-map).\n"
                              "Without a value it asks for a packet that has the option.\n"
                              ".br\n32 bits, hexadecimal;\nany mask;\nactions may write it.\n"));
  EXPECT_THAT(page, HasSubstr(".It Cm tun_ttl\nTunnel's outer time to live.\n"
                              ".br\n8 bits, decimal;\nany mask;\nread-only.\n"
                              ".br\nShown in traces and megaflows only: no message can say it.\n"));
}

}  // namespace
}  // namespace weft::man
