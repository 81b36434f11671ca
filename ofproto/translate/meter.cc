// Meters: who passes is the datapath's to say, packet by packet; translation names the meter.
#include "ofproto/translate/translation.h"

namespace weft::ofproto {

const MeterEntry* Translation::find_meter(uint32_t meter_id) {
  depend_on(dependency::meter(place_.bridge->id, meter_id));
  return place_.bridge->tables->find_meter(meter_id);
}

// Deleting a meter deletes its rules, so one that is not there is a bucket's, or is about to have no rule.
void Translation::meter(uint32_t meter_id) {
  const MeterEntry* entry = find_meter(meter_id);
  if (entry == nullptr) {
    note("there is no such meter");
    return;
  }
  packet_.commit(looked_at_, out_.actions);
  packet_.note_metered();
  out_.actions.push_back(datapath::ApplyMeter{entry->meter, meter_id});
}

}  // namespace weft::ofproto
