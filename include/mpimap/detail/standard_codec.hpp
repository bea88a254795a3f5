#pragma once

// How the types of the standard library travel. A part of codec.hpp, which ends with it. Types whose headers
// are heavy are known by what they have: <complex> alone brings all of <cmath>.

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <mpimap/codec.hpp>
#include <mpimap/detail/associative.hpp>
#include <mpimap/detail/stream.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {

/// The least number of bytes that a T takes in a message: what bounds a length before room is made for it. A
/// large array may travel apart from the message. 0 where nobody knows, as of
/// what a serialize function writes.
template <typename T>
consteval std::size_t least_size() {
    constexpr encoding e = encoding_of<T>;
    if constexpr (std::is_empty_v<T> || e == encoding::boost) {
        return 0;
    } else if constexpr (e == encoding::bytes) {
        return sizeof(T);
    } else if constexpr (e == encoding::aggregate) {
        return []<typename... M>(type_list<M...>) {
            return (std::size_t{0} + ... + least_size<std::remove_cv_t<M>>());
        }(member_types<T>{});
    } else {
        return standard_codec<T>::least();
    }
}

/// Defaults that the specialisations override.
struct standard_codec_base {
    static constexpr bool supported = true;
    static consteval bool makeable() { return true; }
    static consteval bool in_place() { return true; }
    static consteval std::size_t least() {
        return sizeof(std::uint64_t);
    } // a length, or the index of an alternative
};

// Contiguous storage on the heap: plain elements in one piece.
template <typename C>
struct contiguous_codec : standard_codec_base {
    using element = typename C::value_type;
    static consteval encoding chosen() {
        return allocator_travels<typename C::allocator_type> ? all_encodable<element>() : encoding::none;
    }
    static void write(writer& out, const C& c) {
        if constexpr (is_bytes<element> && read_in_place<element>) {
            out.length(c.size());
        } else {
            out.count(c.size(), least_size<element>());
        }
        if constexpr (is_bytes<element>) {
            out.heap(c.data(), c.size() * sizeof(element));
        } else {
            for (const element& e : c)
                write_value(out, e);
        }
    }
    static void read(reader& in, C& c) {
        const std::size_t n = is_bytes<element> && read_in_place<element> ? in.heap_length(sizeof(element))
                                                                          : in.count(least_size<element>());
        if constexpr (is_bytes<element> && read_in_place<element>) {
            if constexpr (std::is_copy_constructible_v<element> && std::is_copy_assignable_v<element>) {
                // Copied from where they are, without making room of zeros first.
                if (!in.deferred(n * sizeof(element)) && in.aligned(alignof(element))) {
                    const auto* from = reinterpret_cast<const element*>(in.view(n * sizeof(element)));
                    c.assign(from, from + n);
                    return;
                }
            }
            c.resize(n);
            in.heap(static_cast<void*>(c.data()), n * sizeof(element));
        } else if constexpr (is_bytes<element>) {
            // No way to make room without values: these travel as bytes of the message.
            c.clear();
            c.reserve(n);
            const reader::copy_scope whole(in);
            for (std::size_t i = 0; i < n; ++i)
                c.push_back(make_value<element>(in));
        } else if constexpr (read_in_place<element>) {
            c.clear();
            c.resize(n);
            for (element& e : c)
                read_value(in, e);
        } else {
            c.clear();
            c.reserve(n);
            for (std::size_t i = 0; i < n; ++i)
                c.push_back(make_value<element>(in));
        }
    }
};

template <typename T, typename A>
struct standard_codec<std::vector<T, A>> : contiguous_codec<std::vector<T, A>> {
    static void write(writer& out, const std::vector<T, A>& c) {
        if constexpr (is_bytes<T> && !read_in_place<T>) {
            const writer::copy_scope whole(out); // as read() asks
            contiguous_codec<std::vector<T, A>>::write(out, c);
        } else {
            contiguous_codec<std::vector<T, A>>::write(out, c);
        }
    }
};
template <typename C, typename Traits, typename A>
struct standard_codec<std::basic_string<C, Traits, A>> : contiguous_codec<std::basic_string<C, Traits, A>> {};

