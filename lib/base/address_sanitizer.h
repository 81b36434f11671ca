// ASAN_POISON_MEMORY_REGION and ASAN_UNPOISON_MEMORY_REGION: in builds with the address sanitizer its own, in others nothing.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define WEFT_HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_HAS_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef WEFT_HAS_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#endif
