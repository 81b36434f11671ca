// Switch description and tables: OpenFlow 1.3.5 sections 7.3.3, 7.3.5.1, 7.3.5.4.
#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr size_t desc_size = 256;   // DESC_STR_LEN
constexpr size_t serial_size = 32;  // SERIAL_NUM_LEN

constexpr auto desc_layout = [](auto& io, auto& m) {
  io.text(m.manufacturer, desc_size);
  io.text(m.hardware, desc_size);
  io.text(m.software, desc_size);
  io.text(m.serial_number, serial_size);
  io.text(m.datapath, desc_size);
};

constexpr auto table_mod_layout = [](auto& io, auto& m) {
  io.u8(m.table_id);
  io.pad(3);
  io.u32(m.config);
};

constexpr auto table_stats_layout = [](auto& io, auto& stats) {
  io.u8(stats.table_id);
  io.pad(3);
  io.u32(stats.active_count);
  io.u64(stats.lookup_count);
  io.u64(stats.matched_count);
};

}  // namespace

DecodedMessage read_desc_reply(WireReader& in) { return read_as<DescReply>(in, desc_layout); }
void write(WireWriter& out, const DescReply& message) { desc_layout(out, message); }

DecodedMessage read_table_mod(WireReader& in) { return read_as<TableMod>(in, table_mod_layout); }
void write(WireWriter& out, const TableMod& message) { table_mod_layout(out, message); }

DecodedMessage read_table_stats_reply(WireReader& in) {
  return read_entries<TableStats>(in,
                                  [](WireReader& from) { return read_entry<TableStats>(from, table_stats_layout); });
}
void write_entry(WireWriter& out, const TableStats& stats) { table_stats_layout(out, stats); }

}  // namespace weft::openflow::codec_13