template <typename A>
struct standard_codec<std::vector<bool, A>> : standard_codec_base {
    static consteval encoding chosen() { return allocator_travels<A> ? encoding::standard : encoding::none; }
    static void write(writer& out, const std::vector<bool, A>& c) {
        out.length(c.size());
        for (std::size_t i = 0; i < c.size(); i += 8) {
            unsigned char byte = 0;
            for (std::size_t k = 0; k < 8 && i + k < c.size(); ++k) {
                if (c[i + k])
                    byte = static_cast<unsigned char>(byte | (1U << k));
            }
            out.bytes(&byte, 1);
        }
    }
    static void read(reader& in, std::vector<bool, A>& c) {
        const std::size_t n = in.length(0);
        const auto* packed = reinterpret_cast<const unsigned char*>(in.view(n / 8 + (n % 8 != 0 ? 1 : 0)));
        c.assign(n, false);
        for (std::size_t i = 0; i < n; ++i)
            c[i] = ((packed[i / 8] >> (i % 8)) & 1U) != 0;
    }
};

// Lists and deques: room for one element at a time.
template <typename C>
struct sequence_codec : standard_codec_base {
    using element = typename C::value_type;
    static consteval encoding chosen() {
        return allocator_travels<typename C::allocator_type> ? all_encodable<element>() : encoding::none;
    }
    static void write(writer& out, const C& c) {
        out.count(static_cast<std::size_t>(std::ranges::distance(c)), least_size<element>());
        for (const element& e : c)
            write_value(out, e);
    }
    static void read(reader& in, C& c) {
        c.clear();
        for (std::size_t n = in.count(least_size<element>()); n != 0; --n) {
            if constexpr (read_in_place<element>) {
                read_value(in, c.emplace_back());
            } else {
                c.push_back(make_value<element>(in));
            }
        }
    }
};

template <typename T, typename A>
struct standard_codec<std::deque<T, A>> : sequence_codec<std::deque<T, A>> {};
template <typename T, typename A>
struct standard_codec<std::list<T, A>> : sequence_codec<std::list<T, A>> {};
template <typename T, typename A>
struct standard_codec<std::forward_list<T, A>> : sequence_codec<std::forward_list<T, A>> {
    static void read(reader& in, std::forward_list<T, A>& c) {
        c.clear();
        auto last = c.before_begin();
        for (std::size_t n = in.count(least_size<T>()); n != 0; --n)
            last = c.insert_after(last, make_value<T>(in));
    }
};

// Sets and maps: a key must be whole when it is inserted, so nothing inside is received later. What orders or
// finds the keys goes ahead of them, unless there is nothing to it.
template <typename P>
consteval bool policy_travels() {
    if constexpr (std::is_empty_v<P>) {
        return std::is_default_constructible_v<P>;
    } else {
        return choose_encoding<P>() != encoding::none && std::is_move_constructible_v<P>;
    }
}
template <typename P>
inline constexpr bool is_settable = std::is_default_constructible_v<P>&& std::is_move_assignable_v<P>;
template <typename P>
void write_policy(writer& out, const P& p) {
    if constexpr (!std::is_empty_v<P>)
        write_value(out, p);
}
template <typename P>
[[nodiscard]] P make_policy(reader& in) {
    if constexpr (std::is_empty_v<P>) {
        return P();
    } else {
        return make_value<P>(in);
    }
}

