// Which of several spellings of one message is on the wire.
//
// Open vSwitch extensions say again what a version's own message says, with more room: a flow-mod with any match for
// 1.0, a packet-in with userdata. There is one struct of the model for both; the Form of its Envelope tells them
// apart, so that a reply has the form of its request and a tool can name what it saw. A codec that cannot say a message
// in the form asked for takes the next one that can.
//
// Threads: values.
#pragma once

#include <cstdint>

namespace weft::openflow {

enum class Form : uint8_t {
  standard,  // the version's own message
  nicira,    // NXT_ or NXST_
  nicira2,   // its successor: NXT_PACKET_IN2, NXT_SET_ASYNC_CONFIG2
  onf,       // an ONF extension: what a later version has, brought to an earlier one
};

}  // namespace weft::openflow
