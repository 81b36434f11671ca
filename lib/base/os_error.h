// OsError: what the operating system refused, and what we wanted: "attach tap to eth1: No such
// device".
#pragma once

#include <iosfwd>
#include <string>
#include <system_error>

namespace weft {

struct OsError {
  std::error_code code;
  std::string what;  // a phrase without capital or full stop: "bind UDP port 4789"

  std::string to_string() const;

  friend bool operator==(const OsError&, const OsError&) = default;
};

// From errno, at once after the call that failed.
OsError last_os_error(std::string what);
OsError os_error(int error_number, std::string what);

std::string to_string(const OsError& error);
std::ostream& operator<<(std::ostream& out, const OsError& error);

}  // namespace weft
