#pragma once

// The typed half of a call: how items are run, and how arguments and results become bytes.

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/pointer_scan.hpp>
#include <mpimap/function.hpp>

namespace mpimap::detail {

// ---------------------------------------------------------------- calling the function

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

template <typename T>
concept streamable = requires(std::ostream& os, const T& value) {
    os << value;
};

template <typename T>
void append_argument(std::string& text, const T& value) {
    if constexpr (streamable<T> && !std::is_pointer_v<T>) {
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
                if constexpr ((streamable<std::remove_cvref_t<decltype(*cursor)>> || ...)) {
                    const char* separator = "";
                    ((text += separator, separator = ", ", append_argument(text, as_item(*cursor))), ...);
                }
                return text;
            },
            make_cursors(i));
    } catch (...) {
        return {};
    }
}

/// Runs items [0, count) of a chunk whose first has the index `first`. `make_cursors(i)` gives the cursors of
/// item i, `store(i, result)` takes the result. Gives the number of items that need not be run again.
template <typename Function, typename MakeCursors, typename Store>
std::size_t run_items(Function& function, std::size_t first, std::size_t count, const place& where, bool stop,
                      const MakeCursors& make_cursors, Store&& store, failures& failed) {
    std::size_t i = 0;
    while (i < count) {
        try {
            auto& f = function.get();
            std::apply(
                [&](auto... cursor) {
                    using callable = std::remove_reference_t<decltype(f)>;
                    constexpr bool plain = takes_items<callable, std::remove_cvref_t<decltype(*cursor)>...>;
                    using raw =
                        typename call_result<callable, std::remove_cvref_t<decltype(*cursor)>...>::type;
                    // A reference may be to an item that lives for this expression only.
                    using value = std::conditional_t<
                        std::remove_cvref_t<Store>::drops_results || std::is_void_v<raw>, void,
                        std::conditional_t<std::is_reference_v<raw>, std::decay_t<raw>, raw>>;
                    const auto call = [&]() -> value {
                        if constexpr (plain && std::is_void_v<value>) {
                            (void)std::invoke(f, as_item(*cursor)...);
                        } else if constexpr (plain) {
                            return std::invoke(f, as_item(*cursor)...);
                        } else if constexpr (std::is_void_v<value>) {
                            (void)std::invoke(f, task(first + i, where.rank, where.size),
                                              as_item(*cursor)...);
                        } else {
                            return std::invoke(f, task(first + i, where.rank, where.size),
                                               as_item(*cursor)...);
                        }
                    };
                    while (true) {
                        store.invoke(i, call);
                        if (++i == count)
                            return;
                        (cursor.next(), ...);
                    }
                },
                make_cursors(i));
        } catch (...) {
            add_failure(failed, first + i, where.rank, arguments_as_text(make_cursors, i));
            ++i;
            if (stop)
                break;
        }
    }
    return i;
}

// ---------------------------------------------------------------- results of a chunk, at the rank that ran
// it

/// A result that travels as bytes, made in its place.
template <typename R, typename Call>
void make_result(R* slot, std::size_t index, const Call& call) {
    const R& result = *::new (static_cast<void*>(slot)) R(call());
    if constexpr (hides_members<R>) {
        if (index < items_searched)
            refuse_hidden_pointers(result, "a result");
    }
}

/// Nothing comes back.
class no_results {
  public:
    static constexpr bool drops_results = true;
    explicit no_results(item_range) {}
    template <typename Call>
    void invoke(std::size_t, const Call& call) {
        call();
    }
    std::size_t write(std::size_t, std::size_t to, writer&, failures&, int) { return to; }
};

template <typename R>
class kept_results {
  public:
    static constexpr bool drops_results = false;
    explicit kept_results(item_range items) : first_(items.first) {
        if constexpr (is_bytes<R>) {
            slots_ = raw_array<R>(items.count);
        } else {
            slots_.resize(items.count);
        }
    }

    template <typename Call>
    void invoke(std::size_t i, const Call& call) {
        if constexpr (is_bytes<R>) {
            make_result(slots_.data() + i, first_ + i, call);
        } else {
            slots_[i].emplace(call());
        }
    }

