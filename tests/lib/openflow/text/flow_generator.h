// Flow texts that between them say everything that can be said: made from the field registry, so that a new field
// brings its lines with it, and from action_examples.txt, which must have every action of the table.
//
// Each line belongs to a category; matrix_corpus_test.cc counts them and compares what becomes of each with what stock
// ovs-ofctl made of it (flow_matrix.txt, recorded by record_matrix.py).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weft::openflow::testing {

enum class FlowCategory {
  match_exact,         // a field by one value
  match_masked,        // under a mask, where it may have one
  match_bad_mask,      // under a mask where it may not
  match_absent,        // what the field stands on, but not the field
  match_any,           // "field=*"
  match_alias,         // by each other name
  match_without_base,  // a field without what it stands on
  set_exact,           // set_field
  set_masked,
  set_load,
  set_without_base,
  set_read_only,
  move_from,
  move_to,
  stack,
  learn_field,
  output_field,
  action,      // each action of the table, in its forms
  bad_action,  // and wrong ones
};

struct GeneratedFlow {
  FlowCategory category;
  std::string about;  // the field's or action's name
  std::string text;
};

std::vector<GeneratedFlow> generated_flows();
std::string_view to_string(FlowCategory category);

}  // namespace weft::openflow::testing
