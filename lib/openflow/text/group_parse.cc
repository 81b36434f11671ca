// Reading groups: lib/openflow/text/group_text.h.
#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "lib/flow/field_text.h"
#include "lib/openflow/text/action_parse.h"
#include "lib/openflow/text/bucket_parse.h"
#include "lib/openflow/text/group_text.h"
#include "lib/openflow/text/sub_field_text.h"

namespace weft::openflow {
namespace {

constexpr std::pair<std::string_view, GroupType> type_names[] = {
    {"all", GroupType::all},
    {"select", GroupType::select},
    {"indirect", GroupType::indirect},
    {"ff", GroupType::fast_failover},
    {"fast_failover", GroupType::fast_failover},
};

constexpr std::string_view method_names[] = {"hash", "dp_hash"};

// The stretches behind each "bucket=".
std::vector<std::string_view> split_buckets(std::string_view text, std::string_view& head) {
  constexpr std::string_view marker = "bucket=";
  std::vector<size_t> begins;
  for (size_t at = text.find(marker); at != std::string_view::npos; at = text.find(marker, at + 1)) {
    if (at == 0 || text[at - 1] == ',' || is_space(text[at - 1])) {
      begins.push_back(at);
    }
  }
  std::vector<std::string_view> buckets;
  for (size_t i = 0; i < begins.size(); ++i) {
    const size_t from = begins[i] + marker.size();
    const size_t to = i + 1 < begins.size() ? begins[i + 1] : text.size();
    buckets.push_back(text.substr(from, to - from));
  }
  head = text.substr(0, begins.empty() ? text.size() : begins.front());
  return buckets;
}

class GroupParser {
 public:
  GroupParser(const TextSource& source, GroupModCommand command) : source_(source) { mod_.command = command; }

  Result<GroupMod, TextError> parse() {
    std::string_view head;
    const auto buckets = split_buckets(source_.text, head);
    if (auto read = read_head(head); !read) {
      return Unexpected{read.error()};
    }
    if (auto checked = check_head(); !checked) {
      return Unexpected{checked.error()};
    }
    if (!may_have_buckets() && !buckets.empty()) {
      return source_.error(buckets.front(), "a removal has no buckets");
    }
    for (const std::string_view part : buckets) {
      auto bucket = parse_bucket(source_, part, mod_.type == GroupType::select ? 1 : 0);
      if (!bucket) {
        return Unexpected{bucket.error()};
      }
      if (auto checked = check_bucket(part, *bucket); !checked) {
        return Unexpected{checked.error()};
      }
      mod_.buckets.push_back(std::move(*bucket));
    }
    if (mod_.type == GroupType::indirect && is_whole() && mod_.buckets.size() != 1) {
      return source_.error(source_.text, "an indirect group has exactly one bucket");
    }
    return std::move(mod_);
  }

 private:
  bool is_removal() const { return mod_.command == GroupModCommand::remove; }
  // The command is about buckets of a group that is there.
  bool has_position() const {
    return mod_.command == GroupModCommand::insert_bucket || mod_.command == GroupModCommand::remove_bucket;
  }
  // The command says all about the group.
  bool is_whole() const { return !is_removal() && !has_position(); }
  bool may_have_buckets() const { return is_whole() || mod_.command == GroupModCommand::insert_bucket; }

  Parsed read_head(std::string_view head) {
    Scanner scanner(source_, head);
    while (true) {
      const auto word = scanner.next();
      if (!word) {
        return Unexpected{word.error()};
      }
      if (!*word) {
        return {};
      }
      if (auto read = read_property(**word); !read) {
        return read;
      }
    }
  }

  Parsed read_property(const Word& word) {
    constexpr std::string_view names[] = {
        "group_id", "type", "bucket", "command_bucket_id", "selection_method", "fields", "selection_method_param"};
    if (word.key == "group_id") {
      return read_group_id(word);
    }
    if (word.key == "type") {
      return read_type(word);
    }
    if (word.key == "command_bucket_id") {
      return read_position(word);
    }
    if (word.key == "selection_method") {
      return read_method(word);
    }
    if (word.key == "selection_method_param") {
      return read_param(word);
    }
    if (word.key == "fields") {
      fields_word_ = word.whole;
      return read_fields(word);
    }
    return source_.error(word.key, "unknown word " + quoted(word.key) + " in a group", did_you_mean(word.key, names));
  }

  Parsed read_group_id(const Word& word) {
    has_id_ = true;
    if (word.value == "all" && is_removal()) {
      mod_.group_id = all_groups;
      return {};
    }
    const auto number = number_value(source_, word, word.key, 0, max_group);
    if (!number) {
      return Unexpected{number.error()};
    }
    mod_.group_id = static_cast<uint32_t>(*number);
    return {};
  }

  Parsed read_position(const Word& word) {
    if (!has_position()) {
      return source_.error(word.whole, "only insert-buckets and remove-buckets say where");
    }
    has_position_ = true;
    if (word.value == "first") {
      mod_.command_bucket_id = bucket_position::first;
    } else if (word.value == "last") {
      mod_.command_bucket_id = bucket_position::last;
    } else if (word.value == "all" && mod_.command == GroupModCommand::remove_bucket) {
      mod_.command_bucket_id = bucket_position::all;
    } else {
      const auto number = number_value(source_, word, word.key, 0, bucket_position::max);
      if (!number) {
        return Unexpected{number.error()};
      }
      mod_.command_bucket_id = static_cast<uint32_t>(*number);
    }
    return {};
  }

