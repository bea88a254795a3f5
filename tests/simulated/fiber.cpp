#include "fiber.hpp"

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <cxxabi.h>

#if defined(__SANITIZE_ADDRESS__)
#define SIMULATED_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIMULATED_UNDER_ASAN 1
#endif
#endif
#ifdef SIMULATED_UNDER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace simulated {
namespace {

// The sanitizer must know on which stack it is.
void begin_switch([[maybe_unused]] void** fake, [[maybe_unused]] const void* bottom,
                  [[maybe_unused]] std::size_t size) {
#ifdef SIMULATED_UNDER_ASAN
    __sanitizer_start_switch_fiber(fake, bottom, size);
#endif
}
void end_switch([[maybe_unused]] void* fake, [[maybe_unused]] const void** bottom,
                [[maybe_unused]] std::size_t* size) {
#ifdef SIMULATED_UNDER_ASAN
    __sanitizer_finish_switch_fiber(fake, bottom, size);
#endif
}

using stack = std::unique_ptr<std::byte[]>;

/// Those of fibers that are gone, for the next: a test makes a million, and the system takes its time for
/// each piece of memory of this size.
std::vector<stack>& used_stacks() {
    static std::vector<stack> used;
    return used;
}
stack take_stack(std::size_t size) {
    if (used_stacks().empty())
        return stack(new std::byte[size]);
    stack s = std::move(used_stacks().back());
    used_stacks().pop_back();
#ifdef SIMULATED_UNDER_ASAN
    __asan_unpoison_memory_region(s.get(), size); // what was left in the middle had variables there
#endif
    return s;
}

} // namespace

fiber::fiber(std::function<void()> body)
    : body_(std::move(body)), stack_(take_stack(stack_size)), here_(), there_() {
    getcontext(&here_);
    here_.uc_stack.ss_sp = stack_.get();
    here_.uc_stack.ss_size = stack_size;
    here_.uc_link = nullptr;
    const auto address = reinterpret_cast<std::uintptr_t>(this);
    makecontext(&here_, reinterpret_cast<void (*)()>(&fiber::enter), 2, static_cast<unsigned>(address >> 32U),
                static_cast<unsigned>(address));
}
fiber::~fiber() {
    used_stacks().push_back(std::move(stack_));
}

// Itanium C++ ABI, 2.2.2: two words.
fiber::exceptions fiber::swap_exceptions(const exceptions& now) noexcept {
    auto* const globals = reinterpret_cast<std::byte*>(abi::__cxa_get_globals());
    exceptions before;
    std::memcpy(&before.caught, globals, sizeof before.caught);
    std::memcpy(&before.uncaught, globals + sizeof before.caught, sizeof before.uncaught);
    std::memcpy(globals, &now.caught, sizeof now.caught);
    std::memcpy(globals + sizeof now.caught, &now.uncaught, sizeof now.uncaught);
    return before;
}

void fiber::resume() {
    theirs_ = swap_exceptions(mine_);
    void* fake = nullptr;
    begin_switch(&fake, stack_.get(), stack_size);
    swapcontext(&there_, &here_);
    end_switch(fake, nullptr, nullptr);
    mine_ = swap_exceptions(theirs_);
    if (thrown_)
        std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void fiber::leave() {
    begin_switch(ended_ ? nullptr : &fake_stack_, bottom_there_, size_there_);
    swapcontext(&here_, &there_);
    end_switch(fake_stack_, &bottom_there_, &size_there_);
}

void fiber::enter(unsigned high, unsigned low) {
    const std::uintptr_t address = static_cast<std::uintptr_t>(high) << 32U | low;
    reinterpret_cast<fiber*>(address)->run();
}

void fiber::run() {
    end_switch(nullptr, &bottom_there_, &size_there_);
    try {
        body_();
    } catch (...) {
        thrown_ = std::current_exception();
    }
    ended_ = true;
    leave();
}

} // namespace simulated
