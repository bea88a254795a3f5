#pragma once

// A value that every rank of a pool has.

#include <memory>
#include <utility>

#include <mpimap/detail/argument_traits.hpp>

namespace mpimap {

namespace detail {

template <typename A>
class root_argument;

} // namespace detail

/// A value that every rank of a pool has: made by pool::share, passed to calls in the place of
/// `broadcast(x)`. Not to `submit`, which takes values.
///
/// Lives on the root. `*handle` and `handle->` are the root's own copy, which its items read in place. The
/// other ranks forget the value with the last copy of the handle, or with the last call that uses it.
template <typename T>
class shared {
  public:
    using value_type = T; // what items are called with

    shared(std::shared_ptr<const T> here, std::shared_ptr<void> stored)
        : value_(std::move(here)), in_store_(std::move(stored)) {}

    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] const T* operator->() const noexcept { return value_.get(); }
    /// This copy of the handle lets go of what the other ranks have. Later calls with it are calls with
    /// `broadcast(*handle)`.
    void release() noexcept { in_store_.reset(); }

  private:
    template <typename>
    friend class detail::root_argument;
    [[nodiscard]] detail::constant<T> as_constant() const { return {value_.get(), value_, in_store_}; }

    std::shared_ptr<const T> value_;
    std::shared_ptr<void> in_store_;
};

namespace detail {

template <typename T>
struct argument_traits<shared<T>> : argument_traits<broadcast_argument<const T&>> {};

} // namespace detail

} // namespace mpimap
