#pragma once

// The question who has come to a collective call, and the answer to it: messages beside those of the call,
// which has not begun. They are few, and one that nobody hears any more is received with the next.

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <vector>

#include <mpi.h>

#include "mpi/tags.hpp"

namespace mpimap::detail {

class roll_messages {
  public:
    explicit roll_messages(MPI_Comm comm) : comm_(comm) {}

    /// `call`: which of the communicator's.
    void ask(int rank, std::uint64_t call) { send(rank, tag_of_question, call); }
    void answer(int rank, std::uint64_t call) { send(rank, tag_of_answer, call); }

    struct heard {
        int from = 0;
        bool asks = false; // or answers
        std::uint64_t call = 0;
    };
    /// One that has come.
    [[nodiscard]] std::optional<heard> hear();

    /// Adds how many were sent to each rank, ever.
    void count_sent(std::vector<std::uint64_t>& counts) const noexcept;
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
    /// Whether all of ours have left.
    [[nodiscard]] bool sent();

  private:
    struct outgoing {
        std::uint64_t call;
        MPI_Request request;
    };
    void send(int rank, tag what, std::uint64_t call);

    MPI_Comm comm_;
    std::list<outgoing> out_;
    std::vector<std::uint64_t> sent_to_;
    std::uint64_t received_ = 0;
};

} // namespace mpimap::detail
