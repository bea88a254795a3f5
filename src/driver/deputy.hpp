#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "driver/threads.hpp"

namespace mpimap::detail {

/// A thread that stands in for the program while that computes something of its own and calls are in flight:
/// it answers other ranks as the helper does during an item. One thread at a time has the engine: the
/// program from enter() to leave(), or the deputy while it serves.
///
/// The program says nothing when it goes, but counts: the deputy, which looks now and then, knows that the
/// program is away when it has been out for a whole nap. So a submission costs two additions, and the deputy
/// no more than a look each millisecond while the program comes and goes. It sleeps while the program stays
/// inside, or there is nothing to do; then it is woken by the program that leaves something behind.
class deputy {
  public:
    /// When to come back; nothing if there is nothing to come back for.
    using next_turn = std::optional<std::chrono::microseconds>;
    /// `serve` is called on the deputy's thread, and must not throw. `is_wanted` is asked when the program
    /// leaves and the deputy sleeps. There is no thread before the first time that it is.
    deputy(std::function<next_turn()> serve, std::function<bool()> is_wanted);
    ~deputy();
    deputy(const deputy&) = delete;
    deputy& operator=(const deputy&) = delete;

    // The program's thread. What it enters several times it leaves as often.
    void enter() noexcept;
    void leave() noexcept;

    /// Returns when `serve` is not running and will not again. From any thread.
    void end() noexcept;

  private:
    void wake() noexcept;
    void run();

    // In the word that both threads change. The rest of it counts how often the program has left.
    static constexpr std::uint64_t inside = 1;  // the program
    static constexpr std::uint64_t serving = 2; // the deputy
    static constexpr std::uint64_t asleep = 4; // until it is woken: set by the deputy, cleared by the program
    static constexpr std::uint64_t once = 8;

    const std::function<next_turn()> serve_;
    const std::function<bool()> is_wanted_;
    int depth_ = 0; // the program's own
    threads::atomic<std::uint64_t> turn_{asleep};
    threads::mutex mutex_; // held by the deputy unless it naps or sleeps
    threads::condition_variable changed_;
    bool quit_ = false;
    threads::thread thread_;
};

} // namespace mpimap::detail