template <typename C, typename... Parts>
struct associative_codec : standard_codec_base {
    static consteval encoding chosen() {
        if constexpr (!allocator_travels<typename C::allocator_type>) {
            return encoding::none;
        } else if constexpr (unordered<C>) {
            return policy_travels<typename C::hasher>() && policy_travels<typename C::key_equal>()
                       ? all_encodable<Parts...>()
                       : encoding::none;
        } else {
            return policy_travels<typename C::key_compare>() ? all_encodable<Parts...>() : encoding::none;
        }
    }
    static consteval bool in_place() {
        if constexpr (unordered<C>) {
            return is_settable<typename C::hasher> && is_settable<typename C::key_equal>;
        } else {
            return is_settable<typename C::key_compare>;
        }
    }
    static void write(writer& out, const C& c) {
        const writer::copy_scope whole(out);
        if constexpr (unordered<C>) {
            write_policy(out, c.hash_function());
            write_policy(out, c.key_eq());
            write_shape(out, shape_of(c));
            for_each_as_built(c, [&out](const auto& e) { write_element(out, e); });
        } else {
            write_policy(out, c.key_comp());
            out.count(c.size(), least_element);
            for (const auto& e : c)
                write_element(out, e);
        }
    }
    static void read(reader& in, C& c) { c = make(in); }
    static C make(reader& in) {
        const reader::copy_scope whole(in);
        if constexpr (unordered<C>) {
            auto hash = make_policy<typename C::hasher>(in);
            C c(0, std::move(hash), make_policy<typename C::key_equal>(in));
            build_table(c, read_shape(in), [&in](const auto& insert) { read_element(in, insert); });
            return c;
        } else {
            C c(make_policy<typename C::key_compare>(in));
            for (std::size_t n = in.count(least_element); n != 0; --n)
                read_element(in, [&c](auto&&... e) { c.emplace_hint(c.end(), std::move(e)...); });
            return c;
        }
    }

  private:
    static constexpr std::size_t least_element = (std::size_t{0} + ... + least_size<Parts>());

    // As they were written, one after the other: a pair of both may be padded.
    static void write_element(writer& out, const typename C::value_type& e) {
        if constexpr (maps_keys<C>) {
            write_value(out, e.first);
            write_value(out, e.second);
        } else {
            write_value(out, e);
        }
    }
    template <typename Insert>
    static void read_element(reader& in, const Insert& insert) {
        auto key = make_value<typename C::key_type>(in);
        if constexpr (maps_keys<C>) {
            insert(std::move(key), make_value<typename C::mapped_type>(in));
        } else {
            insert(std::move(key));
        }
    }
};

template <typename K, typename L, typename A>
struct standard_codec<std::set<K, L, A>> : associative_codec<std::set<K, L, A>, K> {};
template <typename K, typename L, typename A>
struct standard_codec<std::multiset<K, L, A>> : associative_codec<std::multiset<K, L, A>, K> {};
template <typename K, typename H, typename E, typename A>
struct standard_codec<std::unordered_set<K, H, E, A>> : associative_codec<std::unordered_set<K, H, E, A>, K> {
};
template <typename K, typename H, typename E, typename A>
struct standard_codec<std::unordered_multiset<K, H, E, A>>
    : associative_codec<std::unordered_multiset<K, H, E, A>, K> {};
template <typename K, typename V, typename L, typename A>
struct standard_codec<std::map<K, V, L, A>> : associative_codec<std::map<K, V, L, A>, K, V> {};
template <typename K, typename V, typename L, typename A>
struct standard_codec<std::multimap<K, V, L, A>> : associative_codec<std::multimap<K, V, L, A>, K, V> {};
template <typename K, typename V, typename H, typename E, typename A>
struct standard_codec<std::unordered_map<K, V, H, E, A>>
    : associative_codec<std::unordered_map<K, V, H, E, A>, K, V> {};
template <typename K, typename V, typename H, typename E, typename A>
struct standard_codec<std::unordered_multimap<K, V, H, E, A>>
    : associative_codec<std::unordered_multimap<K, V, H, E, A>, K, V> {};

// A fixed number of parts: bytes when all parts are.
template <typename T, typename... Parts>
struct tuple_codec : standard_codec_base {
    static consteval encoding chosen() {
        if constexpr ((std::is_reference_v<Parts> || ...)) {
            return encoding::none;
        } else if constexpr (std::is_trivially_copy_constructible_v<T> &&
                             std::is_trivially_destructible_v<T>) {
            return bytes_if_all_bytes<Parts...>();
        } else {
            return all_encodable<Parts...>();
        }
    }
    static void write(writer& out, const T& t) {
        std::apply([&out](const auto&... part) { (write_value(out, part), ...); }, t);
    }
    static void read(reader& in, T& t) {
        std::apply([&in](auto&... part) { (read_value(in, part), ...); }, t);
    }
    static T make(reader& in) { return T{make_value<std::remove_cv_t<Parts>>(in)...}; }
    static consteval std::size_t least() {
        return (std::size_t{0} + ... + least_size<std::remove_cv_t<Parts>>());
    }
};

