// ASAN_POISON_MEMORY_REGION and ASAN_UNPOISON_MEMORY_REGION: in builds with the address sanitizer its own, in others nothing.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define WEFT_HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_HAS_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef WEFT_HAS_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#endif

namespace weft {

// Memory from mmap in which there are pointers: the leak sanitizer looks there only when it is told to.
inline void hold_for_leak_check([[maybe_unused]] const void* memory, [[maybe_unused]] size_t size) {
#ifdef WEFT_HAS_ADDRESS_SANITIZER
  __lsan_register_root_region(memory, size);
#endif
}
// Before it is unmapped.
inline void release_from_leak_check([[maybe_unused]] const void* memory, [[maybe_unused]] size_t size) {
#ifdef WEFT_HAS_ADDRESS_SANITIZER
  __lsan_unregister_root_region(memory, size);
#endif
}

}  // namespace weft