    std::size_t write(std::size_t from, std::size_t to, writer& out, failures& failed, int rank) {
        if constexpr (is_bytes<R>) {
            out.heap(slots_.data() + from, (to - from) * sizeof(R));
        } else {
            for (std::size_t i = from; i < to; ++i) {
                const writer::mark before = out.position();
                try {
                    write_value(out, slots_[i].has_value());
                    if (slots_[i])
                        write_value<R>(out, *slots_[i]);
                } catch (...) {
                    add_failure(failed, first_ + i, rank);
                    slots_[i].reset(); // the next message says that there is none
                    out.rewind(before);
                    return i;
                }
            }
        }
        return to;
    }

  private:
    std::size_t first_;
    std::conditional_t<is_bytes<R>, raw_array<R>, std::vector<std::optional<R>>> slots_;
};

// ---------------------------------------------------------------- results of the whole call, at the root

class no_slots {
  public:
    explicit no_slots(std::size_t) {}
    static constexpr bool plain = true;
    static constexpr std::size_t item_bytes = 0;

    struct local {
        static constexpr bool drops_results = true;
        template <typename Call>
        void invoke(std::size_t, const Call& call) {
            call();
        }
    };
    local at(item_range) { return {}; }
    std::size_t read(item_range items, reader&, failures&, int, std::function<void()>&) {
        return items.count;
    }
};

/// Where results of bytes go in the end: memory of the caller's, or of a vector that is given to them.
template <typename R>
class byte_slots {
  public:
    static constexpr bool plain = true;
    static constexpr std::size_t item_bytes = sizeof(R);
    // bool: std::vector<bool> has no memory of its own per element.
    static constexpr bool in_vector = std::is_default_constructible_v<R> && !std::is_same_v<R, bool>;

    explicit byte_slots(std::size_t n) : count_(n) {
        if constexpr (in_vector) {
            vector_.resize(n);
            data_ = vector_.data();
        } else {
            raw_ = raw_array<R>(n);
            data_ = raw_.data();
        }
    }
    byte_slots(R* into, std::size_t n) : count_(n), data_(into) {}

    struct local {
        static constexpr bool drops_results = false;
        R* data;
        std::size_t first;
        template <typename Call>
        void invoke(std::size_t i, const Call& call) {
            make_result(data + i, first + i, call);
        }
    };
    local at(item_range items) { return {data_ + items.first, items.first}; }
    std::size_t read(item_range items, reader& in, failures&, int, std::function<void()>&) {
        in.heap(static_cast<void*>(data_ + items.first), items.count * sizeof(R));
        return items.count;
    }

    R take(std::size_t i) { return data_[i]; }
    std::vector<R> take_all() {
        if constexpr (in_vector) {
            return std::move(vector_);
        } else {
            return std::vector<R>(data_, data_ + count_);
        }
    }

  private:
    std::size_t count_;
    R* data_ = nullptr;
    std::conditional_t<in_vector, std::vector<R>, std::vector<char>> vector_;
    raw_array<R> raw_;
};

template <typename R>
class value_slots {
    static constexpr bool direct =
        read_in_place<R> && std::is_default_constructible_v<R> && std::is_move_assignable_v<R>;
    using slot = std::conditional_t<direct, R, std::optional<R>>;

  public:
    static constexpr bool plain = !runs_user_code<R>();
    static constexpr std::size_t item_bytes = 0;

    explicit value_slots(std::size_t n) : slots_(n) {}

    struct local {
        static constexpr bool drops_results = false;
        slot* data;
        template <typename Call>
        void invoke(std::size_t i, const Call& call) {
            if constexpr (direct) {
                data[i] = call();
            } else {
                data[i].emplace(call());
            }
        }
    };
    local at(item_range items) { return {slots_.data() + items.first}; }

    std::size_t read(item_range items, reader& in, failures& failed, int rank, std::function<void()>&) {
        for (std::size_t i = 0; i < items.count; ++i) {
            slot& s = slots_[items.first + i];
            const std::size_t targets = in.targets().size();
            try {
                if (!make_value<bool>(in))
                    continue;
                if constexpr (direct) {
                    read_value<R>(in, s);
                } else if constexpr (read_in_place<R>) {
                    read_value<R>(in, s.emplace());
                } else {
                    s.emplace(make_value<R>(in));
                }
            } catch (...) {
                in.forget_targets(targets);
                add_failure(failed, items.first + i, rank);
                return i;
            }
        }
        return items.count;
    }

