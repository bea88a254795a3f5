#pragma once

// How a value travels, chosen at compile time per type:
//   bytes      arithmetic types, enums, trivially copyable types without pointers: copied as they are
//   boost      types with a Boost.Serialization `serialize` function, and what only Boost can do
//   standard   the usual containers and vocabulary types of the standard library, element by element
//   aggregate  structs without `serialize`, member by member (Boost.PFR)
//   none       everything else: the calls refuse it at compile time

#include <array>
#include <bit>
#include <chrono>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <forward_list>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <typeindex>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <boost/pfr/core.hpp>
#include <boost/serialization/access.hpp>
#include <boost/serialization/serialization.hpp>

#include <mpimap/detail/archive.hpp>
#include <mpimap/detail/stream.hpp>
#include <mpimap/errors.hpp>

namespace mpimap {

enum class encoding { none, bytes, boost, standard, aggregate };

namespace detail {

// ---------------------------------------------------------------- is there a `serialize`?

namespace probe {

struct no {};

// Associated with boost::serialization, so that a call finds what is declared there, as Boost's own call
// does.
struct archive : boost::serialization::traits<int, 0, 0> {};

// More specialised than Boost's catch-all in its first parameter, less than a user's in its second: the call
// below is ambiguous exactly where a serialize function for T has been declared.
template <typename T>
no serialize(archive&, T&, unsigned int);

template <typename T>
concept has_free_serialize = !requires(archive & a, T& t) {
    { serialize(a, t, 0U) } -> std::same_as<no>;
};

template <typename T>
concept has_public_serialize = requires(T& t, output_archive& a) {
    t.serialize(a, 0U);
};

struct fallback {
    int serialize;
};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
template <typename T>
struct both : T, fallback {
    both() = delete;
};
#pragma GCC diagnostic pop

// A member of that name, private or not, makes this lookup ambiguous.
template <typename T>
concept lookup_is_unambiguous = requires {
    &both<T>::serialize;
};

template <typename T>
consteval bool has_member_serialize() {
    if constexpr (!std::is_class_v<T>) {
        return false;
    } else if constexpr (std::is_final_v<T>) {
        return has_public_serialize<T>;
    } else {
        return !lookup_is_unambiguous<T>;
    }
}

} // namespace probe

template <typename T>
consteval bool has_serialize() {
    if constexpr (std::is_class_v<T> || std::is_union_v<T> || std::is_enum_v<T>) {
        return probe::has_member_serialize<T>() || probe::has_free_serialize<T>;
    } else {
        return false;
    }
}

// ---------------------------------------------------------------- which types refer elsewhere

template <typename T>
struct is_reference_like : std::false_type {};
template <typename T>
struct is_reference_like<std::reference_wrapper<T>> : std::true_type {};
template <typename C, typename Traits>
struct is_reference_like<std::basic_string_view<C, Traits>> : std::true_type {};
template <typename T, std::size_t N>
struct is_reference_like<std::span<T, N>> : std::true_type {};
template <typename T>
struct is_reference_like<std::weak_ptr<T>> : std::true_type {};
template <typename T>
struct is_reference_like<std::initializer_list<T>> : std::true_type {};
template <>
struct is_reference_like<std::error_code> : std::true_type {}; // its category is an address
template <>
struct is_reference_like<std::error_condition> : std::true_type {};
template <>
struct is_reference_like<std::type_index> : std::true_type {};

template <typename T>
concept iterator_like = std::input_or_output_iterator<T> && !std::is_arithmetic_v<T>;

/// Types whose value lies somewhere else: their bytes mean nothing on another rank.
template <typename T>
consteval bool refers_elsewhere() {
    if constexpr (std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_reference_v<T> ||
                  std::is_null_pointer_v<T> || std::is_function_v<T>) {
        return true;
    } else if constexpr (is_reference_like<T>::value) {
        return true;
    } else if constexpr (std::is_class_v<T>) {
        return iterator_like<T> || std::ranges::view<T>;
    } else {
        return false;
    }
}

// ---------------------------------------------------------------- what can be taken apart

template <typename T>
struct any_base_of {
    template <typename B>
        requires(std::is_base_of_v<B, T> && !std::is_same_v<B, T>)
    operator B() const {
        std::terminate(); // only asked whether it compiles; a body, since some types have no linkage
    }
};

/// Aggregates with base classes, which Boost.PFR 1.81 cannot take apart: bases are initialised first.
template <typename T>
concept has_base_class = requires {
    T{any_base_of<T>{}};
};

struct any_member {
    explicit any_member(std::size_t) {}
    template <typename M>
    operator M() const {
        std::terminate();
    }
};

/// Binds to references as well, which any_member, a temporary, cannot do.
struct any_reference {
    explicit any_reference(std::size_t) {}
    template <typename M>
    operator M&() const {
        std::terminate();
    }
};

template <typename T, typename Any, std::size_t... I>
consteval bool initialisable(std::index_sequence<I...>) {
    return requires {
        T{Any{I}...};
    };
}

// No more members than bytes, and no use in going on where PFR's own limit (200) is near.
template <typename T>
inline constexpr std::size_t most_members = sizeof(T) < 120 ? sizeof(T) : 120;

template <typename T, typename Any, std::size_t N>
consteval std::size_t count_up() {
    if constexpr (N < most_members<T> && initialisable<T, Any>(std::make_index_sequence<N + 1>{})) {
        return count_up<T, Any, N + 1>();
    } else {
        return N;
    }
}
template <typename T, typename Any, std::size_t N>
consteval std::size_t count_down() {
    if constexpr (N == 0) {
        return 0;
    } else if constexpr (initialisable<T, Any>(std::make_index_sequence<N>{})) {
        return N;
    } else {
        return count_down<T, Any, N - 1>();
    }
}

/// How many initialisers T{...} takes, elements of C arrays counted one by one.
template <typename T, typename Any = any_member>
consteval std::size_t count_initialisers() {
    if constexpr (initialisable<T, Any>(std::index_sequence<>{})) {
        return count_up<T, Any, 0>(); // fewer initialisers than members are fine
    } else {
        return count_down<T, Any, most_members<T>>();
    }
}

/// Structs with a member that is a reference.
template <typename T>
consteval bool has_reference_member() {
    if constexpr (std::is_default_constructible_v<T>) {
        return false;
    } else {
        return count_initialisers<T, any_reference>() > count_initialisers<T>();
    }
}

template <typename T, std::size_t... Before, std::size_t... After>
consteval bool takes_one_at(std::index_sequence<Before...>, std::index_sequence<After...>) {
    // {} fills a whole array: then the remaining initialisers are too many.
    return requires {
        T{any_member{Before}..., {}, any_member{After}...};
    }
    || requires {
        T{any_member{Before}..., {any_member{0}}, any_member{After}...};
    };
}

template <typename T, std::size_t... Before, std::size_t... Inside, std::size_t... After>
consteval bool takes_inside(std::index_sequence<Before...>, std::index_sequence<Inside...>,
                            std::index_sequence<After...>) {
    return requires {
        T{any_member{Before}..., {any_member{Inside}...}, any_member{After}...};
    };
}

/// Whether initialiser I of N is the first of an array's: then some number K of them fit into braces, and the
/// N - I - K that are left are all that may follow. A class takes one place, whatever is in its braces.
template <typename T, std::size_t N, std::size_t I, std::size_t K = 2>
consteval bool array_begins_at() {
    if constexpr (I + K > N) {
        return false;
    } else if constexpr (takes_inside<T>(std::make_index_sequence<I>{}, std::make_index_sequence<K>{},
                                         std::make_index_sequence<N - I - K>{}) &&
                         !takes_inside<T>(std::make_index_sequence<I>{}, std::make_index_sequence<K>{},
                                          std::make_index_sequence<N - I - K + 1>{})) {
        return true;
    } else {
        return array_begins_at<T, N, I, K + 1>();
    }
}

/// C arrays as members of T (of at least two elements; one element behaves like a scalar here).
template <typename T>
consteval bool has_array_member() {
    constexpr std::size_t n = count_initialisers<T>();
    return []<std::size_t... I>(std::index_sequence<I...>) {
        // The first question settles nearly all; classes without a default constructor may fail it.
        return ((!takes_one_at<T>(std::make_index_sequence<I>{}, std::make_index_sequence<n - I - 1>{}) &&
                 array_begins_at<T, n, I>()) ||
                ...);
    }
    (std::make_index_sequence<n>{});
}

template <typename T>
consteval bool can_take_apart() {
    if constexpr (!std::is_class_v<T> || !std::is_aggregate_v<T> || std::is_polymorphic_v<T>) {
        return false;
    } else if constexpr (std::is_empty_v<T>) {
        return !has_base_class<T>;
    } else if constexpr (has_base_class<T> || has_reference_member<T>()) {
        return false;
    } else {
        return !has_array_member<T>();
    }
}

// The members of what can be taken apart. Boost.PFR's own count makes GCC 12 crash on members that are
// std::array of strings and the like, so it is told the number.
template <typename T>
inline constexpr std::size_t member_count = count_initialisers<std::remove_cv_t<T>>();

template <typename T>
constexpr auto members_of(T& value) {
    return boost::pfr::detail::tie_as_tuple(value, boost::pfr::detail::size_t_<member_count<T>>{});
}

template <std::size_t I, typename T>
using member_t = std::remove_reference_t<typename boost::pfr::detail::sequence_tuple::tuple_element<
    I, decltype(members_of(std::declval<T&>()))>::type>;

/// Calls `visit` with each member in order.
template <typename T, typename Visit>
constexpr void for_each_member(T& value, const Visit& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        const auto members = members_of(value);
        (visit(boost::pfr::detail::sequence_tuple::get<I>(members)), ...);
    }
    (std::make_index_sequence<member_count<T>>{});
}

// ---------------------------------------------------------------- the choice

template <typename T>
struct standard_codec; // specialised below for types of the standard library

template <typename T>
concept has_standard_codec = requires {
    standard_codec<T>::supported;
};

template <typename T>
consteval encoding choose_encoding();

template <typename T>
consteval bool fields_encodable() {
    if constexpr (std::is_empty_v<T>) {
        return true;
    } else {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            // Fields are read in place, so that none may be const where they are not all bytes.
            return ((choose_encoding<std::remove_cv_t<member_t<I, T>>>() != encoding::none &&
                     (std::is_trivially_copyable_v<T> || !std::is_const_v<member_t<I, T>>)) &&
                    ...);
        }
        (std::make_index_sequence<member_count<T>>{});
    }
}

