// Reading groups: lib/openflow/text/group_text.h.
#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "lib/openflow/text/action_parse.h"
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

template <class Number>
Parsed read_number(const TextSource& source, const Word& word, uint64_t max, Number& out) {
  const auto number = number_value(source, word, word.key, 0, max);
  if (!number) {
    return Unexpected{number.error()};
  }
  out = static_cast<Number>(*number);
  return {};
}

Parsed read_watch_port(const TextSource& source, const Word& word, OfPort& out) {
  const auto port = parse_port(word.value, source.ports);
  if (!port) {
    return source.error(word.place(), "no such port: " + quoted(word.value));
  }
  out = *port;
  return {};
}

// A bucket: properties, then actions, with or without "actions=" before them.
class BucketParser {
 public:
  BucketParser(const TextSource& source, GroupType type) : source_(source) {
    bucket_.weight = type == GroupType::select ? 1 : 0;
  }

  Result<Bucket, TextError> parse(std::string_view part) {
    std::string_view rest = part;
    while (true) {
      Scanner scanner(source_, rest);
      const auto word = scanner.next();
      if (!word) {
        return Unexpected{word.error()};
      }
      if (!*word) {
        return std::move(bucket_);
      }
      if ((*word)->key == "actions" || (*word)->key == "action") {
        return finish(rest.substr(end_of_key(rest, **word)));
      }
      const auto known = read_property(**word);
      if (!known) {
        return Unexpected{known.error()};
      }
      if (!*known) {
        return finish(rest);
      }
      rest.remove_prefix(static_cast<size_t>((*word)->whole.data() + (*word)->whole.size() - rest.data()));
    }
  }

 private:
  static size_t end_of_key(std::string_view rest, const Word& word) {
    const size_t key_end = static_cast<size_t>(word.key.data() + word.key.size() - rest.data());
    return std::min(key_end + 1, rest.size());
  }

  // False: not a property, so the actions begin here.
  Result<bool, TextError> read_property(const Word& word) {
    constexpr uint64_t max_u32 = 0xffffffff;
    Parsed read;
    if (word.key == "weight") {
      read = read_number(source_, word, 0xffff, bucket_.weight);
    } else if (word.key == "bucket_id") {
      read = read_number(source_, word, bucket_position::max, bucket_.bucket_id);
    } else if (word.key == "watch_port") {
      read = read_watch_port(source_, word, bucket_.watch_port);
    } else if (word.key == "watch_group") {
      read = read_number(source_, word, max_u32, bucket_.watch_group);
    } else {
      return false;
    }
    if (!read) {
      return Unexpected{read.error()};
    }
    return true;
  }

  Result<Bucket, TextError> finish(std::string_view actions_part) {
    const Match any;
    auto actions = parse_action_list({source_, any}, actions_part);
    if (!actions) {
      return Unexpected{actions.error()};
    }
    bucket_.actions = std::move(*actions);
    return std::move(bucket_);
  }

  const TextSource& source_;
  Bucket bucket_;
};

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
    for (const std::string_view part : buckets) {
      auto bucket = BucketParser(source_, mod_.type).parse(part);
      if (!bucket) {
        return Unexpected{bucket.error()};
      }
      if (auto checked = check_bucket(part, *bucket); !checked) {
        return Unexpected{checked.error()};
      }
      if (bucket->bucket_id == 0) {
        bucket->bucket_id = static_cast<uint32_t>(mod_.buckets.size());
      }
      mod_.buckets.push_back(std::move(*bucket));
    }
    if (mod_.type == GroupType::indirect && !is_removal() && mod_.buckets.size() != 1) {
      return source_.error(source_.text, "an indirect group has exactly one bucket");
    }
    return std::move(mod_);
  }

 private:
  bool is_removal() const { return mod_.command == GroupModCommand::remove; }

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
      return read_number(source_, word, 0xffffffff, mod_.command_bucket_id);
    }
    if (word.key == "selection_method") {
      mod_.selection.method = std::string(word.value);
      return {};
    }
    if (word.key == "selection_method_param") {
      return read_number(source_, word, ~uint64_t{0}, mod_.selection.param);
    }
    if (word.key == "fields") {
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
    return read_number(source_, word, max_group, mod_.group_id);
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

  // "fields(ip_src,ip_dst)" or "fields=ip_src": what a hash looks at.
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
      const auto f = parse_field_name(source_, (*name)->key, mod_.selection.fields);
      if (!f) {
        return Unexpected{f.error()};
      }
      mod_.selection.fields.set_masked(**f, all_bits(**f), all_bits(**f));
    }
  }

  Parsed check_head() {
    if (is_removal()) {
      mod_.group_id = has_id_ ? mod_.group_id : all_groups;
      return {};
    }
    if (!has_id_) {
      return source_.error(source_.text, "a group needs a number: group_id=...");
    }
    if (!has_type_) {
      return source_.error(source_.text, "a group needs a type: type=all, select, indirect or ff");
    }
    return {};
  }

  Parsed check_bucket(std::string_view part, const Bucket& bucket) const {
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
};

}  // namespace

Result<GroupMod, TextError> parse_group(std::string_view text, GroupModCommand command, const PortNames* ports) {
  const TextSource source{text, ports};
  return GroupParser(source, command).parse();
}

std::string_view to_string(GroupType type) {
  const auto* found =
      std::find_if(std::begin(type_names), std::end(type_names), [&](const auto& row) { return row.second == type; });
  return found == std::end(type_names) ? "unknown" : found->first;
}

}  // namespace weft::openflow
