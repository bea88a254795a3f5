#pragma once

// A call that stands still, on this process's standard error.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "call/watcher.hpp"
#include "clock.hpp"
#include "watch/silence.hpp"

namespace mpimap::detail {

/// What moves in any call of this process counts for all: one long item among others that are settled is no
/// standstill. It is the engine that looks, and sees who has what; where it does not, since the root is in an
/// item of its own and there is no helper, a thread says that much.
class told_silence : public call_watcher {
  public:
    told_silence(const watchdog_settings& how, root_job& job, std::size_t root, std::size_t ranks);
    ~told_silence() override;
    told_silence(const told_silence&) = delete;
    told_silence& operator=(const told_silence&) = delete;

    void settled(const settled_items& what) noexcept override;
    void begins(item_range items) noexcept override;
    void ran(std::size_t rank, std::size_t items, double seconds) noexcept override;
    void sent(std::size_t rank, std::size_t bytes, bool only) noexcept override;
    void look(const owner& state) noexcept override;

  private:
    [[nodiscard]] standstill of(const owner& state, double since, double now) const;
    void note(std::size_t rank, double now) noexcept;

    bool ends_;
    std::uint64_t ordinal_;
    std::optional<std::size_t> items_;
    std::size_t root_;
    std::size_t ranks_;
    std::unordered_map<std::size_t, double> begun_; // when each rank began what it has
    std::size_t ran_ = 0;
    bool runs_here_ = false;
    double told_ = -1; // the last standstill that was
    clock::time_point looked_;
};

} // namespace mpimap::detail
