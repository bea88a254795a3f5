#pragma once

// A call at a rank that serves it: decodes the function, constants and chunks, and runs these.

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/detail/call_facts.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/parts.hpp>
#include <mpimap/detail/run_items.hpp>

namespace mpimap::detail {

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

template <typename A>
auto served_cursor(const served_argument<A>& argument, const typename served_argument<A>::received& column,
                   std::size_t first, std::size_t offset) {
    if constexpr (sent_ahead<A>) {
        return argument.cursor(column, first, offset);
    } else {
        return column.cursor(offset);
    }
}

/// A call at a rank that serves it. Results: no_results, kept_results<R> or a folding one.
template <typename F, typename Results, typename... Args>
class served_call : public kernel {
  public:
    explicit served_call(place where) : where_(where) {}

    void read_bounds(reader& in) override {
        items_ = static_cast<std::size_t>(in.checked());
        one_by_one_ = make_value<bool>(in);
        facts_ = read_facts(in);
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

    std::unique_ptr<chunk> read_chunk(item_range items, std::size_t skipped, reader& in,
                                      std::size_t& readable, failures& failed) override {
        auto c = std::make_unique<served_chunk>(*this, items, skipped);
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
        served_chunk(served_call& call, item_range items, std::size_t skipped)
            : call_(call), items_(items), skipped_(skipped), columns_(std::exchange(call.spare_, columns())),
              results_(call.make_results(items)) {}

        std::size_t read(reader& in, failures& failed) {
            const std::size_t sent = skipped_ + items_.count;
            std::apply(
                [&](auto&... column) {
                    (column.read_block(in, sent), ...);
                    (column.reserve(sent), ...);
                },
                columns_);
            for (std::size_t i = 0; i < sent; ++i) {
                const std::size_t targets = in.targets().size();
                try {
                    std::apply([&](auto&... column) { (column.read_item(in, i), ...); }, columns_);
                } catch (...) {
                    in.forget_targets(targets);
                    if (i < skipped_) // an item of another rank's: whether it fails is told from there
                        return 0;
                    add_failure(failed, items_.first + i - skipped_, call_.where_.rank);
                    return i - skipped_;
                }
            }
            return items_.count;
        }

        std::size_t run(std::size_t from, std::size_t to, bool stop, failures& failed) override {
            if constexpr (requires { results_.make_room(from, to); }) {
                try {
                    results_.make_room(from, to);
                } catch (const std::bad_alloc&) {
                    add_failure(failed, items_.first + from, call_.where_.rank);
                    return from + 1;
                }
            }
            const offset_store store{results_, from};
            const auto make_cursors = [&](std::size_t i) {
                return cursors(from + i, std::index_sequence_for<Args...>{});
            };
            const std::size_t done =
                from + run_items(*call_.function_, items_.first + from, to - from, call_.where_, call_.facts_,
                                 stop, make_cursors, store, failed);
            // Fresh memory is slow: the system clears each page when it is first written.
            if constexpr ((served_argument<Args>::received::reusable && ...)) {
                if (done == items_.count)
                    call_.spare_ = std::move(columns_);
            }
            return done;
        }

        std::size_t write_results(std::size_t from, std::size_t to, outgoing& message,
                                  failures& failed) override {
            return results_.write(from, to, message, failed, call_.where_.rank);
        }
        [[nodiscard]] bool writes_as_it_runs() const override {
            return requires {
                Results::writes_as_it_runs;
            };
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
                                                       items_.first - skipped_, skipped_ + i)...);
        }

        served_call& call_;
        item_range items_;
        std::size_t skipped_; // items whose arguments are ahead of those
        columns columns_;
        Results results_;
    };

    std::shared_ptr<function_copy<F>> function_;
    std::tuple<served_argument<Args>...> arguments_;
    std::size_t items_ = 0;
    bool one_by_one_ = false;
    call_facts facts_;
    columns spare_; // of the chunk that was run last
    place where_;
};

} // namespace mpimap::detail
