#include "lib/openflow/text/bucket_parse.h"

#include <algorithm>
#include <limits>

#include "lib/openflow/text/action_parse.h"

namespace weft::openflow {
namespace {

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

class BucketParser {
 public:
  BucketParser(const TextSource& source, uint16_t default_weight) : source_(source) { bucket_.weight = default_weight; }

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
    Parsed read;
    if (word.key == "weight") {
      read = read_number(source_, word, 0xffff, bucket_.weight);
    } else if (word.key == "bucket_id") {
      read = read_number(source_, word, bucket_position::max, bucket_.bucket_id);
    } else if (word.key == "watch_port") {
      read = read_watch_port(source_, word, bucket_.watch_port);
    } else if (word.key == "watch_group") {
      read = read_number(source_, word, std::numeric_limits<uint32_t>::max(), bucket_.watch_group);
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

}  // namespace

Result<Bucket, TextError> parse_bucket(const TextSource& source, std::string_view part, uint16_t default_weight) {
  return BucketParser(source, default_weight).parse(part);
}

}  // namespace weft::openflow
