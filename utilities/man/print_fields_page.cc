// Prints weft-fields(7), for the build.
#include <cstdio>

#include <fmt/format.h>

#include "utilities/man/fields_page.h"

int main() {
  fmt::print("{}", weft::man::fields_page());
  return 0;
}
