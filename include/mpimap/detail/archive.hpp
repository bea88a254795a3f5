#pragma once

// Boost.Serialization archives over a writer and a reader: native bytes, no stream, no header.
// Written as the library's documentation of archive implementations asks for.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/archive/archive_exception.hpp>
#include <boost/archive/basic_archive.hpp>
#include <boost/archive/detail/common_iarchive.hpp>
#include <boost/archive/detail/common_oarchive.hpp>
#include <boost/archive/detail/oserializer.hpp>
#include <boost/archive/detail/register_archive.hpp>
#include <boost/serialization/array_optimization.hpp>
#include <boost/serialization/array_wrapper.hpp>
#include <boost/serialization/collection_size_type.hpp>
#include <boost/serialization/is_bitwise_serializable.hpp>
#include <boost/serialization/item_version_type.hpp>
#include <boost/serialization/level.hpp>
#include <boost/serialization/serialization.hpp>
#include <boost/serialization/singleton.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/tracking.hpp>
#include <boost/serialization/version.hpp>

#include <mpimap/detail/archive_parts.hpp>
#include <mpimap/detail/associative.hpp>
#include <mpimap/detail/hash.hpp>
#include <mpimap/detail/stream.hpp>

namespace mpimap::detail {

/// Objects that need none of Boost's bookkeeping (class ids, tracked addresses), as far as known at compile
/// time: their `serialize` is called directly. A byte ahead of each says whether it was, since whether a type
/// is also sent through pointers is known only at run time.
template <typename T>
inline constexpr bool may_go_directly =
    std::is_class_v<T>&& boost::serialization::implementation_level<T>::value ==
    boost::serialization::object_class_info&& boost::serialization::tracking_level<T>::value !=
    boost::serialization::track_always;

// From has_serialize.hpp and codec.hpp, which include this.
template <typename T>
consteval bool has_serialize();
template <typename T>
void write_value(writer& out, const T& value);
template <typename T>
void read_value(reader& in, T& value);

template <typename T>
consteval bool inherits_serialize();

/// Whether `archive & value` goes by the codec: where Boost has not been told how, whatever headers are
/// included. The archive itself writes numbers, texts and what points to objects.
template <typename T>
consteval bool goes_by_codec();

/// What Boost's archives keep of classes and objects, and counts of its containers: an archive believes it
/// without a look, so ours check it.
template <typename T>
concept bookkeeping = std::is_same_v<T, boost::archive::class_id_type> ||
    std::is_same_v<T, boost::archive::class_id_reference_type> ||
    std::is_same_v<T, boost::archive::object_id_type> ||
    std::is_same_v<T, boost::archive::object_reference_type> ||
    std::is_same_v<T, boost::archive::version_type> || std::is_same_v<T, boost::archive::tracking_type> ||
    std::is_same_v<T, boost::serialization::collection_size_type> ||
    std::is_same_v<T, boost::serialization::item_version_type>;

template <bookkeeping T>
[[nodiscard]] std::uint64_t bits_of(const T& value) noexcept {
    std::uint64_t bits = 0;
    static_assert(sizeof value <= sizeof bits);
    std::memcpy(&bits, static_cast<const void*>(&value), sizeof value);
    return bits;
}

class output_archive : public boost::archive::detail::common_oarchive<output_archive> {
    using base = boost::archive::detail::common_oarchive<output_archive>;
    friend class boost::archive::detail::interface_oarchive<output_archive>;
    friend class boost::archive::save_access;
    friend base;

  public:
    // Not here: the constructor needs the table of virtual functions, and they would be compiled everywhere.
    explicit output_archive(writer& out);
    ~output_archive();
    output_archive(const output_archive&) = delete;
    output_archive& operator=(const output_archive&) = delete;

    void save_binary(const void* data, std::size_t size) { out_.bytes(data, size); }

    void end_preamble() {} // for XML; Boost calls it for each number, in its library where not hidden

    // Arrays of plain numbers go in one piece.
    struct use_array_optimization {
        template <typename T>
        struct apply : boost::serialization::is_bitwise_serializable<T> {};
    };
    template <typename T>
    void save_array(const boost::serialization::array_wrapper<T>& array, unsigned int) {
        save_binary(array.address(), array.count() * sizeof(T));
    }

  protected:
    template <typename T>
    void save_override(const T& value) {
        if constexpr (bookkeeping<T>) {
            save_binary(&value, sizeof(T));
            save_check(bits_of(value));
        } else if constexpr (unordered<T>) {
            save_table(value);
        } else if constexpr (has_parts<T> && !has_serialize<T>()) {
            archive_parts(*this, const_cast<T&>(value));
        } else if constexpr (goes_by_codec<T>()) {
            const writer::copy_scope whole(out_); // what is loaded may be used, or moved, at once
            write_value(out_, value);
        } else if constexpr (may_go_directly<T>) {
            static_assert(
                !inherits_serialize<T>(),
                "mpimap[M19]: a class inherits serialize from its base and would travel as that, without its "
                "own members. See docs/errors.md.");
            using boost::archive::detail::oserializer;
            using serializer = boost::serialization::singleton<oserializer<output_archive, T>>;
            const bool tracked = serializer::get_const_instance().serialized_as_pointer();
            const unsigned char mark = tracked ? 1 : 0;
            save_binary(&mark, 1);
            if (tracked) {
                base::save_override(value);
            } else {
                // Boost's serialize functions take what they write as non-const, too.
                boost::serialization::serialize_adl(*this, const_cast<T&>(value),
                                                    boost::serialization::version<T>::value);
            }
        } else {
            base::save_override(value);
        }
    }
    void save_override(const boost::archive::class_id_optional_type&) {} // for archives that people read
    void save_override(const boost::archive::class_name_type& name) {
        const std::string text(name);
        save_text(text);
        save_check(hash_text(text.c_str()));
    }

