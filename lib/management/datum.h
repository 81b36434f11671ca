// Datum: the value of a column, and its text form.
//
// A datum is a set of atoms or a map from atom to atom, as in OVSDB (RFC 7047 section 5.1); a scalar is a set of
// one, an absent value an empty set. Keys are kept sorted and unique, so equal datums compare equal.
//
// Text is ovs-vsctl's: `5`, `"two words"`, `[1, 2]`, `{key=value}`; brackets may be left out when typing, commas too
// between numbers. A string is printed bare when it is an identifier and in quotes otherwise.
//
// Threads: values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/text.h"

namespace weft::management {

// A row's identity: 36 characters, lower case.
struct Uuid {
  std::string text;

  static Uuid random();
  static std::optional<Uuid> parse(std::string_view text);
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

using Atom = std::variant<int64_t, double, bool, std::string, Uuid>;
enum class AtomType : uint8_t { integer, real, boolean, string, uuid };

struct ColumnType {
  AtomType key = AtomType::string;
  std::optional<AtomType> value{};  // present: a map
  unsigned min_count = 0;
  unsigned max_count = 1;  // unlimited: `many`
  int64_t min_integer = INT64_MIN;
  int64_t max_integer = INT64_MAX;
  std::vector<std::string_view> choices{};  // of a string; empty: any
  std::string_view ref_table{};             // of a uuid
  bool is_set_in_text = false;              // printed in brackets though it holds one, as Open vSwitch's does

  static constexpr unsigned many = UINT32_MAX;
  bool is_map() const { return value.has_value(); }
  bool is_scalar() const { return !is_map() && min_count == 1 && max_count == 1; }
};

struct Datum {
  std::vector<Atom> keys;
  std::vector<Atom> values;  // parallel to keys in a map, otherwise empty

  static Datum of(Atom atom) { return {{std::move(atom)}, {}}; }
  static Datum of_strings(std::vector<std::string> strings);

  bool empty() const { return keys.empty(); }
  size_t count() const { return keys.size(); }
  bool contains(const Atom& key) const { return find(key).has_value(); }
  std::optional<size_t> find(const Atom& key) const;
  void add(Atom key);
  void put(Atom key, Atom value);  // map: replaces
  bool erase(const Atom& key);

  // Conveniences for readers of columns; an empty or ill-typed datum gives nothing.
  std::optional<int64_t> integer() const;
  std::optional<std::string> string() const;
  std::optional<bool> boolean() const;
  std::optional<std::string> at(std::string_view key) const;
  std::vector<Uuid> uuids() const;  // keys and values

  friend bool operator==(const Datum&, const Datum&) = default;
};

// `symbols` turns @name of --id=@name into a uuid; may be null.
class SymbolTable {
 public:
  virtual ~SymbolTable() = default;
  virtual std::optional<Uuid> resolve(std::string_view name, std::string_view ref_table) = 0;
};

// The error's position is relative to `text`.
Result<Atom, TextError> parse_atom(std::string_view text, AtomType type, const ColumnType& column,
                                   SymbolTable* symbols);
Result<Datum, TextError> parse_datum(std::string_view text, const ColumnType& type, SymbolTable* symbols = nullptr);
// A string that stands alone, such as a map's value: as it is, or without its quotes if it begins with one.
Result<std::string, TextError> parse_string(std::string_view text);
// Checks counts, ranges and choices; the error has no position.
std::optional<std::string> check(const Datum& datum, const ColumnType& type);

std::string format(const Atom& atom);
std::string format(const Datum& datum, const ColumnType& type);
// A string as `get` prints it: bare if it is an identifier, in quotes otherwise.
std::string quoted_if_needed(std::string_view text);

}  // namespace weft::management
