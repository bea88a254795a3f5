#pragma once

// How less usual types of the standard library travel. A part of codec.hpp. Headers that are heavy are not
// included: their types are known by what they have.

#include <concepts>
#include <cstddef>
#include <iterator>
#include <queue>
#include <stack>
#include <type_traits>
#include <utility>
#include <version>

#include <tl/expected.hpp>

#include <mpimap/codec.hpp>
#include <mpimap/detail/associative.hpp>
#include <mpimap/detail/standard_codec.hpp>

#ifdef __cpp_lib_expected
#include <expected>
#endif

namespace mpimap::detail {

// std::bitset: words of bits, and room for no more.
template <typename T>
inline constexpr bool bitset_like = false;
template <template <std::size_t> typename Bits, std::size_t N>
    requires requires(const Bits<N>& bits) {
        { bits.to_ullong() } -> std::same_as<unsigned long long>;
        { bits.test(std::size_t{}) } -> std::same_as<bool>;
        { bits.count() } -> std::same_as<std::size_t>;
    }
inline constexpr bool bitset_like<Bits<N>> =
    std::is_trivially_copyable_v<Bits<N>> && 8 * sizeof(Bits<N>) < N + 64;
template <typename T>
    requires bitset_like<T>
struct standard_codec<T> : standard_codec_base {
    static consteval encoding chosen() { return encoding::bytes; }
};

// std::filesystem::path: its text as it is, in the system's own form.
template <typename T>
concept path_like = requires(const T& p) {
    typename T::string_type;
    typename T::format;
    { p.native() } -> std::same_as<const typename T::string_type&>;
    { p.lexically_normal() } -> std::same_as<T>;
};
template <path_like T>
struct standard_codec<T> : standard_codec_base {
    static consteval encoding chosen() { return encoding::standard; }
    static void write(writer& out, const T& p) {
        const writer::copy_scope whole(out); // a path that is made of it looks at it
        write_value(out, p.native());
    }
    static void read(reader& in, T& p) {
        const reader::copy_scope whole(in);
        p = T(make_value<typename T::string_type>(in));
    }
};
template <path_like T>
struct user_code<T> : std::false_type {};

// std::valarray.
template <typename T>
concept valarray_like = requires(T& v, const T& c) {
    typename T::value_type;
    v.resize(std::size_t{});
    { c.cshift(1) } -> std::convertible_to<T>;
    { c.sum() } -> std::convertible_to<typename T::value_type>;
    { v[std::size_t{}] } -> std::same_as<typename T::value_type&>;
};
template <valarray_like T>
struct standard_codec<T> : standard_codec_base {
    using element = typename T::value_type;
    static consteval encoding chosen() { return all_encodable<element>(); }
    static consteval bool makeable() { return std::is_default_constructible_v<element>; }
    static void write(writer& out, const T& v) {
        out.count(v.size(), is_bytes<element> ? sizeof(element) : least_size<element>());
        if constexpr (is_bytes<element>) {
            out.heap(v.size() == 0 ? nullptr : &v[0], v.size() * sizeof(element));
        } else {
            for (std::size_t i = 0; i < v.size(); ++i)
                write_value(out, v[i]);
        }
    }
    static void read(reader& in, T& v) {
        const std::size_t n =
            is_bytes<element> ? in.heap_length(sizeof(element)) : in.count(least_size<element>());
        v.resize(n);
        if constexpr (is_bytes<element>) {
            in.heap(n == 0 ? nullptr : &v[0], n * sizeof(element));
        } else {
            for (std::size_t i = 0; i < n; ++i)
                read_value(in, v[i]);
        }
    }
};

// Adaptors: what is inside is theirs to show to classes that are derived from them.
template <typename Adaptor>
struct inside_of : Adaptor {
    static const auto& container(const Adaptor& a) { return a.*(&inside_of::c); }
    static auto& container(Adaptor& a) { return a.*(&inside_of::c); }
    static const auto& comparator(const Adaptor& a) { return a.*(&inside_of::comp); }
};
template <typename Adaptor>
struct adaptor_codec : standard_codec_base {
    using container = typename Adaptor::container_type;
    static consteval encoding chosen() { return all_encodable<container>(); }
    static void write(writer& out, const Adaptor& a) { write_value(out, inside_of<Adaptor>::container(a)); }
    static void read(reader& in, Adaptor& a) { read_value(in, inside_of<Adaptor>::container(a)); }
};
template <typename T, typename C>
struct standard_codec<std::stack<T, C>> : adaptor_codec<std::stack<T, C>> {};
template <typename T, typename C>
struct standard_codec<std::queue<T, C>> : adaptor_codec<std::queue<T, C>> {};
// A heap as it lies: equal elements come out in the same order.
template <typename T, typename C, typename L>
struct standard_codec<std::priority_queue<T, C, L>> : standard_codec_base {
    using queue = std::priority_queue<T, C, L>;
    static consteval encoding chosen() { return policy_travels<L>() ? all_encodable<C>() : encoding::none; }
    static consteval bool in_place() { return is_settable<L>; }
    static void write(writer& out, const queue& q) {
        const writer::copy_scope whole(out);
        write_policy(out, inside_of<queue>::comparator(q));
        write_value(out, inside_of<queue>::container(q));
    }
    static void read(reader& in, queue& q) { q = make(in); }
    static queue make(reader& in) {
        const reader::copy_scope whole(in);
        queue q(make_policy<L>(in));
        inside_of<queue>::container(q) = make_value<C>(in);
        return q;
    }
};

// A value, or an error.
template <typename E>
struct expected_codec;
template <template <typename, typename> typename Expected, typename T, typename E>
struct expected_codec<Expected<T, E>> : standard_codec_base {
    using expected_type = Expected<T, E>;
    static consteval encoding chosen() {
        if constexpr (std::is_void_v<T>) {
            return all_encodable<E>();
        } else {
            return all_encodable<T, E>();
        }
    }
    static consteval std::size_t least() { return 1; }
    static void write(writer& out, const expected_type& e) {
        write_value(out, e.has_value());
        if (!e.has_value()) {
            write_value(out, e.error());
        } else if constexpr (!std::is_void_v<T>) {
            write_value(out, *e);
        }
    }
    static void read(reader& in, expected_type& e) { e = make(in); }
    static expected_type make(reader& in) {
        if (!make_value<bool>(in))
            return expected_type(typename expected_type::unexpected_type(make_value<E>(in)));
        if constexpr (std::is_void_v<T>) {
            return expected_type();
        } else {
            return expected_type(make_value<T>(in));
        }
    }
};
template <typename T, typename E>
struct standard_codec<tl::expected<T, E>> : expected_codec<tl::expected<T, E>> {};
#ifdef __cpp_lib_expected
template <typename T, typename E>
struct standard_codec<std::expected<T, E>> : expected_codec<std::expected<T, E>> {};
#endif

} // namespace mpimap::detail
