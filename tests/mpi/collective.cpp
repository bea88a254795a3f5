// Calls as collective operations: communicators, calls that do not match, calls inside calls, many calls.

#include <mpimap/mpimap.hpp>

#include <functional>
#include <numeric>
#include <stdexcept>

#include "mpi_test.hpp"

using namespace mpimap_test;
using mpimap::mpi_map;

namespace {

std::vector<int> count_to(std::size_t n) {
    std::vector<int> all(n);
    std::iota(all.begin(), all.end(), 0);
    return all;
}

constexpr auto next_number = [](int x) { return x + 1; };

std::vector<int> next_numbers(std::size_t n) {
    std::vector<int> all(n);
    std::iota(all.begin(), all.end(), 1);
    return all;
}

// ---------------------------------------------------------------- calls that do not match

struct pair_of_calls {
    std::string name;
    std::function<void(int root)> mine;
    std::function<void(int root)> theirs;
};

std::vector<pair_of_calls> calls_that_differ() {
    static const std::vector<int> numbers = count_to(20);
    static const std::vector<double> reals(20, 1.0);
    static const auto other_function = [](int x) { return x + 1; };
    const auto usual = [](int root) { (void)mpi_map(comm(), {.root = root}, next_number, numbers); };
    return {
        {"another function", usual,
         [](int root) { (void)mpi_map(comm(), {.root = root}, other_function, numbers); }},
        {"another element type", usual,
         [](int root) { (void)mpi_map(comm(), {.root = root}, next_number, reals); }},
        {"another result type", usual,
         [](int root) {
             (void)mpi_map(
                 comm(), {.root = root}, [](int x) { return std::to_string(x); }, numbers);
         }},
        {"one more argument", usual,
         [](int root) { (void)mpi_map(comm(), {.root = root}, std::plus<>{}, numbers, numbers); }},
        {"a grid of the same elements", usual,
         [](int root) { (void)mpi_map(comm(), {.root = root}, next_number, mpimap::grid(numbers)); }},
        {"mpi_for_each", usual,
         [](int root) { mpimap::mpi_for_each(comm(), {.root = root}, next_number, numbers); }},
        {"mpi_try_map", usual,
         [](int root) { (void)mpimap::mpi_try_map(comm(), {.root = root}, next_number, numbers); }},
        {"mpi_map_reduce", usual,
         [](int root) {
             (void)mpimap::mpi_map_reduce(comm(), {.root = root}, std::plus<>{}, 0, next_number, numbers);
         }},
        {"mpi_map_into", usual,
         [](int root) {
             std::vector<int> out(20);
             mpimap::mpi_map_into(comm(), {.root = root}, next_number, out, numbers);
         }},
        {"another root", usual, [usual](int root) { usual((root + 1) % size()); }},
        {"a root outside", usual, [usual](int) { usual(-1); }},
    };
}

TEST(collective, calls_that_differ_throw_on_every_rank) {
    if (size() == 1)
        GTEST_SKIP() << "one rank agrees with itself";
    for (const int root : {0, other_root()}) {
        for (const pair_of_calls& c : calls_that_differ()) {
            for (const int odd_one : {0, 1, size() - 1}) {
                SCOPED_TRACE(c.name + ", by rank " + std::to_string(odd_one));
                const auto& call = rank() == odd_one ? c.theirs : c.mine;
                const std::string text = text_of<mpimap::mismatched_call>([&] { call(root); });
                EXPECT_TRUE(same_everywhere(text));
                EXPECT_CONTAINS(text, contains(c.name, "root") ? "root" : "different functions");
            }
            expect_next_call_works(root);
        }
    }
}

TEST(collective, every_rank_may_call_something_else) {
    if (size() == 1)
        GTEST_SKIP() << "one rank agrees with itself";
    const std::vector<pair_of_calls> calls = calls_that_differ();
    const auto mine = static_cast<std::size_t>(rank()) % calls.size();
    (void)text_of<mpimap::mismatched_call>([&] { calls[mine].theirs(0); });
    expect_next_call_works();
}

// ---------------------------------------------------------------- calls inside calls

TEST(collective, an_item_that_calls_again_gets_an_error) {
    for_each_root([](int root) {
        static int at = 0;
        at = root;
        const auto nested = [](int x) {
            const std::vector<int> inner = mpi_map(comm(), {.root = at}, next_number, count_to(3));
            return x + static_cast<int>(inner.size());
        };
        std::string text;
        try {
            (void)mpi_map(comm(), {.root = root, .on_error = mpimap::on_error::collect}, nested,
                          count_to(20));
            ADD_FAILURE() << "no exception";
        } catch (const mpimap::map_error& e) {
            text = e.what();
            EXPECT_EQ(e.failed(), 20U);
            EXPECT_EQ(e.errors().at(0).type(), "mpimap::nested_call");
            EXPECT_THROW(e.errors().at(0).rethrow(), mpimap::nested_call);
        }
        EXPECT_TRUE(same_everywhere(text));
        expect_next_call_works(root);
    });
}

TEST(collective, an_argument_that_calls_again_gets_an_error) {
    // A range whose elements are computed: the root's call reads it while it is busy.
    const auto elements = count_to(5) | std::views::transform([](int x) {
                              return mpi_map(comm(), next_number, std::vector<int>{x}).at(0);
                          });
    const std::string text =
        text_of<mpimap::map_error>([&] { (void)mpi_map(comm(), next_number, elements); });
    EXPECT_CONTAINS(text, "nested_call");
    EXPECT_TRUE(same_everywhere(text));
    expect_next_call_works();
}

// ---------------------------------------------------------------- communicators

TEST(collective, refuses_no_communicator) {
    EXPECT_CONTAINS(
        text_of<mpimap::invalid_argument>([] { (void)mpi_map(MPI_COMM_NULL, next_number, count_to(3)); }),
        "MPI_COMM_NULL");
    const boost::mpi::communicator none(MPI_COMM_NULL, boost::mpi::comm_attach);
    EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] { (void)mpi_map(none, next_number, count_to(3)); }),
                    "MPI_COMM_NULL");
    expect_next_call_works();
}

