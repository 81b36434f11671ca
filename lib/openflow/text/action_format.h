// Inside of the action printer: the extension actions, one overload each (action_format_extension.cc). Private to
// lib/openflow/text.
#pragma once

#include <string>

#include "lib/flow/port_names.h"
#include "lib/openflow/action.h"

namespace weft::openflow {

std::string format_extension(const StackPushAction& action, const PortNames* ports);
std::string format_extension(const StackPopAction& action, const PortNames* ports);
std::string format_extension(const WriteMetadataAction& action, const PortNames* ports);
std::string format_extension(const CheckPacketLargerAction& action, const PortNames* ports);
std::string format_extension(const DeleteFieldAction& action, const PortNames* ports);
std::string format_extension(const OutputRegAction& action, const PortNames* ports);
std::string format_extension(const OutputTruncAction& action, const PortNames* ports);
std::string format_extension(const EnqueueAction& action, const PortNames* ports);
std::string format_extension(const MultipathAction& action, const PortNames* ports);
std::string format_extension(const BundleAction& action, const PortNames* ports);
std::string format_extension(const LearnAction& action, const PortNames* ports);
std::string format_extension(const FinTimeoutAction& action, const PortNames* ports);
std::string format_extension(const ConjunctionAction& action, const PortNames* ports);
std::string format_extension(const SampleAction& action, const PortNames* ports);
std::string format_extension(const CloneAction& action, const PortNames* ports);
std::string format_extension(const CtAction& action, const PortNames* ports);
std::string format_extension(const NatAction& action, const PortNames* ports);
std::string format_extension(const CtClearAction& action, const PortNames* ports);

// "0x5", "0x5/0x7"
std::string format_metadata(uint64_t value, uint64_t mask);

}  // namespace weft::openflow
