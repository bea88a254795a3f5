#pragma once

// A fold whose value does not depend on who computed what: blocks of 256 consecutive items are folded left to
// right, blocks are combined in a binary tree over the block's index. A chunk gives the largest whole parts
// of that tree inside it; the root puts the parts together. Ranks and schedules change who computes a part,
// never the tree.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <mpimap/detail/parts.hpp>
#include <mpimap/detail/run_items.hpp>
#include <mpimap/detail/served_call.hpp>

namespace mpimap::detail {

inline constexpr std::size_t reduction_block = 256;

/// A part of the tree. Level 0: a block; above: the node with that index. Level -n: n items of a block from
/// the one with that index on, several only where that is the block's first.
template <typename T>
struct reduction_node {
    std::int32_t level;
    std::uint64_t index;
    T value;
};

/// The tree's nodes at a level: ceil(blocks / 2^level).
[[nodiscard]] constexpr std::uint64_t nodes_at(std::uint64_t blocks, std::int32_t level) {
    return level == 0 ? blocks : ((blocks - 1) >> level) + 1;
}

/// Throws serialization_error: results have a node that the tree has not, or has already.
[[noreturn]] void refuse_node();

/// Folds consecutive items [first, end) of `total` into nodes.
template <typename T, typename Op>
class part_folder {
  public:
    /// `one_by_one`: items may be missing, so none is folded with another.
    part_folder(item_range items, std::size_t total, bool one_by_one, Op* op)
        : first_(items.first), end_(items.end()), total_(total), one_by_one_(one_by_one), op_(op) {}

    void add(std::size_t item, T value) {
        const std::size_t block = item / reduction_block;
        const std::size_t begin = block * reduction_block;
        const std::size_t end = std::min(begin + reduction_block, total_);
        if (one_by_one_ || begin < first_ || end > end_) {
            nodes_.push_back({-1, item, std::move(value)});
            return;
        }
        if (item == begin) {
            nodes_.push_back({0, block, std::move(value)});
        } else if (!nodes_.empty() && nodes_.back().level == 0 && nodes_.back().index == block) {
            // Otherwise the block's first item failed, and the whole reduction with it.
            T& folded = nodes_.back().value;
            folded = static_cast<T>(std::invoke(*op_, std::move(folded), std::move(value)));
        }
        if (item + 1 == end)
            merge();
    }
    [[nodiscard]] bool complete(std::size_t item) const { return one_by_one_ || item + 1 == end_; }
    /// No more items than those before `end` will come: the last block may be in its midst.
    void end_before(std::size_t end) {
        if (nodes_.empty() || nodes_.back().level != 0)
            return;
        const std::size_t begin = static_cast<std::size_t>(nodes_.back().index) * reduction_block;
        if (end <= begin || end >= std::min(begin + reduction_block, total_))
            return;
        nodes_.back().level = -static_cast<std::int32_t>(end - begin);
        nodes_.back().index = begin;
    }
    [[nodiscard]] bool one_by_one() const { return one_by_one_; }
    [[nodiscard]] std::vector<reduction_node<T>>& nodes() { return nodes_; }

  private:
    void merge() {
        while (nodes_.size() > 1) {
            reduction_node<T>& right = nodes_.back();
            reduction_node<T>& left = nodes_[nodes_.size() - 2];
            if (left.level != right.level || left.level < 0 || left.index % 2 != 0 ||
                right.index != left.index + 1) {
                return;
            }
            left.value = static_cast<T>(std::invoke(*op_, std::move(left.value), std::move(right.value)));
            ++left.level;
            left.index /= 2;
            nodes_.pop_back();
        }
    }

    std::size_t first_;
    std::size_t end_;
    std::size_t total_;
    bool one_by_one_;
    Op* op_;
    std::vector<reduction_node<T>> nodes_;
};

/// Parts of one chunk at the rank that folded it.
template <typename T, typename Op>
class folded_results {
  public:
    static constexpr bool drops_results = false;
    folded_results(item_range items, std::size_t total, bool one_by_one, Op* op)
        : first_(items.first), folder_(items, total, one_by_one, op) {}