template <typename T>
consteval bool any_const_field() {
    if constexpr (std::is_empty_v<T>) {
        return false;
    } else {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (std::is_const_v<member_t<I, T>> || ...);
        }
        (std::make_index_sequence<member_count<T>>{});
    }
}

template <typename T>
consteval encoding choose_encoding() {
    if constexpr (std::is_arithmetic_v<T>) {
        return encoding::bytes;
    } else if constexpr (refers_elsewhere<T>() || std::is_array_v<T> || std::is_volatile_v<T>) {
        return encoding::none;
    } else if constexpr (has_standard_codec<T>) {
        return standard_codec<T>::chosen();
    } else if constexpr (has_serialize<T>()) {
        // A type says by Boost's own trait that its bytes will do.
        if constexpr (boost::serialization::is_bitwise_serializable<T>::value &&
                      std::is_trivially_copyable_v<T>) {
            return encoding::bytes;
        } else {
            return encoding::boost;
        }
    } else if constexpr (std::is_enum_v<T>) {
        return encoding::bytes;
    } else if constexpr (std::is_trivially_copyable_v<T>) {
        // Looks for pointers inside where that can be done: it is a help, no proof.
        if constexpr (!std::is_copy_constructible_v<T> && !std::is_move_constructible_v<T>) {
            return encoding::none; // a mutex is trivially copyable, and no value
        } else if constexpr (std::is_aggregate_v<T> && std::is_class_v<T> && sizeof(T) <= 256) {
            if constexpr (has_reference_member<T>()) {
                return encoding::none;
            } else if constexpr (can_take_apart<T>()) {
                // A const reference looks like a const member here, but cannot be left out of the braces.
                constexpr bool hidden =
                    any_const_field<T>() && !initialisable<T, any_member>(std::index_sequence<>{});
                return fields_encodable<T>() && !hidden ? encoding::bytes : encoding::none;
            } else {
                return encoding::bytes;
            }
        } else {
            return encoding::bytes;
        }
    } else if constexpr (can_take_apart<T>()) {
        return fields_encodable<T>() ? encoding::aggregate : encoding::none;
    } else {
        return encoding::none;
    }
}

} // namespace detail

