// `damaged FIRST COUNT` damages so many encodings, one for each number from FIRST on, and reads them;
// `damaged NUMBER` one, and says what came of it. Reading may throw or give a value: it may not crash, run
// past the end, or ask for more memory than a message of that length can need. Meant for the sanitizers, too.

#include "known_leaks.hpp"
#include "memory.hpp"
#include "subject.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <csignal>
#include <unistd.h>

namespace {

std::uint64_t number = 0; // of what is being read
const char* name = "";

} // namespace

namespace damaged {
namespace {

using random = std::mt19937_64;

std::size_t below(random& r, std::size_t n) {
    return static_cast<std::size_t>(r() % n);
}

void write_number(std::vector<std::byte>& bytes, std::size_t at, std::uint64_t what, std::size_t size) {
    std::memcpy(bytes.data() + at, &what, std::min(size, bytes.size() - at));
}

std::uint64_t some_number(random& r, const message& m) {
    constexpr std::uint64_t all = ~std::uint64_t{0};
    const std::array<std::uint64_t, 10> numbers{
        0,  1, all, all >> 1U, all / 8, all >> 32U, m.body.size(), m.body.size() / 8, std::uint64_t{1} << 31U,
        r()};
    return numbers[below(r, numbers.size())];
}

/// Once, in a way that networks, disks or other programs have.
void damage(message& m, random& r) {
    std::vector<std::byte>& b = m.body;
    if (!m.spans.empty() && below(r, 8) == 0) {
        std::uint64_t& size = m.spans[below(r, m.spans.size())];
        size = below(r, 2) == 0 ? size ^ 8U : 64 * 1024 + below(r, 1000);
        return;
    }
    if (b.empty()) {
        b.resize(1 + below(r, 16), std::byte{1});
        return;
    }
    const std::size_t at = below(r, b.size());
    const std::size_t n = 1 + below(r, std::min<std::size_t>(b.size() - at, 32));
    const auto from = b.begin() + static_cast<std::ptrdiff_t>(at);
    const auto to = from + static_cast<std::ptrdiff_t>(n);
    switch (below(r, 8)) {
    case 0:
        b[at] ^= std::byte{1} << below(r, 8);
        break;
    case 1:
        b[at] = static_cast<std::byte>(r());
        break;
    case 2: // lengths are numbers of eight bytes
        write_number(b, at / 8 * 8, some_number(r, m), 8);
        break;
    case 3:
        write_number(b, at, some_number(r, m), below(r, 2) == 0 ? 4 : 8);
        break;
    case 4:
        b.resize(at);
        break;
    case 5:
        b.erase(from, to);
        break;
    case 6: {
        const std::vector<std::byte> again(from, to);
        b.insert(b.begin() + static_cast<std::ptrdiff_t>(below(r, b.size())), again.begin(), again.end());
        break;
    }
    default: {
        const std::vector<std::byte> elsewhere(from, to);
        const std::size_t there = below(r, b.size() - n + 1);
        std::copy(elsewhere.begin(), elsewhere.end(), b.begin() + static_cast<std::ptrdiff_t>(there));
    }
    }
    b.shrink_to_fit(); // a sanitizer sees every byte read too many
}

struct tally {
    std::uint64_t refused = 0;
    std::uint64_t read = 0;
    double most_memory = 0; // largest allocation, in lengths of its message
};

/// What came of it, as text.
std::string read_damaged(const subject& s, tally& t) {
    random r(number);
    message m = s.whole;
    for (std::size_t times = 1 + below(r, 3); times != 0; --times)
        damage(m, r);
    std::size_t bytes = m.body.size();
    for (const std::uint64_t span : m.spans)
        bytes += span;
    std::string outcome = "was read";
    largest_allocation = 0;
    try {
        s.read(m);
        ++t.read;
    } catch (const std::logic_error& e) {
        if (dynamic_cast<const std::length_error*>(&e) == nullptr)
            throw;
        outcome = e.what();
        ++t.refused;
    } catch (const std::exception& e) {
        outcome = e.what();
        ++t.refused;
    }
    constexpr std::size_t bookkeeping = 4096; // of archives, and exceptions with their texts
    if (const std::size_t largest = largest_allocation; largest > bookkeeping) {
        t.most_memory =
            std::max(t.most_memory, static_cast<double>(largest) / static_cast<double>(bytes + bookkeeping));
        if (largest > bookkeeping + s.bytes_per_byte * bytes)
            throw std::logic_error(std::to_string(largest) + " bytes were asked for, for a message of " +
                                   std::to_string(bytes));
    }
    return outcome;
}

extern "C" void say_which(int signal) {
    std::array<char, 256> text{};
    const int n = std::snprintf(text.data(), text.size(), "damaged %llu: %s: signal %d\n",
                                static_cast<unsigned long long>(number), name, signal);
    (void)!write(2, text.data(), static_cast<std::size_t>(std::max(n, 0)));
    std::_Exit(1);
}

int run(std::uint64_t first, std::uint64_t count) {
    const leaks_are_known here;
#ifndef HAS_ADDRESS_SANITIZER // that says more
    std::signal(SIGSEGV, say_which);
    std::signal(SIGBUS, say_which);
    std::signal(SIGFPE, say_which);
#endif
    std::signal(SIGABRT, say_which);
    std::vector<subject> all = standard_types();
    for (auto more : {boost_types(), engine_messages()})
        all.insert(all.end(), more.begin(), more.end());
    std::vector<tally> tallies(all.size());
    for (const subject& s : all)
        s.read(s.whole); // what nobody damages can be read
    int failed = 0;
    for (number = first; number != first + count && failed < 20; ++number) {
        const std::size_t k = number % all.size();
        name = all[k].name.c_str();
        try {
            const std::string outcome = read_damaged(all[k], tallies[k]);
            if (count == 1)
                std::printf("%s: %s\n", name, outcome.c_str());
        } catch (const std::exception& e) {
            ++failed;
            std::printf("damaged %llu: %s: %s\n", static_cast<unsigned long long>(number), name, e.what());
        }
    }
    if (count > 1) {
        std::printf("%-36s %10s %10s %10s\n", "", "refused", "read", "memory");
        for (std::size_t k = 0; k < all.size(); ++k)
            std::printf("%-36s %10llu %10llu %10.1f\n", all[k].name.c_str(),
                        static_cast<unsigned long long>(tallies[k].refused),
                        static_cast<unsigned long long>(tallies[k].read), tallies[k].most_memory);
        std::printf("%d of %llu went wrong\n", failed, static_cast<unsigned long long>(count));
    }
    return failed == 0 ? 0 : 1;
}

} // namespace
} // namespace damaged

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) {
        std::fputs("usage: damaged NUMBER | FIRST COUNT\n", stderr);
        return 2;
    }
    return damaged::run(std::strtoull(argv[1], nullptr, 10),
                        argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 1);
}
