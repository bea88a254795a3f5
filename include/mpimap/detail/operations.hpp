#pragma once

// What each kind of call does with items and results, wherever it runs: collectively, or from a pool.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/detail/check_options.hpp>
#include <mpimap/detail/hash.hpp>
#include <mpimap/detail/index_set.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/reduction.hpp>
#include <mpimap/detail/results.hpp>
#include <mpimap/detail/root_call.hpp>
#include <mpimap/detail/run_items.hpp>
#include <mpimap/detail/served_call.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/expected.hpp>
#include <mpimap/function.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

enum class call_kind { map, into, for_each, try_map, reduce };

/// The same on every rank that makes the same call. By mangled name: __PRETTY_FUNCTION__ calls all lambdas of
/// a function alike.
template <call_kind Kind, typename... Types>
std::uint64_t signature() {
    struct call {};
    return hash_text(typeid(call).name());
}

// Whatever comes of a call at the root is in place when its job has finished: results are given to the caller
// by take(), or, where the call throws and they need not be lost, in a partial finish.
//
// Each operation has: `function`, what is shipped; `root_type`, the job at the root; `served`, the kernel
// elsewhere; `result`; `tolerant`, whether it takes failures itself; signature(), the same on every rank that
// makes the same call; prepare(), called on the root with the fresh job; take(), the result when the job has
// finished.

/// Results in a vector.
template <typename F, typename... Args>
class map_operation {
    using item_result = result_of<callable_of<F>, element_t<Args>...>;

  public:
    using function = F;
    using root_type = root_call<F, slots_for<item_result>, Args...>;
    using served = served_call<F, kept_results<item_result>, Args...>;
    using result = std::vector<item_result>;
    static constexpr bool tolerant = false;
    static std::uint64_t signature() {
        return detail::signature<call_kind::map, F, item_result, sent_form_t<Args>...>();
    }
    void prepare(root_type& root, const options&) {
        root.make_slots(root.items());
        // Before the verdict, so that all ranks hear of it if there is no memory.
        root.on_finish([this, &root](failures&) { all_ = root.slots().take_all(); });
    }
    result take() { return std::move(all_); }

  private:
    result all_;
};

/// Results or failures, one for each item.
template <typename F, typename... Args>
class try_map_operation {
    using item_result = result_of<callable_of<F>, element_t<Args>...>;

  public:
    using function = F;
    using root_type = root_call<F, slots_for<item_result>, Args...>;
    using served = served_call<F, kept_results<item_result>, Args...>;
    using result = std::vector<expected<item_result, task_error>>;
    static constexpr bool tolerant = true;
    static std::uint64_t signature() {
        return detail::signature<call_kind::try_map, F, item_result, sent_form_t<Args>...>();
    }
    void prepare(root_type& root, const options&) {
        root.make_slots(root.items());
        root.on_finish([this, &root](failures& failed) {
            all_.reserve(root.items());
            auto next = failed.begin();
            const bool whole = root.done().size() + failed.size() == root.items();
            for (std::size_t i = 0; i < root.items(); ++i) {
                if (next != failed.end() && next->index == i) {
                    all_.emplace_back(tl::unexpect, task_error(std::move(*next++)));
                    continue;
                }
                if (!whole && !root.done().contains(i)) {
                    const bool out = root.given_up().contains(i);
                    all_.emplace_back(tl::unexpect,
                                      task_error(stopped_failure(i, out ? failure_kind::cancelled
                                                                        : failure_kind::not_run)));
                    continue;
                }
                try {
                    all_.emplace_back(root.slots().take(i));
                } catch (...) {
                    all_.emplace_back(tl::unexpect, task_error(current_failure(i, root.rank())));
                }
            }
        });
    }
    result take() { return std::move(all_); }

  private:
    result all_;
};

/// No results.
template <typename F, typename... Args>
class for_each_operation {
  public:
    using function = F;
    using root_type = root_call<F, no_slots, Args...>;
    using served = served_call<F, no_results, Args...>;
    using result = void;
    static constexpr bool tolerant = false;
    static std::uint64_t signature() {
        return detail::signature<call_kind::for_each, F, sent_form_t<Args>...>();
    }
    void prepare(root_type& root, const options& o) {
        check_no_results(o);
        root.make_slots(root.items());
    }
    void take() {}
};

/// Results in a range of the caller's.
template <typename Out, typename F, typename... Args>
class into_operation {
    using item_result = result_of<callable_of<F>, element_t<Args>...>;
    static constexpr bool direct = is_bytes<item_result> &&
                                   std::is_same_v<std::ranges::range_value_t<Out>, item_result> &&
                                   std::ranges::contiguous_range<Out> && std::ranges::sized_range<Out>;

  public:
    using function = F;
    using root_type = root_call<F, slots_for<item_result>, Args...>;
    using served = served_call<F, kept_results<item_result>, Args...>;
    using result = void;
    static constexpr bool tolerant = false;
    static std::uint64_t signature() {
        return detail::signature<call_kind::into, F, item_result, sent_form_t<Args>...>();
    }

    explicit into_operation(Out& out) : out_(out) {}
    void prepare(root_type& root, const options& o) {
        check_output(static_cast<std::size_t>(std::ranges::distance(out_)), root.items(), o);
        if constexpr (direct) {
            root.make_slots(std::ranges::data(out_), root.items());
        } else {
            root.make_slots(root.items());
            const auto assign_done = [this, &root](failures& failed) { assign(root, failed); };
            root.on_finish(assign_done);
            root.on_partial_finish(assign_done);
        }
    }
    void take() {}

  private:
    /// What has no result stays as it is.
    void assign(root_type& root, failures& failed) {
        const std::vector<index_range> done = root.done().ranges();
        if (done.empty())
            return;
        std::size_t i = done.front().first; // which is to be assigned
        try {
            auto at = std::ranges::begin(out_);
            std::size_t there = 0; // the item that `at` is the place of
            for (const index_range& some : done) {
                for (i = some.first; i < some.last; ++i) {
                    for (; there != i; ++there)
                        ++at;
                    *at = static_cast<std::ranges::range_value_t<Out>>(root.slots().take(i));
                }
            }
        } catch (...) {
            add_failure(failed, i, root.rank());
            root.not_done_from(i);
        }
    }

    Out& out_;
};

/// The fold of the results.
template <typename T, typename Op, typename F, typename... Args>
class reduce_operation {
  public:
    using function = mapped_reduction<F, Op>;
    using root_type = root_call<function, reduction_tree<T, function_copy<function>>, Args...>;
    using served = served_reduction<T, F, Op, Args...>;
    using result = T;
    static constexpr bool tolerant = false;
    static std::uint64_t signature() {
        return detail::signature<call_kind::reduce, F, Op, T, sent_form_t<Args>...>();
    }

    explicit reduce_operation(T init) : value_(std::move(init)) {}
    void prepare(root_type& root, const options&) {
        root.make_slots(root.items(), root.one_by_one(), root.function());
        root.on_finish([this, &root](failures&) {
            if (root.items() == 0)
                return;
            std::optional<T>& all = root.slots().value();
            if (!all)
                throw std::logic_error("mpimap: a part of the reduction is missing"); // a mistake of ours
            folded_.emplace(static_cast<T>(
                std::invoke(root.function()->operation(), std::move(value_), std::move(*all))));
        });
    }
    /// Where there were no items, and on ranks other than the root, the initial value.
    result take() { return folded_ ? std::move(*folded_) : std::move(value_); }

  private:
    T value_;
    std::optional<T> folded_;
};

} // namespace mpimap::detail
