// Extension actions as ovs-ofctl prints them.
#include "lib/openflow/text/action_format.h"

#include <fmt/format.h>

#include "lib/flow/field_text.h"
#include "lib/flow/number_text.h"
#include "lib/openflow/text/action_names.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/sub_field_text.h"

namespace weft::openflow {
namespace {

constexpr uint16_t default_learn_priority = 0x8000;

// "a=1,b,c(2)": what is said of an action's options.
class Options {
 public:
  void add(std::string option) { options_.push_back(std::move(option)); }
  void add_flag(std::string_view name, bool is_set) {
    if (is_set) {
      options_.emplace_back(name);
    }
  }
  template <class Number>
  void add_unless_zero(std::string_view name, Number value) {
    if (value != 0) {
      options_.push_back(fmt::format("{}={}", name, value));
    }
  }
  std::string in(std::string_view action) const { return fmt::format("{}({})", action, fmt::join(options_, ",")); }
  bool empty() const { return options_.empty(); }

 private:
  std::vector<std::string> options_;
};

template <class T>
std::string named_or_number(std::span<const Named<T>> names, T value) {
  const std::string_view name = name_of(names, value);
  return name.empty() ? std::to_string(static_cast<unsigned>(value)) : std::string(name);
}

// --- learn

std::string format_source(const LearnSpec& spec) {
  const auto* bits = std::get_if<SubField>(&spec.source);
  return bits != nullptr ? format_sub_field(*bits) : format_hex(std::get<FieldValue>(spec.source));
}

std::string format_learned_match(const LearnSpec& spec, const PortNames* ports) {
  const Field& f = field(spec.to.field);
  if (const auto* value = std::get_if<FieldValue>(&spec.source)) {
    return spec.bit_count == f.n_bits ? fmt::format("{}={}", f.name, format_value(f, *value, ports))
                                      : fmt::format("{}={}", format_sub_field(spec.to), format_hex(*value));
  }
  const std::string to = format_sub_field(spec.to);
  return std::get<SubField>(spec.source) == spec.to ? to : to + "=" + format_source(spec);
}

std::string format_spec(const LearnSpec& spec, const PortNames* ports) {
  switch (spec.kind) {
    case LearnSpec::Kind::match:
      return format_learned_match(spec, ports);
    case LearnSpec::Kind::load:
      return fmt::format("load:{}->{}", format_source(spec), format_sub_field(spec.to));
    case LearnSpec::Kind::output:
      return "output:" + format_source(spec);
  }
  return "";
}

// --- nat and ct

std::string format_address(const IpAddress& address, bool in_brackets) {
  return in_brackets && address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
}

// "=10.0.0.1-10.0.0.9:1000-2000"; nothing where no range was given.
std::string format_range(const NatAction& action) {
  if (!action.address_min) {
    return "";
  }
  const bool has_port = action.port_min != 0;
  std::string text = "=" + format_address(*action.address_min, has_port);
  if (action.address_max) {
    text += "-" + format_address(*action.address_max, has_port);
  }
  if (has_port) {
    text += ":" + std::to_string(action.port_min);
  }
  if (action.port_max != 0) {
    text += "-" + std::to_string(action.port_max);
  }
  return text;
}

std::string format_observation(const std::variant<uint32_t, SubField>& source) {
  const auto* bits = std::get_if<SubField>(&source);
  return bits != nullptr ? format_sub_field(*bits) : std::to_string(std::get<uint32_t>(source));
}

}  // namespace

std::string format_metadata(uint64_t value, uint64_t mask) {
  return mask == ~uint64_t{0} ? format_hex(value) : format_hex(value) + "/" + format_hex(mask);
}

std::string format_extension(const StackPushAction& action, const PortNames*) {
  return "push:" + format_sub_field(action.from);
}

std::string format_extension(const StackPopAction& action, const PortNames*) {
  return "pop:" + format_sub_field(action.to);
}

std::string format_extension(const WriteMetadataAction& action, const PortNames*) {
  return "write_metadata:" + format_metadata(action.value, action.mask);
}

std::string format_extension(const CheckPacketLargerAction& action, const PortNames*) {
  return fmt::format("check_pkt_larger({})->{}", action.size, format_sub_field(action.to));
}

std::string format_extension(const DeleteFieldAction& action, const PortNames*) {
  return fmt::format("delete_field:{}", field(action.field).name);
}

std::string format_extension(const OutputRegAction& action, const PortNames*) {
  return "output:" + format_sub_field(action.from);
}

std::string format_extension(const OutputTruncAction& action, const PortNames* ports) {
  return fmt::format("output(port={},max_len={})", format_port(action.port, ports), action.max_size);
}

std::string format_extension(const EnqueueAction& action, const PortNames* ports) {
  return fmt::format("enqueue:{}:{}", format_port(action.port, ports), action.queue_id);
}

std::string format_extension(const MultipathAction& action, const PortNames*) {
  return fmt::format("multipath({},{},{},{},{},{})", named_or_number(hash_field_names(), action.fields), action.basis,
                     named_or_number(multipath_algorithm_names(), action.algorithm), action.max_link + 1U,
                     action.argument, format_sub_field(action.to));
}

std::string format_extension(const BundleAction& action, const PortNames* ports) {
  std::vector<std::string> members;
  for (const OfPort member : action.members) {
    members.push_back(format_port(member, ports));
  }
  const std::string target = action.to ? format_sub_field(*action.to) + "," : "";
  return fmt::format("{}({},{},{},ofport,{}members:{})", action.to ? "bundle_load" : "bundle",
                     named_or_number(hash_field_names(), action.fields), action.basis,
                     named_or_number(bundle_algorithm_names(), action.algorithm), target, fmt::join(members, ","));
}

std::string format_extension(const LearnAction& action, const PortNames* ports) {
  const Learn& learn = *action.learn;
  Options options;
  options.add(fmt::format("table={}", learn.table_id));
  options.add_unless_zero("idle_timeout", learn.idle_timeout);
  options.add_unless_zero("hard_timeout", learn.hard_timeout);
  options.add_unless_zero("fin_idle_timeout", learn.fin_idle_timeout);
  options.add_unless_zero("fin_hard_timeout", learn.fin_hard_timeout);
  if (learn.priority != default_learn_priority) {
    options.add(fmt::format("priority={}", learn.priority));
  }
  options.add_flag("send_flow_rem", learn.send_flow_removed);
  options.add_flag("delete_learned", learn.delete_learned);
  if (learn.cookie != 0) {
    options.add(fmt::format("cookie={:#x}", learn.cookie));
  }
  options.add_unless_zero("limit", learn.limit);
  if (learn.result) {
    options.add("result_dst=" + format_sub_field(*learn.result));
  }
  for (const LearnSpec& spec : learn.specs) {
    options.add(format_spec(spec, ports));
  }
  return options.in("learn");
}

std::string format_extension(const FinTimeoutAction& action, const PortNames*) {
  Options options;
  options.add_unless_zero("idle_timeout", action.idle_timeout);
  options.add_unless_zero("hard_timeout", action.hard_timeout);
  return options.in("fin_timeout");
}

std::string format_extension(const ConjunctionAction& action, const PortNames*) {
  return fmt::format("conjunction({},{}/{})", action.id, action.clause + 1, action.clause_count);
}

std::string format_extension(const SampleAction& action, const PortNames* ports) {
  Options options;
  options.add(fmt::format("probability={}", action.probability));
  options.add(fmt::format("collector_set_id={}", action.collector_set_id));
  options.add("obs_domain_id=" + format_observation(action.observation_domain));
  options.add("obs_point_id=" + format_observation(action.observation_point));
  if (action.sampling_port) {
    options.add("sampling_port=" + format_port(*action.sampling_port, ports));
  }
  options.add_flag("ingress", action.direction == SampleDirection::ingress);
  options.add_flag("egress", action.direction == SampleDirection::egress);
  return options.in("sample");
}

std::string format_extension(const CloneAction& action, const PortNames* ports) {
  return fmt::format("clone({})", format_actions(action.nested->actions, ports));
}

std::string format_extension(const CtAction& action, const PortNames* ports) {
  Options options;
  options.add_flag("commit", action.commit);
  options.add_flag("force", action.force);
  if (action.table) {
    options.add(fmt::format("table={}", *action.table));
  }
  if (const auto* bits = std::get_if<SubField>(&action.zone)) {
    options.add("zone=" + format_sub_field(*bits));
  } else {
    options.add_unless_zero("zone", std::get<uint16_t>(action.zone));
  }
  ActionList nested = action.nested->actions;
  if (!nested.empty() && std::holds_alternative<NatAction>(nested.front())) {
    options.add(format_action(nested.front(), ports));
    nested.erase(nested.begin());
  }
  if (!nested.empty()) {
    options.add(fmt::format("exec({})", format_actions(nested, ports)));
  }
  if (action.alg != alg_none) {
    options.add("alg=" + named_or_number(alg_names(), action.alg));
  }
  return options.in("ct");
}

std::string format_extension(const NatAction& action, const PortNames*) {
  Options options;
  if (action.direction != NatDirection::existing) {
    options.add((action.direction == NatDirection::source ? "src" : "dst") + format_range(action));
  }
  options.add_flag("persistent", action.persistent);
  options.add_flag("hash", action.hash);
  options.add_flag("random", action.random);
  return options.empty() ? "nat" : options.in("nat");
}

std::string format_extension(const CtClearAction&, const PortNames*) { return "ct_clear"; }

}  // namespace weft::openflow
