// What a call reads, it has read when it returns: the caller's arrays may go then, also those that were on
// their way to a rank that gave the items back.

#include <array>
#include <atomic>
#include <cstddef>
#include <new>
#include <vector>

#include <sys/mman.h>

#include "pool_test.hpp"
#include "shared_counter.hpp"

namespace mpimap_test {
namespace {

using mpimap::pool;

struct block {
    std::array<double, 32 * 1024> values;
};

/// Memory that cannot be read any more when it has been given back, by nobody.
template <typename T>
struct mapped {
    using value_type = T;
    mapped() = default;
    template <typename U>
    explicit mapped(const mapped<U>&) {}
    T* allocate(std::size_t n) {
        void* const memory =
            mmap(nullptr, n * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            throw std::bad_alloc();
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t n) {
        mprotect(memory, n * sizeof(T), PROT_NONE); // not to be anybody else's
        madvise(memory, n * sizeof(T), MADV_DONTNEED);
    }
    bool operator==(const mapped&) const = default;
};
template <typename T>
using mapped_vector = std::vector<T, mapped<T>>;

// Chunks of eight mebibytes: while a rank is in its second one, whose first item takes long, it is sent a
// third, and gives it back before it has come.
TEST(lent_memory, of_arguments_that_were_given_back) {
    static constexpr int chunk = 32;
    static std::atomic<int> run_here;
    with_pool([&](pool& p) {
        for (int k = 0; k < 3; ++k) {
            run_here = 0;
            const auto items = static_cast<std::size_t>(4 * chunk * p.size());
            std::size_t n = 0;
            {
                const mapped_vector<block> xs(items);
                const auto f = [](const mpimap::task& t, const block& b) {
                    if (t.rank() != 0 && run_here++ == chunk)
                        rest(100);
                    if (t.rank() == 0 && t.index() % 8 == 0)
                        rest(1); // there is enough for others
                    return b.values.size();
                };
                for (const std::size_t got :
                     p.map({.schedule = mpimap::schedule::dynamic, .chunk = chunk}, f, xs))
                    n += got;
            }
            EXPECT_EQ(n, items * block{}.values.size());
        }
    });
}

// A rank that is in an item of a call that nobody waits for any more is sent a constant, and items that it
// gives back.
TEST(lent_memory, of_constants_for_items_that_were_given_back) {
    const shared_counter running;
    with_pool([&](pool& p) {
        for (int k = 0; k < 3; ++k) {
            {
                shared_counter::value() = 0;
                const auto dropped = p.amap(
                    [](int milliseconds) {
                        ++shared_counter::value();
                        rest(milliseconds);
                        return milliseconds;
                    },
                    std::vector<int>(2 * static_cast<std::size_t>(p.size()), 60));
                while (p.size() > 1 && shared_counter::value() == 0)
                    (void)dropped.ready();
            }
            std::vector<double> got;
            {
                const mapped_vector<double> constant(2'000'000 + static_cast<std::size_t>(k));
                got = p.map(
                    [](const mapped_vector<double>& c, int x) { return static_cast<double>(c.size()) + x; },
                    mpimap::broadcast(constant), std::vector<int>(10, 1));
            }
            EXPECT_EQ(got, std::vector<double>(10, 2'000'001.0 + k));
        }
    });
}

} // namespace
} // namespace mpimap_test
