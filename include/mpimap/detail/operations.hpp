#pragma once

// What each kind of call does with items and results, wherever it runs: collectively, or from a pool.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <mpimap/arguments.hpp>
#include <mpimap/detail/checks.hpp>
#include <mpimap/detail/collective_call.hpp>
#include <mpimap/detail/hash.hpp>
#include <mpimap/detail/parts.hpp>
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

template <typename F>
concept not_options = !std::is_convertible_v<F, const options&>;

/// Functions decay to pointers, all else is referred to.
template <typename F>
decltype(auto) as_function(F& f) {
    if constexpr (std::is_function_v<F>) {
        return &f;
    } else {
        return std::as_const(f);
    }
}

template <typename F>
using shipped = std::remove_cvref_t<std::decay_t<F>>;

/// Makes the argument of a starmap one column whose tuples are spread over the function's parameters.
template <typename F>
struct spread {
    const F* f;
};

template <typename F, typename Tuple, typename... First>
consteval bool applicable() {
    if constexpr (requires { std::tuple_size<Tuple>::value; }) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return std::is_invocable_v<F&, First..., const std::tuple_element_t<I, Tuple>&...>;
        }
        (std::make_index_sequence<std::tuple_size_v<Tuple>>{});
    } else {
        return false;
    }
}

template <typename F>
struct function_copy<spread<F>> {
    static constexpr bool supported = function_copy<F>::supported;

    struct callable {
        callable_of<F>* f;
        template <typename Tuple>
            requires(applicable<callable_of<F>, Tuple>())
        decltype(auto) operator()(const Tuple& t) {
            return std::apply(
                [this](const auto&... part) -> decltype(auto) { return std::invoke(*f, part...); }, t);
        }
        template <typename Tuple>
            requires(!applicable<callable_of<F>, Tuple>())
        &&(applicable<callable_of<F>, Tuple, task>()) decltype(auto) operator()(task where, const Tuple& t) {
            return std::apply(
                [&](const auto&... part) -> decltype(auto) { return std::invoke(*f, where, part...); }, t);
        }
    };
    [[nodiscard]] callable& get() {
        callable_.f = std::addressof(function->get());
        return callable_;
    }

    typename function_parts<F>::copy function;

  private:
    callable callable_{nullptr};
};
template <typename F>
inline constexpr bool has_own_shipping<spread<F>> = true;

/// That of the function which the tuples are spread over.
template <typename F>
struct function_parts<spread<F>> {
    using copy = std::shared_ptr<function_copy<spread<F>>>;
    static constexpr std::size_t count = 1;
    [[nodiscard]] static const void* type(std::size_t) { return function_parts<F>::type(0); }
    static void write(std::size_t, writer& out, const spread<F>& s) {
        function_parts<F>::write(0, out, *s.f);
    }
    static std::shared_ptr<void> read(std::size_t, reader& in, copy& to) {
        to = std::make_shared<function_copy<spread<F>>>();
        return function_parts<F>::read(0, in, to->function);
    }
    static void use(std::size_t, std::shared_ptr<void> part, copy& to) {
        to = part ? std::make_shared<function_copy<spread<F>>>() : nullptr;
        if (to)
            function_parts<F>::use(0, std::move(part), to->function);
    }
};

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
        return detail::signature<call_kind::map, F, item_result, element_t<Args>...>();
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
        return detail::signature<call_kind::try_map, F, item_result, element_t<Args>...>();
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
        return detail::signature<call_kind::for_each, F, element_t<Args>...>();
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
        return detail::signature<call_kind::into, F, item_result, element_t<Args>...>();
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
        return detail::signature<call_kind::reduce, F, Op, T, element_t<Args>...>();
    }

    explicit reduce_operation(T init) : value_(std::move(init)) {}
    void prepare(root_type& root, const options&) {
        root.make_slots(root.items(), root.one_by_one(), root.function());
        root.on_finish([this, &root](failures&) {
            if (std::optional<T>& all = root.slots().value()) {
                folded_.emplace(static_cast<T>(
                    std::invoke(root.function()->operation(), std::move(value_), std::move(*all))));
            }
        });
    }
    /// Where there were no items, and on ranks other than the root, the initial value.
    result take() { return folded_ ? std::move(*folded_) : std::move(value_); }

  private:
    T value_;
    std::optional<T> folded_;
};

