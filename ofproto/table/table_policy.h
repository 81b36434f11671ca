// What a table may hold and what it does when it cannot hold more. A value; the control thread's.
//
// OpenFlow 1.4.1 sections 6.4 (eviction) and 7.3.5.17, 7.3.4.3 (vacancy events).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "lib/openflow/table_message.h"

namespace weft::ofproto {

struct TablePolicy {
  std::string name;                          // empty: "table3"
  size_t max_entries = 0;                    // 0: as many as tables have unless told otherwise
  std::optional<uint32_t> eviction;          // openflow::eviction_flag; nothing: a full table refuses
  std::optional<openflow::Vacancy> vacancy;  // limits of vacancy events; nothing: there are none
  friend bool operator==(const TablePolicy&, const TablePolicy&) = default;
};

// Percent of a table that is free, rounded down.
constexpr uint8_t vacancy_of(size_t count, size_t max_entries) {
  return max_entries <= count ? uint8_t{0} : static_cast<uint8_t>((max_entries - count) * 100 / max_entries);
}

// When a table's vacancy has crossed a limit: below `down` once, then above `up` once, and so on, so that a table that
// lingers at a limit does not tell of it again and again.
class VacancyWatch {
 public:
  explicit VacancyWatch(const openflow::Vacancy& limits) : limits_(limits) {}

  std::optional<openflow::TableStatusReason> look(uint8_t vacancy) {
    using openflow::TableStatusReason;
    const bool has_crossed = next_ == TableStatusReason::vacancy_down ? vacancy < limits_.down : vacancy > limits_.up;
    if (!has_crossed) {
      return std::nullopt;
    }
    const TableStatusReason reason = next_;
    next_ = reason == TableStatusReason::vacancy_down ? TableStatusReason::vacancy_up : TableStatusReason::vacancy_down;
    return reason;
  }

 private:
  const openflow::Vacancy limits_;
  openflow::TableStatusReason next_ = openflow::TableStatusReason::vacancy_down;
};

}  // namespace weft::ofproto
