#include "lib/openflow/codec_13/oxs.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr uint16_t class_basic = 0x8002;  // OFPXSC_OPENFLOW_BASIC

// OFPXST_OFB_*.
constexpr uint8_t field_duration = 0;
constexpr uint8_t field_idle_time = 1;
constexpr uint8_t field_flow_count = 3;
constexpr uint8_t field_packet_count = 4;
constexpr uint8_t field_byte_count = 5;

constexpr size_t stats_header_size = 4;  // reserved, length

void read_field(uint8_t number, Reader& in, StatFields& fields) {
  switch (number) {
    case field_duration:
      return duration_layout(in, fields.duration.emplace());
    case field_idle_time:
      return duration_layout(in, fields.idle_time.emplace());
    case field_flow_count:
      fields.flow_count = in.u32();
      return;
    case field_packet_count:
      fields.packet_count = in.u64();
      return;
    case field_byte_count:
      fields.byte_count = in.u64();
      return;
    default:
      in.take_rest();
  }
}

void read_fields(Reader& in, StatFields& fields) {
  while (in.remaining() > 0 && !in.failed()) {
    const uint16_t oxs_class = in.u16();
    const uint8_t number = in.u8() >> 1;
    const uint8_t length = in.u8();
    Reader value(in.take(length), in.version());
    if (oxs_class == class_basic) {
      read_field(number, value, fields);
    } else {
      value.take_rest();
    }
    if (auto done = value.finish(); !done) {
      in.fail(done.error());
    }
  }
}

template <class WriteValue>
void write_field(Writer& out, uint8_t number, uint8_t size, WriteValue&& write_value) {
  out.u16(class_basic);
  out.u8(number << 1);
  out.u8(size);
  write_value();
}

void write_duration(Writer& out, uint8_t number, const std::optional<Duration>& duration) {
  if (duration) {
    write_field(out, number, 8, [&] { duration_layout(out, *duration); });
  }
}

void write_count(Writer& out, uint8_t number, std::optional<uint64_t> count) {
  if (count) {
    write_field(out, number, 8, [&] { out.u64(*count); });
  }
}

}  // namespace

StatFields read_stat_fields(Reader& in) {
  StatFields fields;
  in.pad(2);
  const uint16_t length = in.u16();
  const size_t padded = (size_t{length} + 7) / 8 * 8;
  if (length < stats_header_size || padded - stats_header_size > in.remaining()) {
    in.fail_short();
    return fields;
  }
  Reader list(in.take(padded - stats_header_size).first(length - stats_header_size), in.version());
  read_fields(list, fields);
  if (auto done = list.finish(); !done) {
    in.fail(done.error());
  }
  return fields;
}

void write_stat_fields(Writer& out, const StatFields& fields) {
  const size_t begin = out.size();
  out.pad(2);
  out.u16(0);
  write_duration(out, field_duration, fields.duration);
  write_duration(out, field_idle_time, fields.idle_time);
  write_count(out, field_packet_count, fields.packet_count);
  write_count(out, field_byte_count, fields.byte_count);
  if (fields.flow_count) {
    write_field(out, field_flow_count, 4, [&] { out.u32(*fields.flow_count); });
  }
  out.patch_u16(begin + 2, out.size() - begin);
  out.pad_to(begin);
}

}  // namespace weft::openflow::codec_13
