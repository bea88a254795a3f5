#pragma once

// What ranks of one machine tell each other while one of them is in an item.

#include <atomic>
#include <chrono>
#include <thread>

#include <mpi.h>

#include "mpi_test.hpp"

namespace mpimap_test {

/// A number that all ranks of a machine share, in memory: no message is needed to change it. Items find it by
/// themselves; one at a time.
class shared_counter {
  public:
    /// Collective, and 0.
    shared_counter() {
        void* base = nullptr;
        MPI_Win_allocate_shared(rank() == 0 ? sizeof(std::atomic<int>) : 0, 1, MPI_INFO_NULL, comm(),
                                static_cast<void*>(&base), &window_);
        MPI_Aint size = 0;
        int unit = 0;
        MPI_Win_shared_query(window_, 0, &size, &unit, static_cast<void*>(&base));
        here_ = static_cast<std::atomic<int>*>(base);
        if (rank() == 0)
            *here_ = 0;
        MPI_Barrier(comm());
    }
    /// Collective.
    ~shared_counter() {
        MPI_Barrier(comm());
        here_ = nullptr;
        MPI_Win_free(&window_);
    }
    shared_counter(const shared_counter&) = delete;
    shared_counter& operator=(const shared_counter&) = delete;

    /// This rank's way to it.
    static std::atomic<int>& value() { return *here_; }

    /// Until it is so large. False if that takes longer than any loaded machine does: nobody is left to
    /// count.
    static bool wait_for(int n) {
        const auto begin = std::chrono::steady_clock::now();
        while (value() < n) {
            if (std::chrono::steady_clock::now() - begin > std::chrono::seconds(40))
                return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return true;
    }

  private:
    static inline std::atomic<int>* here_ = nullptr;
    MPI_Win window_ = MPI_WIN_NULL;
};

} // namespace mpimap_test
