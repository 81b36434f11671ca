// Switch description and tables: OpenFlow 1.3.5 sections 7.3.3, 7.3.5.1, 7.3.5.4; 1.4.1 sections 7.3.3 (table-mod with
// properties), 7.3.5.16 (table description), 7.4.5 (table status).
#include <fmt/format.h>

#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/codec_13/property.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr size_t desc_size = 256;   // DESC_STR_LEN
constexpr size_t serial_size = 32;  // SERIAL_NUM_LEN

// OFPTMPT_*.
constexpr uint16_t property_eviction = 2;
constexpr uint16_t property_vacancy = 3;

constexpr uint8_t most_percent = 100;

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

constexpr auto table_desc_layout = [](auto& io, auto& desc) {
  io.u8(desc.table_id);
  io.pad(1);
  io.u32(desc.config);
};

constexpr auto vacancy_layout = [](auto& io, auto& vacancy) {
  io.u8(vacancy.down);
  io.u8(vacancy.up);
  io.u8(vacancy.current);
  io.pad(1);
};

constexpr auto table_stats_layout = [](auto& io, auto& stats) {
  io.u8(stats.table_id);
  io.pad(3);
  io.u32(stats.active_count);
  io.u64(stats.lookup_count);
  io.u64(stats.matched_count);
};

// TableMod and TableDesc have the same two properties.
template <class Table>
void read_table_property(uint16_t type, Reader& body, Table& table, bool is_request) {
  if (type == property_eviction) {
    table.eviction_flags = body.u32();
  } else if (type == property_vacancy) {
    vacancy_layout(body, table.vacancy.emplace());
  } else if (is_request) {
    refuse_property(type, body);
  } else {
    body.take_rest();
  }
}

template <class Table>
void write_table_properties(Writer& out, const Table& table) {
  if (table.eviction_flags) {
    write_property(out, property_eviction, [&] { out.u32(*table.eviction_flags); });
  }
  if (table.vacancy) {
    write_property(out, property_vacancy, [&] { vacancy_layout(out, *table.vacancy); });
  }
}

// A range the wrong way round would be in both states at once.
void check_vacancy(Reader& in, const TableMod& message) {
  if (message.vacancy && (message.vacancy->up > most_percent || message.vacancy->down > message.vacancy->up)) {
    in.fail({ErrorCode::ofpbpc_bad_value, fmt::format("vacancy {}..{}", message.vacancy->down, message.vacancy->up)});
  }
}

TableDesc read_table_desc(Reader& in) {
  TableDesc desc;
  read_sized(in, [&](Reader& entry) {
    table_desc_layout(entry, desc);
    read_properties(entry, [&](uint16_t type, Reader& body) { read_table_property(type, body, desc, false); });
  });
  return desc;
}

}  // namespace

DecodedMessage read_desc_reply(Reader& in) { return read_as<DescReply>(in, desc_layout); }
void write(Writer& out, const DescReply& message) { desc_layout(out, message); }

DecodedMessage read_table_mod(Reader& in) {
  TableMod message;
  table_mod_layout(in, message);
  if (in.version() >= Version::v1_4) {
    read_properties(in, [&](uint16_t type, Reader& body) { read_table_property(type, body, message, true); });
    check_vacancy(in, message);
  }
  return finished(in, message);
}
void write(Writer& out, const TableMod& message) {
  table_mod_layout(out, message);
  if (out.version() >= Version::v1_4) {
    write_table_properties(out, message);
  }
}

DecodedMessage read_table_desc_reply(Reader& in) { return read_entries<TableDesc>(in, read_table_desc); }
void write_entry(Writer& out, const TableDesc& desc) {
  write_sized(out, [&] {
    table_desc_layout(out, desc);
    write_table_properties(out, desc);
  });
}

DecodedMessage read_table_status(Reader& in) {
  TableStatus message;
  in.u8(message.reason);
  in.pad(7);
  message.table = read_table_desc(in);
  if (message.reason != TableStatusReason::vacancy_down && message.reason != TableStatusReason::vacancy_up) {
    in.fail({ErrorCode::ofpbrc_bad_type, "table-status reason"});
  }
  return finished(in, message);
}
void write(Writer& out, const TableStatus& message) {
  out.u8(message.reason);
  out.pad(7);
  write_entry(out, message.table);
}

DecodedMessage read_table_stats_reply(Reader& in) {
  return read_entries<TableStats>(in, [](Reader& from) { return read_entry<TableStats>(from, table_stats_layout); });
}
void write_entry(Writer& out, const TableStats& stats) { table_stats_layout(out, stats); }

}  // namespace weft::openflow::codec_13
