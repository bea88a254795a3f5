#pragma once

// When a program that is to come to its end gives up what still runs: a machine that is told the time, in
// seconds.

#include <cstddef>
#include <map>
#include <optional>

namespace mpimap::detail {

class timeline {
  public:
    /// The process: when it ends by itself, if that is known, and how long what runs may go on once it has
    /// been asked to.
    timeline(std::optional<double> ends, double margin) : ends_(ends), margin_(margin) {}

    struct call {
        std::optional<double> ends = {};   // options::deadline
        std::optional<double> margin = {}; // options::margin
        double patience = 0;               // of ranks other than the root, so that the root is first
    };
    /// A call begins; by what ended() and change() know it. It has a second in any case: nothing of it is
    /// started if it is too late for that.
    [[nodiscard]] std::size_t began(double now, const call& c);
    void change(std::size_t key, const call& c) { calls_.at(key).says = c; }
    void ended(std::size_t key) { calls_.erase(key); }

    /// A signal has come, or another rank has asked: the first time counts.
    void asked(double now) {
        if (!asked_)
            asked_ = now;
    }
    void set_end(std::optional<double> ends) { ends_ = ends; }

    /// Nothing where no call is under way, or has all the time.
    [[nodiscard]] std::optional<double> gives_up_at() const;
    /// How long after asked() that is, at most.
    [[nodiscard]] double margin() const;

  private:
    std::optional<double> ends_;
    double margin_;
    std::optional<double> asked_;
    struct under_way {
        double began;
        call says;
    };
    std::map<std::size_t, under_way> calls_;
    std::size_t next_ = 0;
};

} // namespace mpimap::detail
