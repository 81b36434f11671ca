// Every error there and back in every version: what a version has a number for is what comes back.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "lib/openflow/codec.h"
#include "lib/openflow/nicira_error.h"
#include "tests/lib/openflow/message_bytes.h"

namespace weft::openflow {
namespace {

using namespace testing;

std::vector<OpenFlowError> all_errors() {
  std::vector<OpenFlowError> all;
#define WEFT_NAMED(name, type, code) all.emplace_back(ErrorCode::name);
  WEFT_OPENFLOW_ERRORS(WEFT_NAMED)
#undef WEFT_NAMED
  using enum NiciraError;
  for (const NiciraError code : {nxm_invalid,
                                 nxm_bad_type,
                                 must_be_zero,
                                 bad_reason,
                                 flow_monitor_bad_event,
                                 unencodable_error,
                                 action_must_be_zero,
                                 bad_conjunction,
                                 tlv_bad_command,
                                 tlv_bad_length,
                                 tlv_bad_index,
                                 tlv_table_full,
                                 tlv_already_mapped,
                                 tlv_duplicate,
                                 resume_unsupported,
                                 resume_stale,
                                 tlv_field_unmapped,
                                 tlv_invalid_delete,
                                 ct_action_unsupported,
                                 ct_match_unsupported}) {
    all.push_back(nicira_error(code));
  }
  return all;
}

// Those of the extension were shown as numbers.
TEST(OpenFlowError, HasTheNameThatOpenVSwitchGivesIt) {
  for (const OpenFlowError& error : all_errors()) {
    EXPECT_EQ(error.name().find("experimenter"), std::string::npos) << error.name();
  }
  EXPECT_EQ(nicira_error(NiciraError::tlv_field_unmapped).name(), "NXFMFC_INVALID_TLV_FIELD");
  EXPECT_EQ(nicira_error(NiciraError::bad_conjunction).name(), "NXBAC_BAD_CONJUNCTION");
  EXPECT_EQ(OpenFlowError(error_type_experimenter, 999, nicira_vendor_id).name(),
            "OFPET_EXPERIMENTER experimenter 0x00002320 type 999");
}

OpenFlowError there_and_back(Version version, const OpenFlowError& error) {
  const auto decoded = decode(version, encode(version, 7, Error{error, hex("0102 0304")}));
  EXPECT_TRUE(decoded.has_value()) << to_string(error);
  const auto& message = std::get<Error>(decoded->message);
  EXPECT_EQ(message.data, hex("0102 0304")) << to_string(error);
  return message.error;
}

TEST(ErrorCodec, FromVersion14OnEachIsItself) {
  for (const Version version : {Version::v1_4, Version::v1_5}) {
    for (const OpenFlowError& error : all_errors()) {
      EXPECT_EQ(there_and_back(version, error), error) << to_string(version) << ' ' << to_string(error);
    }
  }
}

// Properties are those of table features there.
TEST(ErrorCodec, Version13HasFewerForProperties) {
  const std::pair<ErrorCode, ErrorCode> others[] = {{ErrorCode::ofpbpc_bad_type, ErrorCode::ofptffc_bad_type},
                                                    {ErrorCode::ofpbpc_bad_len, ErrorCode::ofptffc_bad_len},
                                                    {ErrorCode::ofpbpc_bad_value, ErrorCode::ofptffc_bad_argument}};
  for (const OpenFlowError& error : all_errors()) {
    const auto* other = std::ranges::find_if(others, [&](const auto& pair) { return error.is(pair.first); });
    const OpenFlowError expected = other == std::end(others) ? error : OpenFlowError(other->second);
    EXPECT_EQ(there_and_back(Version::v1_3, error), expected) << to_string(error);
  }
}

// Where 1.0 has one number for several it is the first; where it has none, one that says so.
TEST(ErrorCodec, Version10SaysWhatItCan) {
  const std::pair<ErrorCode, OpenFlowError> shared[] = {
      {ErrorCode::ofpbmc_bad_len, nicira_error(NiciraError::nxm_invalid)},
      {ErrorCode::ofpbmc_bad_type, nicira_error(NiciraError::nxm_invalid)},
      {ErrorCode::ofpfmfc_bad_table_id, ErrorCode::ofpbrc_bad_table_id},
      {ErrorCode::ofpbrc_is_secondary, ErrorCode::ofpbrc_eperm},
      {ErrorCode::ofpbac_bad_set_mask, ErrorCode::ofpbac_bad_set_argument}};
  const OpenFlowError unencodable = nicira_error(NiciraError::unencodable_error);
  size_t own_count = 0;
  for (const OpenFlowError& error : all_errors()) {
    const auto* other = std::ranges::find_if(shared, [&](const auto& pair) { return error.is(pair.first); });
    const OpenFlowError told = there_and_back(Version::v1_0, error);
    if (other != std::end(shared)) {
      EXPECT_EQ(told, other->second) << to_string(error);
    } else if (told == error) {
      ++own_count;
    } else {
      EXPECT_EQ(told, unencodable) << to_string(error);
    }
    EXPECT_EQ(there_and_back(Version::v1_0, told), told) << to_string(error);
  }
  EXPECT_GE(own_count, 90U) << "most of what an agent of 1.0 may be told";
}

// Type 0xb101 came back as type 1, 0xffff as 0xff.
TEST(ErrorCodec, NumbersThatNobodyKnowsStayWhatTheyAre) {
  for (const uint32_t type : {0x0U, 0x20U, 0xffU, 0x100U, 0xb0c2U, 0xb100U, 0xb101U, 0xb1ffU, 0xfffeU, 0xffffU}) {
    for (uint32_t code = 0; code < 40; ++code) {
      Bytes bytes = message(1, be16(static_cast<uint16_t>(type)) + be16(static_cast<uint16_t>(code)) + hex("00001234"));
      for (const Version version : {Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5}) {
        bytes[0] = static_cast<uint8_t>(version);
        const auto decoded = decode(version, bytes);
        ASSERT_TRUE(decoded.has_value()) << type << ' ' << code;
        EXPECT_EQ(encode(*decoded), bytes) << to_string(version) << ' ' << type << ' ' << code;
      }
    }
  }
}

}  // namespace
}  // namespace weft::openflow
