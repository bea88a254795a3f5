#include <mpimap/detail/index_set.hpp>

#include <iterator>
#include <utility>

namespace mpimap::detail {

index_set::index_set() = default;
index_set::~index_set() = default;

bool index_set::add(std::size_t first, std::size_t last) {
    if (first == last)
        return true;
    const auto behind = [&](map::iterator next) { return next == ranges_.end() || next->first >= last; };
    if (newest_ != ranges_.end() && newest_->second == first) {
        const auto next = std::next(newest_);
        if (!behind(next))
            return false;
        newest_->second = last;
        if (next != ranges_.end())
            join_next(newest_);
        size_ += last - first;
        return true;
    }
    auto next = ranges_.upper_bound(first);
    if (!behind(next))
        return false;
    if (next != ranges_.begin()) {
        const auto before = std::prev(next);
        if (before->second > first)
            return false;
        if (before->second == first) {
            newest_ = before;
            newest_->second = last;
            join_next(newest_);
            size_ += last - first;
            return true;
        }
    }
    size_ += last - first;
    if (next != ranges_.end() && next->first == last) {
        auto node = ranges_.extract(next++);
        node.key() = first;
        newest_ = ranges_.insert(next, std::move(node));
        return true;
    }
    newest_ = ranges_.emplace_hint(next, first, last);
    return true;
}

void index_set::cut(std::size_t end) {
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

bool index_set::contains(std::size_t i) const {
    const auto next = ranges_.upper_bound(i);
    return next != ranges_.begin() && std::prev(next)->second > i;
}

std::vector<index_range> index_set::ranges() const {
    std::vector<index_range> all;
    all.reserve(ranges_.size());
    for (const auto& [first, last] : ranges_)
        all.push_back({first, last});
    return all;
}

void index_set::join_next(map::iterator at) {
    const auto next = std::next(at);
    if (next == ranges_.end() || next->first != at->second)
        return;
    at->second = next->second;
    ranges_.erase(next);
}

} // namespace mpimap::detail
