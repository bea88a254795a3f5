#pragma once

#include <tl/expected.hpp>

#include <mpimap/codec.hpp>
#include <mpimap/errors.hpp>

namespace mpimap {

/// A result or the error that took its place: `std::expected` of C++23 (`has_value`, `*`, `value`, `error`).
template <typename T, typename E>
using expected = tl::expected<T, E>;

template <typename E>
using unexpected = tl::unexpected<E>;

namespace detail {

/// Outcomes travel only to share them (`results::everywhere`).
template <typename T>
struct standard_codec<tl::expected<T, task_error>> : standard_codec_base {
    using outcome = tl::expected<T, task_error>;
    static consteval encoding chosen() { return all_encodable<T>(); }
    static consteval std::size_t least() { return 1; }
    static void write(writer& out, const outcome& o) {
        write_value(out, o.has_value());
        if (o.has_value()) {
            write_value<T>(out, *o);
        } else {
            write_value(out, o.error().data());
        }
    }
    static void read(reader& in, outcome& o) { o = make(in); }
    static outcome make(reader& in) {
        if (make_value<bool>(in))
            return outcome(make_value<T>(in));
        return outcome(tl::unexpect, task_error(make_value<failure>(in)));
    }
};

} // namespace detail
} // namespace mpimap
