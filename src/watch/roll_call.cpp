#include "watch/roll_call.hpp"

#include <limits>

#include "watch/progress_text.hpp"
#include "watch/silence.hpp"

namespace mpimap::detail {
namespace {

constexpr double time_to_answer = 0.5;
/// One rank after the other loses its patience, where none has been asked by the one before it.
constexpr double between_ranks = 0.1;

} // namespace

roll_call::roll_call(double patience, std::size_t rank, std::size_t ranks, std::size_t root)
    : patience_(patience > 0 ? patience : std::numeric_limits<double>::infinity()), rank_(rank),
      here_(ranks) {
    here_[rank] = true;
    if (rank != root)
        patience_ += time_to_answer + between_ranks * static_cast<double>(rank);
}

roll_call::step roll_call::look(double waited) {
    if (asked_at_ < 0) {
        if (left_to_others_ || waited < patience_)
            return step::none;
        asked_at_ = waited;
        return step::ask;
    }
    if (told_ || waited < asked_at_ + time_to_answer)
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

} // namespace mpimap::detail
