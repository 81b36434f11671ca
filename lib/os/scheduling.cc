#include "lib/os/scheduling.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace weft {

namespace {

// Linux's struct sched_attr, version 0; not in Debian 12's C library.
struct SchedAttr {
  uint32_t size = sizeof(SchedAttr);
  uint32_t policy = 0;  // SCHED_OTHER
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;  // ns: the time slice, of SCHED_OTHER too since 6.12
  uint64_t deadline = 0;
  uint64_t period = 0;
};
static_assert(sizeof(SchedAttr) == 48);

constexpr uint64_t slice_ns = 100'000;

}  // namespace

void ask_for_prompt_turns() {
  if (::sched_getscheduler(0) != SCHED_OTHER) {
    return;  // somebody has chosen another way
  }
  SchedAttr attributes;
  attributes.nice = ::getpriority(PRIO_PROCESS, 0);
  attributes.runtime = slice_ns;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace weft
