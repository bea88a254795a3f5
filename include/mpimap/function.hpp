#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mpimap/codec.hpp>
#include <mpimap/detail/code_token.hpp>
#include <mpimap/detail/pointer_scan.hpp>

namespace mpimap {

/// What an item may ask about itself: taken as the first parameter, `f(mpimap::task t, double x)`.
class task {
  public:
    task(std::size_t index, int rank, int size) : index_(index), rank_(rank), size_(size) {}
    /// The item's index in the input.
    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    /// The rank on which it runs, in the communicator of the call.
    [[nodiscard]] int rank() const noexcept { return rank_; }
    /// The number of ranks of that communicator.
    [[nodiscard]] int size() const noexcept { return size_; }

  private:
    std::size_t index_;
    int rank_;
    int size_;
};

namespace detail {

template <auto Value>
struct constant_function {
    template <typename... Args>
        requires std::is_invocable_v<decltype(Value), Args...>
    constexpr decltype(auto) operator()(Args&&... args) const {
        return std::invoke(Value, std::forward<Args>(args)...);
    }
};

/// A bound argument as the call sees it: what a reference_wrapper refers to, everything else itself.
template <typename B>
constexpr auto& unwrapped(B& bound) {
    return bound;
}
template <typename T>
constexpr T& unwrapped(std::reference_wrapper<T>& bound) {
    return bound.get();
}
template <typename T>
constexpr T& unwrapped(const std::reference_wrapper<T>& bound) {
    return bound.get();
}

/// Calls f with the bound arguments before those of the call.
struct bound_first {
    template <typename F, typename... Bound>
    static constexpr auto with(F& f, Bound&... bound) {
        return [&]<typename... Args>(
                   Args && ... args) -> decltype(auto) requires std::is_invocable_v<F&, Bound&..., Args...> {
            return std::invoke(f, bound..., std::forward<Args>(args)...);
        };
    }
};
/// Behind them.
struct bound_last {
    template <typename F, typename... Bound>
    static constexpr auto with(F& f, Bound&... bound) {
        return [&]<typename... Args>(
                   Args && ... args) -> decltype(auto) requires std::is_invocable_v<F&, Args..., Bound&...> {
            return std::invoke(f, std::forward<Args>(args)..., bound...);
        };
    }
};

template <typename Order, typename F, typename... Bound>
class binder {
    static constexpr auto bind(auto& f, auto& bound) {
        return std::apply([&f](auto&... b) { return Order::with(f, unwrapped(b)...); }, bound);
    }

  public:
    template <typename G, typename... B>
    constexpr explicit binder(std::in_place_t, G&& f, B&&... bound)
        : f_(std::forward<G>(f)), bound_(std::forward<B>(bound)...) {}

    template <typename... Args>
        requires std::is_invocable_v<
            decltype(bind(std::declval<F&>(), std::declval<std::tuple<Bound...>&>())), Args...>
    constexpr decltype(auto) operator()(Args&&... args) {
        return bind(f_, bound_)(std::forward<Args>(args)...);
    }
    template <typename... Args>
        requires std::is_invocable_v<
            decltype(bind(std::declval<const F&>(), std::declval<const std::tuple<Bound...>&>())), Args...>
    constexpr decltype(auto) operator()(Args&&... args) const {
        return bind(f_, bound_)(std::forward<Args>(args)...);
    }

    [[nodiscard]] const F& function() const noexcept { return f_; }
    [[nodiscard]] const std::tuple<Bound...>& bound() const noexcept { return bound_; }