    template <typename Call>
    void invoke(std::size_t i, const Call& call) {
        folder_.add(first_ + i, static_cast<T>(call()));
    }

    std::size_t write(std::size_t from, std::size_t to, outgoing& message, failures& failed, int rank) {
        if (from != 0)
            return to; // all that there is went with the first message
        writer& out = message.out;
        if (folder_.one_by_one()) {
            drop_unwritable(out, failed, rank);
        } else {
            folder_.end_before(first_ + to); // what was behind may have gone back, and run elsewhere
        }
        const writer::mark before = out.position();
        std::size_t at = first_;
        try {
            auto& nodes = folder_.nodes();
            out.length(nodes.size());
            for (const auto& node : nodes) {
                if (node.level < 0)
                    at = node.index;
                write_value(out, node.level);
                write_value(out, node.index);
                write_value<T>(out, node.value);
            }
        } catch (...) {
            add_failure(failed, at, rank);
            out.rewind(before);
            out.length(0);
        }
        return to;
    }

  private:
    /// Items whose results cannot be encoded fail; the others are sent.
    void drop_unwritable(writer& out, failures& failed, int rank) {
        std::erase_if(folder_.nodes(), [&](const reduction_node<T>& node) {
            const writer::mark before = out.position();
            bool written = true;
            try {
                write_value<T>(out, node.value);
            } catch (...) {
                add_failure(failed, static_cast<std::size_t>(node.index), rank);
                written = false;
            }
            out.rewind(before);
            return !written;
        });
    }

    std::size_t first_;
    part_folder<T, Op> folder_;
};

/// The tree at the root: parts are put in in any order and combined as soon as both halves are there.
///
/// `Function` is the copy of the call's function that holds the operation; it is read after the tree is made.
template <typename T, typename Function>
class reduction_tree {
    using operation = std::remove_reference_t<decltype(std::declval<Function&>().operation())>;

  public:
    using value_type = T;
    static constexpr bool folds = true;
    static constexpr bool plain = false;                        // combining runs the user's operation
    static constexpr std::size_t granularity = reduction_block; // parts of blocks travel item by item
    static constexpr std::size_t item_bytes = 0;
    static constexpr std::size_t bytes_in_place = 0;

    reduction_tree(std::size_t items, bool one_by_one, const std::shared_ptr<Function>& function)
        : items_(items), one_by_one_(one_by_one), blocks_((items + reduction_block - 1) / reduction_block),
          function_(function) {}

    class local {
      public:
        static constexpr bool drops_results = false;
        local(reduction_tree& tree, item_range items)
            : tree_(tree), first_(items.first),
              folder_(items, tree.items_, tree.one_by_one_, std::addressof(tree.function_->operation())) {}
        template <typename Call>
        void invoke(std::size_t i, const Call& call) {
            folder_.add(first_ + i, static_cast<T>(call()));
            if (folder_.complete(first_ + i)) {
                tree_.note_run(folder_.nodes());
                for (auto& node : folder_.nodes())
                    tree_.put(node.level, node.index, std::move(node.value));
                folder_.nodes().clear();
            }
        }

      private:
        reduction_tree& tree_;
        std::size_t first_;
        part_folder<T, operation> folder_;
    };
    local at(item_range items) {
        if (last_run_)
            last_run_.emplace();
        return local(*this, items);
    }

    /// From here on the parts that come of items that run here are encoded, as those of a chunk are.
    void keep_last_run() { last_run_.emplace(); }
    /// It must live as long as what is written.
    void write_last_run(writer& out) const {
        std::size_t parts = 0;
        for (const run_here& some : *last_run_) {
            if (some.failed)
                std::rethrow_exception(some.failed);
            parts += some.parts;
        }
        out.length(parts);
        for (const run_here& some : *last_run_) {
            out.bytes(some.encoded.body().data(), some.encoded.body().size());
            out.spans().insert(out.spans().end(), some.encoded.spans().begin(), some.encoded.spans().end());
        }
    }

