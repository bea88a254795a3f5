#pragma once

// Who keeps what becomes of the items of one call, at its owner, for a later program that makes the same
// call.

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <mpimap/detail/index_set.hpp>
#include <mpimap/detail/job.hpp>

#include "wire/messages.hpp"

namespace mpimap::detail {

/// Lives as long as the call. Is told on the helper's and the deputy's thread, too: one of them at a time.
/// Once the call has begun nothing is thrown, and nobody waits but for a disk that is slower than what comes.
class call_keeper {
  public:
    virtual ~call_keeper() = default;

    // Of a call whose items are all there at the beginning.

    /// Items that have neither result nor failure, in order; blocks of arguments that are known by one sum
    /// are not joined.
    [[nodiscard]] virtual std::vector<index_range> missing() const = 0;
    /// Those of them that a program had begun when it ended, in order: nobody knows whether they ended it.
    [[nodiscard]] virtual const std::vector<item_range>& suspects() const = 0;
    /// Items that failed, and are not to be run again.
    [[nodiscard]] virtual failures take_failures() = 0;

    // Of one that grows.

    enum class kept { nothing, result, failure };
    /// There is an item more. What there is of it is given to the job. May run code of the user's.
    [[nodiscard]] virtual kept added(std::size_t item) noexcept = 0;

    /// These are about to run there.
    virtual void begins(std::size_t rank, item_range items) noexcept = 0;
    /// Results have come, of all items but those: what the rank has sent, `body`, and where the rest of it is
    /// now. What puts them in place may fail, and may change what is there: that it is done in_place() says.
    virtual void came(std::size_t rank, const wire::results& r, const std::vector<std::size_t>& without,
                      const buffer& body, const std::vector<target_span>& spans) noexcept = 0;
    virtual void in_place() noexcept = 0;
    /// They ran here. May run code of the user's.
    virtual void ran(std::size_t rank, item_range items, const std::vector<std::size_t>& without,
                     double seconds) noexcept = 0;
    /// For good.
    virtual void failed(const failure& f) noexcept = 0;
    /// Of what has been told nothing is left to be written: gives_up() knows of all of it.
    virtual void write_out() noexcept = 0;
    /// Once, where nothing can be kept any more and the call is to end for that.
    [[nodiscard]] virtual std::optional<failure> gives_up() noexcept = 0;
    /// There is no more to be told.
    virtual void over() noexcept = 0;
};

} // namespace mpimap::detail
