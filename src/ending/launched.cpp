#include "ending/launched.hpp"

#include <cstdlib>
#include <string_view>

namespace mpimap::detail {
namespace {

// Of mpirun, of srun, and of whoever speaks PMIx.
constexpr const char* rank_by_mpirun = "OMPI_COMM_WORLD_RANK";
constexpr const char* other_ranks[] = {"PMIX_RANK", "PMI_RANK"};

} // namespace

bool is_started_by_mpirun() noexcept {
    return std::getenv(rank_by_mpirun) != nullptr;
}

bool has_no_launcher() noexcept {
    for (const char* const name : other_ranks) {
        if (std::getenv(name) != nullptr)
            return false;
    }
    return !is_started_by_mpirun() && std::getenv("SLURM_PROCID") == nullptr;
}

bool is_first_process() noexcept {
    const auto is_other = [](const char* name) {
        const char* const rank = std::getenv(name);
        return rank != nullptr && std::string_view(rank) != "0";
    };
    if (is_started_by_mpirun())
        return !is_other(rank_by_mpirun);
    return !is_other("PMIX_RANK") && !is_other("PMI_RANK") && !is_other("SLURM_PROCID");
}

} // namespace mpimap::detail
