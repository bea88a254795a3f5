// Writes random words for ever, as bytes: those of 256 neighbouring streams in turn, 16 of each, then those
// of the next 256. The streams are those of items, of calls, or of seeds.

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <mpimap/random.hpp>

namespace {

using mpimap::random_engine;

template <typename Stream>
void write(const Stream& stream) {
    constexpr std::uint64_t streams = 256;
    constexpr std::uint64_t draws = 16;
    std::vector<random_engine> engines;
    std::array<std::uint64_t, streams> words;
    for (std::uint64_t first = 0;; first += streams) {
        engines.clear();
        for (std::uint64_t s = 0; s < streams; ++s)
            engines.push_back(stream(first + s));
        for (std::uint64_t d = 0; d < draws; ++d) {
            for (std::uint64_t s = 0; s < streams; ++s)
                words[s] = engines[s]();
            if (std::fwrite(words.data(), sizeof words, 1, stdout) != 1)
                return; // nobody reads on
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::string which = argc == 2 ? argv[1] : "";
    if (which == "items") {
        write([](std::uint64_t i) { return random_engine(42, i); });
    } else if (which == "calls") {
        write([](std::uint64_t i) {
            return random_engine(*mpimap::detail::random_key_of(42, "", i + 1), 0, 0);
        });
    } else if (which == "seeds") {
        write([](std::uint64_t i) { return random_engine(i, 0); });
    } else {
        std::fputs("usage: interleaved_streams items | calls | seeds\n", stderr);
        return 1;
    }
}
