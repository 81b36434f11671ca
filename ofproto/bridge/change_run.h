// ChangeRun: one bundle on its way into the tables, a slice at a time.
//
//   prepare   message after message; the first that fails turns round
//   publish   tables, then ports, then packets that go out; the revalidator and listeners are told
//   or        take back, in slices too; the failure is reported
//
// Threads:   control thread, as the ChangeQueue's item at work.
// Ownership: shared by the queue and the bridge, which abandons it when it goes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ofproto/bridge/local_bundle.h"
#include "ofproto/table/preparation.h"
#include "ofproto/upcall/change_log.h"

namespace weft::ofproto {

class LocalBridge;

class ChangeRun {
 public:
  using Done = std::function<void(std::optional<BundleFailure>)>;

  // `by`: whose changes they are (ChangeOrigin). `is_quiet`: no flow-removed for what goes.
  ChangeRun(std::unique_ptr<LocalBundle> bundle, Done done, const void* by, bool is_quiet);

  // False: it is through.
  bool slice(LocalBridge& bridge);
  // Takes back what is prepared and forgets the rest.
  void abandon();

 private:
  static constexpr size_t messages_ahead = 8;

  bool prepare_some(LocalBridge& bridge);
  void expect_after(size_t message) const;
  Result<void, openflow::OpenFlowError> begin_message(LocalBridge& bridge, LocalBundle::Kept& kept);
  Result<void, openflow::OpenFlowError> begin_other(LocalBridge& bridge, const openflow::Message& message);
  bool take_back_some();
  void fail(const openflow::OpenFlowError& error);
  void note_complete_parts(LocalBridge& bridge);
  void note_parts(LocalBridge& bridge, size_t end);
  void publish(LocalBridge& bridge);

  std::unique_ptr<LocalBundle> bundle_;
  Done done_;
  const void* const by_;
  const bool is_quiet_;
  std::optional<Preparation> preparation_;  // from the first slice on
  size_t next_ = 0;                         // message
  std::optional<BundleFailure> failure_;
  Touches touches_;
  size_t noted_parts_ = 0;  // are in touches_
  std::vector<openflow::PortMod> port_mods_;
  std::vector<openflow::PacketOut> packet_outs_;
};

}  // namespace weft::ofproto