  private:
    F f_;
    std::tuple<Bound...> bound_;
};
template <typename F, typename... Bound>
using front_binder = binder<bound_first, F, Bound...>;
template <typename F, typename... Bound>
using back_binder = binder<bound_last, F, Bound...>;

template <typename F>
struct trusted_function {
    F f;
    template <typename... Args>
        requires std::is_invocable_v<F&, Args...>
    decltype(auto) operator()(Args&&... args) { return std::invoke(f, std::forward<Args>(args)...); }
};

template <typename Factory>
struct per_rank_function {
    Factory factory;
};

// To ask for something makes these functions better than the standard library's of the same names, which are
// found, too, where an object of its types is bound.
template <typename F, typename... Bound>
concept can_be_bound = std::is_constructible_v<std::decay_t<F>, F> &&
    (std::is_constructible_v<std::decay_t<Bound>, Bound>&&...);

} // namespace detail

/// `std::bind_front` whose bound state travels: `bind_front(add, 1.0)`, `bind_front(&model::energy, m)`.
///
/// An object, a pointer, a `std::shared_ptr` or a `std::reference_wrapper` may be bound: the object behind it
/// is read on the root, sent to every rank once per call, and each rank calls its own copy. Pointers and
/// references to polymorphic types go by Boost.Serialization and keep their dynamic type (export it the Boost
/// way).
template <typename F, typename... Bound>
    requires detail::can_be_bound<F, Bound...>
[[nodiscard]] constexpr auto bind_front(F&& f, Bound&&... bound) {
    return detail::front_binder<std::decay_t<F>, std::decay_t<Bound>...>(std::in_place, std::forward<F>(f),
                                                                         std::forward<Bound>(bound)...);
}

/// The same for a function known at compile time: `bind_front<&model::energy>(m)`,
/// `bind_front<&step>(*this)`.
template <auto Function, typename... Bound>
[[nodiscard]] constexpr auto bind_front(Bound&&... bound) {
    return detail::front_binder<detail::constant_function<Function>, std::decay_t<Bound>...>(
        std::in_place, detail::constant_function<Function>{}, std::forward<Bound>(bound)...);
}

/// `std::bind_back` whose bound state travels: `bind_back(power, 2.0)` is `[](double x) { return
/// power(x, 2.0); }`.
template <typename F, typename... Bound>
    requires detail::can_be_bound<F, Bound...>
[[nodiscard]] constexpr auto bind_back(F&& f, Bound&&... bound) {
    return detail::back_binder<std::decay_t<F>, std::decay_t<Bound>...>(std::in_place, std::forward<F>(f),
                                                                        std::forward<Bound>(bound)...);
}

template <auto Function, typename... Bound>
[[nodiscard]] constexpr auto bind_back(Bound&&... bound) {
    return detail::back_binder<detail::constant_function<Function>, std::decay_t<Bound>...>(
        std::in_place, detail::constant_function<Function>{}, std::forward<Bound>(bound)...);
}

/// Ships a functor's bytes without looking for pointers in them: for state whose numbers only look like
/// addresses, or pointers that mean the same on every rank. The caller answers for it.
template <typename F>
[[nodiscard]] auto trust_bytes(F&& f) {
    return detail::trusted_function<std::decay_t<F>>{std::forward<F>(f)};
}

/// A function that is made where it runs: `factory()` is called once per rank and call, before the rank's
/// first item, and what it returns runs the items. For what must not travel: an open file, a solver with its
/// workspace, a GPU handle. The factory is shipped as any function; further arguments are bound to it. If it
/// throws, the items that run on that rank fail with its exception. In a pool what it returns serves all
/// calls with the same factory and arguments.
template <typename Factory, typename... Args>
[[nodiscard]] auto per_rank(Factory&& factory, Args&&... args) {
    if constexpr (sizeof...(Args) == 0) {
        return detail::per_rank_function<std::decay_t<Factory>>{std::forward<Factory>(factory)};
    } else {
        auto bound = mpimap::bind_front(std::forward<Factory>(factory), std::forward<Args>(args)...);
        return detail::per_rank_function<decltype(bound)>{std::move(bound)};
    }
}

namespace detail {

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
template <typename Order, typename F, typename... B>
inline constexpr bool has_own_shipping<binder<Order, F, B...>> = true;
template <typename F>
inline constexpr bool has_own_shipping<trusted_function<F>> = true;
template <typename F>
inline constexpr bool has_own_shipping<per_rank_function<F>> = true;

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

// ---------------------------------------------------------------- bound arguments

/// A pointer or reference to T: the object behind it, with its dynamic type where T is polymorphic.
template <typename T>
struct carried_object {
    using object = std::remove_cv_t<T>;
    static consteval bool is_supported() {
        if constexpr (std::is_void_v<T> || std::is_function_v<T>) {
            return false;
        } else if constexpr (std::is_polymorphic_v<T>) {
            return has_serialize<object>() && std::has_virtual_destructor_v<object>; // deleted through T
        } else {
            return encodable<object> && makeable<object>();
        }
    }
    static constexpr bool supported = is_supported();

