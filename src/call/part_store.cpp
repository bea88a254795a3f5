#include "call/part_store.hpp"

#include <atomic>
#include <iterator>

#include "call/tree.hpp"

namespace mpimap::detail {

part_store::part_store(transport& messages, const roster& ranks, std::size_t most_bytes)
    : number_([] {
          static std::atomic<std::uint64_t> last{0};
          return ++last;
      }()),
      messages_(messages), ranks_(ranks), most_bytes_(most_bytes) {}

std::shared_ptr<stored_part> part_store::find_or_add(const content& key, std::size_t bytes) {
    if (const auto known = by_content_.find(key); known != by_content_.end()) {
        parts_.splice(parts_.begin(), parts_, known->second);
        return parts_.front();
    }
    std::shared_ptr<stored_part> fresh = add(bytes);
    fresh->key = key;
    by_content_[key] = parts_.begin();
    return fresh;
}

std::shared_ptr<stored_part> part_store::add(std::size_t bytes) {
    auto fresh = std::make_shared<stored_part>();
    fresh->store = number_;
    fresh->number = part_number{++last_number_};
    fresh->bytes = bytes;
    fresh->at.resize(ranks_.size());
    parts_.push_front(fresh);
    bytes_ += bytes;
    return fresh;
}

void part_store::send_here(const stored_part& part, std::size_t rank,
                           const std::shared_ptr<const writer>& encoded) {
    outgoing message;
    message.shared = encoded;
    messages_.send(static_cast<int>(rank), wire::part{part.number}, std::move(message));
}

void part_store::send(stored_part& part, std::size_t rank, const std::shared_ptr<const writer>& encoded,
                      std::size_t others) {
    if (part.at[rank])
        return;
    part.at[rank] = true;
    constexpr std::size_t small = 4096; // one message says it, as another would say who sends it
    std::vector<std::size_t> to{rank};
    if (encoded->size() > small && ranks_.is_idle(rank)) {
        for (std::size_t other = 0; other < ranks_.size() && to.size() <= others; ++other) {
            if (!part.at[other] && ranks_.is_idle(other)) {
                part.at[other] = true;
                to.push_back(other);
            }
        }
    }
    const std::vector<hop> tree = tree_over(to);
    for (const hop& h : tree) {
        if (h.first && h.to.empty())
            continue;
        outgoing message;
        write_ranks(message.out, h.to);
        messages_.send(static_cast<int>(h.rank), wire::relay{part.number}, std::move(message));
    }
    for (const hop& h : tree) {
        if (h.first)
            send_here(part, h.rank, encoded);
    }
}

void part_store::forget(stored_part& part) {
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
        if (!part.at[rank])
            continue;
        messages_.send(static_cast<int>(rank), wire::forget{part.number}, outgoing());
        part.at[rank] = false;
    }
    bytes_ -= part.bytes;
    if (const auto known = by_content_.find(part.key);
        known != by_content_.end() && known->second->get() == &part)
        by_content_.erase(known);
}

void part_store::drop(stored_part& part) {
    for (auto at = parts_.begin(); at != parts_.end(); ++at) {
        if (at->get() == &part) {
            forget(part);
            parts_.erase(at);
            return;
        }
    }
}

void part_store::tidy() {
    // A number beside the bytes: stateless functions have none, but take a place on every rank.
    constexpr std::size_t most_parts = 1024;
    for (auto at = parts_.end();
         at != parts_.begin() && (bytes_ > most_bytes_ || parts_.size() > most_parts);) {
        --at;
        if (at->use_count() > 1)
            continue; // a call or a handle has it
        forget(**at);
        at = parts_.erase(at);
    }
}

} // namespace mpimap::detail
