#include "mpi_test.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <numeric>
#include <sstream>
#include <utility>

#include <unistd.h>

#include <mpimap/mpimap.hpp>

namespace mpimap_test {
namespace {

const boost::mpi::communicator* tested = nullptr;

struct half_communicator {
    MPI_Comm handle = MPI_COMM_NULL;
    half_communicator(bool reversed) {
        int rank = 0;
        int size = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        MPI_Comm_size(MPI_COMM_WORLD, &size);
        if (reversed) {
            // Both halves run at the same time. Of three ranks all stay together: one alone would test
            // little.
            MPI_Comm_split(MPI_COMM_WORLD, size < 4 ? 0 : rank % 2, -rank, &handle);
        } else {
            MPI_Comm_dup(MPI_COMM_WORLD, &handle);
        }
    }
    ~half_communicator() { MPI_Comm_free(&handle); }
    half_communicator(const half_communicator&) = delete;
    half_communicator& operator=(const half_communicator&) = delete;
};

/// Googletest's own printer on rank 0 of the world, nothing but failures on the others; each failure says
/// where.
class printer : public testing::TestEventListener {
  public:
    explicit printer(testing::TestEventListener* normal, bool speaks) : normal_(normal), speaks_(speaks) {
        char host[256] = {};
        gethostname(host, sizeof host - 1);
        int world = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &world);
        where_ = "rank " + std::to_string(rank()) + " of " + std::to_string(size()) + " (" +
                 std::to_string(world) + " of the world) on " + host;
    }

    void OnTestPartResult(const testing::TestPartResult& r) override {
        if (r.passed() || (r.skipped() && !speaks_))
            return;
        std::ostringstream out;
        out << where_ << ", " << test_ << ": " << (r.file_name() != nullptr ? r.file_name() : "unknown file")
            << ":" << r.line_number() << ": " << (r.skipped() ? "Skipped" : "Failure") << "\n"
            << r.message() << "\n";
        const std::string text = std::move(out).str();
        // One write, so that ranks do not cut each other's text.
        std::fwrite(text.data(), 1, text.size(), stderr);
        std::fflush(stderr);
    }

    void OnTestProgramStart(const testing::UnitTest& t) override {
        if (speaks_)
            normal_->OnTestProgramStart(t);
    }
    void OnTestIterationStart(const testing::UnitTest& t, int i) override {
        if (speaks_)
            normal_->OnTestIterationStart(t, i);
    }
    void OnEnvironmentsSetUpStart(const testing::UnitTest&) override {}
    void OnEnvironmentsSetUpEnd(const testing::UnitTest&) override {}
    void OnTestSuiteStart(const testing::TestSuite& s) override {
        if (speaks_)
            normal_->OnTestSuiteStart(s);
    }
    void OnTestStart(const testing::TestInfo& t) override {
        // UnitTest::current_test_info() waits for the lock that is held where a failure is reported.
        test_ = std::string(t.test_suite_name()) + "." + t.name();
        if (speaks_) {
            normal_->OnTestStart(t);
            std::fflush(stdout); // a test that hangs is the last one named
        }
    }
    void OnTestEnd(const testing::TestInfo& t) override {
        if (speaks_)
            normal_->OnTestEnd(t);
    }
    void OnTestSuiteEnd(const testing::TestSuite& s) override {
        if (speaks_)
            normal_->OnTestSuiteEnd(s);
    }
    void OnEnvironmentsTearDownStart(const testing::UnitTest&) override {}
    void OnEnvironmentsTearDownEnd(const testing::UnitTest&) override {}
    void OnTestIterationEnd(const testing::UnitTest& t, int i) override {
        if (speaks_)
            normal_->OnTestIterationEnd(t, i);
    }
    void OnTestProgramEnd(const testing::UnitTest& t) override {
        if (speaks_)
            normal_->OnTestProgramEnd(t);
    }

