#pragma once

// A function with a stack of its own, which may be left in the middle and gone on with later: a rank whose
// engine waits while others run, all in one thread.

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

#include <ucontext.h>

namespace simulated {

class fiber {
  public:
    explicit fiber(std::function<void()> body);
    /// One that has not come to its end is left where it is: what is on its stack is lost.
    ~fiber();
    fiber(const fiber&) = delete;
    fiber& operator=(const fiber&) = delete;

    /// Runs it until it leaves or ends. Throws what it has thrown.
    void resume();
    /// Of the fiber that runs: back to whoever resumed it.
    void leave();
    [[nodiscard]] bool ended() const noexcept { return ended_; }

  private:
    static void enter(unsigned high, unsigned low);
    void run();

    /// What the language keeps for a thread: the exceptions being handled.
    struct exceptions {
        void* caught = nullptr;
        unsigned uncaught = 0;
    };
    static exceptions swap_exceptions(const exceptions& now) noexcept;

    static constexpr std::size_t stack_size = 256 * 1024;
    std::function<void()> body_;
    std::unique_ptr<std::byte[]> stack_;
    ucontext_t here_;
    ucontext_t there_; // where resume() was called
    exceptions mine_;
    exceptions theirs_;
    std::exception_ptr thrown_;
    bool ended_ = false;
    // For the address sanitizer.
    void* fake_stack_ = nullptr;
    const void* bottom_there_ = nullptr;
    std::size_t size_there_ = 0;
};

} // namespace simulated
