// From libnl's objects to the values of types.h. The only place that knows libnl's accessors of objects.
//
// Nothing for what is not meant: another address family, a link without a name. The object stays the caller's.
#pragma once

#include <optional>

#include "lib/os/netlink/types.h"

struct rtnl_link;

namespace weft::netlink {

std::optional<Link> parse_link(rtnl_link* link);

}  // namespace weft::netlink
