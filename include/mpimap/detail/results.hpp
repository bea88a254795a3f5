#pragma once

// Results on their way: those of a chunk at the rank that ran it, those of the whole call at the root.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <mpimap/arguments.hpp>
#include <mpimap/codec.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/pointer_scan.hpp>

namespace mpimap::detail {

// ---------------------------------------------------------------- of a chunk, at the rank that ran it

/// A result that travels as bytes, made in its place.
template <typename R, typename Call>
void make_result(R* slot, std::size_t index, const Call& call) {
    if constexpr (is_searched<R>) {
        if (index < items_searched) { // beside it: what is refused must not be in a range of the caller's
            const R result(call());
            refuse_hidden_pointers(result, "a result");
            std::memcpy(static_cast<void*>(slot), std::addressof(result), sizeof(R));
            return;
        }
    }
    ::new (static_cast<void*>(slot)) R(call());
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
    std::size_t write(std::size_t, std::size_t to, outgoing&, failures&, int) { return to; }
};

/// Results that travel as bytes: one array.
template <typename R>
class kept_results {
  public:
    static constexpr bool drops_results = false;
    explicit kept_results(item_range items) : first_(items.first), slots_(items.count) {}

    template <typename Call>
    void invoke(std::size_t i, const Call& call) {
        make_result(slots_.data() + i, first_ + i, call);
    }
    std::size_t write(std::size_t from, std::size_t to, outgoing& message, failures&, int) {
        message.out.heap(slots_.data() + from, (to - from) * sizeof(R));
        return to;
    }

  private:
    std::size_t first_;
    raw_array<R> slots_;
};

/// Others, which are encoded: those that have been made since the last were written are the message's from
/// then on, and go with it.
template <typename R>
    requires(!is_bytes<R>)
class kept_results<R> {
  public:
    static constexpr bool drops_results = false;
    static constexpr bool writes_as_it_runs = true;
    explicit kept_results(item_range items) : first_(items.first) {}

    template <typename Call>
    void invoke(std::size_t i, const Call& call) {
        slot(i).emplace(call());
    }

    std::size_t write(std::size_t from, std::size_t to, outgoing& message, failures& failed, int rank) {
        make_room(from, to);
        if (message.keep != made_) {
            if (message.keep)
                made_->before = std::move(message.keep);
            message.keep = made_;
        }
        for (std::size_t i = from; i < to; ++i) {
            std::optional<R>& result = slot(i);
            const writer::mark before = message.out.position();
            try {
                write_value(message.out, result.has_value());
                if (result)
                    write_value<R>(message.out, *result);
            } catch (...) {
                add_failure(failed, first_ + i, rank);
                result.reset(); // the next message says that there is none
                message.out.rewind(before);
                return i;
            }
        }
        made_.reset();
        return to;
    }

    /// Items [from, to) are about to run, or have.
    void make_room(std::size_t from, std::size_t to) {
        if (!made_) {
            made_ = std::make_shared<part>();
            made_->first = from;
        }
        if (made_->slots.size() < to - made_->first)
            made_->slots.resize(to - made_->first);
    }

  private:
    struct part {
        std::size_t first = 0;
        std::vector<std::optional<R>> slots;
        std::shared_ptr<const void> before; // with the same message
    };
    [[nodiscard]] std::optional<R>& slot(std::size_t i) { return made_->slots[i - made_->first]; }

    std::size_t first_;
    std::shared_ptr<part> made_;
};

// ---------------------------------------------------------------- of the whole call, at the root

class no_slots {
  public:
    using value_type = void;
    explicit no_slots(std::size_t) {}
    static constexpr bool plain = true;
    static constexpr std::size_t item_bytes = 0;
    static constexpr std::size_t bytes_in_place = 0; // that an item's result takes from the beginning

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

/// For the exception being handled, thrown where room for `items` results of so many bytes each was to be
/// made: if that was for lack of memory, throws an error with the figure instead.
[[noreturn]] void refuse_results(std::size_t items, std::size_t bytes_each);

/// Reads results of `size` bytes each into the memory of all results, which stays as it is where an item is
/// in `none`. What it returns is to be called when they have come.
[[nodiscard]] std::function<void()> read_around(std::vector<std::size_t> none, item_range items, reader& in,
                                                void* all, std::size_t size);

/// Where results of bytes go in the end: memory of the caller's, or of a vector that is given to them.
template <typename R>
class byte_slots {
  public:
    using value_type = R;
    static constexpr bool plain = true;
    static constexpr std::size_t item_bytes = sizeof(R);
    static constexpr std::size_t bytes_in_place = sizeof(R);
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
    byte_slots(R* into, std::size_t n) : count_(n), data_(into), callers_(true) {}

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
    /// Of the results that are read next, those of these items are none.
    void skip(const std::vector<std::size_t>& failed) {
        if (callers_)
            none_ = failed;
    }
    std::size_t read(item_range items, reader& in, failures&, int, std::function<void()>& complete) {
        if (none_.empty()) {
            in.heap(static_cast<void*>(data_ + items.first), items.count * sizeof(R));
        } else {
            complete = read_around(std::exchange(none_, {}), items, in, static_cast<void*>(data_), sizeof(R));
        }
        return items.count;
    }

    void write(item_range items, writer& out) const {
        out.heap(data_ + items.first, items.count * sizeof(R));
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
    bool callers_ = false; // the memory is
    std::vector<std::size_t> none_;
};

template <typename R>
class value_slots {
    // Not where a class of the user's is in it: its assignment may not replace what is there
    // (boost::multi_array's wants equal shapes). Such results are made, and moved by their constructors.
    static constexpr bool direct = read_in_place<R> && std::is_default_constructible_v<R> &&
                                   std::is_move_assignable_v<R> && !uses_boost<R>();
    using slot = std::conditional_t<direct, R, std::optional<R>>;

  public:
    using value_type = R;
    static constexpr bool plain = !runs_user_code<R>();
    static constexpr std::size_t item_bytes = 0;
    static constexpr std::size_t bytes_in_place = sizeof(slot);

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

    void write(item_range items, writer& out) const {
        for (std::size_t i = items.first; i < items.end(); ++i) {
            write_value(out, true);
            if constexpr (direct) {
                write_value<R>(out, slots_[i]);
            } else {
                write_value<R>(out, *slots_[i]);
            }
        }
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

} // namespace mpimap::detail
