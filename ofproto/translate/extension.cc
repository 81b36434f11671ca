// Extension actions: the stack, choices by hash, output to a register, clones, timeouts after FIN.
#include <fmt/format.h>

#include "lib/flow/extract.h"
#include "lib/packet/tcp.h"
#include "ofproto/translate/link_choice.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

// Open vSwitch's: 64 KB of values.
constexpr size_t max_stack_values = 4096;

FieldValue placed(const openflow::SubField& bits, FieldValue value) {
  return (value & FieldValue::ones(bits.bit_count)) << bits.offset;
}

}  // namespace

// Zero when the packet has no such header.
FieldValue Translation::read(const openflow::SubField& bits) {
  const Field& from = field(bits.field);
  if (!packet_.has_header_of(from, looked_at_)) {
    return {};
  }
  const FieldValue ones = FieldValue::ones(bits.bit_count);
  packet_.look_at(from, ones << bits.offset, looked_at_);
  return (get(packet_.flow(), from) >> bits.offset) & ones;
}

void Translation::write(const openflow::SubField& bits, FieldValue value) {
  const FieldValue ones = FieldValue::ones(bits.bit_count);
  set_field(field(bits.field), placed(bits, value), ones << bits.offset);
}

void Translation::push_stack(const openflow::StackPushAction& action) {
  if (place_.stack.size() >= max_stack_values) {
    give_up(DropReason::recursion_limit);
    return;
  }
  place_.stack.push_back(read(action.from));
}

void Translation::pop_stack(const openflow::StackPopAction& action) {
  if (place_.stack.empty()) {
    note("the stack is empty");
    return;
  }
  write(action.to, place_.stack.back());
  place_.stack.pop_back();
}

// Numbers that are no 16-bit port number go nowhere.
void Translation::output_register(const openflow::OutputRegAction& action) {
  const FieldValue value = read(action.from);
  if (value.hi != 0 || value.lo > 0xffff) {
    note("the register holds no port number");
    note_drop(DropReason::port_gone);
    return;
  }
  if (in_.listener != nullptr) {
    note(fmt::format("output port is {}", value.lo));
  }
  output({.port = OfPort{static_cast<uint16_t>(value.lo)}, .max_len = action.max_len});
}

uint32_t Translation::hash_packet(openflow::HashFields fields, uint16_t basis) {
  return hash_fields(fields, basis, [&](FieldId id) -> std::optional<FieldValue> {
    if (!packet_.has_header_of(field(id), looked_at_)) {
      return std::nullopt;
    }
    return packet_.read(id, looked_at_);
  });
}

void Translation::multipath(const openflow::MultipathAction& action) {
  const uint32_t hash = hash_packet(action.fields, action.basis);
  const uint32_t link = choose_link(action.algorithm, hash, action.max_link + 1U, action.argument);
  if (in_.listener != nullptr) {
    note(fmt::format("link {} of {}", link, action.max_link + 1U));
  }
  write(action.to, FieldValue{0, link});
}

bool Translation::is_live_member(OfPort number) {
  if (is_ordinary(number) || number == of_port::local) {
    const PortView* port = find_port(number);
    return port != nullptr && port->is_live;
  }
  return number != of_port::controller && number != of_port::unset;
}

// OFPP_NONE when no member is live.
OfPort Translation::choose_member(const openflow::BundleAction& action) {
  const auto count = static_cast<uint32_t>(action.members.size());
  const auto is_usable = [&](uint32_t i) { return is_live_member(action.members[i]); };
  if (action.algorithm == openflow::BundleAlgorithm::hrw) {
    const auto chosen = choose_by_weight(hash_packet(action.fields, action.basis), count, is_usable);
    return chosen ? action.members[*chosen] : of_port::none;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (is_usable(i)) {
      return action.members[i];
    }
  }
  return of_port::none;
}

void Translation::bundle(const openflow::BundleAction& action) {
  const OfPort port = choose_member(action);
  if (in_.listener != nullptr) {
    note(port == of_port::none ? "no member is live" : fmt::format("member {}", number(port)));
  }
  if (action.to) {
    write(*action.to, FieldValue{0, number(port)});
  } else if (port != of_port::none) {
    output({.port = port});
  } else {
    note_drop(DropReason::no_output);
  }
}

void Translation::clone(const openflow::CloneAction& action) {
  isolated([&] { execute(action.nested->actions); });
}

// Packets with one of the flags have a megaflow of their own, which tells the rule whenever it is credited.
void Translation::fin_timeout(const openflow::FinTimeoutAction& action) {
  const Field& flags = field(FieldId::tcp_flags);
  if (place_.rule == nullptr || !packet_.has_header_of(flags, looked_at_)) {
    return;
  }
  const FieldValue ends{0, tcp_flag::fin | tcp_flag::rst};
  packet_.look_at(flags, ends, looked_at_);
  if ((get(packet_.flow(), flags) & ends).is_zero()) {
    return;
  }
  note("the connection ends: shorter timeouts");
  out_.credits.fin_timeouts.push_back({share_of(*place_.rule), place_.bridge->tables, action});
}

}  // namespace weft::ofproto
