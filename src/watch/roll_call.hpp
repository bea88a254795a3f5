#pragma once

// Who has come to a collective call that waits for long to begin: a machine that is told the time, in
// seconds.

#include <cstddef>
#include <string>
#include <vector>

#include "watch/silence.hpp"

namespace mpimap::detail {

/// Every rank that waits has one. The root of the call, or whoever else loses its patience first, asks all
/// others, and tells of those that do not answer; those that do leave it to that rank.
class roll_call {
  public:
    /// `how`: how long the wait may be before somebody asks. A rank that ends the job then leaves that to
    /// none.
    roll_call(const watchdog_settings& how, std::size_t rank, std::size_t ranks, std::size_t root);

    enum class step {
        none,
        ask, // all other ranks
        tell // of those that are missing
    };
    /// What is to be done when this rank has waited for so long.
    [[nodiscard]] step look(double waited);
    /// That rank asks. It is to be answered.
    void asked(std::size_t by) noexcept;
    void answered(std::size_t rank);
    [[nodiscard]] bool ends() const noexcept { return ends_; }

    /// "mpimap: rank 0 has waited for 1 min in a collective call on a communicator of 8 ranks, and waits on:
    /// ranks 2, 5 to 7 have not made it".
    [[nodiscard]] std::string text(double waited) const;

  private:
    [[nodiscard]] std::vector<std::size_t> missing() const;

    double patience_;
    double time_to_answer_;
    bool ends_;
    std::size_t rank_;
    std::size_t root_;
    std::vector<bool> here_;
    double asked_at_ = -1;
    bool left_to_others_ = false;
    bool told_ = false;
};

/// The same of the first call on a communicator, where nobody can be asked.
[[nodiscard]] std::string first_call_text(double waited, int rank, int ranks, bool root);

} // namespace mpimap::detail
