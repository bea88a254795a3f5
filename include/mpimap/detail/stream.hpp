#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <mpimap/detail/buffer.hpp>

namespace mpimap::detail {

class output_archive;
class input_archive;

/// Contiguous memory of this size on the heap and larger travels as a message of its own, straight from where
/// it is to where it goes; below, copying is cheaper than another message.
inline constexpr std::size_t span_threshold = 64 * 1024;

struct source_span {
    const std::byte* data;
    std::size_t size;
};

struct target_span {
    std::byte* data;
    std::size_t size;
};

/// How often a value may contain another of its own type, as a tree's nodes do: each level takes room on the
/// stack. Throws serialization_error beyond.
inline constexpr std::size_t most_levels = 5000;
[[noreturn]] void nested_too_deeply();

/// One more level while it lives.
class level_scope {
  public:
    explicit level_scope(std::size_t& levels) : levels_(levels) {
        if (levels_ == most_levels)
            nested_too_deeply();
        ++levels_;
    }
    ~level_scope() { --levels_; }
    level_scope(const level_scope&) = delete;
    level_scope& operator=(const level_scope&) = delete;

  private:
    std::size_t& levels_;
};

/// What is written beside a number that nothing in the message bounds, so that one that was damaged on its
/// way is found out: all bits depend on all of it. `place` tells equal numbers apart.
[[nodiscard]] constexpr std::uint32_t check_of(std::uint64_t number, std::uint64_t place = 0) noexcept {
    std::uint64_t mixed = number + (place + 1) * 0x9e37'79b9'7f4a'7c15U; // the finalizer of splitmix64
    mixed = (mixed ^ mixed >> 30U) * 0xbf58'476d'1ce4'e5b9U;
    mixed = (mixed ^ mixed >> 27U) * 0x94d0'49bb'1331'11ebU;
    return static_cast<std::uint32_t>(mixed ^ mixed >> 31U);
}

/// Where values are encoded to: bytes in order, and large heap arrays by reference ("spans").
///
/// One archive serves all Boost-serialized values of one writer, so that tracking works across them.
class writer {
  public:
    writer();
    ~writer();
    writer(writer&&) noexcept;
    writer& operator=(writer&&) noexcept;

    void bytes(const void* data, std::size_t size) { body_.append(data, size); }
    void length(std::size_t n) {
        const std::uint64_t value = n;
        bytes(&value, sizeof value);
    }
    /// A count of elements of which each takes at least `least` bytes.
    void count(std::size_t n, std::size_t least) {
        length(n);
        if (least == 0)
            check(n);
    }
    /// What checked() reads with the same `place`.
    void checked(std::uint64_t number, std::uint64_t place = 0) {
        bytes(&number, sizeof number);
        check(number, place);
    }
    /// Heap memory that stays where it is until the message has been sent.
    void heap(const void* data, std::size_t size) {
        if (size >= span_threshold && copying_ == 0) {
            spans_.push_back({static_cast<const std::byte*>(data), size});
        } else {
            bytes(data, size);
        }
    }
    output_archive& archive();
    /// What follows is tracked apart: the same object written twice by value must arrive twice.
    void new_archive();

    /// While one lives, large arrays are copied: map keys must be whole when they are read.
    class copy_scope {
      public:
        explicit copy_scope(writer& w) : writer_(w) { ++writer_.copying_; }
        ~copy_scope() { --writer_.copying_; }
        copy_scope(const copy_scope&) = delete;
        copy_scope& operator=(const copy_scope&) = delete;

      private:
        writer& writer_;
    };

    /// For values that contain others of their type.
    [[nodiscard]] level_scope next_level() { return level_scope(levels_); }

    /// Functions that pointers point to are written by their names, and added to the text: what is written is
    /// to be compared with what another build of the program writes, and not to be read.
    void name_functions(std::string& names) noexcept { names_ = &names; }
    [[nodiscard]] std::string* function_names() const noexcept { return names_; }

    struct mark {
        std::size_t body;
        std::size_t spans;
    };
    [[nodiscard]] mark position() const noexcept { return {body_.size(), spans_.size()}; }
    /// Forgets what was written since. The archive may have been left in the middle of a value: write no more
    /// to it.
    void rewind(mark to) {
        body_.resize(to.body);
        spans_.resize(to.spans);
    }

