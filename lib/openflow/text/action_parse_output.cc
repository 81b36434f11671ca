// Actions that send the packet somewhere, and the few that fit nowhere else.
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/flow_message.h"
#include "lib/openflow/text/action_parse.h"

namespace weft::openflow {
namespace {

bool is_single_port(OfPort port) { return is_ordinary(port) || port == of_port::in_port || port == of_port::local; }

bool may_output_to(OfPort port) { return is_ordinary(port) || (port >= of_port::in_port && port <= of_port::local); }

constexpr std::pair<std::string_view, PacketInReason> reason_names[] = {
    {"no_match", PacketInReason::no_match},
    {"action", PacketInReason::action},
    {"invalid_ttl", PacketInReason::invalid_ttl},
    {"action_set", PacketInReason::action_set},
    {"group", PacketInReason::group},
    {"packet_out", PacketInReason::packet_out},
};

Parsed parse_reason(const ActionInput& input, const Word& word, ControllerAction& action) {
  std::vector<std::string_view> names;
  for (const auto& [name, reason] : reason_names) {
    names.push_back(name);
    if (name == word.value) {
      action.reason = reason;
      return {};
    }
  }
  return input.source.error(word.place(), "unknown reason " + quoted(word.value), did_you_mean(word.value, names));
}

Parsed parse_controller_option(const ActionInput& input, const Word& word, ControllerAction& action) {
  constexpr std::string_view names[] = {"max_len", "reason", "id", "userdata", "pause", "meter_id"};
  if (word.key == "max_len") {
    return parse_option(input, word, action.max_len);
  }
  if (word.key == "id") {
    return parse_option(input, word, action.controller_id);
  }
  if (word.key == "reason") {
    return parse_reason(input, word, action);
  }
  if (word.key == "pause") {
    action.pause = true;
    return {};
  }
  if (word.key == "userdata") {
    return parse_hex_bytes(input.source, word.value).transform([&](const std::vector<uint8_t>& bytes) {
      action.userdata = bytes;
    });
  }
  if (word.key == "meter_id") {
    const auto meter = number_value(input.source, word, "meter", 1, 0xffffffff);
    if (!meter) {
      return Unexpected{meter.error()};
    }
    action.meter_id = static_cast<uint32_t>(*meter);
    return {};
  }
  return unknown_option(input, word, "controller", names);
}

bool is_plain(const ControllerAction& action) {
  ControllerAction plain;
  plain.max_len = action.max_len;
  return action == plain;
}

Parsed parse_controller_options(const ActionInput& input, const Word& word, ActionList& out) {
  ControllerAction action;
  auto parsed = for_each_option(input, word.value,
                                [&](const Word& option) { return parse_controller_option(input, option, action); });
  if (!parsed) {
    return parsed;
  }
  if (is_plain(action)) {
    out.emplace_back(OutputAction{of_port::controller, action.max_len});
  } else {
    out.emplace_back(std::move(action));
  }
  return {};
}

// "output(port=PORT,max_len=SIZE)"
Parsed parse_truncated(const ActionInput& input, const Word& word, ActionList& out) {
  constexpr std::string_view names[] = {"port", "max_len"};
  constexpr uint32_t min_size = 14;
  OutputTruncAction action;
  std::string_view port_word;
  auto parsed = for_each_option(input, word.value, [&](const Word& option) -> Parsed {
    if (option.key == "port") {
      port_word = option.place();
      const auto port = parse_port_word(input, option, option.value);
      action.port = port ? *port : action.port;
      return port ? Parsed{} : Unexpected{port.error()};
    }
    return option.key == "max_len" ? parse_option(input, option, action.max_size)
                                   : unknown_option(input, option, "output", names);
  });
  if (!parsed) {
    return parsed;
  }
  if (port_word.empty() || action.max_size < min_size) {
    return input.source.error(word.whole, fmt::format("output(port=PORT,max_len=SIZE) needs a port and a size of at "
                                                      "least {} bytes",
                                                      min_size));
  }
  if (!is_single_port(action.port)) {
    return input.source.error(port_word, "only to one port, LOCAL or IN_PORT can a packet be sent shortened");
  }
  out.emplace_back(action);
  return {};
}

bool names_a_field(std::string_view word) { return find_field(word.substr(0, word.find('['))) != nullptr; }

}  // namespace

Parsed parse_output(const ActionInput& input, const Word& word, ActionList& out) {
  if (word.delimiter == '(') {
    return parse_truncated(input, word, out);
  }
  if (!parse_port(word.value, input.source.ports) && names_a_field(word.value)) {
    return parse_source(input, word.value, max_packed_bits).transform([&](const SubField& bits) {
      out.emplace_back(OutputRegAction{bits});
    });
  }
  const auto port = parse_port_word(input, word, word.value);
  if (!port) {
    return Unexpected{port.error()};
  }
  if (!may_output_to(*port)) {
    return input.source.error(word.value, fmt::format("a packet cannot be sent to port {}", format_port(*port)));
  }
  out.emplace_back(OutputAction{*port, static_cast<uint16_t>(*port == of_port::controller ? 0xffff : 0)});
  return {};
}

Parsed parse_controller(const ActionInput& input, const Word& word, ActionList& out) {
  if (word.delimiter == '(') {
    return parse_controller_options(input, word, out);
  }
  OutputAction action{of_port::controller, 0xffff};
  if (word.has_value()) {
    if (auto parsed = parse_option(input, Word{word.whole, "max_len", word.value, ':'}, action.max_len); !parsed) {
      return parsed;
    }
  }
  out.emplace_back(action);
  return {};
}

// "enqueue:PORT:QUEUE" or "enqueue(PORT,QUEUE)": from 1.1 on that is three actions on the wire.
Parsed parse_enqueue(const ActionInput& input, const Word& word, ActionList& out) {
  auto parts = split_once(word.value, ':');
  if (!parts) {
    parts = split_once(word.value, ',');
  }
  if (!parts) {
    return input.source.error(word.place(), "enqueue needs a port and a queue: enqueue:PORT:QUEUE");
  }
  const auto port = parse_port_word(input, word, trim(parts->first));
  const auto queue = parse_number(input.source.text, trim(parts->second), "queue", 0, 0xfffffffe);
  if (!port || !queue) {
    return Unexpected{port ? queue.error() : port.error()};
  }
  if (!is_single_port(*port)) {
    return input.source.error(parts->first, fmt::format("port {} has no queues", format_port(*port)));
  }
  out.emplace_back(EnqueueAction{*port, static_cast<uint32_t>(*queue)});
  return {};
}

Parsed parse_group(const ActionInput& input, const Word& word, ActionList& out) {
  const auto group = number_value(input.source, word, "group", 0, max_group);
  if (!group) {
    return Unexpected{group.error()};
  }
  out.emplace_back(GroupAction{static_cast<uint32_t>(*group)});
  return {};
}

// "resubmit:PORT", "resubmit(PORT,TABLE)", "resubmit(PORT,TABLE,ct)"; port or table may be left out of the longer forms.
Parsed parse_resubmit(const ActionInput& input, const Word& word, ActionList& out) {
  ResubmitAction action;
  const auto parts = word.delimiter == '(' ? split(word.value, ',') : std::vector{word.value};
  const std::string_view port_word = trim(parts[0]);
  const std::string_view table_word = parts.size() > 1 ? trim(parts[1]) : std::string_view();
  if (parts.size() > 3 || (parts.size() == 3 && trim(parts[2]) != "ct")) {
    return input.source.error(trim(parts[parts.size() > 3 ? 3 : 2]), "resubmit takes a port, a table and ct only");
  }
  if (port_word.empty() && table_word.empty()) {
    return input.source.error(word.whole, "resubmit needs a port or a table: resubmit(,TABLE)");
  }
  if (!port_word.empty()) {
    const auto port = parse_port_word(input, word, port_word);
    if (!port) {
      return Unexpected{port.error()};
    }
    action.in_port = *port;
  }
  if (!table_word.empty()) {
    const auto table = parse_number(input.source.text, table_word, "table", 0, 254);
    if (!table) {
      return Unexpected{table.error()};
    }
    action.table = static_cast<uint8_t>(*table);
  }
  action.with_ct = parts.size() == 3;
  out.emplace_back(action);
  return {};
}

// "dec_ttl" or "dec_ttl(ID,...)".
Parsed parse_dec_ttl(const ActionInput& input, const Word& word, ActionList& out) {
  DecTtlAction action;
  if (word.has_value()) {
    for (const std::string_view id_word : split(word.value, ',')) {
      const auto id = parse_number(input.source.text, trim(id_word), "controller id", 0, 0xffff);
      if (!id) {
        return Unexpected{id.error()};
      }
      action.controller_ids.push_back(static_cast<uint16_t>(*id));
    }
  }
  out.emplace_back(std::move(action));
  return {};
}

// Padded as it will be on the wire, so that text, action and wire say the same.
Parsed parse_note(const ActionInput& input, const Word& word, ActionList& out) {
  constexpr size_t first_size = 6;
  constexpr size_t unit = 8;
  constexpr size_t most = 0xffff - 64;
  auto bytes = parse_hex_bytes(input.source, word.value);
  if (!bytes) {
    return Unexpected{bytes.error()};
  }
  if (bytes->size() > most) {
    return input.source.error(word.value, "a note is at most 65471 bytes long");
  }
  const size_t over = bytes->size() > first_size ? bytes->size() - first_size : 0;
  bytes->resize(first_size + (over + unit - 1) / unit * unit);
  out.emplace_back(NoteAction{std::move(*bytes)});
  return {};
}

Result<std::vector<uint8_t>, TextError> parse_hex_bytes(const TextSource& source, std::string_view word) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < word.size();) {
    if (word[i] == '.' && i > 0) {
      ++i;
      continue;
    }
    const auto high = hex_digit(word[i]);
    const auto low = i + 1 < word.size() ? hex_digit(word[i + 1]) : std::nullopt;
    if (!high || !low) {
      return source.error(word.substr(i, std::min<size_t>(2, word.size() - i)), "not a byte in hexadecimal");
    }
    bytes.push_back(static_cast<uint8_t>(*high << 4 | *low));
    i += 2;
  }
  return bytes;
}

}  // namespace weft::openflow