  Parsed read_method(const Word& word) {
    if (std::find(std::begin(method_names), std::end(method_names), word.value) == std::end(method_names)) {
      return source_.error(word.place(), "unknown selection method " + quoted(word.value) + " (hash or dp_hash)",
                           did_you_mean(word.value, method_names));
    }
    selection_word_ = word.whole;
    mod_.selection.method = std::string(word.value);
    return {};
  }

  Parsed read_param(const Word& word) {
    param_word_ = word.whole;
    const auto number = number_value(source_, word, word.key, 0, ~uint64_t{0});
    if (!number) {
      return Unexpected{number.error()};
    }
    mod_.selection.param = *number;
    return {};
  }

  Parsed read_type(const Word& word) {
    std::vector<std::string_view> names;
    for (const auto& [name, type] : type_names) {
      names.push_back(name);
      if (name == word.value) {
        mod_.type = type;
        has_type_ = true;
        return {};
      }
    }
    return source_.error(word.place(), "unknown group type " + quoted(word.value) + " (all, select, indirect or ff)",
                         did_you_mean(word.value, names));
  }

  // "fields(ip_src,ip_dst=255.255.255.0)" or "fields=ip_src": what a hash looks at.
  Parsed read_fields(const Word& word) {
    Scanner scanner(source_, word.value);
    while (true) {
      const auto name = scanner.next();
      if (!name) {
        return Unexpected{name.error()};
      }
      if (!*name) {
        return {};
      }
      if (auto read = read_field(**name); !read) {
        return read;
      }
    }
  }

  Parsed read_field(const Word& word) {
    const auto f = parse_field_name(source_, word.key, Match());
    if (!f) {
      return Unexpected{f.error()};
    }
    FieldValue mask = all_bits(**f);
    if (word.has_value()) {
      const auto parsed = parse_value(**f, word.value, source_.ports);
      if (!parsed) {
        return source_.inside(word.value, parsed.error());
      }
      mask = parsed->value & all_bits(**f);
    }
    if (mask.is_zero()) {
      return source_.error(word.whole, "no bit of " + quoted(word.key) + " is left");
    }
    mod_.selection.add_field((*f)->id, mask);
    return {};
  }

  Parsed check_head() {
    if (is_removal()) {
      mod_.group_id = has_id_ ? mod_.group_id : all_groups;
      return {};
    }
    if (!has_id_) {
      return source_.error(source_.text, "a group needs a number: group_id=...");
    }
    if (has_position()) {
      return check_position();
    }
    if (!has_type_) {
      return source_.error(source_.text, "a group needs a type: type=all, select, indirect or ff");
    }
    return check_selection();
  }

  Parsed check_position() const {
    if (!has_position_) {
      return source_.error(source_.text, "which bucket: command_bucket_id=first, last or a number");
    }
    if (has_type_ || !selection_word_.empty()) {
      return source_.error(source_.text, "the group's type and selection method stay as they are");
    }
    return {};
  }

  Parsed check_selection() const {
    const std::string& method = mod_.selection.method;
    if (!method.empty() && mod_.type != GroupType::select) {
      return source_.error(selection_word_, "only a select group has a selection method");
    }
    if (!param_word_.empty() && method.empty()) {
      return source_.error(param_word_, "this needs selection_method=hash or dp_hash");
    }
    if (!fields_word_.empty() && method != "hash") {
      return source_.error(fields_word_, "fields are for selection_method=hash");
    }
    return {};
  }

  Parsed check_bucket(std::string_view part, const Bucket& bucket) const {
    if (!is_whole()) {
      return {};  // what the group is, the switch knows
    }
    const bool watches = bucket.watch_port != of_port::any || bucket.watch_group != any_group;
    if (bucket.weight != 0 && mod_.type != GroupType::select) {
      return source_.error(part, "only the buckets of a select group have a weight");
    }
    if (mod_.type == GroupType::fast_failover && !watches) {
      return source_.error(part, "a fast failover bucket watches a port or a group: watch_port:...");
    }
    if (watches && (mod_.type == GroupType::all || mod_.type == GroupType::indirect)) {
      return source_.error(part, "only select and fast failover buckets watch a port or a group");
    }
    return {};
  }

  const TextSource& source_;
  GroupMod mod_;
  bool has_id_ = false;
  bool has_type_ = false;
  bool has_position_ = false;
  std::string_view selection_word_;
  std::string_view param_word_;
  std::string_view fields_word_;
};

}  // namespace

Result<GroupMod, TextError> parse_group(std::string_view text, GroupModCommand command, const PortNames* ports) {
  const TextSource source{text, ports};
  return GroupParser(source, command).parse();
}

Result<GroupMod, TextError> parse_group_line(std::string_view text, const PortNames* ports) {
  constexpr std::pair<std::string_view, GroupModCommand> commands[] = {
      {"add", GroupModCommand::add},
      {"add_or_mod", GroupModCommand::add_or_modify},
      {"modify", GroupModCommand::modify},
      {"delete", GroupModCommand::remove},
      {"insert_bucket", GroupModCommand::insert_bucket},
      {"insert_buckets", GroupModCommand::insert_bucket},
      {"remove_bucket", GroupModCommand::remove_bucket},
      {"remove_buckets", GroupModCommand::remove_bucket},
  };
  const auto [command, rest] = split_command(text, commands, GroupModCommand::add);
  const auto offset = static_cast<size_t>(rest.data() - text.data());
  return parse_group(rest, command, ports).transform_error([offset](const TextError& error) {
    return shifted(error, offset);
  });
}

std::string_view to_string(GroupType type) {
  const auto* found =
      std::find_if(std::begin(type_names), std::end(type_names), [&](const auto& row) { return row.second == type; });
  return found == std::end(type_names) ? "unknown" : found->first;
}

}  // namespace weft::openflow
