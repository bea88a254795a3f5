#include "watch/roll_call.hpp"

#include <algorithm>
#include <limits>

#include "watch/progress_text.hpp"

namespace mpimap::detail {
roll_call::roll_call(const watchdog_settings& how, std::size_t rank, std::size_t ranks, std::size_t root)
    : patience_(how.seconds > 0 ? how.seconds : std::numeric_limits<double>::infinity()),
      time_to_answer_(std::clamp(how.seconds / 10, 0.5, 5.0)), ends_(how.ends), rank_(rank), root_(root),
      here_(ranks) {
    constexpr double between_ranks = 0.1; // one after the other loses its patience, where none has been asked
    here_[rank] = true;
    if (rank != root)
        patience_ += time_to_answer_ + between_ranks * static_cast<double>(rank);
}

void roll_call::asked(std::size_t by) noexcept {
    const bool is_before = by == root_ || (rank_ != root_ && by < rank_);
    left_to_others_ = left_to_others_ || (!ends_ && (asked_at_ < 0 || is_before));
}

roll_call::step roll_call::look(double waited) {
    if (asked_at_ < 0) {
        if (left_to_others_ || waited < patience_)
            return step::none;
        asked_at_ = waited;
        return step::ask;
    }
    if (left_to_others_ || told_ || waited < asked_at_ + time_to_answer_)
        return step::none;
    told_ = true;
    return missing().empty() ? step::none : step::tell; // the last has come meanwhile
}

void roll_call::answered(std::size_t rank) {
    here_[rank] = true;
}

std::vector<std::size_t> roll_call::missing() const {
    std::vector<std::size_t> all;
    for (std::size_t rank = 0; rank < here_.size(); ++rank) {
        if (!here_[rank])
            all.push_back(rank);
    }
    return all;
}

std::string roll_call::text(double waited) const {
    const std::vector<std::size_t> others = missing();
    return "mpimap: rank " + std::to_string(rank_) + " has waited for " + time_text(waited) +
           " in a collective call on a communicator of " + std::to_string(here_.size()) +
           " ranks, and waits on: " + ranks_text(others) + (others.size() == 1 ? " has" : " have") +
           " not made it\n";
}

std::string first_call_text(double waited, int rank, int ranks, bool root) {
    return "mpimap: rank " + std::to_string(rank) + " has waited for " + time_text(waited) +
           " in the first call on a communicator of " + std::to_string(ranks) +
           " ranks, and waits on: all of them must make the call" + (root ? ", not the root alone\n" : "\n");
}

} // namespace mpimap::detail