    R take(std::size_t i) {
        if constexpr (direct) {
            return std::move(slots_[i]);
        } else {
            return *std::move(slots_[i]);
        }
    }
    std::vector<R> take_all() {
        if constexpr (direct) {
            return std::move(slots_);
        } else {
            std::vector<R> all;
            all.reserve(slots_.size());
            for (slot& s : slots_)
                all.push_back(*std::move(s));
            return all;
        }
    }

  private:
    std::vector<slot> slots_;
};

template <typename R>
using slots_for = std::conditional_t<is_bytes<R>, byte_slots<R>, value_slots<R>>;

// ---------------------------------------------------------------- the function and constants on their way

/// What a serving rank keeps of an argument: constants and bounds for the call, nothing for a range.
template <typename A>
class served_argument {
  public:
    static constexpr bool constant = false;
    using item = element_t<A>;
    using received = typename range_column<std::remove_reference_t<A>&>::received;
    void read_bounds(reader&) {}
};

struct nothing_received {
    static constexpr bool reusable = true;
    void reserve(std::size_t) {}
    void read_block(reader&, std::size_t) {}
    void read_item(reader&, std::size_t) {}
};

template <typename A>
    requires(traits_of<A>::is_broadcast)
class served_argument<A> {
  public:
    static constexpr bool constant = true;
    using item = element_t<A>;
    using received = nothing_received;
    void read_bounds(reader&) {}
    std::shared_ptr<void> read(reader& in) {
        in.new_archive();
        auto fresh = std::make_shared<std::optional<item>>();
        fresh->emplace(make_value<item>(in));
        value_ = fresh;
        return fresh;
    }
    void use(std::shared_ptr<void> value) { value_ = std::static_pointer_cast<std::optional<item>>(value); }
    [[nodiscard]] auto cursor(const received&, std::size_t, std::size_t) const {
        return constant_cursor<item>(std::addressof(**value_));
    }

  private:
    std::shared_ptr<const std::optional<item>> value_;
};
template <typename A>
    requires(traits_of<A>::is_index)
class served_argument<A> {
  public:
    static constexpr bool constant = false;
    using item = std::size_t;
    using received = nothing_received;
    void read_bounds(reader& in) { begin_ = make_value<std::size_t>(in); }
    [[nodiscard]] auto cursor(const received&, std::size_t first, std::size_t offset) const {
        return index_column::cursor_type(begin_ + first + offset);
    }

  private:
    std::size_t begin_ = 0;
};

/// Calls `f(argument)` with the k-th of those arguments that are constants.
template <typename Arguments, typename Call>
void with_constant(std::size_t k, Arguments& arguments, const Call& f) {
    const auto visit = [&](auto& a) {
        if constexpr (std::remove_cvref_t<decltype(a)>::constant) {
            if (k-- == 0)
                f(a);
        }
    };
    std::apply([&](auto&... a) { (visit(a), ...); }, arguments);
}

/// Whether the copy of F that a rank made for one call is for later calls, too.
template <typename F>
inline constexpr bool outlives_calls = false;
template <typename Factory>
inline constexpr bool outlives_calls<per_rank_function<Factory>> = true;

/// An address of which there is one per type, though two closures in two files share a name.
template <typename T>
inline constexpr char type_tag = 0;

/// The parts that a function travels in: one, itself. Calls of any kind share those of the same type and
/// content; what is made of several functions, such as a reduction, has their parts.
template <typename F>
struct function_parts {
    using copy = std::shared_ptr<function_copy<F>>; // null until its first part has been read
    static constexpr std::size_t count = 1;
    [[nodiscard]] static const void* type(std::size_t) { return &type_tag<function_copy<F>>; }
    static void write(std::size_t, writer& out, const F& f) { function_copy<F>::write(out, f); }
    /// Gives what may serve later calls, too; nothing where each call needs its own.
    static std::shared_ptr<void> read(std::size_t, reader& in, copy& to) {
        to = std::make_shared<function_copy<F>>();
        to->read(in);
        return outlives_calls<F> ? to : nullptr;
    }
    static void use(std::size_t, std::shared_ptr<void> part, copy& to) {
        to = std::static_pointer_cast<function_copy<F>>(std::move(part));
    }
};

