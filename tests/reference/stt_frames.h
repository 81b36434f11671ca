// SttFrames: the dull twin of datapath/tunnel/stt_reassembly.h. Keeps every byte of every frame at its place until the
// last one is there; knows no limits and no time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace weft::reference {

class SttFrames {
 public:
  enum class Verdict { added, duplicate, contradiction };
  struct Outcome {
    Verdict verdict = Verdict::added;
    std::optional<std::vector<uint8_t>> frame;  // when this was what it lacked
  };

  // `key` is whatever tells one frame from another.
  Outcome add(const std::string& key, size_t frame_size, size_t offset, std::span<const uint8_t> payload) {
    if (complete_.contains(key)) {
      return {Verdict::duplicate, std::nullopt};
    }
    auto& [size, bytes] = frames_.try_emplace(key, frame_size, std::map<size_t, uint8_t>{}).first->second;
    if (size != frame_size || offset + payload.size() > size) {
      return {Verdict::contradiction, std::nullopt};
    }
    size_t known = 0;
    for (size_t i = 0; i < payload.size(); ++i) {
      known += bytes.count(offset + i);
    }
    if (known != 0) {
      return {known == payload.size() ? Verdict::duplicate : Verdict::contradiction, std::nullopt};
    }
    for (size_t i = 0; i < payload.size(); ++i) {
      bytes[offset + i] = payload[i];
    }
    if (bytes.size() < size) {
      return {};
    }
    std::vector<uint8_t> frame;
    for (const auto& [at, byte] : bytes) {
      frame.push_back(byte);
    }
    complete_.insert(key);
    frames_.erase(key);
    return {Verdict::added, std::move(frame)};
  }

 private:
  std::map<std::string, std::pair<size_t, std::map<size_t, uint8_t>>> frames_;  // size, bytes by place
  std::set<std::string> complete_;
};

}  // namespace weft::reference