    static void write(writer& out, const T* p) {
        out.new_archive();
        write_value(out, p != nullptr);
        if (p == nullptr)
            return;
        if constexpr (std::is_polymorphic_v<T>) {
            const object* const erased = p;
            out.archive() << erased;
        } else {
            refuse_hidden_pointers<object>(*p, "a bound object");
            write_value<object>(out, *p);
        }
    }
    void read(reader& in) {
        in.new_archive();
        if (!make_value<bool>(in))
            return;
        if constexpr (std::is_polymorphic_v<T>) {
            object* loaded = nullptr;
            in.archive() >> loaded;
            object_.reset(loaded);
        } else if constexpr (read_in_place<object>) {
            object_ = std::make_unique<object>();
            read_value(in, *object_);
        } else {
            object_.reset(new object(make_value<object>(in)));
        }
    }
    [[nodiscard]] T* pointer() const noexcept { return object_.get(); }
    [[nodiscard]] std::unique_ptr<object> release() noexcept { return std::move(object_); }

  private:
    std::unique_ptr<object> object_;
};

template <typename B>
struct carried {
    static constexpr bool by_codec = encodable<B>;
    static consteval bool is_supported() {
        if constexpr (by_codec) {
            return makeable<B>();
        } else {
            return function_copy<B>::supported;
        }
    }
    static constexpr bool supported = is_supported();

    static void write(writer& out, const B& b) {
        out.new_archive();
        if constexpr (by_codec) {
            refuse_hidden_pointers(b, "a bound argument");
            write_value(out, b);
        } else {
            function_copy<B>::write(out, b);
        }
    }
    void read(reader& in) {
        in.new_archive();
        if constexpr (by_codec) {
            value_.emplace(make_value<B>(in));
        } else {
            function_.read(in);
        }
    }
    [[nodiscard]] auto& get() {
        if constexpr (by_codec) {
            return *value_;
        } else {
            return function_.get();
        }
    }

  private:
    struct nothing {};
    template <bool Codec, typename>
    struct choose_function {
        using type = nothing;
    };
    template <typename T>
    struct choose_function<false, T> {
        using type = function_copy<T>;
    };
    [[no_unique_address]] std::conditional_t<by_codec, std::optional<B>, nothing> value_;
    [[no_unique_address]] typename choose_function<by_codec, B>::type function_;
};

template <typename T>
    requires(!std::is_function_v<T> && !std::is_same_v<std::remove_const_t<T>, char>)
struct carried<T*> {
    static constexpr bool supported = carried_object<T>::supported;
    static void write(writer& out, T* p) { carried_object<T>::write(out, p); }
    void read(reader& in) {
        object_.read(in);
        pointer_ = object_.pointer();
    }
    [[nodiscard]] T*& get() { return pointer_; }

  private:
    carried_object<T> object_;
    T* pointer_ = nullptr;
};

/// A C string: all of it, where the function expects a pointer to its first character.
template <typename Char>
    requires(std::is_same_v<std::remove_const_t<Char>, char>)
struct carried<Char*> {
    static constexpr bool supported = true;
    static void write(writer& out, const char* p) {
        write_value(out, p == nullptr ? std::optional<std::string>() : std::optional<std::string>(p));
    }
    void read(reader& in) {
        text_ = make_value<std::optional<std::string>>(in);
        pointer_ = text_ ? text_->data() : nullptr;
    }
    [[nodiscard]] Char*& get() { return pointer_; }

  private:
    std::optional<std::string> text_;
    Char* pointer_ = nullptr;
};

template <typename T>
struct carried<std::reference_wrapper<T>> {
    static constexpr bool supported = carried_object<T>::supported;
    static void write(writer& out, std::reference_wrapper<T> r) {
        carried_object<T>::write(out, std::addressof(r.get()));
    }
    void read(reader& in) { object_.read(in); }
    [[nodiscard]] T& get() { return *object_.pointer(); }

  private:
    carried_object<T> object_;
};

template <typename T>
struct carried<std::shared_ptr<T>> {
    static constexpr bool supported = carried_object<T>::supported;
    static void write(writer& out, const std::shared_ptr<T>& p) { carried_object<T>::write(out, p.get()); }
    void read(reader& in) {
        carried_object<T> object;
        object.read(in);
        pointer_ = object.release();
    }
    [[nodiscard]] std::shared_ptr<T>& get() { return pointer_; }