template <typename A>
auto served_cursor(const served_argument<A>& argument, const typename served_argument<A>::received& column,
                   std::size_t first, std::size_t offset) {
    if constexpr (traits_of<A>::is_broadcast || traits_of<A>::is_index) {
        return argument.cursor(column, first, offset);
    } else {
        return column.cursor(offset);
    }
}

/// A call at a rank that serves it. Results is no_results, kept_results<R> or a folding one; Extra is state
/// of its own that Results needs (the reduction's operation).
template <typename F, typename Results, typename... Args>
class served_call : public kernel {
  public:
    explicit served_call(place where) : where_(where) {}

    void read_bounds(reader& in) override {
        items_ = in.length(0);
        one_by_one_ = make_value<bool>(in);
        std::apply([&in](auto&... a) { (a.read_bounds(in), ...); }, arguments_);
    }
    [[nodiscard]] std::size_t parts() const override {
        return (function_parts<F>::count + ... + (served_argument<Args>::constant ? 1 : 0));
    }
    std::shared_ptr<void> read_part(std::size_t i, reader& in) override {
        if (i < function_parts<F>::count)
            return function_parts<F>::read(i, in, function_);
        std::shared_ptr<void> part;
        with_constant(i - function_parts<F>::count, arguments_, [&](auto& a) { part = a.read(in); });
        return part;
    }
    void use_part(std::size_t i, std::shared_ptr<void> part) override {
        if (i < function_parts<F>::count) {
            function_parts<F>::use(i, std::move(part), function_);
        } else {
            with_constant(i - function_parts<F>::count, arguments_, [&](auto& a) { a.use(part); });
        }
    }

    std::unique_ptr<chunk> read_chunk(item_range items, reader& in, std::size_t& readable,
                                      failures& failed) override {
        auto c = std::make_unique<served_chunk>(*this, items);
        readable = c->read(in, failed);
        return c;
    }

  protected:
    virtual Results make_results(item_range items) {
        if constexpr (std::is_constructible_v<Results, item_range>) {
            return Results(items);
        } else {
            std::terminate(); // a class that needs more overrides this
        }
    }
    [[nodiscard]] function_copy<F>& function() { return *function_; }
    [[nodiscard]] std::size_t items() const { return items_; }
    [[nodiscard]] bool one_by_one() const { return one_by_one_; }

  private:
    using columns = std::tuple<typename served_argument<Args>::received...>;

    class served_chunk : public chunk {
      public:
        served_chunk(served_call& call, item_range items)
            : call_(call), items_(items), columns_(std::exchange(call.spare_, columns())),
              results_(call.make_results(items)) {}

        std::size_t read(reader& in, failures& failed) {
            std::apply(
                [&](auto&... column) {
                    (column.read_block(in, items_.count), ...);
                    (column.reserve(items_.count), ...);
                },
                columns_);
            for (std::size_t i = 0; i < items_.count; ++i) {
                const std::size_t targets = in.targets().size();
                try {
                    std::apply([&](auto&... column) { (column.read_item(in, i), ...); }, columns_);
                } catch (...) {
                    in.forget_targets(targets);
                    add_failure(failed, items_.first + i, call_.where_.rank);
                    return i;
                }
            }
            return items_.count;
        }

        std::size_t run(std::size_t from, std::size_t to, bool stop, failures& failed) override {
            const offset_store store{results_, from};
            const auto make_cursors = [&](std::size_t i) {
                return cursors(from + i, std::index_sequence_for<Args...>{});
            };
            const std::size_t done = from + run_items(*call_.function_, items_.first + from, to - from,
                                                      call_.where_, stop, make_cursors, store, failed);
            // Fresh memory is slow: the system clears each page when it is first written.
            if constexpr ((served_argument<Args>::received::reusable && ...)) {
                if (done == items_.count)
                    call_.spare_ = std::move(columns_);
            }
            return done;
        }