template <typename A, typename B>
struct standard_codec<std::pair<A, B>> : tuple_codec<std::pair<A, B>, A, B> {};
template <typename... Ts>
struct standard_codec<std::tuple<Ts...>> : tuple_codec<std::tuple<Ts...>, Ts...> {};

template <typename T, std::size_t N>
struct standard_codec<std::array<T, N>> : standard_codec_base {
    static consteval encoding chosen() {
        if constexpr (N == 0) {
            return encoding::bytes;
        } else {
            return bytes_if_all_bytes<T>();
        }
    }
    static consteval std::size_t least() { return N * least_size<T>(); }
    static void write(writer& out, const std::array<T, N>& c) {
        for (const T& e : c)
            write_value(out, e);
    }
    static void read(reader& in, std::array<T, N>& c) {
        for (T& e : c)
            read_value(in, e);
    }
    static std::array<T, N> make(reader& in) {
        return [&in]<std::size_t... I>(std::index_sequence<I...>) {
            return std::array<T, N>{((void)I, make_value<T>(in))...};
        }
        (std::make_index_sequence<N>{});
    }
};

// std::complex: two numbers, and room for no more. Not what is derived from it, nor a class that says by its
// own serialize how it travels.
template <typename T>
inline constexpr bool is_template_of_its_value = false;
template <template <typename> typename C, typename V>
    requires std::is_arithmetic_v<V>
inline constexpr bool is_template_of_its_value<C<V>> = true;
template <typename T>
concept complex_like = is_template_of_its_value<T> && requires(const T& z) {
    requires std::is_arithmetic_v<typename T::value_type>;
    requires sizeof(T) == 2 * sizeof(typename T::value_type) && std::is_trivially_copyable_v<T>;
    requires !probe::has_member_serialize<T>();
    { z.real() } -> std::same_as<typename T::value_type>;
    { z.imag() } -> std::same_as<typename T::value_type>;
};
template <complex_like T>
struct standard_codec<T> : standard_codec_base {
    static consteval encoding chosen() { return encoding::bytes; }
};
template <typename R, typename P>
struct standard_codec<std::chrono::duration<R, P>> : standard_codec_base {
    static consteval encoding chosen() { return choose_encoding<R>(); }
};
template <typename C, typename D>
struct standard_codec<std::chrono::time_point<C, D>> : standard_codec_base {
    static consteval encoding chosen() { return choose_encoding<D>(); }
};

template <typename T>
struct standard_codec<std::optional<T>> : standard_codec_base {
    static consteval encoding chosen() { return all_encodable<T>(); }
    static consteval std::size_t least() { return 1; }
    static void write(writer& out, const std::optional<T>& o) {
        write_value(out, o.has_value());
        if (o.has_value())
            write_value(out, *o);
    }
    static void read(reader& in, std::optional<T>& o) {
        o.reset();
        if (!make_value<bool>(in))
            return;
        if constexpr (read_in_place<T>) {
            read_value(in, o.emplace());
        } else {
            o.emplace(make_value<T>(in));
        }
    }
};

template <typename... Ts>
struct standard_codec<std::variant<Ts...>> : standard_codec_base {
    using variant = std::variant<Ts...>;
    static consteval encoding chosen() { return all_encodable<Ts...>(); }
    static void write(writer& out, const variant& v) {
        if (v.valueless_by_exception())
            throw serialization_error("mpimap: a valueless std::variant cannot be sent");
        out.length(v.index());
        std::visit([&out](const auto& value) { write_value(out, value); }, v);
    }
    static void read(reader& in, variant& v) {
        // Made and not assigned: an assignment of the user's may not replace what is there.
        with_alternative(in, [&](auto at) {
            v.template emplace<at>(make_value<std::variant_alternative_t<at, variant>>(in));
        });
    }
    static variant make(reader& in) {
        std::optional<variant> made;
        with_alternative(in, [&](auto at) {
            made.emplace(std::in_place_index<at>, make_value<std::variant_alternative_t<at, variant>>(in));
        });
        return *std::move(made);
    }

