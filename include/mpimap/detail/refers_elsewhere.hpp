#pragma once

// Types whose values lie somewhere else: pointers, views, handles.

#include <concepts>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <source_location>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <typeindex>

#include <pthread.h>
#include <semaphore.h>

namespace mpimap {

/// Set it for types that show, or are computed of, what lies in other objects: views and expressions of
/// libraries for arrays. They are refused wherever a value would travel. Eigen's are known to eigen.hpp.
///
///     template <typename A, typename B, typename Op>
///     inline constexpr bool mpimap::is_expression<arma::Glue<A, B, Op>> = true;
template <typename T>
inline constexpr bool is_expression = false;

namespace detail {

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
// Bytes that stand for something of this process.
template <>
struct is_reference_like<std::FILE> : std::true_type {};
template <>
struct is_reference_like<std::thread::id> : std::true_type {};
template <>
struct is_reference_like<std::source_location> : std::true_type {};
// std::coroutine_handle, known by what it has.
template <typename T>
    requires requires(const T& handle) {
        handle.resume();
        handle.done();
        static_cast<void*>(handle.address());
    }
struct is_reference_like<T> : std::true_type {};
template <>
struct is_reference_like<pthread_mutex_t> : std::true_type {};
template <>
struct is_reference_like<pthread_cond_t> : std::true_type {};
template <>
struct is_reference_like<pthread_rwlock_t> : std::true_type {};
template <>
struct is_reference_like<pthread_barrier_t> : std::true_type {};
template <>
struct is_reference_like<sem_t> : std::true_type {};

template <typename T>
concept is_complete = requires {
    sizeof(T);
};

template <typename T>
concept iterator_like = std::input_or_output_iterator<T> && !std::is_arithmetic_v<T>;

/// Types whose value lies somewhere else: their bytes mean nothing on another rank.
template <typename T>
consteval bool refers_elsewhere() {
    if constexpr (std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_reference_v<T> ||
                  std::is_null_pointer_v<T> || std::is_function_v<T>) {
        return true;
    } else if constexpr (is_reference_like<T>::value || is_expression<T>) {
        return true;
    } else if constexpr (std::is_class_v<T> && is_complete<T>) {
        return iterator_like<T> || std::ranges::view<T>;
    } else {
        return false;
    }
}

} // namespace detail
} // namespace mpimap
