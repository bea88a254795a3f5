#include "wire/messages.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <mpimap/errors.hpp>

namespace mpimap::detail::wire {
namespace {

// Other programs' messages, and those of another version of this library, look different.
constexpr std::uint64_t magic = 0x6d70'696d'0000'0000; // "mpim" in the upper half, the kind in the lower
constexpr std::uint64_t upper_half = 0xffff'ffff'0000'0000;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 48U;
constexpr std::size_t words_of_frame = 7; // at most: checksums are two, and what has spans needs two more
// In the lower half of the first word, below the kind.
constexpr std::uint64_t is_whole = 1;
constexpr std::uint64_t has_spans = 2;
constexpr std::uint64_t is_checked = 4;
constexpr unsigned kind_shift = 3;
constexpr std::size_t most_words = longest_header / sizeof(std::uint64_t);

[[noreturn]] void damaged(const std::string& why) {
    throw serialization_error("mpimap: a message that is damaged, or of another program: " + why);
}

constexpr std::uint32_t last_of(return_policy) {
    return static_cast<std::uint32_t>(return_policy::may_return_and_was_late);
}
constexpr std::uint32_t last_of(progress) {
    return static_cast<std::uint32_t>(progress::given_up);
}
constexpr std::uint32_t last_of(outcome) {
    return static_cast<std::uint32_t>(outcome::interrupted);
}

template <typename M, typename Message>
concept is = std::is_same_v<std::remove_const_t<M>, Message>;

// What is in each kind of message, once for both directions.
template <typename Io, is<ready> M>
void fields(Io& io, M& m) {
    io(m.call);
    io(m.failed);
}
template <typename Io, is<chunk> M>
void fields(Io& io, M& m) {
    io(m.call);
    io(m.items);
    io(m.returning);
    io(m.skipped);
    io(m.asked);
    if (m.skipped > m.items.first)
        damaged("more items ahead than there are");
}
template <typename Io, is<results> M>
void times(Io& io, M& m) {
    io(m.times.asked);
    if (m.times.asked == 0)
        return;
    io(m.times.noticed);
    io(m.times.here);
    io(m.times.read);
    io(m.times.came);
    io(m.times.began);
    io(m.times.ended);
    io(m.times.sent);
    io(m.host);
}
template <typename Io, is<results> M>
void fields(Io& io, M& m) {
    io(m.call);
    io(m.items);
    io(m.chunk);
    io(m.not_run);
    io(m.seconds);
    io(m.waited);
    io(m.longest);
    times(io, m);
}
template <typename Io, is<failed> M>
void fields(Io& io, M& m) {
    io(m.call);
    io(m.count);
}
template <typename Io, is<returned> M>
void fields(Io& io, M& m) {
    io(m.call);
    io(m.items);
}
template <typename Io, is<end> M>
void fields(Io& io, M& m) {
    io(m.call);
    io(m.how);
}
template <typename Io, is<farewell> M>
void fields(Io& io, M& m) {
    io(m.at_once);
    io(m.program_over);
}
template <typename Io, is<interrupted> M>
void fields(Io& io, M& m) {
    io(m.cause);
    if (m.cause == 0 || m.cause > 255)
        damaged("a cause that there is not");
}
template <typename Io, is<broken> M>
void fields(Io&, M&) {}
template <typename Io, is<part> M>
void fields(Io& io, M& m) {
    io(m.number);
    io(m.lost);
}
template <typename Io, typename M>
    requires is<M, relay> || is<M, forget>
void fields(Io& io, M& m) {
    io(m.number);
}
template <typename Io, typename M>
    requires is<M, stop> || is<M, open> || is<M, refused> || is<M, release>
void fields(Io& io, M& m) {
    io(m.call);
}

class word_writer {
  public:
    void operator()(std::uint64_t value) { words_[used_++] = value; }
    void operator()(bool value) { (*this)(std::uint64_t{value}); }
    void operator()(double value) {
        std::uint64_t word = 0;
        std::memcpy(&word, &value, sizeof word);
        (*this)(word);
    }
    void operator()(const item_range& items) {
        (*this)(std::uint64_t{items.first});
        (*this)(std::uint64_t{items.count});
    }
    void operator()(const longest_items& longest) {
        (*this)(longest.count);
        for (std::size_t i = 0; i < longest.count; ++i) {
            (*this)(longest.all[i].item);
            (*this)(longest.all[i].seconds);
        }
    }
    void operator()(const host_text& host) {
        std::memcpy(words_.data() + used_, host.data(), host.size());
        used_ += host.size() / sizeof(std::uint64_t);
    }
    template <typename Enum>
        requires std::is_enum_v<Enum>
    void operator()(Enum value) { (*this)(static_cast<std::uint64_t>(value)); }

