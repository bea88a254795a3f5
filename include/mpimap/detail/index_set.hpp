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
    /// Adds [first, last); none of them may be in the set.
    void add(std::size_t first, std::size_t last) {
        if (first == last)
            return;
        size_ += last - first;
        if (newest_ != ranges_.end() && newest_->second == first) {
            newest_->second = last;
            join_next(newest_);
            return;
        }
        auto next = ranges_.upper_bound(first);
        if (next != ranges_.begin() && std::prev(next)->second == first) {
            newest_ = std::prev(next);
            newest_->second = last;
            join_next(newest_);
            return;
        }
        if (next != ranges_.end() && next->first == last) {
            auto node = ranges_.extract(next++);
            node.key() = first;
            newest_ = ranges_.insert(next, std::move(node));
            return;
        }
        newest_ = ranges_.emplace_hint(next, first, last);
    }

    /// Removes all from `end` on.
    void cut(std::size_t end) {
        while (!ranges_.empty() && std::prev(ranges_.end())->second > end) {
            const auto last = std::prev(ranges_.end());
            if (last->first < end) {
                size_ -= last->second - end;
                last->second = end;
                break;
            }
            size_ -= last->second - last->first;
            ranges_.erase(last);
        }
        newest_ = ranges_.end();
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool contains(std::size_t i) const {
        const auto next = ranges_.upper_bound(i);
        return next != ranges_.begin() && std::prev(next)->second > i;
    }
    /// The ranges in order, with a gap between each and the next.
    [[nodiscard]] std::vector<index_range> ranges() const {
        std::vector<index_range> all;
        all.reserve(ranges_.size());
        for (const auto& [first, last] : ranges_)
            all.push_back({first, last});
        return all;
    }

    index_set() = default;
    ~index_set() = default;
    index_set(const index_set&) = delete; // newest_ points into it
    index_set& operator=(const index_set&) = delete;

  private:
    using map = std::map<std::size_t, std::size_t>;

    void join_next(map::iterator at) {
        const auto next = std::next(at);
        if (next == ranges_.end() || next->first != at->second)
            return;
        at->second = next->second;
        ranges_.erase(next);
    }

    map ranges_; // the first of each, to its end
    map::iterator newest_ = ranges_.end();
    std::size_t size_ = 0;
};

} // namespace mpimap::detail
