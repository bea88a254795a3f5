#pragma once

#include <cstddef>
#include <iterator>
#include <map>
#include <vector>

#include <mpimap/errors.hpp>

namespace mpimap::detail {

/// A set of indices that are mostly neighbours: kept as ranges, of which there are as many as there are gaps.
/// Adding next to what was added last costs a few nanoseconds.
class index_set {
  public:
    index_set();
    ~index_set();
    index_set(const index_set&) = delete; // newest_ points into it
    index_set& operator=(const index_set&) = delete;

    /// Adds [first, last), unless one of them is in the set: false then.
    bool add(std::size_t first, std::size_t last);
    /// Calls `visit(from, to)` with each range of [first, last) that is not in it, in order. Nothing may be
    /// added meanwhile.
    template <typename Visit>
    void for_each_gap(std::size_t first, std::size_t last, const Visit& visit) const {
        auto next = ranges_.upper_bound(first);
        if (next != ranges_.begin() && std::prev(next)->second > first)
            first = std::prev(next)->second;
        for (; first < last; ++next) {
            const std::size_t to = next == ranges_.end() || next->first > last ? last : next->first;
            if (to > first)
                visit(first, to);
            if (next == ranges_.end())
                break;
            first = next->second;
        }
    }
    /// Removes all from `end` on.
    void cut(std::size_t end);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool contains(std::size_t i) const;
    /// The ranges in order, with a gap between each and the next.
    [[nodiscard]] std::vector<index_range> ranges() const;

  private:
    using map = std::map<std::size_t, std::size_t>;

    void join_next(map::iterator at);

    map ranges_; // the first of each, to its end
    map::iterator newest_ = ranges_.end();
    std::size_t size_ = 0;
};

} // namespace mpimap::detail
