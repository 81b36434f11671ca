// Inside of the action parser: what its files share. Private to lib/openflow/text.
#pragma once

#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/flow/match.h"
#include "lib/openflow/action_rules.h"
#include "lib/openflow/instruction.h"
#include "lib/openflow/text/scanner.h"

namespace weft::openflow {

// Where an action is read: the whole text, and the match it stands behind (tp_src means what the match says).
struct ActionInput {
  const TextSource& source;
  const Match& match;
  ActionContext context = ActionContext::rule;
  unsigned depth = 0;  // of actions inside actions
};

// Instructions with the word of each action, so that a later complaint can point at it.
struct ParsedInstructions {
  Instructions instructions;
  std::vector<std::string_view> apply_words;
  std::vector<std::string_view> write_words;
  std::string_view goto_word;
};

// `part` is a stretch of the source's text.
Result<ParsedInstructions, TextError> parse_instructions(const ActionInput& input, std::string_view part);

// A list that may hold no instruction: buckets, packet-out, write_actions.
Result<ActionList, TextError> parse_action_list(const ActionInput& input, std::string_view part,
                                                std::vector<std::string_view>* words = nullptr);

// One word of such a list: a row of the table, or the name of a port.
Parsed parse_action(const ActionInput& input, const Word& word, ActionList& out);

// instruction_parse.cc: "VALUE" or "VALUE/MASK"; that a word has no value; and what a list as a whole must keep to, where
// each action stands and the bytes that a message has for them (`words`: one for each action).
Result<MetadataWrite, TextError> parse_metadata(const TextSource& source, const Word& word);
Parsed no_value(const ActionInput& input, const Word& word);
Parsed check_list(const ActionInput& input, const ActionList& actions, std::span<const std::string_view> words);

// What an action does next with each of its options, "a=1,b,c(2)" of its value.
template <class F>
Parsed for_each_option(const ActionInput& input, std::string_view options, F&& parse) {
  Scanner scanner(input.source, options);
  while (true) {
    const auto option = scanner.next();
    if (!option) {
      return Unexpected{option.error()};
    }
    if (!*option) {
      return {};
    }
    if (auto parsed = parse(**option); !parsed) {
      return parsed;
    }
  }
}

// A number that an option of this width can hold.
template <class Number>
Parsed parse_option(const ActionInput& input, const Word& option, Number& out) {
  const auto number = number_value(input.source, option, option.key, 0, std::numeric_limits<Number>::max());
  if (!number) {
    return Unexpected{number.error()};
  }
  out = static_cast<Number>(*number);
  return {};
}

Parsed unknown_option(const ActionInput& input, const Word& option, std::string_view action,
                      std::span<const std::string_view> known);

Result<OfPort, TextError> parse_port_word(const ActionInput& input, const Word& word, std::string_view port_word);

// Bits that an action reads or writes, and which its form on the wire can name: at most 64 for those that pack their
// number into six bits.
inline constexpr unsigned max_packed_bits = 64;
Result<SubField, TextError> parse_source(const ActionInput& input, std::string_view word, unsigned max_bits = 128);
Result<SubField, TextError> parse_target(const ActionInput& input, std::string_view word, unsigned max_bits = 128);

// One action each; the table in action_parse.cc names them.
Parsed parse_output(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_controller(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_resubmit(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_enqueue(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_group(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_dec_ttl(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_note(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_set_field(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_load(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_move(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_mod(const ActionInput& input, const Word& word, ActionList& out);  // mod_dl_src, mod_nw_tos ...
Parsed parse_set_tunnel(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_set_mpls(const ActionInput& input, const Word& word, ActionList& out);  // set_mpls_label, set_mpls_tc
Parsed parse_push(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_pop(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_check_pkt_larger(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_delete_field(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_multipath(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_bundle(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_bundle_load(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_learn(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_fin_timeout(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_conjunction(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_sample(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_clone(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_ct(const ActionInput& input, const Word& word, ActionList& out);
Parsed parse_nat(const ActionInput& input, const Word& word, ActionList& out);

// "aa.bb.cc" or "aabbcc".
Result<std::vector<uint8_t>, TextError> parse_hex_bytes(const TextSource& source, std::string_view word);

}  // namespace weft::openflow