        std::size_t write_results(std::size_t from, std::size_t to, writer& out, failures& failed) override {
            return results_.write(from, to, out, failed, call_.where_.rank);
        }

      private:
        struct offset_store {
            static constexpr bool drops_results = Results::drops_results;
            Results& results;
            std::size_t from;
            template <typename Call>
            void invoke(std::size_t i, const Call& call) const {
                results.invoke(from + i, call);
            }
        };

        template <std::size_t... I>
        auto cursors([[maybe_unused]] std::size_t i, std::index_sequence<I...>) {
            return std::make_tuple(served_cursor<Args>(std::get<I>(call_.arguments_), std::get<I>(columns_),
                                                       items_.first, i)...);
        }

        served_call& call_;
        item_range items_;
        columns columns_;
        Results results_;
    };

    std::shared_ptr<function_copy<F>> function_;
    std::tuple<served_argument<Args>...> arguments_;
    std::size_t items_ = 0;
    bool one_by_one_ = false;
    columns spare_; // of the chunk that was run last
    place where_;
};

// ---------------------------------------------------------------- the call at its root

/// An argument at the root: the caller's own range, constant or bounds.
template <typename A>
class root_argument {
  public:
    using column = range_column<std::remove_reference_t<A>&>;
    using item_writer = typename column::item_writer;
    static constexpr bool constant = false;
    static constexpr bool encoded = !column::by_bytes;
    static constexpr bool plain = column::plain();
    static constexpr bool keeps = column::keeps;

    explicit root_argument(std::remove_reference_t<A>& a) : column_(a) {}
    [[nodiscard]] std::optional<std::size_t> size() const { return column_.size(); }
    /// Nothing to send, but once per call the first items are looked at.
    void write_bounds(writer&) {
        if constexpr (hides_members<element_t<A>> && column::in_place) {
            for (std::size_t i = 0; i < std::min(column_.size().value_or(0), items_searched); ++i)
                refuse_hidden_pointers<element_t<A>>(*column_.cursor(i), "an argument");
        }
    }
    /// Bytes that an item takes, if that can be told without code of the user's.
    [[nodiscard]] std::optional<std::size_t> item_bytes(std::size_t items) {
        if constexpr (column::by_bytes) {
            return column::item_bytes;
        } else if constexpr (plain) {
            // The middle one of three: what is larger is measured as chunks are sent.
            std::array<std::size_t, 3> sizes{};
            for (std::size_t k = 0; k < 3 && items != 0; ++k) {
                writer sample;
                write_value<typename column::value_type>(sample, *column_.cursor((items - 1) / 2 * k));
                sizes[k] = sample.size();
            }
            std::sort(sizes.begin(), sizes.end());
            return sizes[1];
        } else {
            return std::nullopt;
        }
    }
    [[nodiscard]] auto cursor(std::size_t i) { return column_.cursor(i); }
    void write_block(writer& out, item_range items, std::size_t& at) {
        column_.write_block(out, items.first, items.count, at);
    }
    item_writer items(item_range r) { return item_writer(column_, r.first, r.count); }
    auto take_copies() { return column_.take_copies(); }

  private:
    column column_;
};

/// An argument of which the items are not sent.
struct nothing_sent {
    struct item_writer {
        void write_next(writer&) {}
        int kept() { return 0; }
    };
    static constexpr bool encoded = false;
    static constexpr bool plain = true;
    static constexpr bool keeps = false;
    [[nodiscard]] std::optional<std::size_t> item_bytes(std::size_t) const { return 0; }
    void write_block(writer&, item_range, std::size_t&) {}
    item_writer items(item_range) { return {}; }
    int take_copies() { return 0; }
};

template <typename A>
    requires(traits_of<A>::is_broadcast)
