#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <thread>

namespace mpimap::detail {

/// A program that fails on one rank ends the job, as it does where a process fails that has left MPI. The
/// others may be in a call that they wait in for this rank, while this rank waits for them in MPI_Finalize.
class patience {
  public:
    patience(int rank, int status) {
        try {
            std::thread([rank, status, over = over_] {
                std::this_thread::sleep_for(limit);
                if (*over)
                    return;
                std::fprintf(stderr,
                             "rank %d: the program ended with status %d, and other ranks have not come to "
                             "their end for %d seconds: the job ends\n",
                             rank, status, static_cast<int>(limit.count()));
                std::fflush(stderr);
                std::_Exit(status);
            }).detach();
        } catch (const std::system_error&) {
            // No thread to be had: it waits.
        }
    }
    ~patience() { *over_ = true; }
    patience(const patience&) = delete;
    patience& operator=(const patience&) = delete;

  private:
    static constexpr std::chrono::seconds limit{5};
    std::shared_ptr<std::atomic<bool>> over_ = std::make_shared<std::atomic<bool>>(false);
};

} // namespace mpimap::detail
