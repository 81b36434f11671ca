// Reading and writing big-endian structures, spelled the same in both directions.
//
// A fixed layout is described once, as a function over `io` that is a WireReader or a WireWriter:
//
//     template <class Io, class Stats>
//     void layout(Io& io, Stats& s) { io.port32(s.port); io.pad(4); io.u64(s.rx_packets); ... }
//
// A reader never reads outside its bytes: a read beyond the end gives zero and makes the reader fail with its
// `short_error`; the first failure stays and is what result() reports. Loops end because remaining() shrinks.
//
// Threads: values on the stack. Private to the codecs.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "lib/base/big_endian.h"
#include "lib/base/ids.h"
#include "lib/base/mac_address.h"
#include "lib/base/result.h"
#include "lib/openflow/error.h"

namespace weft::openflow {

class WireReader {
 public:
  static constexpr bool is_reader = true;

  explicit WireReader(std::span<const uint8_t> bytes, ErrorCode short_error = ErrorCode::ofpbrc_bad_len)
      : bytes_(bytes), short_error_(short_error) {}

  template <class T>
  void u8(T& out) {
    out = static_cast<T>(read<uint8_t>());
  }
  template <class T>
  void u16(T& out) {
    out = static_cast<T>(read<uint16_t>());
  }
  template <class T>
  void u32(T& out) {
    out = static_cast<T>(read<uint32_t>());
  }
  template <class T>
  void u64(T& out) {
    out = static_cast<T>(read<uint64_t>());
  }

  uint8_t u8() { return read<uint8_t>(); }
  uint16_t u16() { return read<uint16_t>(); }
  uint32_t u32() { return read<uint32_t>(); }
  uint64_t u64() { return read<uint64_t>(); }

  // A port number of OpenFlow 1.1 and later; one between the ordinary and the reserved ones is `if_invalid`.
  void port32(OfPort& out, ErrorCode if_invalid = ErrorCode::ofpbrc_bad_port) {
    const auto port = from_wire32(u32());
    if (!port) {
      fail(if_invalid);
    }
    out = port.value_or(OfPort{});
  }
  void mac(MacAddress& out) {
    const auto from = take(out.bytes.size());
    if (!from.empty()) {
      std::memcpy(out.bytes.data(), from.data(), from.size());
    }
  }
  // A NUL-terminated text in an array of `size` bytes.
  void text(std::string& out, size_t size) {
    const auto from = take(size);
    const auto* begin = reinterpret_cast<const char*>(from.data());
    out.assign(begin, from.empty() ? 0 : strnlen(begin, from.size() - 1));
  }
  void pad(size_t size) { take(size); }

  // The next `size` bytes; empty, and failed, when there are fewer.
  std::span<const uint8_t> take(size_t size) {
    if (size > bytes_.size()) [[unlikely]] {
      fail_short();
      bytes_ = {};
      return {};
    }
    const auto taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }
  std::span<const uint8_t> take_rest() { return take(bytes_.size()); }
  std::span<const uint8_t> rest() const { return bytes_; }
  size_t remaining() const { return bytes_.size(); }

  void fail(OpenFlowError error) {
    if (!error_) {
      error_ = std::move(error);
    }
  }
  [[gnu::cold, gnu::noinline]] void fail_short() { fail(short_error_); }
  bool failed() const { return error_.has_value(); }

  Result<void, OpenFlowError> result() const {
    return error_ ? Result<void, OpenFlowError>(Unexpected{*error_}) : Result<void, OpenFlowError>{};
  }
  // Also wrong when bytes are left over.
  Result<void, OpenFlowError> finish() {
    if (!bytes_.empty()) {
      fail_short();
    }
    return result();
  }

 private:
  template <std::unsigned_integral T>
  T read() {
    const auto from = take(sizeof(T));
    return from.empty() ? T{} : load_be<T>(from.data());
  }

  std::span<const uint8_t> bytes_;
  ErrorCode short_error_;
  std::optional<OpenFlowError> error_;
};

class WireWriter {
 public:
  static constexpr bool is_reader = false;

  explicit WireWriter(std::vector<uint8_t>& out) : out_(out) {}

  template <class T>
  void u8(T value) {
    out_.push_back(static_cast<uint8_t>(value));
  }
  template <class T>
  void u16(T value) {
    write(static_cast<uint16_t>(value));
  }
  template <class T>
  void u32(T value) {
    write(static_cast<uint32_t>(value));
  }
  template <class T>
  void u64(T value) {
    write(static_cast<uint64_t>(value));
  }
  void port32(OfPort port) { write(to_wire32(port)); }
  void mac(const MacAddress& mac) { bytes(mac.bytes); }
  void text(const std::string& text, size_t size) {
    const size_t count = std::min(text.size(), size - 1);
    out_.insert(out_.end(), text.begin(), text.begin() + static_cast<std::ptrdiff_t>(count));
    pad(size - count);
  }
  void pad(size_t size) { out_.resize(out_.size() + size); }
  // Zeros until the bytes since `begin` are a multiple of `unit`.
  void pad_to(size_t begin, size_t unit = 8) { pad((unit - (size() - begin) % unit) % unit); }
  void bytes(std::span<const uint8_t> bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }

  size_t size() const { return out_.size(); }
  void patch_u16(size_t at, size_t value) { store_be16(&out_[at], static_cast<uint16_t>(value)); }
  std::vector<uint8_t>& out() { return out_; }

 private:
  template <std::unsigned_integral T>
  void write(T value) {
    const size_t at = out_.size();
    out_.resize(at + sizeof(T));
    store_be(&out_[at], value);
  }

  std::vector<uint8_t>& out_;
};

}  // namespace weft::openflow