  private:
    std::unique_ptr<testing::TestEventListener> normal_;
    bool speaks_;
    std::string where_;
    std::string test_ = "before the tests";
};

} // namespace

const boost::mpi::communicator& comm() {
    return *tested;
}

std::vector<named_options> all_schedules(int root) {
    struct row {
        const char* name;
        mpimap::schedule schedule;
        std::size_t chunk; // 0: none
    };
    using mpimap::schedule;
    static constexpr row table[] = {
        {"automatic", schedule::automatic, 0},
        {"automatic, chunks of 6", schedule::automatic, 6},
        {"static", schedule::static_, 0},
        {"static, blocks of 1", schedule::static_, 1},
        {"static, blocks of 6", schedule::static_, 6},
        {"static, blocks of 50", schedule::static_, 50},
        {"dynamic", schedule::dynamic, 0},
        {"dynamic, chunks of 1", schedule::dynamic, 1},
        {"dynamic, chunks of 6", schedule::dynamic, 6},
        {"dynamic, chunks of 40", schedule::dynamic, 40},
        {"dynamic, chunks of 50", schedule::dynamic, 50},
        {"guided", schedule::guided, 0},
        {"guided, at least 6", schedule::guided, 6},
        {"factoring", schedule::factoring, 0},
        {"factoring, at least 6", schedule::factoring, 6},
    };
    std::vector<named_options> all;
    for (const row& r : table) {
        all.emplace_back();
        all.back().name = r.name;
        all.back().options.root = root;
        all.back().options.schedule = r.schedule;
        if (r.chunk != 0)
            all.back().options.chunk = r.chunk;
    }
    return all;
}

bool same_everywhere(const std::string& text) {
    std::string of_rank_0 = text;
    auto length = static_cast<unsigned long>(text.size());
    MPI_Bcast(&length, 1, MPI_UNSIGNED_LONG, 0, comm());
    of_rank_0.resize(length);
    MPI_Bcast(of_rank_0.data(), static_cast<int>(length), MPI_CHAR, 0, comm());
    int same = text == of_rank_0 ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, comm());
    return same == 1;
}

long sum_over_ranks(long value) {
    MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_LONG, MPI_SUM, comm());
    return value;
}

void expect_next_call_works(int root) {
    SCOPED_TRACE("the next call");
    std::vector<int> numbers(10);
    std::iota(numbers.begin(), numbers.end(), 0);
    try {
        const std::vector<int> got = mpimap::mpi_map(
            comm(), {.root = root}, [](int i) { return 3 * i; }, numbers);
        expect_on_root(root, got, {0, 3, 6, 9, 12, 15, 18, 21, 24, 27});
    } catch (const std::exception& e) {
        ADD_FAILURE() << e.what();
    }
}

} // namespace mpimap_test

int main(int argc, char** argv) {
    const bool multiple = std::any_of(
        argv, argv + argc, [](const char* a) { return std::strcmp(a, "--threads=multiple") == 0; });
    mpimap::environment environment(argc, argv, {.items_call_mpi = multiple});
    testing::InitGoogleTest(&argc, argv);
    bool reversed = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--comm=reversed") == 0) {
            reversed = true;
        } else if (std::strcmp(argv[i], "--comm=world") != 0 &&
                   std::strcmp(argv[i], "--threads=multiple") != 0) {
            std::fprintf(stderr,
                         "what is %s? This takes --comm=world, --comm=reversed, --threads=multiple and "
                         "--gtest_...\n",
                         argv[i]);
            MPI_Abort(MPI_COMM_WORLD, 2);
        }
    }
    const mpimap_test::half_communicator half(reversed);
    const boost::mpi::communicator communicator(half.handle, boost::mpi::comm_attach);
    mpimap_test::tested = &communicator;

    int world = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &world);
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    listeners.Append(
        new mpimap_test::printer(listeners.Release(listeners.default_result_printer()), world == 0));

    int failed = RUN_ALL_TESTS() == 0 ? 0 : 1;
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return failed;
}