  private:
    /// Calls `use` with the constant that says which alternative comes next.
    template <typename Use>
    static void with_alternative(reader& in, const Use& use) {
        const std::size_t index = in.length(0);
        const bool found = [&]<std::size_t... I>(std::index_sequence<I...>) {
            return ((index == I && (use(std::integral_constant<std::size_t, I>{}), true)) || ...);
        }
        (std::index_sequence_for<Ts...>{});
        if (!found)
            throw serialization_error("mpimap: no such alternative of a std::variant");
    }
};
template <>
struct standard_codec<std::monostate> : standard_codec_base {
    static consteval encoding chosen() { return encoding::bytes; }
};

// Pointers that own. To a polymorphic type only Boost knows what is behind; the value alone otherwise.
template <typename P, bool Graph>
struct owner_codec : standard_codec_base {
    using element = std::remove_cv_t<typename P::element_type>;
    static consteval encoding chosen() {
        if constexpr (std::is_void_v<element> || !is_complete<element>) {
            return encoding::none;
        } else if constexpr (std::is_polymorphic_v<element> || Graph) {
            // Boost's own headers for smart pointers come with mpimap/serialization.hpp.
            return probe::has_free_serialize<P> ? encoding::boost : encoding::none;
        } else {
            return all_encodable<element>();
        }
    }
    static consteval std::size_t least() { return 1; }
    static void write(writer& out, const P& p) {
        write_value(out, p != nullptr);
        if (p != nullptr)
            write_value<element>(out, *p);
    }
    static void read(reader& in, P& p) {
        p = nullptr;
        if (!make_value<bool>(in))
            return;
        if constexpr (read_in_place<element>) {
            auto fresh = std::make_unique<element>();
            read_value(in, *fresh);
            p = std::move(fresh);
        } else {
            p = P(new element(make_value<element>(in)));
        }
    }
};

template <typename T>
struct standard_codec<std::unique_ptr<T>> : owner_codec<std::unique_ptr<T>, false> {};
struct no_codec : standard_codec_base {
    static consteval encoding chosen() { return encoding::none; }
};
template <typename T>
struct standard_codec<std::unique_ptr<T[]>> : no_codec {}; // nobody knows its length
template <typename T>
struct standard_codec<std::shared_ptr<T[]>> : no_codec {};
template <typename T, std::size_t N>
struct standard_codec<std::shared_ptr<T[N]>> : no_codec {};

template <typename T>
consteval bool shared_by_boost() {
    if constexpr (std::is_void_v<T> || std::is_array_v<T> || !is_complete<T>) {
        return false;
    } else {
        return has_serialize<std::remove_cv_t<T>>();
    }
}
template <typename T>
struct standard_codec<std::shared_ptr<T>> : owner_codec<std::shared_ptr<T>, shared_by_boost<T>()> {};

template <typename T>
struct goes_by_boost : std::bool_constant<choose_encoding<T>() == encoding::boost> {};

/// Whether a T, or a part of it, goes by Boost.Serialization, which tracks objects by address.
template <typename T>
consteval bool uses_boost() {
    return contains<T, goes_by_boost>;
}

/// Whether reading or writing a T may call code of the user's, its parts left out.
template <typename T>
struct user_code : goes_by_boost<T> {};
template <template <typename...> typename C, typename... Ts>
    requires has_standard_codec<C<Ts...>>
struct user_code<C<Ts...>> : std::true_type {
}; // comparators, hashes, allocators: assume the worst ...
template <typename T>
struct user_code<std::vector<T>> : std::false_type {}; // ... but for the common ones
template <typename C>
struct user_code<std::basic_string<C>> : std::false_type {};

template <typename T>
struct calls_user_code : std::bool_constant<!is_bytes<T> && user_code<T>::value> {};
template <typename T>
consteval bool runs_user_code() {
    return contains<T, calls_user_code>;
}

} // namespace mpimap::detail

#include <mpimap/detail/vocabulary_codec.hpp> // IWYU pragma: export