  private:
    std::shared_ptr<T> pointer_;
};

/// Whether a call may change what is bound though the function is const: behind a pointer is an object.
template <typename B>
inline constexpr bool binds_variable = std::is_pointer_v<B> && !std::is_const_v<std::remove_pointer_t<B>> &&
                                       !std::is_function_v<std::remove_pointer_t<B>>;
template <typename T>
inline constexpr bool binds_variable<std::reference_wrapper<T>> = !std::is_const_v<T>;
template <typename T>
inline constexpr bool binds_variable<std::shared_ptr<T>> = !std::is_const_v<T>;
template <typename Order, typename F, typename... Bound>
inline constexpr bool binds_variable<binder<Order, F, Bound...>> = (binds_variable<F> || ... ||
                                                                    binds_variable<Bound>);

template <typename F>
inline constexpr bool is_method = std::is_member_pointer_v<F>;
template <auto Value>
inline constexpr bool is_method<constant_function<Value>> = std::is_member_pointer_v<decltype(Value)>;
template <typename F, typename... Bound>
inline constexpr bool is_method<back_binder<F, Bound...>> = is_method<F>;

template <typename B>
inline constexpr bool is_nullable = std::is_pointer_v<B>;
template <typename T>
inline constexpr bool is_nullable<std::unique_ptr<T>> = true;
template <typename T>
inline constexpr bool is_nullable<std::shared_ptr<T>> = true;

/// A method needs an object; elsewhere a null pointer is a value like any other.
template <typename F, typename B, typename... Bound>
void check_object(const front_binder<F, B, Bound...>& b) {
    if constexpr (is_method<F> && is_nullable<B>) {
        if (std::get<0>(b.bound()) == nullptr)
            throw invalid_argument(
                "mpimap: bind_front: the object that the method is bound to is a null pointer");
    }
}
template <typename Binder>
void check_object(const Binder&) {}

template <typename Order, typename F, typename... Bound>
struct function_copy<binder<Order, F, Bound...>> {
    static constexpr bool supported = function_copy<F>::supported && (carried<Bound>::supported && ...);

    static void write(writer& out, const binder<Order, F, Bound...>& b) {
        check_object(b);
        function_copy<F>::write(out, b.function());
        std::apply([&out](const auto&... bound) { (carried<Bound>::write(out, bound), ...); }, b.bound());
    }
    void read(reader& in) {
        function_.read(in);
        std::apply([&in](auto&... bound) { (bound.read(in), ...); }, bound_);
    }
    [[nodiscard]] auto& get() noexcept { return *this; }

    template <typename... Args>
        requires std::is_invocable_v<
            decltype(Order::with(std::declval<F&>(), std::declval<carried<Bound>&>().get()...)), Args...>
    decltype(auto) operator()(Args&&... args) {
        return std::apply([this](auto&... b) { return Order::with(function_.get(), b.get()...); },
                          bound_)(std::forward<Args>(args)...);
    }

  private:
    function_copy<F> function_;
    std::tuple<carried<Bound>...> bound_;
};

template <typename F>
struct function_copy<trusted_function<F>> {
    static constexpr bool supported =
        std::is_trivially_copy_constructible_v<F> && std::is_trivially_destructible_v<F>;
    static void write(writer& out, const trusted_function<F>& f) { write_object_bytes(out, f.f, false); }
    void read(reader& in) { in.bytes(object_.storage(), sizeof(F)); }
    [[nodiscard]] F& get() { return object_.get(); }

  private:
    bytes_object<F> object_;
};

template <typename Factory>
struct function_copy<per_rank_function<Factory>> {
    static constexpr bool supported = function_copy<Factory>::supported;
    using made = std::decay_t<decltype(std::invoke(std::declval<function_copy<Factory>&>().get()))>;

    static void write(writer& out, const per_rank_function<Factory>& f) {
        function_copy<Factory>::write(out, f.factory);
    }
    void read(reader& in) { factory_.read(in); }
    /// The function itself, made at the first call; a factory that threw is not asked again.
    [[nodiscard]] made& get() {
        if (failed_)
            std::rethrow_exception(failed_);
        if (!made_) {
            try {
                made_.reset(new made(std::invoke(factory_.get())));
            } catch (...) {
                failed_ = std::current_exception();
                throw;
            }
        }
        return *made_;
    }

  private:
    function_copy<Factory> factory_;
    std::unique_ptr<made> made_;
    std::exception_ptr failed_;
};

/// The callable that runs where items run, made from a shipped F.
template <typename F>
using callable_of = std::remove_reference_t<decltype(std::declval<function_copy<F>&>().get())>;

} // namespace detail
} // namespace mpimap
