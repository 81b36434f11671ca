#include "ofproto/translate/hash_slots.h"

namespace weft::ofproto {
namespace {

// Of ten equal buckets, each gets its tenth within some 10 %.
constexpr uint64_t slot_count = 1024;

}  // namespace

std::shared_ptr<const datapath::HashSlots> hash_slots(std::span<const Candidate> candidates) {
  auto slots = std::make_shared<datapath::HashSlots>();
  slots->slots.reserve(slot_count);
  for (uint64_t slot = 0; slot < slot_count; ++slot) {
    slots->slots.push_back(slot_of(candidates[*rendezvous(candidates, slot)]));
  }
  return slots;
}

}  // namespace weft::ofproto
