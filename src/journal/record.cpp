#include "journal/record.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <mpimap/errors.hpp>

#include "journal/words.hpp"

namespace mpimap::detail::journal {
namespace {

constexpr std::uint32_t magic = 0x6d706a72; // "mpjr"
constexpr std::uint64_t format = 1;
constexpr std::uint64_t of_no_journal = 0;

/// What a run record depends on: the number is not known before it is read.
std::uint64_t seed_of(std::uint64_t journal, kind what) noexcept {
    return what == kind::run ? of_no_journal : journal;
}

std::uint64_t sum_of(std::uint64_t seed, const void* bytes, std::size_t size) noexcept {
    return XXH3_64bits_withSeed(bytes, size, seed);
}

template <typename T>
void put(header& h, std::size_t at, T value) noexcept {
    std::memcpy(h.data() + at, &value, sizeof value);
}
template <typename T>
T get(const std::byte* at) noexcept {
    T value{};
    std::memcpy(&value, at, sizeof value);
    return value;
}

// Where the words of a header are.
constexpr std::size_t at_magic = 0;
constexpr std::size_t at_kind = 4;
constexpr std::size_t at_call = 8;
constexpr std::size_t at_first = 16;
constexpr std::size_t at_count = 24;
constexpr std::size_t at_arguments = 32;
constexpr std::size_t at_length = 40;
constexpr std::size_t at_sum = 48;
constexpr std::size_t at_own_sum = 56;

/// What is wrong with how a run's program writes; empty for nothing.
std::string wrong_with(std::span<const std::byte> content) {
    word_cursor in(content);
    const std::uint64_t version = in.word();
    if (version != format)
        return "it has format " + std::to_string(version) +
               ", and this version of the library reads format " + std::to_string(format);
    const std::uint64_t word = in.word();
    const std::uint64_t long_double = in.word();
    if (word != sizeof(std::size_t) || long_double != sizeof(long double))
        return "it was written on a machine whose numbers have other sizes";
    return {};
}

} // namespace

// ---------------------------------------------------------------- sums

static_assert(sizeof(XXH3_state_t) <= 576 && alignof(XXH3_state_t) <= 64);

checksum::checksum(std::uint64_t journal) noexcept {
    auto* const fresh = reinterpret_cast<XXH3_state_t*>(&state_);
    // Otherwise a seed that is there from before passes for this one, with what has become of its secret
    // since.
    XXH3_INITSTATE(fresh);
    XXH3_64bits_reset_withSeed(fresh, journal);
}
void checksum::add(const void* bytes, std::size_t size) noexcept {
    if (size != 0)
        XXH3_64bits_update(reinterpret_cast<XXH3_state_t*>(&state_), bytes, size);
}
std::uint64_t checksum::value() const noexcept {
    return XXH3_64bits_digest(reinterpret_cast<const XXH3_state_t*>(&state_));
}

// ---------------------------------------------------------------- writing

header header_of(std::uint64_t journal, const record& what, std::uint64_t length,
                 std::uint64_t sum) noexcept {
    header h{};
    put(h, at_magic, magic);
    put(h, at_kind, static_cast<std::uint32_t>(what.what));
    put(h, at_call, what.call);
    put(h, at_first, std::uint64_t{what.items.first});
    put(h, at_count, std::uint64_t{what.items.count});
    put(h, at_arguments, what.arguments);
    put(h, at_length, length);
    put(h, at_sum, sum);
    put(h, at_own_sum, sum_of(seed_of(journal, what.what), h.data(), at_own_sum));
    return h;
}

void append(buffer& out, std::uint64_t journal, const record& what, const void* bytes, std::size_t size) {
    const header h = header_of(journal, what, size, sum_of(seed_of(journal, what.what), bytes, size));
    out.append(h.data(), h.size());
    out.append(bytes, size);
    constexpr std::uint64_t zero = 0;
    out.append(&zero, padding_of(size));
}

void append(buffer& out, const run_info& run) {
    buffer content;
    append_word(content, format);
    append_word(content, sizeof(std::size_t));
    append_word(content, sizeof(long double));
    append_word(content, run.journal);
    content.append(&run.began, sizeof run.began);
    append_word(content, run.ranks);
    append_word(content, run.program);
    append_text(content, run.host);
    append_text(content, run.job);
    append(out, run.journal, {kind::run}, content.data(), content.size());
}

// ---------------------------------------------------------------- reading

run_info read_run(std::span<const std::byte> content) {
    if (const std::string why = wrong_with(content); !why.empty())
        throw serialization_error("mpimap: a run of a journal: " + why);
    word_cursor in(content);
    (void)in.bytes(3 * sizeof(std::uint64_t)); // how it is written
    run_info run;
    run.journal = in.word();
    run.began = in.number<double>();
    run.ranks = in.word();
    run.program = in.word();
    run.host = in.text();
    run.job = in.text();
    return run;
}

bool scanner::is_fresh(std::span<const std::byte> file) noexcept {
    if (std::all_of(file.begin(), file.end(), [](std::byte b) { return b == std::byte{}; }))
        return true; // a disk that has forgotten what was to be there
    if (file.size() >= header_size) {
        header h{};
        std::copy_n(file.begin(), h.size(), h.begin());
        const auto length = get<std::uint64_t>(h.data() + at_length);
        return get<std::uint32_t>(h.data()) == magic &&
               get<std::uint64_t>(h.data() + at_own_sum) == sum_of(of_no_journal, h.data(), at_own_sum) &&
               get<std::uint32_t>(h.data() + at_kind) == static_cast<std::uint32_t>(kind::run) &&
               length > file.size() - header_size;
    }
    std::array<std::byte, sizeof magic> first{};
    std::memcpy(first.data(), &magic, sizeof magic);
    return std::equal(first.begin(), first.begin() + std::min<std::ptrdiff_t>(sizeof magic, std::ssize(file)),
                      file.begin());
}

scanner::scanner(std::span<const std::byte> file, const std::string& name) : file_(file) {
    // The first run is there twice; where that is damaged its copy is behind it.
    constexpr std::size_t far_enough = 4096;
    for (std::size_t at = 0; at + header_size <= file_.size() && at < far_enough;
         at += sizeof(std::uint64_t)) {
        const std::optional<candidate> c = header_at(at);
        if (!c || c->what.what != kind::run || !is_whole(at, *c))
            continue;
        const auto content = file_.subspan(at + header_size, c->length);
        if (const std::string why = wrong_with(content); !why.empty())
            throw invalid_argument("mpimap: the journal " + name + ": " + why);
        number_ = read_run(content).journal;
        return;
    }
    std::array<std::byte, sizeof magic> first{};
    std::copy_n(file_.begin(), std::min(file_.size(), first.size()), first.rbegin());
    if (get<std::uint32_t>(first.data()) == magic)
        throw invalid_argument("mpimap: the journal " + name +
                               " was written on a machine with another order of bytes");
    throw invalid_argument("mpimap: " + name + " is no journal, or its beginning is lost");
}

std::optional<scanner::candidate> scanner::header_at(std::size_t at) const {
    if (file_.size() - at < header_size)
        return std::nullopt;
    const std::byte* const h = file_.data() + at;
    if (get<std::uint32_t>(h + at_magic) != magic)
        return std::nullopt;
    candidate c;
    c.what.what = static_cast<kind>(get<std::uint32_t>(h + at_kind));
    if (get<std::uint64_t>(h + at_own_sum) != sum_of(seed_of(number_, c.what.what), h, at_own_sum))
        return std::nullopt;
    c.what.call = get<std::uint64_t>(h + at_call);
    c.what.items.first = static_cast<std::size_t>(get<std::uint64_t>(h + at_first));
    c.what.items.count = static_cast<std::size_t>(get<std::uint64_t>(h + at_count));
    c.what.arguments = get<std::uint64_t>(h + at_arguments);
    const auto length = get<std::uint64_t>(h + at_length);
    if (length > std::numeric_limits<std::size_t>::max() / 2)
        return std::nullopt;
    c.length = static_cast<std::size_t>(length);
    c.sum = get<std::uint64_t>(h + at_sum);
    return c;
}

bool scanner::is_whole(std::size_t at, const candidate& c) const {
    return c.length <= file_.size() - at - header_size &&
           sum_of(seed_of(number_, c.what.what), file_.data() + at + header_size, c.length) == c.sum;
}

std::optional<scanner::found> scanner::next() {
    std::size_t lost = at_; // from here on nothing was a record
    const auto note = [&](std::size_t to) {
        if (lost != to)
            damaged_.push_back({lost, to});
    };
    while (at_ <= file_.size() && file_.size() - at_ >= header_size) {
        const std::optional<candidate> c = header_at(at_);
        if (!c) {
            at_ += sizeof(std::uint64_t);
            continue;
        }
        const std::size_t begin = at_;
        const std::size_t behind_it = behind(begin, *c);
        if (!is_whole(begin, *c)) {
            if (behind_it > file_.size())
                break; // the last one, which was being written
            at_ = behind_it;
            continue;
        }
        note(begin);
        at_ = end_ = behind_it; // of the last one the zeros may be missing
        return found{c->what, file_.subspan(begin + header_size, c->length)};
    }
    at_ = file_.size();
    return std::nullopt;
}

} // namespace mpimap::detail::journal
