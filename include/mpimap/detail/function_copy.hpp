#pragma once

// How a function is shipped: written on the root, read and called elsewhere.

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include <mpimap/codec.hpp>
#include <mpimap/detail/code_token.hpp>
#include <mpimap/detail/pointer_scan.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {

/// Whether the compiler can make an F of zeros while it compiles: then no member is a reference, a pointer or
/// a union.
template <typename F>
concept shows_plain_bytes = __is_trivially_copyable(F) && requires {
    typename std::bool_constant<(static_cast<void>(__builtin_bit_cast(F, byte_array<sizeof(F)>{})), true)>;
};

/// Lambdas with references in them, and classes with data on several levels, have no standard layout.
template <typename F>
concept plain_bytes_function = std::is_class_v<F> && std::is_trivially_copy_constructible_v<F> &&
    std::is_trivially_destructible_v<F> &&(std::is_standard_layout_v<F> || shows_plain_bytes<F>);

enum class shipping { none, type, bytes, value, pointer, own };

template <typename F>
struct function_copy; // how an F is written, read and called; specialised for what this library defines

template <typename F>
inline constexpr bool has_own_shipping = false;

template <typename F>
consteval shipping choose_shipping() {
    if constexpr (has_own_shipping<F>) {
        return shipping::own;
    } else if constexpr (std::is_member_pointer_v<F> ||
                         (std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>)) {
        return shipping::pointer;
    } else if constexpr (!std::is_class_v<F> || is_expression<F>) {
        return shipping::none;
    } else if constexpr (std::is_polymorphic_v<F> && !std::is_final_v<F>) {
        return shipping::none; // a reference to a base: what it leads to would be cut down to that
    } else if constexpr (has_serialize<F>()) {
        return std::is_default_constructible_v<F> && encodable<F> ? shipping::value : shipping::none;
    } else if constexpr (std::is_empty_v<F> && std::is_trivially_copy_constructible_v<F>) {
        return shipping::type;
    } else if constexpr (std::is_aggregate_v<F>) {
        constexpr encoding e = encoding_of<F>;
        return e == encoding::none ? shipping::none : shipping::value;
    } else if constexpr (plain_bytes_function<F>) {
        return shipping::bytes;
    } else {
        return shipping::none;
    }
}

/// Storage for an object that is made from its bytes.
template <typename F>
class bytes_object {
  public:
    [[nodiscard]] void* storage() noexcept { return storage_; }
    [[nodiscard]] F& get() noexcept { return *std::launder(reinterpret_cast<F*>(storage_)); }

  private:
    alignas(F) std::byte storage_[sizeof(F)] = {};
};

/// Sends an object's bytes; with `scan`, only if none of them point into this process. What is scanned is
/// what is sent.
template <typename F>
void write_object_bytes(writer& out, const F& f, bool scan) {
    alignas(F) std::byte copy[sizeof(F)];
    copy_without_padding(f, copy);
    if (scan)
        refuse_captured_pointers(copy, sizeof(F), __PRETTY_FUNCTION__);
    out.bytes(copy, sizeof(F));
}

template <typename F>
struct function_copy {
    static constexpr shipping how = choose_shipping<F>();
    static constexpr bool supported = how != shipping::none;

    static void write(writer& out, const F& f) {
        if constexpr (how == shipping::bytes) {
            write_object_bytes(out, f, true);
        } else if constexpr (how == shipping::value) {
            refuse_hidden_pointers(f, "the function's state");
            out.new_archive();
            write_value(out, f);
        } else if constexpr (how == shipping::pointer) {
            if (f == nullptr)
                throw invalid_argument("mpimap: the function is a null pointer");
            write_code_pointer(out, std::addressof(f), sizeof(F), std::is_member_object_pointer_v<F>,
                               std::is_member_function_pointer_v<F>);
        }
    }
    void read(reader& in) {
        if constexpr (how == shipping::bytes) {
            in.bytes(bytes_.storage(), sizeof(F));
        } else if constexpr (how == shipping::value) {
            in.new_archive();
            value_.emplace(make_value<F>(in));
        } else if constexpr (how == shipping::pointer) {
            read_code_pointer(in, bytes_.storage(), sizeof(F), std::is_member_object_pointer_v<F>,
                              std::is_member_function_pointer_v<F>);
        }
    }
    [[nodiscard]] F& get() {
        if constexpr (how == shipping::value) {
            return *value_;
        } else {
            return bytes_.get();
        }
    }

  private:
    struct nothing {};
    [[no_unique_address]] std::conditional_t<how == shipping::value, nothing, bytes_object<F>> bytes_;
    [[no_unique_address]] std::conditional_t<how == shipping::value, std::optional<F>, nothing> value_;
};

/// The callable that runs where items run, made from a shipped F.
template <typename F>
using callable_of = std::remove_reference_t<decltype(std::declval<function_copy<F>&>().get())>;

} // namespace mpimap::detail
