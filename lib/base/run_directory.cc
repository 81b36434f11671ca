#include "lib/base/run_directory.h"

#include <cstdlib>

namespace weft {

std::string default_run_directory() {
  const char* from_environment = std::getenv("WEFT_RUNDIR");
  return from_environment != nullptr && *from_environment != '\0' ? from_environment : "/run/weft";
}

}  // namespace weft
