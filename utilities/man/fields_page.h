// weft-fields(7): the manual page of match fields, made from the field registry so that it says what the code does.
//
// One entry a field: names, width, notation, masks, what it needs in the match, whether actions may write it, and its
// numbers on the wire with the version of OpenFlow that brought them. Numbered fields (reg0 to reg15) share an entry.
//
// Threads: a pure function, run by the build.
#pragma once

#include <string>

namespace weft::man {

// The page in mdoc(7).
std::string fields_page();

}  // namespace weft::man
