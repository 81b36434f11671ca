// Requests for what the switch has and can do: ports, groups, tables.

#include <array>
#include <deque>

#include "ofproto/message/list_reply.h"
#include "ofproto/table/abilities.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

constexpr unsigned table_count = 254;
constexpr uint32_t max_flows_per_table = 1'000'000;

// OFPIT_* that every table takes (OpenFlow 1.3.5 section 7.2.4).
constexpr uint32_t instructions = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5;  // goto, metadata, write, apply, clear

bool is_shown(const Field& field) { return field.is_filled && (field.oxm.has_value() || field.nxm.has_value()); }

TableAbilities abilities(unsigned table_id, const FieldSet& writable) {
  TableAbilities out;
  out.instructions = instructions;
  for (unsigned next = table_id + 1; next < table_count; ++next) {
    out.next_tables.set(next);
  }
  out.write_actions = executed_actions;
  out.apply_actions = executed_actions;
  out.write_set_field = writable;
  out.apply_set_field = writable;
  return out;
}

std::vector<TableFeatures> all_table_features() {
  FieldSet matchable;
  FieldSet maskable;
  FieldSet writable;
  for (const auto& field : all_fields()) {
    const auto bit = static_cast<size_t>(field.id);
    matchable.set(bit, is_shown(field));
    maskable.set(bit, is_shown(field) && field.mask_rule == MaskRule::any);
    writable.set(bit, is_shown(field) && field.is_writable);
  }
  std::vector<TableFeatures> tables;
  for (unsigned id = 0; id < table_count; ++id) {
    TableFeatures table;
    table.table_id = static_cast<uint8_t>(id);
    table.name = "table" + std::to_string(id);
    table.max_entries = max_flows_per_table;
    table.hit = abilities(id, writable);
    table.miss = table.hit;
    table.match = matchable;
    table.maskable = maskable;
    table.wildcards = matchable;
    tables.push_back(std::move(table));
  }
  return tables;
}

// All tables of all bridges are alike, so the reply is encoded once a version.
const TableFeaturesEncoder& encoded_table_features(Version version) {
  static std::array<std::unique_ptr<TableFeaturesEncoder>, 8> cache;
  auto& entry = cache[static_cast<size_t>(version)];
  if (!entry) {
    entry = std::make_unique<TableFeaturesEncoder>(version, all_table_features());
  }
  return *entry;
}

void send_part(const RequestPtr& request, size_t part) {
  const auto session = request->session();
  if (!session) {
    return;
  }
  const auto& features = encoded_table_features(session->version());
  if (part == features.part_count()) {
    return request->finish();
  }
  session->send(features.part(part, request->xid()));
  session->when_writable([request, part] { send_part(request, part + 1); });
}

}  // namespace

Outcome on_table_features(const RequestPtr& request, const TableFeaturesRequest& message) {
  if (!message.entries.empty()) {
    return Unexpected{OpenFlowError(ErrorCode::ofptffc_eperm)};
  }
  send_part(request, 0);
  return Progress::pending;
}

Outcome on_port_desc(const RequestPtr& request) {
  ListReply::start(request, MultipartType::port_desc,
                   one_by_one(request->session()->bridge().port_numbers(), [](Bridge& from, OfPort number) {
                     const auto port = from.port(number);
                     return port ? std::optional(port->desc) : std::nullopt;
                   }));
  return Progress::pending;
}

// In 1.3 the request names all groups.
Outcome on_group_desc(const RequestPtr& request, const GroupDescRequest& message) {
  const uint32_t group = message.group_id;
  ListReply::start(request, MultipartType::group_desc,
                   one_by_one(group == all_groups ? request->session()->bridge().group_numbers() : std::vector{group},
                              [](Bridge& from, uint32_t number) { return from.group_desc(number); }));
  return Progress::pending;
}

Outcome on_group_features(const RequestPtr& request) {
  request->reply(request->session()->bridge().group_features());
  return Progress::done;
}

}  // namespace weft::ofproto
