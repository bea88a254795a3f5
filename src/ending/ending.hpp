#pragma once

// That this process comes to an end before its program does: signals, the clock, and the thread that gives up
// what still runs when the time is over.

#include <atomic>
#include <cstddef>
#include <optional>

#include <mpimap/options.hpp>

#include "call/interruption.hpp"
#include "ending/timeline.hpp"

namespace mpimap::detail {

/// Whether this process has been asked to end, by a signal or another rank.
[[nodiscard]] interruption& interruption_here() noexcept;
/// The same, or that its time is over but for the margin; 0 otherwise. As of an interruption.
[[nodiscard]] int cause_of_ending() noexcept;

/// From now on SIGTERM, SIGINT, SIGUSR1 and SIGUSR2 ask for it, as far as the program does not handle or
/// ignore them, and the end of a Slurm job counts for all calls. To be called before MPI is initialised,
/// which SIGUSR1 would end otherwise. The handlers stay until the program ends; a child that is no program of
/// its own ends by these signals as it would without.
void heed_signals_and_slurm();

/// What Slurm has said of the job's end where it was asked, in seconds since 1970, and to be told elsewhere;
/// 0 where it is not known.
[[nodiscard]] double end_of_slurm_job_here() noexcept;
void know_end_of_slurm_job(double since_1970);

/// What the options of a call, and the environment, say of its end: seconds on the engine's clock.
struct time_of_call {
    std::optional<double> ends = {};
    double margin = 0;
    std::optional<double> given_margin = {}; // by the options
    bool is_of_program = false;              // when it ends, the program is to

    /// When items should have ended.
    [[nodiscard]] std::optional<double> items_end() const {
        return ends ? std::optional(*ends - margin) : std::nullopt;
    }
};
/// Throws invalid_argument where MPIMAP_DEADLINE or MPIMAP_MARGIN makes no sense.
[[nodiscard]] time_of_call time_of(const options& o);

/// Whether anything is ever given up in this process: there is a thread for that.
inline std::atomic<bool> gives_up = false;
[[nodiscard]] inline bool gives_up_here() noexcept {
    return gives_up.load(std::memory_order_acquire);
}

/// While one lives what runs on this rank is a call's: it is given up when its time, or the process's, is
/// over.
class call_with_end {
  public:
    /// `root`: this rank is. The others come later. `busy`: whether anything of it runs; null where it does
    /// all the time.
    explicit call_with_end(bool root, const std::atomic<bool>* busy = nullptr);
    ~call_with_end();
    call_with_end(const call_with_end&) = delete;
    call_with_end& operator=(const call_with_end&) = delete;

    void set(const time_of_call& time);
    /// What the root has said.
    void set_margin(std::optional<double> margin);

  private:
    [[nodiscard]] timeline::call call(std::optional<double> ends, std::optional<double> margin) const;

    bool root_;
    const std::atomic<bool>* busy_;
    std::optional<std::size_t> key_; // none where nothing can come of it
};

/// What comes from now on has nothing to do with it.
void note_end_of_program() noexcept;

/// The root says so: items of a call were left when its time was over, or the program was to end.
/// `end_of_program`: that time was the program's. From then on no calls begin, unless it was the call's own.
void note_left_items(bool end_of_program) noexcept;
[[nodiscard]] bool has_left_items() noexcept;

} // namespace mpimap::detail