class root_argument<A> : public nothing_sent {
  public:
    static constexpr bool constant = true;
    explicit root_argument(std::remove_reference_t<A>& a)
        : value_(std::addressof(std::as_const(a.value))), in_store_(a.in_store) {}
    [[nodiscard]] std::optional<std::size_t> size() const { return std::nullopt; }
    void write_bounds(writer&) {}
    void write(writer& out) const {
        out.new_archive();
        refuse_hidden_pointers<element_t<A>>(*value_, "a broadcast value");
        write_value<element_t<A>>(out, *value_);
    }
    [[nodiscard]] const std::shared_ptr<void>& in_store() const { return in_store_; }
    [[nodiscard]] static const void* type() { return &type_tag<element_t<A>>; }
    [[nodiscard]] auto cursor(std::size_t) { return constant_cursor<element_t<A>>(value_); }

  private:
    const element_t<A>* value_;
    std::shared_ptr<void> in_store_;
};
template <typename A>
    requires(traits_of<A>::is_index)
class root_argument<A> : public nothing_sent {
  public:
    static constexpr bool constant = false;
    explicit root_argument(const index_argument& a) : first_(a.first), column_(a) {}
    [[nodiscard]] std::optional<std::size_t> size() const { return column_.size(); }
    void write_bounds(writer& out) { write_value(out, first_); }
    [[nodiscard]] auto cursor(std::size_t i) { return column_.cursor(i); }

  private:
    std::size_t first_;
    index_column column_;
};

/// Writes the arguments of a chunk; `i` tells how far it got if it throws.
template <typename... Args>
void write_items(std::tuple<root_argument<Args>...>& arguments, item_range items, std::size_t& i,
                 outgoing& message) {
    // Copies of arguments that are no array in memory live as long as the message.
    using copies = decltype(std::apply(
        [&](auto&... a) { return std::make_tuple(a.take_copies()..., a.items(items).kept()...); },
        arguments));
    std::apply([&](auto&... a) { (a.write_block(message.out, items, i), ...); }, arguments);
    auto writers = std::apply([&](auto&... a) { return std::make_tuple(a.items(items)...); }, arguments);
    if constexpr ((root_argument<Args>::encoded || ...)) {
        for (; i < items.count; ++i)
            std::apply([&](auto&... w) { (w.write_next(message.out), ...); }, writers);
    }
    if constexpr ((root_argument<Args>::keeps || ...)) {
        message.keep = std::apply(
            [&](auto&... a) {
                return std::apply(
                    [&](auto&... w) {
                        return std::make_shared<const copies>(a.take_copies()..., w.kept()...);
                    },
                    writers);
            },
            arguments);
    }
}

/// The number of items of zipped arguments. Throws invalid_argument, naming the lengths, when `zip::strict`
/// is asked for and they differ, or when no argument has an end.
[[nodiscard]] std::size_t zipped_size(const std::vector<std::optional<std::size_t>>& sizes, zip how);

/// The root's side of a call's setup: function, constants, bounds.
template <typename F, typename... Args>
class root_setup : public root_job {
  public:
    void write_bounds(writer& out) override {
        out.length(items());
        write_value(out, one_by_one_);
        std::apply([&out](auto&... a) { (a.write_bounds(out), ...); }, arguments_);
    }
    [[nodiscard]] std::size_t parts() const override {
        return (function_parts<F>::count + ... + (root_argument<Args>::constant ? 1 : 0));
    }
    [[nodiscard]] std::size_t parts_of_function() const override { return function_parts<F>::count; }
    void write_part(std::size_t i, writer& out) override {
        if (i < function_parts<F>::count) {
            function_parts<F>::write(i, out, f_);
        } else {
            with_constant(i - function_parts<F>::count, arguments_, [&](const auto& a) { a.write(out); });
        }
    }
    [[nodiscard]] const void* part_type(std::size_t i) const override {
        if (i < function_parts<F>::count)
            return function_parts<F>::type(i);
        const void* type = nullptr;
        with_constant(i - function_parts<F>::count, arguments_, [&](const auto& a) { type = a.type(); });
        return type;
    }
    [[nodiscard]] std::shared_ptr<void> part_in_store(std::size_t i) const override {
        std::shared_ptr<void> part;
        if (i >= function_parts<F>::count)
            with_constant(i - function_parts<F>::count, arguments_,
                          [&](const auto& a) { part = a.in_store(); });
        return part;
    }
    std::shared_ptr<void> read_function(std::size_t i, reader& in) override {
        return function_parts<F>::read(i, in, function_);
    }
    void use_function(std::size_t i, std::shared_ptr<void> part) override {
        function_parts<F>::use(i, std::move(part), function_);
    }