TEST(collective, refuses_an_inter_communicator) {
    if (size() == 1)
        GTEST_SKIP() << "an inter-communicator needs two groups";
    MPI_Comm between = between_halves();
    EXPECT_CONTAINS(
        text_of<mpimap::invalid_argument>([&] { (void)mpi_map(between, next_number, count_to(3)); }),
        "inter-communicator");
    MPI_Comm_free(&between);
    expect_next_call_works();
}

TEST(collective, runs_alone_on_comm_self) {
    for (std::size_t n = 0; n < 30; n += 7)
        EXPECT_EQ(mpi_map(MPI_COMM_SELF, next_number, count_to(n + static_cast<std::size_t>(rank()))),
                  next_numbers(n + static_cast<std::size_t>(rank())));
    EXPECT_CONTAINS(text_of<mpimap::map_error>([] {
                        (void)mpi_map(
                            MPI_COMM_SELF, [](int) -> int { throw std::range_error("too far"); },
                            count_to(3));
                    }),
                    "too far");
    EXPECT_CONTAINS(text_of<mpimap::invalid_argument>(
                        [] { (void)mpi_map(MPI_COMM_SELF, {.root = 1}, next_number, count_to(3)); }),
                    "root is 1");
    EXPECT_EQ(mpi_map(MPI_COMM_SELF, next_number, count_to(9)), next_numbers(9));
}

TEST(collective, may_be_called_on_the_same_communicator_many_times) {
    const std::vector<int> xs = count_to(5);
    const std::vector<int> serial = next_numbers(5);
    int wrong = 0;
    for (int call = 0; call < 1000; ++call) {
        const int root = call % size();
        const std::vector<int> got = mpi_map(comm(), {.root = root}, next_number, xs);
        if (got != (rank() == root ? serial : std::vector<int>{}))
            ++wrong;
    }
    EXPECT_EQ(wrong, 0);
}