    void set(std::size_t at, std::uint64_t value) { words_[at] = value; }
    [[nodiscard]] const std::uint64_t* data() const { return words_.data(); }
    [[nodiscard]] std::size_t size() const { return used_ * sizeof(std::uint64_t); }

  private:
    std::array<std::uint64_t, most_words> words_;
    std::size_t used_ = 0;
};

class word_reader {
  public:
    word_reader(const std::byte* bytes, std::size_t size) : at_(bytes), left_(size) {}

    void operator()(std::uint64_t& value) {
        if (left_ < sizeof value)
            damaged("it is cut off");
        std::memcpy(&value, at_, sizeof value);
        at_ += sizeof value;
        left_ -= sizeof value;
    }
    void operator()(bool& value) {
        const std::uint64_t word = next();
        if (word > 1)
            damaged("neither yes nor no");
        value = word != 0;
    }
    void operator()(double& seconds) {
        const std::uint64_t word = next();
        std::memcpy(&seconds, &word, sizeof seconds);
        if (!std::isfinite(seconds) || seconds < 0)
            damaged("a time that is none");
    }
    void operator()(item_range& items) {
        const std::uint64_t first = next();
        const std::uint64_t count = next();
        constexpr std::uint64_t most = std::numeric_limits<std::size_t>::max() / 2;
        if (first > most || count > most)
            damaged("items that no call has");
        items = {static_cast<std::size_t>(first), static_cast<std::size_t>(count)};
    }
    void operator()(longest_items& longest) {
        (*this)(longest.count);
        if (longest.count > longest_items::most)
            damaged("more items than it has room for");
        for (std::size_t i = 0; i < longest.count; ++i) {
            (*this)(longest.all[i].item);
            (*this)(longest.all[i].seconds);
        }
    }
    void operator()(host_text& host) {
        if (left_ < host.size())
            damaged("it is cut off");
        std::memcpy(host.data(), at_, host.size());
        at_ += host.size();
        left_ -= host.size();
        if (host.back() != '\0')
            damaged("a name without an end");
    }
    template <typename Enum>
        requires std::is_enum_v<Enum>
    void operator()(Enum& value) {
        const std::uint64_t word = next();
        if constexpr (requires { last_of(value); }) {
            if (word > last_of(value))
                damaged("a choice that there is not");
        }
        value = static_cast<Enum>(word);
    }

    std::uint64_t next() {
        std::uint64_t word = 0;
        (*this)(word);
        return word;
    }
    [[nodiscard]] std::size_t left() const { return left_; }

