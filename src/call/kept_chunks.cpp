#include "call/kept_chunks.hpp"

#include <utility>

namespace mpimap::detail {

void kept_chunks::sent(std::size_t rank, item_range items, std::size_t skipped, outgoing& message) {
    chunk c{items, {skipped}};
    const std::size_t bytes = message.content().size();
    if (message.content().spans().empty() && bytes_ + bytes <= most_bytes) {
        if (!message.shared) {
            auto content = std::make_shared<writer>();
            *content = std::move(message.out);
            message.shared = std::move(content);
        }
        c.kept.content = message.shared;
        bytes_ += bytes;
    }
    ranks_[rank].push(std::move(c));
}

kept_chunks::encoding kept_chunks::take(chunk& c) noexcept {
    if (c.kept.content)
        bytes_ -= c.kept.content->size();
    return std::exchange(c.kept, {});
}

void kept_chunks::finished(std::size_t rank) {
    if (ranks_[rank].empty())
        return; // it has none: damaged
    take(ranks_[rank].front());
    ranks_[rank].drop();
}

kept_chunks::encoding kept_chunks::returned(std::size_t rank, item_range items) {
    for (chunk& c : ranks_[rank]) {
        if (items.first < c.items.first || items.end() != c.items.end())
            continue;
        encoding kept = take(c);
        kept.skipped += items.first - c.items.first;
        c.items.count -= items.count;
        if (c.items.count == 0)
            ranks_[rank].erase(&c);
        return kept;
    }
    return {};
}

} // namespace mpimap::detail
