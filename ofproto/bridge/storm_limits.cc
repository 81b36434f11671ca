#include "ofproto/bridge/storm_limits.h"

namespace weft::ofproto {

StormLimit StormLimits::limit(OfPort port, std::optional<uint32_t> vni, uint32_t rate) {
  if (rate == 0) {
    return {};
  }
  const std::pair key(port, vni);
  const auto before = before_.find(key);
  if (before != before_.end() && before->second.rate == rate) {
    return limits_.insert_or_assign(key, before->second).first->second;
  }
  datapath::MeterBandSpec band;  // its burst is what comes in a second
  band.rate = rate;
  StormLimit made{rate, datapath_.make_meter({.counts_packets = true, .bands = {band}})};
  return limits_.insert_or_assign(key, std::move(made)).first->second;
}

}  // namespace weft::ofproto
