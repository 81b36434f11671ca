// A switch of one table, just enough to talk to: remembers flows, answers what tools ask, refuses priority 13
// and meters.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "lib/openflow/codec.h"
#include "lib/os/fd.h"

namespace weft::ofctl::testing {

class FakeSwitch {
 public:
  explicit FakeSwitch(std::string path) : path_(std::move(path)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM, 0));
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_.get(), 4);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeSwitch() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    ::unlink(path_.c_str());
  }

  const std::string& path() const { return path_; }
  // Only while no tool is connected.
  const std::vector<openflow::PortMod>& port_mods() const { return port_mods_; }
  const std::vector<openflow::FlowMod>& received() const { return received_; }

 private:
  void serve() {
    while (true) {
      Fd peer(::accept(listener_.get(), nullptr, nullptr));
      if (!peer.is_open()) {
        return;
      }
      talk(peer);
    }
  }

  void talk(const Fd& peer) {
    send(peer, openflow::encode(openflow::Version::v1_3, 0, openflow::Hello{}));
    openflow::Bytes in;
    uint8_t chunk[4096];
    while (true) {
      const ssize_t count = ::read(peer.get(), chunk, sizeof chunk);
      if (count <= 0) {
        return;
      }
      in.insert(in.end(), chunk, chunk + count);
      for (size_t size = openflow::frame_length(in).value(); size != 0 && in.size() >= size;
           size = openflow::frame_length(in).value()) {
        const openflow::Bytes one(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(size));
        in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(size));
        answer(peer, one);
      }
    }
  }

  void answer(const Fd& peer, const openflow::Bytes& bytes) {
    using namespace openflow;
    const auto request = decode(Version::v1_3, bytes);
    if (!request) {
      return send(peer, error_reply(Version::v1_3, request.error(), bytes));
    }
    const auto reply = [&](const Message& message) { send(peer, encode(Version::v1_3, request->xid, message)); };
    if (std::holds_alternative<BarrierRequest>(request->message)) {
      reply(BarrierReply{});
    } else if (const auto* echo = std::get_if<EchoRequest>(&request->message)) {
      reply(EchoReply{echo->data});
    } else if (std::holds_alternative<PortDescRequest>(request->message)) {
      reply(PortDescReply{{{OfPort{1}, {{2, 0, 0, 0, 0, 1}}, "p1", 0, 4, 0, 0, 0, 0, 0, 0},
                           {OfPort{2}, {}, "p2", 0, 4, 0, 0, 0, 0, 0, 0}}});
    } else if (const auto* mod = std::get_if<FlowMod>(&request->message)) {
      if (mod->priority == 13) {
        return send(peer, error_reply(Version::v1_3, ErrorCode::ofpfmfc_overlap, bytes));
      }
      received_.push_back(*mod);
    } else if (std::holds_alternative<MeterMod>(request->message)) {
      send(peer, error_reply(Version::v1_3, ErrorCode::ofpbrc_bad_type, bytes));
    } else if (const auto* port_mod = std::get_if<PortMod>(&request->message)) {
      port_mods_.push_back(*port_mod);
    } else if (std::holds_alternative<FlowStatsRequest>(request->message)) {
      reply_flows(peer, request->xid);
    }
  }

  // In two parts, as a large table comes.
  void reply_flows(const Fd& peer, uint32_t xid) {
    using namespace openflow;
    FlowStatsReply part;
    for (const FlowMod& mod : received_) {
      FlowStats stats;
      stats.priority = mod.priority;
      stats.match = mod.match;
      stats.instructions = mod.instructions;
      part.entries.push_back(stats);
      if (part.entries.size() == 1) {
        send(peer, encode(Version::v1_3, xid, part, true));
        part.entries.clear();
      }
    }
    send(peer, encode(Version::v1_3, xid, part));
  }

  static void send(const Fd& peer, const openflow::Bytes& bytes) {
    (void)!::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  std::string path_;
  Fd listener_;
  std::thread thread_;
  std::vector<openflow::FlowMod> received_;
  std::vector<openflow::PortMod> port_mods_;
};

}  // namespace weft::ofctl::testing
