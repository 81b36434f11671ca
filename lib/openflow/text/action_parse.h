// Inside of the action parser: what its files share. Private to lib/openflow/text.
#pragma once

#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/flow/match.h"
#include "lib/openflow/instruction.h"
#include "lib/openflow/text/scanner.h"

namespace weft::openflow {

using Parsed = Result<void, TextError>;

// Where an action is read: the whole text, and the match it stands behind (tp_src means what the match says).
struct ActionInput {
  const TextSource& source;
  const Match& match;
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

// "aa.bb.cc" or "aabbcc".
Result<std::vector<uint8_t>, TextError> parse_hex_bytes(const TextSource& source, std::string_view word);

}  // namespace weft::openflow
