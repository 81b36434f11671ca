#include "lib/base/os_error.h"

#include <cerrno>
#include <ostream>
#include <utility>

namespace weft {

std::string OsError::to_string() const { return what + ": " + code.message(); }

OsError last_os_error(std::string what) { return os_error(errno, std::move(what)); }

OsError os_error(int error_number, std::string what) {
  return {std::error_code(error_number, std::generic_category()), std::move(what)};
}

std::string to_string(const OsError& error) { return error.to_string(); }

std::ostream& operator<<(std::ostream& out, const OsError& error) { return out << error.to_string(); }

}  // namespace weft