    /// Forgets everything but its memory.
    void clear() {
        rewind({0, 0});
        copies_.clear();
        new_archive();
    }
    /// Whether the same was written.
    [[nodiscard]] bool same(const writer& other) const noexcept;

    /// Copies what the spans refer to, so that nothing else need live until the message has been sent.
    void own_spans();

    [[nodiscard]] const buffer& body() const noexcept { return body_; }
    [[nodiscard]] buffer& body() noexcept { return body_; }
    [[nodiscard]] const std::vector<source_span>& spans() const noexcept { return spans_; }
    [[nodiscard]] std::vector<source_span>& spans() noexcept { return spans_; }
    /// All that is to be sent.
    [[nodiscard]] std::size_t size() const noexcept {
        std::size_t n = body_.size();
        for (const source_span& s : spans_)
            n += s.size;
        return n;
    }

  private:
    void check(std::uint64_t number, std::uint64_t place = 0) {
        const std::uint32_t word = check_of(number, place);
        bytes(&word, sizeof word);
    }

    buffer body_;
    std::vector<source_span> spans_;
    std::vector<buffer> copies_;
    std::unique_ptr<output_archive> archive_;
    int copying_ = 0;
    std::size_t levels_ = 0;
    std::string* names_ = nullptr;
};

/// Where values are decoded from. Every read checks what is left: a truncated buffer throws
/// serialization_error.
class reader {
  public:
    reader(const std::byte* data, std::size_t size, const std::uint64_t* span_sizes = nullptr,
           std::size_t span_count = 0);
    ~reader();
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;

    void bytes(void* data, std::size_t size) {
        if (size > left())
            truncated();
        if (size != 0)
            std::memcpy(data, at_, size);
        at_ += size;
    }
    /// The bytes themselves; they live as long as the message.
    const std::byte* view(std::size_t size) {
        if (size > left())
            truncated();
        const std::byte* begin = at_;
        at_ += size;
        return begin;
    }
    [[nodiscard]] bool aligned(std::size_t to) const noexcept {
        return reinterpret_cast<std::uintptr_t>(at_) % to == 0;
    }
    /// A length(), of what takes at least `least` bytes each: what is left bounds it.
    std::size_t length(std::size_t least);
    /// A count() with the same `least`: one that nothing bounds is looked at before it is believed.
    std::size_t count(std::size_t least);
    /// A number that nothing bounds. Throws serialization_error where it is not what was written in that
    /// place: places are those of neighbours, which damage may move.
    std::uint64_t checked(std::uint64_t place = 0);
    /// A count of elements of this size, which `heap` will read: they are here, or in the next span.
    std::size_t heap_length(std::size_t element);
    /// Whether the next heap array of this size comes as a span of its own: `heap` will then fill it later.
    [[nodiscard]] bool deferred(std::size_t size) const noexcept {
        return size >= span_threshold && copying_ == 0;
    }
    void heap(void* data, std::size_t size) {
        if (deferred(size)) {
            defer(static_cast<std::byte*>(data), size);
        } else {
            bytes(data, size);
        }
    }
    input_archive& archive();
    void new_archive();

    class copy_scope {
      public:
        explicit copy_scope(reader& r) : reader_(r) { ++reader_.copying_; }
        ~copy_scope() { --reader_.copying_; }
        copy_scope(const copy_scope&) = delete;
        copy_scope& operator=(const copy_scope&) = delete;

      private:
        reader& reader_;
    };

    [[nodiscard]] level_scope next_level() { return level_scope(levels_); }

    [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
    /// Where the spans seen so far are to be received, in order.
    [[nodiscard]] std::vector<target_span>& targets() noexcept { return targets_; }
    /// After a value that could not be read: what it was to receive may be gone with it. Read no more after
    /// this.
    void forget_targets(std::size_t behind) { targets_.resize(behind); }
    [[noreturn]] static void damaged();

  private:
    [[noreturn]] static void truncated();
    void defer(std::byte* data, std::size_t size);

    const std::byte* at_;
    const std::byte* end_;
    const std::uint64_t* span_sizes_;
    std::size_t span_count_;
    std::vector<target_span> targets_;
    std::unique_ptr<input_archive> archive_;
    int copying_ = 0;
    std::size_t levels_ = 0;
};

} // namespace mpimap::detail
