// Any list of actions on any frame: it leaves by counted doors, and no byte beside it is read or written.
//
// Input: number of actions (1 byte), then for each what it is (1 byte) and its argument (9 bytes: field, value), then
// an offload (flags 1 byte, csum_start, csum_offset, gso_size 2 bytes each), then the frame.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "datapath/action/execute.h"
#include "datapath/offload/gso.h"
#include "datapath/offload/ingress.h"
#include "lib/base/big_endian.h"
#include "lib/flow/extract.h"

namespace {

using namespace weft;
using namespace weft::datapath;

class Input {
 public:
  explicit Input(std::span<const uint8_t> bytes) : rest_(bytes) {}

  uint64_t number(size_t size) {
    uint64_t value = 0;
    for (; size > 0 && !rest_.empty(); --size, rest_ = rest_.subspan(1)) {
      value = value << 8 | rest_.front();
    }
    return value;
  }
  std::span<const uint8_t> rest() const { return rest_; }

 private:
  std::span<const uint8_t> rest_;
};

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// Cuts what is to be cut, and counts.
class CountingExits final : public Exits {
 public:
  explicit CountingExits(PacketPool& pool) : pool_(pool) {}

  void output(PortId, PacketPtr packet) override {
    ++out_;
    if (packet->offload.is_gso()) {
      const Segmenter segmenter(*packet);
      if (!segmenter.verdict()) {
        cut_gso(segmenter, *packet, pool_, [](PacketPtr) {});
      }
    } else {
      (void)finish_partial_checksum(*packet);
    }
  }
  void recirculate(const Recirculate&, PacketPtr) override { ++out_; }
  Verdict punt(const PuntContext&, const Packet&) override { return keep; }
  void dropped(DropReason) override { ++out_; }
  void absorbed() override { ++out_; }
  void originated(uint64_t count) override { in_ += count; }

  bool is_balanced() const { return in_ == out_; }

 private:
  PacketPool& pool_;
  uint64_t in_ = 1;
  uint64_t out_ = 0;
};

Action read_action(Input& input) {
  const uint64_t kind = input.number(1);
  const auto id = static_cast<FieldId>(input.number(1) % field_count);
  const uint64_t value = input.number(8);
  switch (kind % 14) {
    case 0:
      return Output{PortId{1}};
    case 1:
      return PushVlan{0x8100, static_cast<uint16_t>(value)};
    case 2:
      return PopVlan{};
    case 3:
      return PushMpls{0x8847, static_cast<uint32_t>(value)};
    case 4:
      return PopMpls{static_cast<uint16_t>(value)};
    case 5:
      return DecTtl{};
    case 6:
      return PushPbb{0x88e7, static_cast<uint32_t>(value)};
    case 7:
      return PopPbb{};
    case 8:
      return CopyTtlOut{};
    case 9:
      return CopyTtlIn{};
    case 10:
      return DecMplsTtl{};
    case 11:
      return Truncate{static_cast<uint32_t>(1 + value % 2000)};
    default:
      return SetField{id, {value, value}, all_bits(field(id))};
  }
}

Offload read_offload(Input& input) {
  const uint64_t flags = input.number(1);
  Offload offload;
  offload.checksum = static_cast<Offload::Checksum>((flags & 3) % 3);
  offload.gso = static_cast<Offload::Gso>(flags >> 2 & 3);
  offload.csum_start = static_cast<uint16_t>(input.number(2));
  offload.csum_offset = static_cast<uint16_t>(input.number(2));
  offload.gso_size = static_cast<uint16_t>(input.number(2));
  return offload;
}

// At the very end of its buffer, where a read beyond the frame is seen by the address sanitizer.
PacketPtr packet_of(PacketPool& pool, std::span<const uint8_t> bytes) {
  PacketPtr packet = pool.allocate(bytes.size());
  packet->append(packet->tailroom());
  packet->pull(packet->size() - bytes.size());
  if (!bytes.empty()) {
    std::memcpy(packet->data(), bytes.data(), bytes.size());
  }
  return packet;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static PacketPool pool;
  Input input({data, size});
  ActionList actions;
  for (uint64_t count = input.number(1) % 16; count > 0; --count) {
    actions.push_back(read_action(input));
  }
  const Offload offload = read_offload(input);
  const auto frame = input.rest();
  PacketPtr packet = packet_of(pool, frame.first(std::min(frame.size(), max_frame_size)));
  packet->offload = offload;

  FlowKey key;
  if (extract(*packet, key) || check_offload(*packet)) {
    return 0;
  }
  if (!packet->offload.is_partial()) {
    detect_partial_checksum(*packet);
    promote_to_gso(*packet, 1400);
  }
  CountingExits exits(pool);
  execute(actions, std::move(packet), exits);
  require(exits.is_balanced());
  return 0;
}
