// A rank that may not have more memory than it has and a little (RLIMIT_AS): what it cannot take in fails,
// with the figure, on every rank, and the communicator stays usable. A process for each test: what another
// has had and freed could be had again.

#include <mpimap/mpimap.hpp>

#include <cstddef>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "mpi_test.hpp"

using namespace mpimap_test;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;
constexpr std::size_t large = 48 * mebibyte;

/// For this process, while one lives: so much more than it has now.
class memory_limit {
  public:
    explicit memory_limit(std::size_t more) {
        getrlimit(RLIMIT_AS, &before_);
        rlimit now = before_;
        now.rlim_cur = size_of_process() + more;
        setrlimit(RLIMIT_AS, &now);
    }
    ~memory_limit() { setrlimit(RLIMIT_AS, &before_); }
    memory_limit(const memory_limit&) = delete;
    memory_limit& operator=(const memory_limit&) = delete;

  private:
    static std::size_t size_of_process() {
        unsigned long pages = 0;
        std::FILE* const f = std::fopen("/proc/self/statm", "r");
        if (f == nullptr || std::fscanf(f, "%lu", &pages) != 1)
            throw std::runtime_error("no /proc/self/statm");
        std::fclose(f);
        return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    }
    rlimit before_{};
};

/// About so many bytes when they travel: short, so that they do so in the message's body.
using texts = std::vector<std::string>;
texts texts_of(std::size_t bytes) {
    return texts(bytes / 100, std::string(92, 'x'));
}

/// Calls `map` with a limit on one rank; every rank is to throw, and to say for what there was no memory.
template <typename Map>
void expect_refused(int limited, const std::string& of_what, const Map& map) {
    std::string what = "nothing";
    {
        std::optional<memory_limit> limit;
        if (rank() == limited)
            limit.emplace(16 * mebibyte);
        try {
            map();
        } catch (const mpimap::map_error& e) {
            what = e.what();
        }
    }
    EXPECT_NE(what.find("std::bad_alloc: no memory for "), std::string::npos) << what;
    EXPECT_NE(what.find(" bytes of " + of_what), std::string::npos) << what;
    const std::vector<int> all = mpimap::mpi_map(
        comm(), [](int x) { return x + 1; }, std::vector<int>(9, 1));
    EXPECT_EQ(all, std::vector<int>(rank() == 0 ? 9 : 0, 2));
}

TEST(limited_memory, arguments_that_a_rank_cannot_take_in_fail_with_the_figure) {
    const std::vector<texts> arguments(static_cast<std::size_t>(size()),
                                       rank() == 0 ? texts_of(large) : texts());
    expect_refused(size() - 1, "arguments", [&] {
        (void)mpimap::mpi_map(
            comm(), {.schedule = mpimap::schedule::static_}, [](const texts& t) { return t.size(); },
            arguments);
    });
}

TEST(limited_memory, results_that_the_root_cannot_take_in_fail_with_the_figure) {
    expect_refused(0, "results", [] {
        (void)mpimap::mpi_map(
            comm(), {.schedule = mpimap::schedule::static_},
            [](std::size_t i) { return texts_of(i == 0 ? 0 : large); },
            mpimap::indices(static_cast<std::size_t>(size())));
    });
}

} // namespace