    template <typename T>
    void save(const T& value) {
        save_binary(&value, sizeof(T));
    }
    void save(const std::string& text) { save_text(text); }
    void save(const std::wstring& text) { save_text(text); }

  private:
    template <typename C>
    void save_table(const C& c) {
        write_shape(out_, shape_of(c));
        for_each_as_built(c, [this](const auto& e) {
            if constexpr (maps_keys<C>) {
                *this << e.first << e.second;
            } else {
                *this << e;
            }
        });
    }
    template <typename String>
    void save_text(const String& text) {
        out_.length(text.size());
        save_binary(text.data(), text.size() * sizeof(typename String::value_type));
    }
    void save_check(std::uint64_t number) {
        const std::uint32_t check = check_of(number, ++checks_);
        save_binary(&check, sizeof check);
    }

    writer& out_;
    std::uint64_t checks_ = 0;
};

class input_archive : public boost::archive::detail::common_iarchive<input_archive> {
    using base = boost::archive::detail::common_iarchive<input_archive>;
    friend class boost::archive::detail::interface_iarchive<input_archive>;
    friend class boost::archive::load_access;
    friend base;

  public:
    explicit input_archive(reader& in);
    ~input_archive();
    input_archive(const input_archive&) = delete;
    input_archive& operator=(const input_archive&) = delete;

    void load_binary(void* data, std::size_t size) { in_.bytes(data, size); }

    struct use_array_optimization {
        template <typename T>
        struct apply : boost::serialization::is_bitwise_serializable<T> {};
    };
    template <typename T>
    void load_array(boost::serialization::array_wrapper<T>& array, unsigned int) {
        load_binary(array.address(), array.count() * sizeof(T));
    }

  protected:
    template <typename T>
    void load_override(T& value) {
        if constexpr (bookkeeping<T>) {
            load_binary(&value, sizeof(T));
            load_check(bits_of(value));
        } else if constexpr (unordered<T>) {
            load_table(value);
        } else if constexpr (has_parts<T> && !has_serialize<T>()) {
            archive_parts(*this, value);
        } else if constexpr (goes_by_codec<T>()) {
            const reader::copy_scope whole(in_);
            read_value(in_, value);
        } else if constexpr (may_go_directly<T>) {
            unsigned char mark = 0;
            load_binary(&mark, 1);
            if (mark > 1)
                damaged();
            if (mark == 0) {
                boost::serialization::serialize_adl(*this, value, boost::serialization::version<T>::value);
            } else {
                base::load_override(value);
            }
        } else {
            base::load_override(value);
        }
    }
    void load_override(boost::archive::class_id_optional_type&) {}
    void load_override(boost::archive::class_name_type& name) {
        std::string text;
        load_text(text);
        load_check(hash_text(text.c_str()));
        if (text.size() >= BOOST_SERIALIZATION_MAX_KEY_SIZE) {
            throw boost::archive::archive_exception(boost::archive::archive_exception::invalid_class_name);
        }
        text.copy(name, text.size());
        name.t[text.size()] = '\0';
    }

    template <typename T>
    void load(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            unsigned char byte = 0; // any other byte in a bool would be undefined behaviour
            load_binary(&byte, 1);
            value = byte != 0;
        } else {
            load_binary(&value, sizeof(T));
        }
    }
    void load(std::string& text) { load_text(text); }
    void load(std::wstring& text) { load_text(text); }

  private:
    template <typename C>
    void load_table(C& c) {
        const table_shape shape = read_shape(in_);
        C fresh(0, c.hash_function(), c.key_eq(), c.get_allocator());
        build_table(fresh, shape, [this](const auto& insert) {
            typename C::key_type key;
            *this >> key;
            if constexpr (maps_keys<C>) {
                typename C::mapped_type value;
                *this >> value;
                const auto at = insert(std::move(key), std::move(value));
                // Pointers to what was read are to find it where it is.
                this->reset_object_address(&at->first, &key);
                this->reset_object_address(&at->second, &value);
            } else {
                const auto at = insert(std::move(key));
                this->reset_object_address(&*at, &key);
            }
        });
        c = std::move(fresh);
    }
    template <typename String>
    void load_text(String& text) {
        using character = typename String::value_type;
        const std::size_t size = in_.length(sizeof(character));
        text.resize(size);
        load_binary(text.data(), size * sizeof(character));
    }
    void load_check(std::uint64_t number) {
        std::uint32_t check = 0;
        load_binary(&check, sizeof check);
        if (check != check_of(number, ++checks_))
            damaged();
    }
    [[noreturn]] static void damaged();

    reader& in_;
    std::uint64_t checks_ = 0;
};

} // namespace mpimap::detail

BOOST_SERIALIZATION_REGISTER_ARCHIVE(mpimap::detail::output_archive)
BOOST_SERIALIZATION_REGISTER_ARCHIVE(mpimap::detail::input_archive)
BOOST_SERIALIZATION_USE_ARRAY_OPTIMIZATION(mpimap::detail::output_archive)
BOOST_SERIALIZATION_USE_ARRAY_OPTIMIZATION(mpimap::detail::input_archive)
