#pragma once

// What is bound to a function, on its way: values, functions, and objects behind pointers.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <mpimap/codec.hpp>
#include <mpimap/detail/function_copy.hpp>
#include <mpimap/detail/pointer_scan.hpp>

namespace mpimap::detail {

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

} // namespace mpimap::detail