    std::size_t read(item_range items, reader& in, failures& failed, int rank,
                     std::function<void()>& complete) {
        auto nodes = std::make_shared<std::vector<reduction_node<T>>>();
        try {
            constexpr std::size_t least = sizeof(std::int32_t) + sizeof(std::uint64_t) + least_size<T>();
            const std::size_t n = in.length(least);
            nodes->reserve(n);
            for (std::size_t k = 0; k < n; ++k) {
                const auto level = make_value<std::int32_t>(in);
                const auto index = make_value<std::uint64_t>(in);
                if (!is_inside(items, level, index))
                    refuse_node();
                nodes->push_back({level, index, make_value<T>(in)});
            }
        } catch (...) {
            in.forget_targets(0);
            add_failure(failed, items.first, rank);
            return 0;
        }
        // Large arrays inside the values may still be on their way.
        complete = [this, nodes] {
            for (auto& node : *nodes)
                put(node.level, node.index, std::move(node.value));
        };
        return items.count;
    }
    void put(std::int32_t level, std::uint64_t index, T value) {
        // An operation that threw has left values moved from: no other attempt makes the tree whole.
        if (broken_)
            std::rethrow_exception(broken_);
        try {
            add(level, index, std::move(value));
        } catch (...) {
            broken_ = std::current_exception();
            throw;
        }
    }

    /// The whole tree's value, there when every item was put in.
    [[nodiscard]] std::optional<T>& value() { return root_; }

  private:
    /// Whether a chunk of these items can have such a node.
    [[nodiscard]] bool is_inside(item_range items, std::int32_t level, std::uint64_t index) const {
        if (level < 0) {
            const auto n = static_cast<std::uint64_t>(-static_cast<std::int64_t>(level));
            const bool several = n > 1; // from the block's first item on
            return index >= items.first && index < items.end() && n <= items.end() - index &&
                   n < reduction_block && (!several || index % reduction_block == 0);
        }
        constexpr std::int32_t most = std::numeric_limits<std::uint64_t>::digits;
        if (level >= most || index >= nodes_at(blocks_, level) ||
            (level != 0 && nodes_at(blocks_, level - 1) == 1)) // above the top
            return false;
        // Of a node of the tree neither can overflow: it begins at an item.
        const std::size_t first = (static_cast<std::size_t>(index) << level) * reduction_block;
        const std::size_t blocks = std::size_t{1} << level;
        const bool is_last = index + 1 == nodes_at(blocks_, level);
        const std::size_t end = is_last ? items_ : first + blocks * reduction_block;
        return first >= items.first && end <= items.end();
    }

    struct run_here {
        std::size_t parts = 0;
        writer encoded;
        std::exception_ptr failed = {};
    };
    /// They are combined with others next.
    void note_run(const std::vector<reduction_node<T>>& nodes) {
        if (!last_run_)
            return;
        run_here& some = last_run_->emplace_back();
        try {
            for (const auto& node : nodes) {
                write_value(some.encoded, node.level);
                write_value(some.encoded, node.index);
                write_value<T>(some.encoded, node.value);
                ++some.parts;
            }
            some.encoded.own_spans();
        } catch (...) { // is no failure of the item, whose value nobody else needs
            some.failed = std::current_exception();
        }
    }

    struct partial_block {
        std::size_t present = 0;
        std::vector<std::optional<T>> values;
    };

