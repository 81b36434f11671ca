// What the action tests share: a frame goes in, a list is executed, frames come out of doors.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "datapath/action/execute.h"
#include "datapath/action/set_field.h"
#include "datapath/offload/ingress.h"
#include "lib/flow/extract.h"
#include "tests/support/frame.h"

namespace weft::datapath {

struct Sent {
  PortId port;
  Frame frame;
  Offload offload;
  TunnelMetadata tunnel;
};

class NamedContext final : public PuntContext {
 public:
  explicit NamedContext(std::string name) : name_(std::move(name)) {}
  std::string describe() const override { return name_; }

 private:
  std::string name_;
};

// Doors that remember what went through.
class RecordingExits final : public Exits {
 public:
  void output(PortId port, PacketPtr packet) override {
    sent.push_back({port, Frame(packet->bytes()), packet->offload, packet->tunnel});
  }
  void recirculate(const Recirculate& action, PacketPtr packet) override {
    recirculated.emplace_back(action.id, packet->dp_hash, Frame(packet->bytes()));
  }
  void execute_later(std::shared_ptr<const Clone> list, PacketPtr packet) override {
    later.emplace_back(std::move(list), std::move(packet));
  }
  Verdict punt(const PuntContext& context, const Packet& packet) override {
    if (!refuses_punts) {
      punted.emplace_back(context.describe(), Frame(packet.bytes()));
    }
    return refuses_punts;
  }
  void dropped(DropReason reason) override { drops.push_back(reason); }
  void absorbed() override { ++absorbed_count; }
  void originated(uint64_t count) override { originated_count += count; }

  // One packet came in: does the balance hold?
  bool is_balanced() const {
    return 1 + originated_count == later.size() + sent.size() + recirculated.size() + drops.size() + absorbed_count;
  }

  std::vector<Sent> sent;
  std::vector<std::tuple<uint32_t, uint32_t, Frame>> recirculated;  // id, dp_hash
  std::vector<PartedExecution> later;
  std::vector<std::pair<std::string, Frame>> punted;
  std::vector<DropReason> drops;
  uint64_t absorbed_count = 0;
  uint64_t originated_count = 0;
  Verdict refuses_punts;
};

class ActionTest : public testing::Test {
 protected:
  PacketPtr packet(const Frame& frame) {
    PacketPtr made = make_packet(pool_, frame);
    FlowKey key;
    EXPECT_FALSE(extract(*made, key));
    check_offload(*made);
    return made;
  }

  // Executes the list, and holds the balance against it.
  const RecordingExits& run(const ActionList& actions, const Frame& frame) {
    exits_ = {};
    execute(actions, packet(frame), exits_);
    EXPECT_TRUE(exits_.is_balanced());
    return exits_;
  }

  // The one frame that the action makes of `frame`; or nothing, and why is in exits_.drops.
  Frame after(const Action& action, const Frame& frame) {
    run({action, Output{PortId{1}}}, frame);
    if (exits_.sent.size() != 1) {
      return Frame(Bytes{});
    }
    return exits_.sent[0].frame;
  }
  Offload offload_after() const { return exits_.sent.at(0).offload; }

  PacketPool pool_;
  RecordingExits exits_;
};

inline Action set(FieldId id, FieldValue value) { return SetField{id, value, all_bits(field(id))}; }
inline Action set(FieldId id, uint64_t value) { return set(id, FieldValue{0, value}); }
inline Action set(FieldId id, const char* ipv6) {
  const auto address = Ipv6Address::parse(ipv6).value();
  return set(id, FieldValue{load_be64(address.bytes.data()), load_be64(address.bytes.data() + 8)});
}

}  // namespace weft::datapath
