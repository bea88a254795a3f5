#include "mpi/roll_messages.hpp"

#include <algorithm>
#include <functional>

#include "mpi/mpi_check.hpp"

namespace mpimap::detail {

void roll_messages::send(int rank, tag what, std::uint64_t call) {
    const auto to = static_cast<std::size_t>(rank);
    if (to >= sent_to_.size())
        sent_to_.resize(to + 1);
    out_.push_back({call, MPI_REQUEST_NULL});
    outgoing& o = out_.back();
    try {
        check_mpi(MPI_Isend(&o.call, 1, MPI_UINT64_T, rank, what, comm_, &o.request), "MPI_Isend");
    } catch (...) {
        out_.pop_back();
        throw;
    }
    ++sent_to_[to];
    (void)sent();
}

bool roll_messages::sent() {
    while (!out_.empty()) {
        int done = 0;
        check_mpi(MPI_Test(&out_.front().request, &done, MPI_STATUS_IGNORE), "MPI_Test");
        if (done == 0)
            return false;
        out_.pop_front();
    }
    return true;
}

std::optional<roll_messages::heard> roll_messages::hear() {
    for (const tag what : {tag_of_question, tag_of_answer}) {
        int there = 0;
        MPI_Status status;
        check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, what, comm_, &there, &status), "MPI_Iprobe");
        if (there == 0)
            continue;
        heard h{.from = status.MPI_SOURCE, .asks = what == tag_of_question};
        check_mpi(MPI_Recv(&h.call, 1, MPI_UINT64_T, h.from, what, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
        ++received_;
        return h;
    }
    return std::nullopt;
}

void roll_messages::count_sent(std::vector<std::uint64_t>& counts) const noexcept {
    std::transform(sent_to_.begin(), sent_to_.end(), counts.begin(), counts.begin(), std::plus<>());
}

} // namespace mpimap::detail
