// Meters of a bridge: meter-mod, and what is told about them.
#include "ofproto/bridge/local_bridge.h"

namespace weft::ofproto {

using openflow::MeterModCommand;

namespace {
constexpr size_t removed_at_once = 256;  // rules
}

Result<void, openflow::OpenFlowError> LocalBridge::apply(const openflow::MeterMod& meter_mod,
                                                         std::function<void()> done) {
  MeterTable& meters = tables_->meters();
  if (auto checked = meters.check(meter_mod); !checked) {
    return checked;
  }
  if (meter_mod.command == MeterModCommand::remove) {
    host_.changes().run_sliced([weak = std::weak_ptr(self_), meter = meter_mod.meter, done = std::move(done)] {
      const auto self = weak.lock();
      if (self != nullptr) {
        if ((*self)->remove_flows_of_meters(meter)) {
          return true;
        }
        (*self)->remove_meters(meter);
      }
      done();
      return false;
    });
    return {};
  }
  const auto make = [this](const datapath::MeterSpec& spec) { return host_.datapath().make_meter(spec); };
  if (meters.add_or_modify(meter_mod, host_.clock().now(), make)) {
    host_.state().changes.append({.ids = {dependency::meter(id_, meter_mod.meter)}, .rules = {}});
    host_.revalidator().wake();
  }
  done();
  return {};
}

// What uses them first: no rule or group ever names a meter that is not there. False: none is left.
bool LocalBridge::remove_flows_of_meters(uint32_t meter_id) {
  Change change = tables_->prepare_meter_removal(meter_id, removed_at_once);
  if (change.empty()) {
    return false;
  }
  tables_->publish(change);
  finish(std::move(change));
  return true;
}

void LocalBridge::remove_meters(uint32_t meter_id) {
  const auto numbers = meter_id == openflow::meter_id::all ? meter_numbers() : std::vector{meter_id};
  Touches touches;
  for (const uint32_t number : numbers) {
    if (tables_->meters().remove(number)) {
      touches.ids.push_back(dependency::meter(id_, number));
    }
  }
  if (!touches.empty()) {
    host_.state().changes.append(std::move(touches));
    host_.revalidator().wake();
  }
}

std::vector<uint32_t> LocalBridge::meter_numbers() const { return tables_->meters().numbers(); }

std::optional<openflow::MeterStats> LocalBridge::meter_stats(uint32_t meter_id) const {
  return tables_->meters().stats(meter_id, host_.clock().now());
}

std::optional<openflow::MeterConfig> LocalBridge::meter_config(uint32_t meter_id) const {
  const MeterEntry* entry = tables_->meters().find(meter_id);
  return entry == nullptr ? std::nullopt : std::optional(entry->config);
}

openflow::MeterFeaturesReply LocalBridge::meter_features() const { return MeterTable::features(); }

}  // namespace weft::ofproto