TEST(collective, lets_go_of_a_communicator_that_its_owner_frees) {
    for (int i = 0; i < 100; ++i) {
        MPI_Comm copy = MPI_COMM_NULL;
        MPI_Comm_dup(comm(), &copy);
        const int root = i % size();
        expect_on_root(root, mpi_map(copy, {.root = root}, next_number, count_to(20)), next_numbers(20));
        MPI_Comm_free(&copy);
        EXPECT_EQ(copy, MPI_COMM_NULL);
    }
    // A duplicate of a communicator in use is another one.
    (void)mpi_map(comm(), next_number, count_to(3));
    {
        const boost::mpi::communicator copy(comm(), boost::mpi::comm_duplicate);
        expect_on_root(0, mpi_map(copy, next_number, count_to(20)), next_numbers(20));
    }
    expect_next_call_works();
}

TEST(collective, may_be_called_on_several_communicators_in_turn) {
    MPI_Comm copy = MPI_COMM_NULL;
    MPI_Comm half = MPI_COMM_NULL;
    MPI_Comm_dup(comm(), &copy);
    MPI_Comm_split(comm(), rank() % 2, -rank(), &half);
    int half_rank = 0;
    int half_size = 0;
    MPI_Comm_rank(half, &half_rank);
    MPI_Comm_size(half, &half_size);
    for (int i = 0; i < 50; ++i) {
        const auto n = static_cast<std::size_t>(i);
        expect_on_root(i % size(), mpi_map(comm(), {.root = i % size()}, next_number, count_to(n)),
                       next_numbers(n));
        EXPECT_EQ(mpi_map(half, {.root = i % half_size}, next_number, count_to(n)),
                  half_rank == i % half_size ? next_numbers(n) : std::vector<int>{});
        expect_on_root(0, mpi_map(copy, next_number, count_to(n + 1)), next_numbers(n + 1));
        if (rank() % 3 == 0) {
            EXPECT_EQ(mpi_map(MPI_COMM_SELF, next_number, count_to(n)), next_numbers(n));
        }
    }
    MPI_Comm_free(&half);
    MPI_Comm_free(&copy);
}

TEST(collective, leaves_the_users_messages_alone) {
    // Receives that match anything, posted before a map and sent to after it.
    int from_left = -1;
    MPI_Request receive = MPI_REQUEST_NULL;
    MPI_Irecv(&from_left, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comm(), &receive);
    for (const mpimap::schedule s : {mpimap::schedule::static_, mpimap::schedule::automatic})
        expect_on_root(0, mpi_map(comm(), {.schedule = s}, next_number, count_to(100)), next_numbers(100));
    int done = 0;
    MPI_Test(&receive, &done, MPI_STATUS_IGNORE);
    EXPECT_EQ(done, 0);
    MPI_Barrier(comm()); // nobody sends before all have looked
    const int mine = 100 + rank();
    MPI_Request send = MPI_REQUEST_NULL;
    MPI_Isend(&mine, 1, MPI_INT, (rank() + 1) % size(), 0, comm(), &send);
    expect_on_root(0, mpi_map(comm(), next_number, count_to(100)), next_numbers(100));
    MPI_Wait(&receive, MPI_STATUS_IGNORE);
    MPI_Wait(&send, MPI_STATUS_IGNORE);
    EXPECT_EQ(from_left, 100 + (rank() + size() - 1) % size());
}

TEST(collective, leaves_the_error_handler_of_the_communicator_alone) {
    MPI_Comm copy = MPI_COMM_NULL;
    MPI_Comm_dup(comm(), &copy);
    MPI_Comm_set_errhandler(copy, MPI_ERRORS_ARE_FATAL);
    (void)mpi_map(copy, next_number, count_to(10));
    MPI_Errhandler handler = MPI_ERRHANDLER_NULL;
    MPI_Comm_get_errhandler(copy, &handler);
    EXPECT_EQ(handler, MPI_ERRORS_ARE_FATAL);
    MPI_Errhandler_free(&handler);
    MPI_Comm_free(&copy);
}

} // namespace
