#pragma once

// How the types of the standard library travel. A part of codec.hpp, which ends with it.

#include <array>
#include <chrono>
#include <complex>
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
#include <mpimap/detail/stream.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {

template <typename... Ts>
consteval encoding all_encodable() {
    return ((choose_encoding<std::remove_cv_t<Ts>>() != encoding::none) && ...) ? encoding::standard
                                                                                : encoding::none;
}

template <typename... Ts>
consteval encoding bytes_if_all_bytes() {
    return ((choose_encoding<std::remove_cv_t<Ts>>() == encoding::bytes) && ...) ? encoding::bytes
                                                                                 : all_encodable<Ts...>();
}

/// The least number of bytes that a T takes in a message: what bounds a length before room is made for it. A
/// large array may travel apart from the message, and Boost may write nothing.
template <typename T>
consteval std::size_t least_size() {
    constexpr encoding e = encoding_of<T>;
    if constexpr (std::is_empty_v<T> || e == encoding::boost) {
        return 0;
    } else if constexpr (e == encoding::bytes) {
        return sizeof(T);
    } else if constexpr (e == encoding::aggregate) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (std::size_t{0} + ... + least_size<std::remove_cv_t<member_t<I, T>>>());
        }
        (std::make_index_sequence<member_count<T>>{});
    } else {
        return standard_codec<T>::least();
    }
}

/// Defaults that the specialisations override.
struct standard_codec_base {
    static constexpr bool supported = true;
    static consteval bool makeable() { return true; }
    static consteval std::size_t least() {
        return sizeof(std::uint64_t);
    } // a length, or the index of an alternative
};

