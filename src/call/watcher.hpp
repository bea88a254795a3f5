#pragma once

// Who watches one call, on its owner: sees what becomes of its items, and looks at the clock.

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "call/settled.hpp"
#include "wire/messages.hpp"

namespace mpimap::detail {

class owner;

/// What a rank does.
enum class activity : unsigned char { waits, receives, decodes, runs, encodes };

/// Lives as long as the call. Is told on the helper's and the deputy's thread, too: one of them at a time.
class call_watcher {
  public:
    virtual ~call_watcher() = default;
    virtual void settled(const settled_items&) noexcept {}
    /// The owner begins to run these itself.
    virtual void begins(item_range /*items*/) noexcept {}
    /// So many items ran on that rank, one after the other, in so many seconds, whatever becomes of them.
    virtual void ran(std::size_t /*rank*/, std::size_t /*items*/, double /*seconds*/) noexcept {}
    /// A chunk to that rank, of so many bytes without its header; `only`: it has no other, of any call.
    virtual void sent(std::size_t /*rank*/, std::size_t /*bytes*/, bool /*only*/) noexcept {}
    /// The same of a message from one.
    virtual void received(std::size_t /*bytes*/) noexcept {}
    /// Whether the next two are of interest: clocks are read for them.
    [[nodiscard]] virtual bool wants_times() const noexcept { return false; }
    /// What the owner's threads did from `begin` to `end`, in seconds.
    virtual void spent(activity, item_range /*items*/, double /*begin*/, double /*end*/) noexcept {}
    /// Results of a rank, with times.
    virtual void answered(std::size_t /*rank*/, const wire::results&) noexcept {}
    /// Time has passed: several times a millisecond while the call moves, and seldom otherwise.
    virtual void look(const owner&) noexcept {}
    /// There is no more to be told. `job`: where code of the user's may run, to tell of its arguments.
    virtual void over(root_job* /*job*/) noexcept {}
};

using call_watchers = std::vector<std::unique_ptr<call_watcher>>;

/// How many items the call has, where that is known.
[[nodiscard]] inline std::optional<std::size_t> expected_items(root_job& job) {
    return job.growing() == nullptr ? job.items() : job.growing()->expected();
}

} // namespace mpimap::detail
