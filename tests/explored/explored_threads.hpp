#pragma once

// Threads that are fibers, of which one runs at a time. Where they touch what they have in common, each
// operation of a mutex, an atomic, a condition, the explorer says who goes on: it tries all there is to be
// tried, one run after the other, as far as a bound on how often a thread is interrupted that could go on.
// Between two such operations nothing is interrupted, and memory is the same for all: whether that may be
// assumed is for the thread sanitizer to say.
//
// After M. Musuvathi & S. Qadeer, Iterative context bounding, PLDI 2007.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "fiber.hpp"

namespace explored {

/// What is wrong with a run.
struct mistake {
    std::string text;
    std::vector<std::string> steps; // who did what
};

struct bounds {
    int interruptions = 2;
    int naps = 4; // that end while others could go on
};

/// A program that is explored, and what for.
struct scene {
    const char* of;
    const char* name;
    bounds within;
    void (*program)();
};
extern const std::vector<scene> scenes;

/// Runs the program under every schedule within the bounds; how many there were. Throws mistake.
std::size_t explore(const bounds& b, const std::function<void()>& program);

// Of what runs in there.

/// Others may go on here. Goes on itself only where `may_go` says so.
void point(const char* what, const std::function<bool()>& may_go = {});
/// Until others have made it so.
inline void wait_until(const std::function<bool()>& so) {
    point("waits", so);
}
/// The run is over. Checks that the library's own catch blocks do not hide.
void expect(bool good, const char* what);

/// One that sleeps may be woken by the time alone, and whoever is awake goes first at no charge.
void nap(const std::function<bool()>& may_go, const std::function<bool()>& woken);

[[nodiscard]] std::size_t start(std::function<void()> body);
[[nodiscard]] bool ended(std::size_t thread);

} // namespace explored

namespace mpimap::detail::threads {

template <typename T>
class atomic {
  public:
    atomic(T value) : value_(value) {}
    atomic(const atomic&) = delete;
    atomic& operator=(const atomic&) = delete;

    [[nodiscard]] T load(std::memory_order) const {
        explored::point("load");
        return value_;
    }
    void store(T value, std::memory_order) {
        explored::point("store");
        value_ = value;
    }
    T fetch_add(T more, std::memory_order) {
        explored::point("add");
        return std::exchange(value_, value_ + more);
    }
    T fetch_sub(T less, std::memory_order) {
        explored::point("subtract");
        return std::exchange(value_, value_ - less);
    }
    bool compare_exchange_strong(T& expected, T value, std::memory_order) {
        explored::point("compare and exchange");
        if (value_ != expected) {
            expected = value_;
            return false;
        }
        value_ = value;
        return true;
    }

  private:
    T value_;
};

class mutex {
  public:
    mutex() = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;
    void lock() {
        explored::point("lock", [this] { return !locked_; });
        locked_ = true;
    }
    /// Whoever waits goes on at the next operation: there is nothing else to be told apart.
    void unlock() { locked_ = false; }

  private:
    friend class condition_variable;
    bool locked_ = false;
};

class condition_variable {
  public:
    template <typename Predicate>
    void wait(std::unique_lock<mutex>& lock, const Predicate& so) {
        mutex& m = *lock.mutex();
        while (!so()) {
            const auto woken = fall_asleep(m);
            explored::point("sleeps", [woken, &m] { return *woken && !m.locked_; });
            m.locked_ = true;
        }
    }
    template <typename Duration, typename Predicate>
    bool wait_for(std::unique_lock<mutex>& lock, const Duration&, const Predicate& so) {
        mutex& m = *lock.mutex();
        while (!so()) {
            const auto woken = fall_asleep(m);
            explored::nap([&m] { return !m.locked_; }, [woken] { return *woken; });
            m.locked_ = true;
            if (!*woken) {
                std::erase(sleepers_, woken);
                return so();
            }
        }
        return true;
    }
    void notify_one() {
        explored::point("notify");
        if (sleepers_.empty())
            return;
        *sleepers_.front() = true;
        sleepers_.erase(sleepers_.begin());
    }
    void notify_all() {
        explored::point("notify");
        for (const auto& s : sleepers_)
            *s = true;
        sleepers_.clear();
    }

  private:
    /// What is not said under the mutex may be said before it is heard.
    std::shared_ptr<bool> fall_asleep(mutex& m) {
        explored::point("falls asleep");
        sleepers_.push_back(std::make_shared<bool>(false));
        m.locked_ = false;
        return sleepers_.back();
    }
    std::vector<std::shared_ptr<bool>> sleepers_;
};

class thread {
  public:
    thread() = default;
    explicit thread(std::size_t id) : id_(id) {}
    [[nodiscard]] bool joinable() const noexcept { return id_ != none; }
    void join() {
        explored::point("join", [id = id_] { return explored::ended(id); });
        id_ = none;
    }

  private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::size_t id_ = none;
};

template <typename Body>
thread start(Body body) {
    const thread fresh(explored::start(std::move(body)));
    explored::point("has started a thread");
    return fresh;
}

} // namespace mpimap::detail::threads
