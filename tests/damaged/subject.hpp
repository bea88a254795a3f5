#pragma once

// What is damaged: an encoded value, how it is read, and how much memory that may take.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <mpimap/codec.hpp>

namespace damaged {

struct message {
    std::vector<std::byte> body;
    std::vector<std::uint64_t> spans; // bytes of each array that travels apart
};

struct subject {
    std::string name;
    message whole;
    /// Throws what the engine would get. What is read is gone through, too.
    std::function<void(const message&)> read;
    /// Bytes that an element has in memory for each that it takes in a message, at most.
    std::size_t bytes_per_byte = 2;
};

/// Hands the message to `read` and fills what is to be received, as the channel does it.
template <typename Read>
auto with_reader(const message& m, const Read& read) {
    mpimap::detail::reader in(m.body.data(), m.body.size(), m.spans.data(), m.spans.size());
    auto result = read(in);
    for (const mpimap::detail::target_span& to : in.targets())
        std::memset(to.data, 0x55, to.size);
    return result;
}

inline message sent(const mpimap::detail::writer& out) {
    message m;
    m.body.assign(out.body().data(), out.body().data() + out.body().size());
    for (const mpimap::detail::source_span& s : out.spans())
        m.spans.push_back(s.size);
    return m;
}

/// A value of any type that travels. Whatever comes out of a message must be good enough to be sent again.
template <typename T>
subject value(std::string name, const T& original, std::size_t bytes_per_byte = 2) {
    using namespace mpimap::detail;
    writer out;
    write_value(out, original);
    const auto read = [](const message& m) {
        const T copy = with_reader(m, [](reader& in) { return make_value<T>(in); });
        writer again;
        write_value(again, copy);
    };
    return {std::move(name), sent(out), read, bytes_per_byte};
}

std::vector<subject> standard_types();
std::vector<subject> boost_types();
std::vector<subject> engine_messages();

} // namespace damaged