/// Operations that refer to their operands, and to nothing that ends with them.
template <typename Op>
inline constexpr bool keeps_operands = false;
template <>
inline constexpr bool keeps_operands<std::plus<>> = true;
template <>
inline constexpr bool keeps_operands<std::minus<>> = true;
template <>
inline constexpr bool keeps_operands<std::multiplies<>> = true;

/// Objects that look like a function of the elements, or of anything.
template <typename T, typename... Args>
consteval bool is_some_function() {
    if constexpr (requires { &T::operator(); }) {
        return true;
    } else if constexpr ((map_argument<Args> && ...)) {
        return fits<T, element_t<Args>...>;
    } else {
        return std::is_function_v<std::remove_pointer_t<T>>;
    }
}

/// Whether the operation and the function stand in each other's place.
template <typename T, typename Op, typename F, typename... Args>
consteval bool are_swapped() {
    if constexpr (is_none<function_finding<F>> && is_none<function_finding<Op>>) {
        return !fits<callable_of<F>, element_t<Args>...> && fits<callable_of<Op>, element_t<Args>...> &&
               std::is_invocable_v<callable_of<F>&, T, T>;
    } else {
        return false;
    }
}

/// Whether a fold in T cuts off what an R has: floating point to integral, or to a shorter type of the same
/// kind.
template <typename R, typename T>
inline constexpr bool cuts_off =
    std::is_arithmetic_v<R>&& std::is_arithmetic_v<T> && !std::is_same_v<R, bool> &&
    (std::is_floating_point_v<R> == std::is_floating_point_v<T> ? sizeof(T) < sizeof(R)
                                                                : std::is_floating_point_v<R>);

/// The first problem of a reduction by Op, in T, of what F gives for Args.
template <typename T, typename Op, typename F, typename... Args>
consteval auto find_reduction_problem() {
    if constexpr ((is_options<Args> || ...)) {
        return first_argument<are_options, problem::options_behind_function, Args...>();
    } else if constexpr (function_finding<Op>::what == problem::function_does_not_fit) {
        return finding<problem::reduction_out_of_order, Op, at::operation>{};
    } else if constexpr (function_finding<F>::what == problem::function_does_not_fit) {
        return finding<problem::reduction_out_of_order, F, at::function>{};
    } else {
        constexpr auto mapping = find_problem<true, F, Args...>();
        if constexpr (mapping.what == problem::function_does_not_fit) {
            if constexpr (are_swapped<T, Op, F, Args...>()) {
                return finding<problem::reduction_out_of_order, Op, at::operation>{};
            } else {
                return mapping;
            }
        } else if constexpr (!is_none<decltype(mapping)> &&
                             mapping.what != problem::result_refers_elsewhere &&
                             mapping.what != problem::result_cannot_be_sent) {
            return mapping; // results that cannot be sent need not be: T is
        } else if constexpr (!is_none<function_finding<Op>>) {
            return function_finding<Op>{};
        } else {
            using R = result_of<callable_of<F>, element_t<Args>...>;
            if constexpr (is_expression<T>) {
                return finding<problem::expression_or_view, T, at::init>{};
            } else if constexpr (!std::is_invocable_r_v<T, callable_of<Op>&, T, T> ||
                                 !std::is_convertible_v<R, T>) {
                constexpr problem p = is_some_function<T, Args...>() ? problem::reduction_out_of_order
                                                                     : problem::operation_does_not_fit;
                return finding<p, T, at::init>{};
            } else if constexpr (!keeps_operands<Op> &&
                                 is_expression<std::decay_t<std::invoke_result_t<callable_of<Op>&, T, T>>>) {
                // Of operands that it took by value, perhaps.
                return finding<problem::expression_or_view, Op, at::operation>{};
            } else if constexpr (cuts_off<R, T>) {
                return finding<problem::init_cuts_off, T, at::init>{};
            } else {
                return examine_value<for_results, T, at::init>();
            }
        }
    }
}

} // namespace mpimap::detail
