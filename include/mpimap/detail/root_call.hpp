#pragma once

// A call at its root: the caller's arguments, the root's own copy of the function, the place for results.

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/detail/check_options.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/parts.hpp>
#include <mpimap/detail/pointer_scan.hpp>
#include <mpimap/detail/results.hpp>
#include <mpimap/detail/run_items.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

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
        if constexpr (is_searched<element_t<A>> && column::in_place) {
            for (std::size_t i = 0; i < std::min(column_.size().value_or(0), items_searched); ++i)
                refuse_hidden_pointers<element_t<A>>(*column_.cursor(i), "an argument");
        }
    }
    void write_common(writer&) {}
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
    void write_common(writer&) {}
    void write_block(writer&, item_range, std::size_t&) {}
    item_writer items(item_range) { return {}; }
    int take_copies() { return 0; }
};

template <typename A>
    requires(traits_of<A>::is_broadcast)
class root_argument<A> : public nothing_sent {
  public:
    static constexpr bool constant = true;
    explicit root_argument(std::remove_reference_t<A>& a) : constant_(a.as_constant()) {}
    [[nodiscard]] std::optional<std::size_t> size() const { return std::nullopt; }
    void write_bounds(writer&) {}
    void write_common(writer& out) { write(out); }
    void write(writer& out) const {
        out.new_archive();
        refuse_hidden_pointers<element_t<A>>(*constant_.value, "a broadcast value");
        write_value<element_t<A>>(out, *constant_.value);
    }
    [[nodiscard]] const std::shared_ptr<void>& in_store() const { return constant_.in_store; }
    [[nodiscard]] static const void* type() { return &type_tag<element_t<A>>; }
    [[nodiscard]] auto cursor(std::size_t) { return constant_cursor<element_t<A>>(constant_.value); }

  private:
    detail::constant<element_t<A>> constant_;
};
template <typename A>
    requires(traits_of<A>::is_index)
class root_argument<A> : public nothing_sent {
  public:
    static constexpr bool constant = false;
    explicit root_argument(const index_argument& a) : first_(a.first), column_(a) {}
    [[nodiscard]] std::optional<std::size_t> size() const { return column_.size(); }
    void write_bounds(writer& out) { write_value(out, first_); }
    void write_common(writer& out) { write_bounds(out); }
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

/// The root's side of a call's setup: function, constants, bounds.
template <typename F, typename... Args>
class root_setup : public root_job {
  public:
    void write_bounds(writer& out) override {
        out.checked(items());
        write_value(out, one_by_one_);
        write_facts(out, facts());
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
    void write_common(writer& out) override {
        std::apply([&out](auto&... a) { (a.write_common(out), ...); }, arguments_);
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
        try {
            slots_.emplace(std::forward<S>(s)...);
        } catch (...) {
            refuse_results(items_, Slots::bytes_in_place);
        }
    }
    [[nodiscard]] Slots& slots() { return *slots_; }
    [[nodiscard]] bool one_by_one() const { return setup::one_by_one_; }

    [[nodiscard]] std::size_t items() const override { return items_; }

    std::size_t write_chunk(item_range items, outgoing& message, failures& failed) override {
        std::size_t i = 0;
        try {
            write_items(arguments_, items, i, message);
        } catch (...) {
            i = std::min(i, items.count - 1); // behind the last of them there is what they have in common
            add_failure(failed, items.first + i, where_.rank, text_of_arguments(items.first + i));
            return i;
        }
        return items.count;
    }

    [[nodiscard]] std::string text_of_arguments(std::size_t item) noexcept override {
        return arguments_as_text([this](std::size_t i) { return cursors(i); }, item);
    }

    std::size_t run_here(item_range items, bool stop, failures& failed) override {
        try {
            auto store = slots_->at(items);
            return run_items(
                *function_, items.first, items.count, where_, this->facts(), stop,
                [&](std::size_t i) { return cursors(items.first + i); }, store, failed);
        } catch (...) {
            add_failure(failed, items.first, where_.rank);
            return 1;
        }
    }

    void skip_results([[maybe_unused]] const std::vector<std::size_t>& failed) override {
        if constexpr (requires { slots_->skip(failed); })
            slots_->skip(failed);
    }
    std::size_t read_results(item_range items, reader& in, failures& failed,
                             std::function<void()>& complete) override {
        return slots_->read(items, in, failed, where_.rank, complete);
    }

    bool write_results([[maybe_unused]] item_range items, [[maybe_unused]] writer& out) override {
        if constexpr (requires { slots_->write(items, out); }) {
            slots_->write(items, out);
            return true;
        } else {
            return false;
        }
    }

    static constexpr bool folds = requires { Slots::folds; };
    [[nodiscard]] call_types types() const override {
        return {typeid(F).name(), typeid(typename Slots::value_type).name(), folds};
    }
    void keep_last_run() override {
        if constexpr (requires { slots_->keep_last_run(); })
            slots_->keep_last_run();
    }
    bool write_last_run([[maybe_unused]] writer& out) override {
        if constexpr (requires { slots_->write_last_run(out); }) {
            slots_->write_last_run(out);
            return true;
        } else {
            return false;
        }
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
};

} // namespace mpimap::detail
