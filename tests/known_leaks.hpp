#pragma once

// Boost leaves the objects behind pointers of a message that ends early; that is known and is looked past.

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef HAS_ADDRESS_SANITIZER
#include <sanitizer/lsan_interface.h>
using leaks_are_known = __lsan::ScopedDisabler;
#else
struct leaks_are_known {
    ~leaks_are_known() {} // not trivial: never an unused variable
};
#endif