// Contiguous storage on the heap: plain elements in one piece.
template <typename C>
struct contiguous_codec : standard_codec_base {
    using element = typename C::value_type;
    static consteval encoding chosen() { return all_encodable<element>(); }
    static void write(writer& out, const C& c) {
        out.length(c.size());
        if constexpr (is_bytes<element>) {
            out.heap(c.data(), c.size() * sizeof(element));
        } else {
            for (const element& e : c)
                write_value(out, e);
        }
    }
    static void read(reader& in, C& c) {
        const std::size_t n = is_bytes<element> && read_in_place<element> ? in.heap_length(sizeof(element))
                                                                          : in.length(least_size<element>());
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
    static consteval encoding chosen() { return encoding::standard; }
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
    static consteval encoding chosen() { return all_encodable<element>(); }
    static void write(writer& out, const C& c) {
        out.length(static_cast<std::size_t>(std::ranges::distance(c)));
        for (const element& e : c)
            write_value(out, e);
    }
    static void read(reader& in, C& c) {
        c.clear();
        for (std::size_t n = in.length(least_size<element>()); n != 0; --n) {
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
        for (std::size_t n = in.length(least_size<T>()); n != 0; --n)
            last = c.insert_after(last, make_value<T>(in));
    }
};

// Sets and maps: a key must be whole when it is inserted, so nothing inside is received later.
template <typename C, typename... Parts>
struct associative_codec : standard_codec_base {
    static consteval encoding chosen() { return all_encodable<Parts...>(); }
    static void write(writer& out, const C& c) {
        const writer::copy_scope whole(out);
        out.length(c.size());
        for (const auto& e : c) {
            if constexpr (sizeof...(Parts) == 2) {
                write_value(out, e.first);
                write_value(out, e.second);
            } else {
                write_value(out, e);
            }
        }
    }
    static void read(reader& in, C& c) {
        const reader::copy_scope whole(in);
        c.clear();
        for (std::size_t n = in.length((std::size_t{0} + ... + least_size<Parts>())); n != 0; --n)
            insert(in, c);
    }

  private:
    static void insert(reader& in, C& c) {
        if constexpr (sizeof...(Parts) == 2) {
            // As they were written, one after the other: a pair of both may be padded.
            auto key = make_value<typename C::key_type>(in);
            c.emplace_hint(c.end(), std::move(key), make_value<typename C::mapped_type>(in));
        } else {
            c.emplace_hint(c.end(), make_value<typename C::key_type>(in));
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

template <typename T>
struct standard_codec<std::complex<T>> : standard_codec_base {
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
    static void read(reader& in, variant& v) { v = make(in); }
    static variant make(reader& in) {
        using maker = variant (*)(reader&);
        static constexpr auto makers = []<std::size_t... I>(std::index_sequence<I...>) {
            return std::array<maker, sizeof...(Ts)>{[](reader& from) {
                return variant(std::in_place_index<I>,
                               make_value<std::variant_alternative_t<I, variant>>(from));
            }...};
        }
        (std::index_sequence_for<Ts...>{});
        const std::size_t index = in.length(0);
        if (index >= sizeof...(Ts))
            throw serialization_error("mpimap: no such alternative of a std::variant");
        return makers[index](in);
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
    static constexpr bool by_boost = std::is_polymorphic_v<element> || Graph;
    static consteval encoding chosen() {
        if constexpr (std::is_array_v<typename P::element_type> || std::is_void_v<element>) {
            return encoding::none;
        } else if constexpr (by_boost) {
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
template <typename T>
struct standard_codec<std::unique_ptr<T[]>> : standard_codec_base {
    static consteval encoding chosen() { return encoding::none; } // nobody knows its length
};

template <typename T>
consteval bool shared_by_boost() {
    if constexpr (std::is_void_v<T> || std::is_array_v<T>) {
        return false;
    } else {
        return has_serialize<std::remove_cv_t<T>>();
    }
}
template <typename T>
struct standard_codec<std::shared_ptr<T>> : owner_codec<std::shared_ptr<T>, shared_by_boost<T>()> {};

/// Whether a T, or a part of it, goes by Boost.Serialization, which tracks objects by address.
template <typename T>
consteval bool uses_boost();

template <typename T>
inline constexpr bool parts_use_boost = false;
template <template <typename...> typename C, typename... Ts>
    requires has_standard_codec<C<Ts...>>
inline constexpr bool parts_use_boost<C<Ts...>> = (uses_boost<std::remove_cv_t<Ts>>() || ...);
template <typename T, std::size_t N>
inline constexpr bool parts_use_boost<std::array<T, N>> = uses_boost<T>();

template <typename T>
consteval bool uses_boost() {
    if constexpr (encoding_of<T> == encoding::aggregate && !std::is_empty_v<T>) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (uses_boost<std::remove_cv_t<member_t<I, T>>>() || ...);
        }
        (std::make_index_sequence<member_count<T>>{});
    } else {
        return encoding_of<T> == encoding::boost ||
               (encoding_of<T> == encoding::standard && parts_use_boost<T>);
    }
}

template <typename T>
struct user_code : std::bool_constant<encoding_of<T> == encoding::boost> {};
template <template <typename...> typename C, typename... Ts>
    requires has_standard_codec<C<Ts...>>
struct user_code<C<Ts...>> : std::true_type {
}; // comparators, hashes, allocators: assume the worst ...
template <typename T>
struct user_code<std::vector<T>> : std::bool_constant<runs_user_code<T>()> {}; // ... but for the common ones
template <typename C>
struct user_code<std::basic_string<C>> : std::false_type {};
template <typename T, std::size_t N>
struct user_code<std::array<T, N>> : std::bool_constant<runs_user_code<T>()> {};

template <typename T>
consteval bool runs_user_code() {
    if constexpr (is_bytes<T>) {
        return false;
    } else if constexpr (encoding_of<T> == encoding::aggregate) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (runs_user_code<std::remove_cv_t<member_t<I, T>>>() || ...);
        }
        (std::make_index_sequence<member_count<T>>{});
    } else {
        return user_code<T>::value;
    }
}

} // namespace mpimap::detail