/// How values of T travel; `encoding::none` for types that cannot.
template <typename T>
inline constexpr encoding encoding_of = detail::choose_encoding<std::remove_cv_t<T>>();

/// Types that can be arguments, results and broadcast values.
template <typename T>
concept encodable = encoding_of<T>
!= encoding::none;

namespace detail {

template <typename T>
inline constexpr bool is_bytes = encoding_of<T> == encoding::bytes;

/// Whether reading or writing a T may call code of the user's.
template <typename T>
consteval bool runs_user_code();

template <typename T>
void write_value(writer& out, const T& value);
template <typename T>
void read_value(reader& in, T& value);
template <typename T>
[[nodiscard]] T make_value(reader& in);

/// Whether a T is default-constructed and then read; otherwise it is made of its parts, as pairs with a const
/// part.
template <typename T>
inline constexpr bool read_in_place = std::is_default_constructible_v<T> &&
                                      (!has_standard_codec<T> || std::is_move_assignable_v<T>);

/// Whether a T can be made from what was written: bytes always, the rest default-constructed and then read,
/// except where the parts can be made first.
template <typename T>
consteval bool makeable() {
    if constexpr (is_bytes<T>) {
        return true;
    } else if constexpr (has_standard_codec<T>) {
        return standard_codec<T>::makeable();
    } else if constexpr (encoding_of<T> == encoding::aggregate) {
        return true; // each field is asked when it is made
    } else {
        return std::is_default_constructible_v<T>;
    }
}

/// A T in raw memory, for types that are only bytes here and need not have a default constructor.
template <typename T>
[[nodiscard]] T make_from_bytes(reader& in) {
    union slot {
        slot() {}
        ~slot() {}
        T value;
    } s;
    in.bytes(static_cast<void*>(std::addressof(s.value)), sizeof(T));
    return s.value;
}

template <typename T>
void write_value(writer& out, const T& value) {
    constexpr encoding e = encoding_of<T>;
    static_assert(e != encoding::none);
    if constexpr (std::is_empty_v<T> && e != encoding::boost) {
    } else if constexpr (e == encoding::bytes) {
        out.bytes(std::addressof(value), sizeof(T));
    } else if constexpr (e == encoding::boost) {
        out.archive() << value;
    } else if constexpr (e == encoding::standard) {
        standard_codec<T>::write(out, value);
    } else {
        for_each_member(value, [&out](const auto& field) { write_value(out, field); });
    }
}

template <typename T>
void read_value(reader& in, T& value) {
    constexpr encoding e = encoding_of<T>;
    static_assert(e != encoding::none);
    if constexpr (std::is_empty_v<T> && e != encoding::boost) {
    } else if constexpr (std::is_same_v<T, bool>) {
        unsigned char byte = 0; // any other byte in a bool would be undefined behaviour
        in.bytes(&byte, 1);
        value = byte != 0;
    } else if constexpr (e == encoding::bytes) {
        in.bytes(static_cast<void*>(std::addressof(value)), sizeof(T));
    } else if constexpr (e == encoding::boost) {
        in.archive() >> value;
    } else if constexpr (e == encoding::standard) {
        standard_codec<T>::read(in, value);
    } else {
        for_each_member(value, [&in](auto& field) { read_value(in, field); });
    }
}

template <typename T>
T make_value(reader& in) {
    if constexpr (read_in_place<T>) {
        T value{};
        read_value(in, value);
        return value;
    } else if constexpr (is_bytes<T>) {
        return make_from_bytes<T>(in);
    } else if constexpr (has_standard_codec<T>) {
        return standard_codec<T>::make(in);
    } else {
        static_assert(encoding_of<T> == encoding::aggregate);
        return [&in]<std::size_t... I>(std::index_sequence<I...>) {
            return T{make_value<std::remove_cv_t<member_t<I, T>>>(in)...};
        }
        (std::make_index_sequence<member_count<T>>{});
    }
}

// ---------------------------------------------------------------- types of the standard library

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

} // namespace detail
} // namespace mpimap
