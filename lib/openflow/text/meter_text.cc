#include "lib/openflow/text/meter_text.h"

#include <fmt/format.h>

#include "lib/openflow/text/bit_names.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/scanner.h"

namespace weft::openflow {
namespace {

constexpr BitName meter_flag_names[] = {{meter_flag::kbps, "kbps"},
                                        {meter_flag::pktps, "pktps"},
                                        {meter_flag::burst, "burst"},
                                        {meter_flag::stats, "stats"}};

constexpr std::pair<std::string_view, uint32_t> reserved_meters[] = {
    {"all", meter_id::all}, {"controller", meter_id::controller}, {"slowpath", meter_id::slow_path}};

std::string format_id(uint32_t id) {
  for (const auto& [name, reserved] : reserved_meters) {
    if (reserved == id) {
      return std::string(name);
    }
  }
  return std::to_string(id);
}

class MeterParser {
 public:
  MeterParser(const TextSource& source, MeterModCommand command) : source_(source) { mod_.command = command; }

  Result<MeterMod, TextError> parse() {
    Scanner scanner(source_, source_.text);
    while (true) {
      const auto word = scanner.next();
      if (!word) {
        return Unexpected{word.error()};
      }
      if (!*word) {
        return finish();
      }
      if (auto read = read_word(**word); !read) {
        return Unexpected{read.error()};
      }
    }
  }

 private:
  Parsed read_word(Word word) {
    constexpr std::string_view names[] = {"meter", "kbps", "pktps", "burst",      "stats",     "band",
                                          "bands", "type", "rate",  "burst_size", "prec_level"};
    if (word.key == "band" || word.key == "bands") {
      const auto first = split_once(word.value, '=');  // "band=type=drop"
      if (!first) {
        return {};
      }
      word = Word{word.whole, first->first, first->second, '='};
    }
    for (const auto& [flag, name] : meter_flag_names) {
      if (word.key == name && !word.has_value()) {
        mod_.flags |= static_cast<uint16_t>(flag);
        return {};
      }
    }
    if (word.key == "meter") {
      return read_id(word);
    }
    if (word.key == "type") {  // begins a band
      mod_.bands.emplace_back();
      return read_type(word);
    }
    if (word.key == "rate" && !mod_.bands.empty()) {
      return read_number(word, 0xffffffff, mod_.bands.back().rate);
    }
    if (word.key == "burst_size" && !mod_.bands.empty()) {
      return read_number(word, 0xffffffff, mod_.bands.back().burst_size);
    }
    if (word.key == "prec_level" && !mod_.bands.empty()) {
      return read_number(word, 0xff, mod_.bands.back().precedence_level);
    }
    return source_.error(word.key, "unknown word " + quoted(word.key) + " in a meter", did_you_mean(word.key, names));
  }

  template <class Number>
  Parsed read_number(const Word& word, uint64_t max, Number& out) {
    const auto number = number_value(source_, word, word.key, 0, max);
    if (!number) {
      return Unexpected{number.error()};
    }
    out = static_cast<Number>(*number);
    return {};
  }

  Parsed read_id(const Word& word) {
    for (const auto& [name, reserved] : reserved_meters) {
      if (name == word.value) {
        mod_.meter = reserved;
        return {};
      }
    }
    const auto id = number_value(source_, word, "meter", 1, meter_id::max);
    if (!id) {
      return Unexpected{id.error()};
    }
    mod_.meter = static_cast<uint32_t>(*id);
    return {};
  }

  Parsed read_type(const Word& word) {
    if (word.value == "drop") {
      mod_.bands.back().type = MeterBandType::drop;
    } else if (word.value == "dscp_remark") {
      mod_.bands.back().type = MeterBandType::dscp_remark;
    } else {
      return source_.error(word.place(), "a band's type is drop or dscp_remark");
    }
    return {};
  }

  Result<MeterMod, TextError> finish() {
    if (mod_.command == MeterModCommand::remove) {
      mod_.meter = mod_.meter == 0 ? meter_id::all : mod_.meter;
      return mod_;
    }
    if (mod_.meter == 0) {
      return source_.error(source_.text, "a meter needs a number: meter=...");
    }
    if ((mod_.flags & (meter_flag::kbps | meter_flag::pktps)) == 0) {
      mod_.flags |= meter_flag::kbps;
    }
    if ((mod_.flags & meter_flag::kbps) != 0 && (mod_.flags & meter_flag::pktps) != 0) {
      return source_.error(source_.text, "a meter counts in kbps or in pktps, not both");
    }
    for (const MeterBand& band : mod_.bands) {
      if (band.rate == 0) {
        return source_.error(source_.text, "a band needs a rate: rate=...");
      }
    }
    return mod_;
  }

  const TextSource& source_;
  MeterMod mod_;
};

}  // namespace

Result<MeterMod, TextError> parse_meter(std::string_view text, MeterModCommand command) {
  const TextSource source{text};
  return MeterParser(source, command).parse();
}

std::string_view to_string(MeterBandType type) { return type == MeterBandType::drop ? "drop" : "dscp_remark"; }

std::vector<std::string_view> flags_of(const MeterConfig& meter) {
  return names_of_bits(meter.flags, meter_flag_names);
}

std::string format_meter(const MeterConfig& meter) {
  std::string text = "meter=" + format_id(meter.meter);
  for (const std::string_view name : flags_of(meter)) {
    text += fmt::format(" {}", name);
  }
  text += " bands=";
  for (const MeterBand& band : meter.bands) {
    text += fmt::format("\ntype={} rate={}", to_string(band.type), band.rate);
    if ((meter.flags & meter_flag::burst) != 0) {
      text += fmt::format(" burst_size={}", band.burst_size);
    }
    if (band.type == MeterBandType::dscp_remark) {
      text += fmt::format(" prec_level={}", band.precedence_level);
    }
  }
  return text;
}

std::string format_meter_mod(const MeterMod& mod) {
  return mod.command == MeterModCommand::remove ? "meter=" + format_id(mod.meter)
                                                : format_meter({mod.flags, mod.meter, mod.bands});
}

std::string format_meter_stats(const MeterStats& stats) {
  std::string text = fmt::format(
      "meter:{} flow_count:{} packet_in_count:{} byte_in_count:{} duration:{} bands:", format_id(stats.meter),
      stats.flow_count, stats.packet_count, stats.byte_count, format_duration(stats.duration));
  for (size_t i = 0; i < stats.bands.size(); ++i) {
    text +=
        fmt::format("\n{}: packet_count:{} byte_count:{}", i, stats.bands[i].packet_count, stats.bands[i].byte_count);
  }
  return text;
}

std::string format_meter_features(const MeterFeaturesReply& features) {
  std::string types;
  for (const auto type : {MeterBandType::drop, MeterBandType::dscp_remark}) {
    if ((features.band_types >> static_cast<unsigned>(type) & 1) != 0) {
      types += fmt::format(" {}", to_string(type));
    }
  }
  std::string capabilities;
  for (const std::string_view name : names_of_bits(features.capabilities, meter_flag_names)) {
    capabilities += fmt::format(" {}", name);
  }
  return fmt::format("max_meter:{} max_bands:{} max_color:{}\nband_types:{}\ncapabilities:{}\n", features.max_meters,
                     features.max_bands, features.max_color, types.empty() ? " 0" : types,
                     capabilities.empty() ? " 0" : capabilities);
}

}  // namespace weft::openflow