    void add(std::int32_t level, std::uint64_t index, T value) {
        if (level < 0) {
            const std::uint64_t block = index / reduction_block;
            const std::size_t begin = static_cast<std::size_t>(block) * reduction_block;
            const std::size_t size = std::min(reduction_block, items_ - begin);
            partial_block& p = partial_[block];
            if (p.values.empty())
                p.values.resize(size);
            std::optional<T>& at = p.values[static_cast<std::size_t>(index) - begin];
            if (at)
                refuse_node();
            at.emplace(std::move(value));
            p.present += static_cast<std::size_t>(-level);
            if (p.present < size)
                return;
            T folded = std::move(*p.values[0]);
            for (std::size_t i = 1; i < size; ++i) {
                if (!p.values[i])
                    continue; // folded into the first where they were made
                folded = static_cast<T>(
                    std::invoke(function_->operation(), std::move(folded), std::move(*p.values[i])));
            }
            partial_.erase(block);
            add(0, block, std::move(folded));
            return;
        }
        while (nodes_at(blocks_, level) > 1) {
            const std::uint64_t sibling = index ^ 1U;
            if (sibling < nodes_at(blocks_, level)) {
                const auto there = nodes_.find({level, sibling});
                if (there == nodes_.end()) {
                    if (!nodes_.emplace(std::pair(level, index), std::move(value)).second)
                        refuse_node();
                    return;
                }
                T other = std::move(there->second);
                nodes_.erase(there);
                value = static_cast<T>(
                    index < sibling
                        ? std::invoke(function_->operation(), std::move(value), std::move(other))
                        : std::invoke(function_->operation(), std::move(other), std::move(value)));
            }
            ++level;
            index /= 2;
        }
        root_.emplace(std::move(value));
    }

    std::size_t items_;
    bool one_by_one_;
    std::uint64_t blocks_;
    std::exception_ptr broken_;
    const std::shared_ptr<Function>& function_;
    std::map<std::pair<std::int32_t, std::uint64_t>, T> nodes_;
    std::map<std::uint64_t, partial_block> partial_;
    std::optional<std::vector<run_here>> last_run_; // where somebody keeps it
    std::optional<T> root_;
};

/// The map's function with the operation beside it.
template <typename F, typename Op>
struct mapped_reduction {
    const F* f;
    const Op* op;
};

template <typename F, typename Op>
inline constexpr bool has_own_shipping<mapped_reduction<F, Op>> = true;

template <typename F, typename Op>
struct function_copy<mapped_reduction<F, Op>> {
    static constexpr bool supported = function_copy<F>::supported && function_copy<Op>::supported;
    [[nodiscard]] auto& get() { return f->get(); }
    [[nodiscard]] auto& operation() { return op->get(); }

    typename function_parts<F>::copy f;
    typename function_parts<Op>::copy op;
};

/// Those of the map's function and of the operation.
template <typename F, typename Op>
struct function_parts<mapped_reduction<F, Op>> {
    using copy = std::shared_ptr<function_copy<mapped_reduction<F, Op>>>;
    static constexpr std::size_t count = 2;
    [[nodiscard]] static const void* type(std::size_t i) {
        return i == 0 ? function_parts<F>::type(0) : function_parts<Op>::type(0);
    }
    static void write(std::size_t i, writer& out, const mapped_reduction<F, Op>& r) {
        if (i == 0) {
            function_parts<F>::write(0, out, *r.f);
        } else {
            function_parts<Op>::write(0, out, *r.op);
        }
    }
    static std::shared_ptr<void> read(std::size_t i, reader& in, copy& to) {
        make(to);
        return i == 0 ? function_parts<F>::read(0, in, to->f) : function_parts<Op>::read(0, in, to->op);
    }
    static void use(std::size_t i, std::shared_ptr<void> part, copy& to) {
        if (!part) {
            to = nullptr;
            return;
        }
        make(to);
        if (i == 0) {
            function_parts<F>::use(0, std::move(part), to->f);
        } else {
            function_parts<Op>::use(0, std::move(part), to->op);
        }
    }

  private:
    static void make(copy& to) {
        if (!to)
            to = std::make_shared<function_copy<mapped_reduction<F, Op>>>();
    }
};

template <typename T, typename F, typename Op, typename... Args>
class served_reduction
    : public served_call<mapped_reduction<F, Op>, folded_results<T, callable_of<Op>>, Args...> {
    using base = served_call<mapped_reduction<F, Op>, folded_results<T, callable_of<Op>>, Args...>;

  public:
    using base::base;

  protected:
    folded_results<T, callable_of<Op>> make_results(item_range items) override {
        return folded_results<T, callable_of<Op>>(items, this->items(), this->one_by_one(),
                                                  std::addressof(this->function().operation()));
    }
};

} // namespace mpimap::detail
