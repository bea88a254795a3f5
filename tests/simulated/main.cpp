// simulated FIRST COUNT [MOST] runs that many seeds from the first on, until so many went wrong (20);
// simulated SEED runs one, and says what happens in it. The last line says how many went wrong.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "program.hpp"

namespace {

/// What went wrong, empty if nothing.
std::string run(std::uint64_t seed, bool talks) {
    try {
        simulated::run_seed(seed, talks);
        return {};
    } catch (const simulated::mistake& m) {
        return m.text;
    } catch (const std::exception& e) {
        return std::string("an exception leaves a rank: ") + e.what();
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 4) {
        std::fprintf(stderr, "usage: simulated SEED | FIRST COUNT [MOST]\n");
        return 2;
    }
    const std::uint64_t first = std::strtoull(argv[1], nullptr, 10);
    const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    const std::uint64_t most = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 20;
    std::uint64_t wrong = 0;
    for (std::uint64_t seed = first; seed != first + count; ++seed) {
        const std::string why = run(seed, argc == 2);
        if (why.empty())
            continue;
        std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), why.c_str());
        std::fflush(stdout);
        if (++wrong == most)
            break;
    }
    std::printf("%llu of %llu seeds went wrong\n", static_cast<unsigned long long>(wrong),
                static_cast<unsigned long long>(count));
    return wrong == 0 ? 0 : 1;
}
