// Match: what a rule asks of a packet, a value and a mask over the flow key.
//
// `Match` is dense and easy to build. `MiniMatch` is the same in little memory (the values of masked words; masks are
// shared among those that have the same) and is what rules keep and the classifier stores.
//
// Setting a field also sets what makes it meaningful: the presence bits of the header it lives in (flow_key.h),
// and for dl_vlan, dl_vlan_pcp and vlan_pcp the bit that says there is a tag. Prerequisites (eth_type before
// ip_proto before tp_src; OpenFlow 1.5.1 section 7.2.3.6) are checked, not implied: the text parser adds them from
// keywords (tcp, ip, arp ...), the wire must bring them.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "lib/flow/field.h"

namespace weft {

class Match {
 public:
  void set(const Field& field, FieldValue value);  // exact
  void set_masked(const Field& field, FieldValue value, FieldValue mask);
  void set_masked(FieldId id, FieldValue value, FieldValue mask) { set_masked(field(id), value, mask); }
  void set(FieldId id, FieldValue value) { set(field(id), value); }
  void set(FieldId id, uint64_t value) { set(field(id), FieldValue{0, value}); }
  void set_masked(FieldId id, uint64_t value, uint64_t mask) {
    set_masked(field(id), FieldValue{0, value}, FieldValue{0, mask});
  }
  void set_present(const Field& field);  // whatever its value, it is there
  void clear(const Field& field);        // presence bits that no other field needs go with it

  FieldValue value(const Field& f) const { return get(value_, f); }
  FieldValue mask(const Field& f) const { return get(mask_, f); }
  FieldValue value(FieldId id) const { return get(value_, id); }
  FieldValue mask(FieldId id) const { return get(mask_, id); }
  bool is_wild(const Field& f) const { return mask(f).is_zero(); }
  bool is_exact(const Field& f) const { return mask(f) == all_bits(f); }

  // Whether the match, as it stands, guarantees that `field` exists in every packet it accepts.
  bool meets_prerequisite(Prerequisite prerequisite) const;
  bool meets_prerequisite(const Field& f) const { return meets_prerequisite(f.prerequisite); }

  bool matches(const Flow& flow) const;
  // True when some packet could satisfy both.
  bool overlaps(const Match& other) const;
  // True when every packet that satisfies this one satisfies `other`: OpenFlow's non-strict selection.
  bool is_subset_of(const Match& other) const;

  Flow& value() { return value_; }
  Flow& mask() { return mask_; }
  const Flow& value() const { return value_; }
  const Flow& mask() const { return mask_; }

  friend bool operator==(const Match&, const Match&) = default;

 private:
  Flow value_;  // bits outside mask_ are zero
  Flow mask_;
};

class MiniMatch {
 public:
  struct Mask {
    WordSet set;
    std::vector<uint64_t> words;
  };
  using SharedMask = std::shared_ptr<const Mask>;
  // Wherever the values are kept.
  struct View {
    const Mask* mask;  // null: everything matches
    const uint64_t* values;
  };

  MiniMatch() = default;
  explicit MiniMatch(const Match& match);
  MiniMatch(const MiniMatch&);
  MiniMatch& operator=(const MiniMatch&);
  MiniMatch(MiniMatch&&) noexcept = default;
  MiniMatch& operator=(MiniMatch&&) noexcept = default;

  Match expand() const;
  const WordSet& set() const { return mask_ ? mask_->set : no_words; }  // words with a mask bit
  unsigned word_count() const { return static_cast<unsigned>(masks().size()); }
  std::span<const uint64_t> values() const { return {values_.get(), word_count()}; }
  std::span<const uint64_t> masks() const { return mask_ ? std::span(mask_->words) : std::span<const uint64_t>(); }
  bool matches(const FlowKey& key) const;
  bool is_subset_of(const MiniMatch& other) const;
  bool overlaps(const MiniMatch& other) const { return overlaps(View{other.mask_.get(), other.values_.get()}); }
  bool overlaps(const View& other) const;

  // The parts that a MiniMatch of `match` would be made of, its values appended to `values`.
  static SharedMask take_apart(const Match& match, std::vector<uint64_t>& values);

  friend bool operator==(const MiniMatch& a, const MiniMatch& b);

 private:
  static constexpr WordSet no_words{};

  static SharedMask share(const WordSet& set, const Flow& mask);

  SharedMask mask_;  // null: everything matches
  std::unique_ptr<uint64_t[]> values_;
};

}  // namespace weft