  private:
    const std::byte* at_;
    std::size_t left_;
};

template <std::size_t Kind>
void read_message(word_reader& in, message& m) {
    fields(in, m.emplace<Kind>());
}

template <std::size_t... Kinds>
void read_message(word_reader& in, std::uint64_t kind, message& m, std::index_sequence<Kinds...>) {
    using read = void (*)(word_reader&, message&);
    static constexpr read readers[] = {&read_message<Kinds>...};
    if (kind >= sizeof...(Kinds))
        damaged("of a kind that there is not, " + std::to_string(kind));
    readers[kind](in, m);
}

void check(const frame& f) {
    if (f.body_size > most_bytes || f.bytes > most_bytes ||
        f.span_count > most_bytes / (2 * sizeof(std::uint64_t)))
        damaged("longer than any memory");
    if (f.body_size > f.bytes)
        damaged("its lengths contradict each other");
}

} // namespace

void longest_items::note(std::uint64_t item, double seconds) noexcept {
    if (count < most) {
        ++count;
    } else if (seconds <= all.back().seconds) {
        return;
    }
    auto at = static_cast<std::size_t>(count - 1);
    for (; at != 0 && all[at - 1].seconds < seconds; --at)
        all[at] = all[at - 1];
    all[at] = {item, seconds};
}

call_number call_of(const message& m) noexcept {
    return std::visit(
        [](const auto& one) {
            if constexpr (requires { one.call; }) {
                return one.call;
            } else {
                return call_number{};
            }
        },
        m);
}

std::uint64_t checksum(const void* bytes, std::size_t size, std::uint64_t before) noexcept {
    return XXH3_64bits_withSeed(bytes, size, before);
}

void verify(std::uint64_t come, std::uint64_t said) {
    if (come != said)
        damaged("its checksum is another");
}

void verify_content(const frame& f, const std::byte* table) {
    if (!f.checked)
        return;
    const std::size_t size = f.table_size();
    verify(checksum(table + size, static_cast<std::size_t>(f.body_size), checksum(table, size)),
           f.content_check);
}

void encode(const frame& f, const message& m, buffer& out) {
    word_writer words;
    words(magic | m.index() << kind_shift | (f.checked ? is_checked : 0) |
          (f.span_count != 0 ? has_spans : 0) | (f.whole ? is_whole : 0));
    if (f.checked) {
        words(std::uint64_t{0}); // its own, below
        words(f.content_check);
    }
    words(f.episode);
    words(f.body_size);
    if (f.span_count != 0) {
        words(f.span_count);
        words(f.bytes);
    }
    std::visit([&words](const auto& one) { fields(words, one); }, m);
    if (f.checked)
        words.set(1, checksum(words.data(), words.size()));
    out.append(words.data(), words.size());
}

std::size_t decode(const std::byte* bytes, std::size_t size, frame& framing, message& what) {
    word_reader in(bytes, size);
    const std::uint64_t first = in.next();
    if ((first & upper_half) != magic)
        damaged("it does not begin like one");
    framing.whole = (first & is_whole) != 0;
    framing.checked = (first & is_checked) != 0;
    framing.content_check = 0;
    std::uint64_t said = 0;
    if (framing.checked) {
        in(said);
        in(framing.content_check);
    }
    in(framing.episode);
    in(framing.body_size);
    framing.span_count = 0;
    framing.bytes = framing.body_size;
    if ((first & has_spans) != 0) {
        in(framing.span_count);
        in(framing.bytes);
        if (framing.span_count == 0)
            damaged("spans that are none");
    }
    check(framing);
    read_message(in, (first & ~upper_half) >> kind_shift, what,
                 std::make_index_sequence<std::variant_size_v<message>>{});
    const std::uint64_t follows = framing.whole ? framing.table_size() + framing.body_size : 0;
    if (in.left() != follows)
        damaged("its length is another than it says");
    const std::size_t header = size - in.left();
    if (framing.checked) {
        std::array<std::uint64_t, most_words> words;
        std::memcpy(words.data(), bytes, header);
        words[1] = 0;
        verify(checksum(words.data(), header), said);
        if (framing.whole)
            verify_content(framing, bytes + header);
    }
    return header;
}

static_assert(longest_header == (words_of_frame + 9 + 2 * longest_items::most + 8) * sizeof(std::uint64_t) +
                                    sizeof(host_text),
              "results are the longest");

} // namespace mpimap::detail::wire
