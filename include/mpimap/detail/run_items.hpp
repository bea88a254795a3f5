#pragma once

// How items are run: the call of the function, with its task where it wants one, and what becomes of what it
// throws.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mpimap/arguments.hpp>
#include <mpimap/detail/call_facts.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/running_items.hpp>
#include <mpimap/function.hpp>

namespace mpimap::detail {

template <typename T>
const T& as_item(const T& value) {
    return value;
}

template <typename F, typename... Ts>
inline constexpr bool takes_items = std::is_invocable_v<F&, const Ts&...>;
template <typename F, typename... Ts>
consteval bool wants_task() {
    // Asked only where the plain call does not do: a generic lambda's body is compiled to find out.
    if constexpr (takes_items<F, Ts...>) {
        return false;
    } else {
        return std::is_invocable_v<F&, task, const Ts&...>;
    }
}
template <typename F, typename... Ts>
inline constexpr bool takes_task = wants_task<F, Ts...>();

template <typename F, typename... Ts>
struct call_result : std::invoke_result<F&, const Ts&...> {};
template <typename F, typename... Ts>
    requires(takes_task<F, Ts...>)
struct call_result<F, Ts...> : std::invoke_result<F&, task, const Ts&...> {};
/// What F gives for one item, decayed.
template <typename F, typename... Ts>
using result_of = std::decay_t<typename call_result<F, Ts...>::type>;

/// An argument of which the caller knows nothing: see numbered.
struct item_number {
    std::uint64_t value;
};

/// Where an `operator<<` does not compile, this is the function that the compiler names: its name says how
/// not to need it.
template <typename T>
void append_argument_if_is_printable(std::string& text, const T& value) {
    if constexpr (is_printable<T>) {
        append_argument(text, std::addressof(value),
                        [](std::ostream& os, const void* v) { os << *static_cast<const T*>(v); });
    } else {
        append_argument(text, nullptr, nullptr);
    }
}

/// The arguments of an item as text, for error messages; empty when none can be streamed or streaming throws.
template <typename MakeCursors>
std::string arguments_as_text(const MakeCursors& make_cursors, std::size_t i) noexcept {
    try {
        return std::apply(
            [](auto... cursor) {
                std::string text;
                if constexpr ((is_printable<std::remove_cvref_t<decltype(*cursor)>> || ...)) {
                    const char* separator = "";
                    const auto append = [&]<typename T>(const T& value) {
                        if constexpr (!std::is_same_v<T, item_number>) {
                            text += std::exchange(separator, ", ");
                            append_argument_if_is_printable(text, value);
                        }
                    };
                    (append(as_item(*cursor)), ...);
                }
                return text;
            },
            make_cursors(i));
    } catch (...) {
        return {};
    }
}

template <typename Cursor>
using value_at = std::remove_cvref_t<decltype(*std::declval<Cursor&>())>;

/// Those that are numbers; "?" for the others.
template <typename MakeCursors>
void append_numbers(const void* make_cursors, std::size_t i, short_text& text) {
    std::apply(
        [&text]<typename... Cursors>(Cursors... cursor) {
            const char* separator = "";
            const auto append = [&]<typename Cursor>(Cursor& at) {
                if constexpr (!std::is_same_v<value_at<Cursor>, item_number>) {
                    text.add(std::exchange(separator, ", "));
                    if constexpr (std::is_arithmetic_v<value_at<Cursor>>) {
                        text.add(*at);
                    } else {
                        text.add("?");
                    }
                }
            };
            (append(cursor), ...);
        },
        (*static_cast<const MakeCursors*>(make_cursors))(i));
}
/// Null where none are, or where to find one out runs code of the user's.
template <typename MakeCursors>
consteval running_items::describe describe_numbers() {
    return []<typename... Cursors>(const std::tuple<Cursors...>*) -> running_items::describe {
        if constexpr ((Cursors::in_memory && ...) && (std::is_arithmetic_v<value_at<Cursors>> || ...)) {
            return append_numbers<MakeCursors>;
        } else {
            return nullptr;
        }
    }(static_cast<const std::invoke_result_t<const MakeCursors&, std::size_t>*>(nullptr));
}

/// Runs items [i, count) of a chunk, see run_items(); `i` is the one that runs.
template <typename Function, typename MakeCursors, typename Store>
[[gnu::always_inline]] inline void
run_from(std::size_t& i, running_items& here, Function& function, std::size_t first, std::size_t count,
         const place& where, const call_facts& call, const MakeCursors& make_cursors, Store& store) {
    auto& f = function.get();
    std::apply(
        [&](auto... cursor) {
            using callable = std::remove_reference_t<decltype(f)>;
            constexpr bool plain = takes_items<callable, std::remove_cvref_t<decltype(*cursor)>...>;
            using raw = typename call_result<callable, std::remove_cvref_t<decltype(*cursor)>...>::type;
            // A reference may be to an item that lives for this expression only.
            using value =
                std::conditional_t<Store::drops_results || std::is_void_v<raw>, void,
                                   std::conditional_t<std::is_reference_v<raw>, std::decay_t<raw>, raw>>;
            const auto call_function = [&]() -> value {
                if constexpr (plain && std::is_void_v<value>) {
                    (void)std::invoke(f, as_item(*cursor)...);
                } else if constexpr (plain) {
                    return std::invoke(f, as_item(*cursor)...);
                } else if constexpr (std::is_void_v<value>) {
                    (void)std::invoke(f, task(first + i, where.rank, where.size, call.key),
                                      as_item(*cursor)...);
                } else {
                    return std::invoke(f, task(first + i, where.rank, where.size, call.key),
                                       as_item(*cursor)...);
                }
            };
            while (true) {
                here.begins(i);
                store.invoke(i, call_function);
                if (++i == count)
                    return;
                (cursor.next(), ...);
            }
        },
        make_cursors(i));
}

/// All of them, and nobody catches what they throw: a function of its own, which takes no registers from the
/// others.
template <typename Function, typename MakeCursors, typename Store>
[[gnu::noinline, gnu::cold]] void
run_all_uncaught(running_items& here, Function& function, std::size_t first, std::size_t count,
                 const place& where, const call_facts& call, const MakeCursors& make_cursors, Store& store) {
    run_uncaught([&] {
        std::size_t i = 0;
        run_from(i, here, function, first, count, where, call, make_cursors, store);
    });
}

/// Runs items [0, count) of a chunk whose first has the index `first`. `make_cursors(i)` gives the cursors of
/// item i, `store.invoke(i, f)` takes what f() gives. Gives the number of items that need not be run again.
template <typename Function, typename MakeCursors, typename Store>
std::size_t run_items(Function& function, std::size_t first, std::size_t count, const place& where,
                      const call_facts& call, bool stop, const MakeCursors& make_cursors, Store&& store,
                      failures& failed) {
    running_items here(first, where, call, describe_numbers<MakeCursors>(), std::addressof(make_cursors));
    if (here.uncaught()) [[unlikely]] {
        run_all_uncaught(here, function, first, count, where, call, make_cursors, store);
        return count;
    }
    std::size_t i = 0;
    while (i < count) {
        try {
            run_from(i, here, function, first, count, where, call, make_cursors, store);
        } catch (...) {
            const double moment = moment_of_failure(); // to tell of it takes longer than many an item
            add_failure_of_run(failed, first + i, where.rank, arguments_as_text(make_cursors, i), moment);
            ++i;
            if (stop)
                break;
        }
    }
    return i;
}

} // namespace mpimap::detail
