// Executor: how ofproto hands work to the control thread without knowing what drives it.
//
// The daemon passes a function that posts to its event loop; a test passes one that queues or calls at once.
// Posted calls run one after the other in the order they were posted. Threads: may be called by any thread.
#pragma once

#include <functional>

namespace weft::ofproto {

using Executor = std::function<void(std::function<void()>)>;

}  // namespace weft::ofproto
