#pragma once

// Values on their way, without MPI: what a writer gives is carried to a reader as the channel does it, the
// large arrays apart from the body.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/archive/archive_exception.hpp>

#include <mpimap/codec.hpp>

namespace wire {

/// An encoded value, independent of the memory it was made from.
struct message {
    std::vector<std::byte> body;
    std::vector<std::vector<std::byte>> spans;

    explicit message(mpimap::detail::writer& out)
        : body(out.body().data(), out.body().data() + out.body().size()) {
        for (const mpimap::detail::source_span& s : out.spans())
            spans.emplace_back(s.data, s.data + s.size);
    }
};

template <typename T>
message encode(const T& value) {
    mpimap::detail::writer out;
    mpimap::detail::write_value(out, value);
    return message(out);
}

/// Runs `read(reader)` on the message and then fills the places for large arrays.
template <typename Read>
auto with_reader(const message& m, const Read& read) {
    std::vector<std::uint64_t> sizes;
    for (const auto& s : m.spans)
        sizes.push_back(s.size());
    // Memory of exactly the message's size, so that a sanitizer sees every byte read too many.
    const std::vector<std::byte> body = m.body;
    mpimap::detail::reader in(body.data(), body.size(), sizes.data(), sizes.size());
    auto result = read(in);
    if (in.targets().size() != m.spans.size())
        throw std::logic_error("the reader did not ask for all arrays");
    for (std::size_t i = 0; i < m.spans.size(); ++i) {
        if (in.targets()[i].size != m.spans[i].size())
            throw std::logic_error("the reader asked for another size");
        std::memcpy(in.targets()[i].data, m.spans[i].data(), m.spans[i].size());
    }
    if (in.left() != 0)
        throw std::logic_error("the reader did not read all");
    return result;
}

template <typename T>
T decode(const message& m) {
    return with_reader(m, [](mpimap::detail::reader& in) { return mpimap::detail::make_value<T>(in); });
}

template <typename T>
T round_trip(const T& value) {
    return decode<T>(encode(value));
}

/// How many of the truncations of a message throw what a truncated message should; all but the last `padding`
/// bytes are tried. Anything else that is thrown goes to the caller.
template <typename T>
std::size_t refused_truncations(const message& whole) {
    std::size_t refused = 0;
    for (std::size_t size = 0; size < whole.body.size(); ++size) {
        message part = whole;
        part.body.resize(size);
        part.body.shrink_to_fit();
        try {
            (void)decode<T>(part);
        } catch (const mpimap::serialization_error&) {
            ++refused;
        } catch (const boost::archive::archive_exception&) {
            ++refused;
        }
    }
    return refused;
}

} // namespace wire