    /// Null until the function has been read.
    [[nodiscard]] const std::shared_ptr<function_copy<F>>& function() const { return function_; }
    [[nodiscard]] int rank() const { return where_.rank; }

  protected:
    using arguments = std::tuple<root_argument<Args>...>;
    root_setup(place where, const F& f, arguments a, bool one_by_one = false)
        : where_(where), one_by_one_(one_by_one), arguments_(std::move(a)), f_(f) {}

    place where_;
    bool one_by_one_; // items of a chunk may be missing: results are not folded where they are made
    arguments arguments_;
    std::shared_ptr<function_copy<F>> function_;

  private:
    const F& f_;
};

template <typename F, typename Slots, typename... Args>
class root_call : public root_setup<F, Args...> {
    using setup = root_setup<F, Args...>;
    using setup::arguments_;
    using setup::function_;
    using setup::where_;

  public:
    root_call(place where, const options& o, const F& f, std::remove_reference_t<Args>&... args)
        : setup(where, f, typename setup::arguments(root_argument<Args>(args)...), o.attempts != 1),
          items_(std::apply([&](auto&... a) { return zipped_size({a.size()...}, o.zip); }, arguments_)) {
        check_options(o, items_);
    }

    /// The place for results: made after the check of the arguments.
    template <typename... S>
    void make_slots(S&&... s) {
        slots_.emplace(std::forward<S>(s)...);
    }
    [[nodiscard]] Slots& slots() { return *slots_; }
    [[nodiscard]] bool one_by_one() const { return setup::one_by_one_; }

    /// What to do when all results are there.
    void on_finish(std::function<void(failures&)> f) { finish_ = std::move(f); }
    void finish(failures& failed) override {
        if (finish_)
            finish_(failed);
    }

    [[nodiscard]] std::size_t items() const override { return items_; }

    std::size_t write_chunk(item_range items, outgoing& message, failures& failed) override {
        std::size_t i = 0;
        try {
            write_items(arguments_, items, i, message);
        } catch (...) {
            add_failure(failed, items.first + i, where_.rank,
                        arguments_as_text([&](std::size_t k) { return cursors(items.first + k); }, i));
            return std::min(i, items.count - 1);
        }
        return items.count;
    }

    std::size_t run_here(item_range items, bool stop, failures& failed) override {
        try {
            auto store = slots_->at(items);
            return run_items(
                *function_, items.first, items.count, where_, stop,
                [&](std::size_t i) { return cursors(items.first + i); }, store, failed);
        } catch (...) {
            add_failure(failed, items.first, where_.rank);
            return 1;
        }
    }

    std::size_t read_results(item_range items, reader& in, failures& failed,
                             std::function<void()>& complete) override {
        return slots_->read(items, in, failed, where_.rank, complete);
    }

    [[nodiscard]] std::size_t bytes_per_item() override {
        std::size_t sum = Slots::item_bytes;
        for (const std::optional<std::size_t>& bytes :
             std::apply([this](auto&... a) { return std::array{a.item_bytes(items_)...}; }, arguments_)) {
            if (!bytes)
                return 0;
            sum += *bytes;
        }
        return sum;
    }
    [[nodiscard]] bool plain_arguments() const override { return (root_argument<Args>::plain && ...); }
    [[nodiscard]] bool plain_results() const override { return Slots::plain; }
    [[nodiscard]] std::size_t granularity() const override {
        if constexpr (requires { Slots::granularity; }) {
            return Slots::granularity;
        } else {
            return 1;
        }
    }

  private:
    auto cursors(std::size_t i) {
        return std::apply([i](auto&... a) { return std::make_tuple(a.cursor(i)...); }, arguments_);
    }

    std::size_t items_;
    std::optional<Slots> slots_;
    std::function<void(failures&)> finish_;
};

} // namespace mpimap::detail
