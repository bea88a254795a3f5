// mpi_map_reduce: the same bits whatever the ranks and the schedule, namely those of the documented tree.

#include <mpimap/mpimap.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "mpi_test.hpp"

using namespace mpimap_test;
using namespace std::chrono_literals;
using mpimap::mpi_map_reduce;

namespace {

/// As documented: blocks of 256 folded left to right, a binary tree over the blocks, at last op(init, tree).
template <typename T, typename Op>
T reference(const std::vector<T>& values, T init, Op op) {
    if (values.empty())
        return init;
    std::vector<T> level;
    for (std::size_t begin = 0; begin < values.size(); begin += 256) {
        const std::size_t end = std::min(begin + 256, values.size());
        T block = values[begin];
        for (std::size_t i = begin + 1; i < end; ++i)
            block = op(block, values[i]);
        level.push_back(block);
    }
    while (level.size() > 1) {
        std::vector<T> above;
        for (std::size_t i = 0; i < level.size(); i += 2)
            above.push_back(i + 1 < level.size() ? op(level[i], level[i + 1]) : level[i]);
        level = above;
    }
    return op(init, level.front());
}

double term(std::size_t i) {
    const auto x = static_cast<double>(i);
    return std::sin(x) * std::pow(10.0, static_cast<double>(i % 7) - 3.0);
}

std::string letter(std::size_t i) {
    return std::string(1 + i % 3, static_cast<char>('a' + i % 26));
}

/// Options that cut the blocks of 256 in many ways.
std::vector<mpimap::options> cuts(int root) {
    std::vector<mpimap::options> all;
    for (const named_options& s : all_schedules(root))
        all.push_back(s.options);
    for (const std::size_t chunk : {255UL, 256UL, 257UL, 1000UL}) {
        for (const mpimap::schedule s : {mpimap::schedule::static_, mpimap::schedule::dynamic}) {
            mpimap::options o;
            o.root = root;
            o.schedule = s;
            o.chunk = chunk;
            all.push_back(o);
        }
    }
    return all;
}

TEST(reduction, gives_the_bits_of_the_documented_tree) {
    for (const std::size_t n :
         {0UL, 1UL, 2UL, 255UL, 256UL, 257UL, 511UL, 512UL, 513UL, 768UL, 1025UL, 3000UL}) {
        SCOPED_TRACE(n);
        std::vector<double> terms;
        for (std::size_t i = 0; i < n; ++i)
            terms.push_back(term(i));
        const double serial = reference(terms, 0.125, std::plus<>());
        for (const mpimap::options& o : cuts(other_root())) {
            const double sum = mpi_map_reduce(comm(), o, std::plus<>(), rank() == o.root ? 0.125 : 99.0, term,
                                              mpimap::indices(n));
            // Off the root: the init given there.
            EXPECT_EQ(sum, rank() == o.root ? serial : 99.0);
        }
    }
}

TEST(reduction, gives_the_bits_of_the_documented_tree_for_many_items) {
    const std::size_t n = 100000;
    std::vector<double> terms;
    for (std::size_t i = 0; i < n; ++i)
        terms.push_back(term(i));
    const double serial = reference(terms, 0.0, std::plus<>());
    // The order matters at all: otherwise this would test nothing.
    EXPECT_NE(serial, std::accumulate(terms.begin(), terms.end(), 0.0));
    for_each_root([&](int root) {
        for (const mpimap::schedule s : {mpimap::schedule::automatic, mpimap::schedule::static_,
                                         mpimap::schedule::guided, mpimap::schedule::factoring}) {
            mpimap::options o{.root = root, .schedule = s, .results = mpimap::results::everywhere};
            EXPECT_EQ(mpi_map_reduce(comm(), o, std::plus<>(), 0.0, term, mpimap::indices(n)), serial);
            o.results = mpimap::results::root;
            EXPECT_EQ(mpi_map_reduce(
                          comm(), o, std::plus<>(), 0.0, [](double x) { return x; }, terms),
                      rank() == root ? serial : 0.0);
        }
    });
    const mpimap::options chunks{
        .schedule = mpimap::schedule::dynamic, .chunk = 1777, .results = mpimap::results::everywhere};
    EXPECT_EQ(mpi_map_reduce(comm(), chunks, std::plus<>(), 0.0, term, mpimap::indices(n)), serial);
}

TEST(reduction, is_the_same_for_any_number_of_ranks) {
    const std::size_t n = 5000;
    const double alone = mpi_map_reduce(MPI_COMM_SELF, std::plus<>(), 1.0, term, mpimap::indices(n));
    for (int ranks = 1; ranks <= size(); ++ranks) {
        MPI_Comm part = MPI_COMM_NULL;
        MPI_Comm_split(comm(), rank() < ranks ? 0 : MPI_UNDEFINED, rank(), &part);
        if (part == MPI_COMM_NULL)
            continue;
        const mpimap::options everywhere{.results = mpimap::results::everywhere};
        EXPECT_EQ(mpi_map_reduce(part, everywhere, std::plus<>(), 1.0, term, mpimap::indices(n)), alone)
            << ranks << " ranks";
        MPI_Comm_free(&part);
    }
}

TEST(reduction, keeps_the_order_of_an_operation_that_does_not_commute) {
    for (const std::size_t n : {0UL, 1UL, 100UL, 256UL, 700UL}) {
        SCOPED_TRACE(n);
        std::string serial = ">";
        for (std::size_t i = 0; i < n; ++i)
            serial += letter(i);
        for (const mpimap::options& o : cuts(other_root())) {
            EXPECT_EQ(mpi_map_reduce(comm(), o, std::plus<>(), std::string(">"), letter, mpimap::indices(n)),
                      rank() == o.root ? serial : ">");
        }
    }
}

/// A rank that is held up gives back what it has not begun of its chunk, in the middle of a block too.
TEST(reduction, is_the_same_where_a_long_item_sends_the_rest_of_its_chunk_elsewhere) {
    const std::size_t n = 3000;
    const auto now_and_then_long = [](std::size_t i) {
        if (i % 331 == 5)
            std::this_thread::sleep_for(30ms);
        return letter(i);
    };
    std::vector<std::string> letters;
    for (std::size_t i = 0; i < n; ++i)
        letters.push_back(letter(i));
    const std::string serial = reference(letters, std::string("<"), std::plus<>());
    for (const std::size_t chunk : {1UL, 200UL, 256UL, 700UL, 1024UL}) {
        SCOPED_TRACE(chunk);
        mpimap::options o{
            .schedule = mpimap::schedule::dynamic, .chunk = chunk, .results = mpimap::results::everywhere};
        EXPECT_EQ(
            mpi_map_reduce(comm(), o, std::plus<>(), std::string("<"), now_and_then_long, mpimap::indices(n)),
            serial);
        o.attempts = 2;
        EXPECT_EQ(
            mpi_map_reduce(comm(), o, std::plus<>(), std::string("<"), now_and_then_long, mpimap::indices(n)),
            serial);
    }
}

TEST(reduction, takes_operations_with_state_and_converts_results) {
    const auto scaled_max = [scale = 2.0](double a, double b) { return std::max(a, b) + 0.0 * scale; };
    const std::vector<int> xs = {3, 9, -4, 7};
    for_each_root([&](int root) {
        const mpimap::options o{.root = root};
        EXPECT_EQ(mpi_map_reduce(
                      comm(), o, scaled_max, -1.0, [](int x) { return x; }, xs),
                  rank() == root ? 9.0 : -1.0);
        // T is the type of init, not that of the results.
        EXPECT_EQ(mpi_map_reduce(
                      comm(), o, std::plus<>(), std::size_t{0}, [](int) { return true; }, xs),
                  rank() == root ? 4U : 0U);
        EXPECT_EQ(mpi_map_reduce(
                      comm(), o, mpimap::bind_front([](int m, int a, int b) { return (a + b) % m; }, 10), 5,
                      [](int x, int y) { return x * y; }, xs, mpimap::broadcast(3)),
                  rank() == root ? 0 : 5);
    });
    EXPECT_EQ(mpi_map_reduce(
                  comm(), [](int a, int b) { return std::max(a, b); }, 0,
                  [](mpimap::task t, int) { return static_cast<int>(t.index()); }, xs),
              rank() == 0 ? 3 : 0);
}

std::vector<double> append(std::vector<double> a, const std::vector<double>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

TEST(reduction, folds_large_values) {
    // Parts of a megabyte, which travel on their own.
    const std::size_t n = 24;
    std::vector<double> serial;
    for (std::size_t i = 0; i < n; ++i)
        serial.insert(serial.end(), 20000, static_cast<double>(i));
    for (const mpimap::schedule s : {mpimap::schedule::automatic, mpimap::schedule::static_}) {
        const mpimap::options o{.root = other_root(), .schedule = s};
        const std::vector<double> all = mpi_map_reduce(
            comm(), o, append, std::vector<double>{},
            [](std::size_t i) { return std::vector<double>(20000, static_cast<double>(i)); },
            mpimap::indices(n));
        EXPECT_EQ(all, rank() == o.root ? serial : std::vector<double>{});
    }
}

TEST(reduction, reports_what_the_function_throws) {
    for_each_root([](int root) {
        for (const mpimap::options& o : cuts(root)) {
            const auto f = [](std::size_t i) {
                if (i == 300)
                    throw std::out_of_range("300");
                return 1.0;
            };
            std::string text;
            try {
                (void)mpi_map_reduce(comm(), o, std::plus<>(), 0.0, f, mpimap::indices(600));
                ADD_FAILURE() << "no exception";
            } catch (const mpimap::map_error& e) {
                text = e.what();
                EXPECT_EQ(e.failed(), 1U);
                EXPECT_EQ(e.errors().at(0).index(), 300U);
                EXPECT_THROW(e.errors().at(0).rethrow(), std::out_of_range);
            }
            EXPECT_TRUE(same_everywhere(text));
        }
        expect_next_call_works(root);
    });
}

TEST(reduction, reports_what_the_operation_throws) {
    for_each_root([](int root) {
        for (const mpimap::options& o : cuts(root)) {
            // Thrown while items run, while parts are put together, or at the very end with init.
            for (const int limit : {10, 260, 599, 600}) {
                const auto add = [limit](int a, int b) {
                    if (a + b > limit)
                        throw std::overflow_error("more than the limit");
                    return a + b;
                };
                const std::string text = text_of<mpimap::map_error>([&] {
                    (void)mpi_map_reduce(
                        comm(), o, add, 1, [](std::size_t) { return 1; }, mpimap::indices(600));
                });
                EXPECT_CONTAINS(text, "more than the limit");
                EXPECT_TRUE(same_everywhere(text));
            }
        }
        expect_next_call_works(root);
    });
}

TEST(reduction, may_be_called_many_times) {
    int wrong = 0;
    for (int i = 0; i < 200; ++i) {
        const int root = i % size();
        const int sum = mpi_map_reduce(
            comm(), {.root = root}, std::plus<>(), 0, [](int x) { return x; }, std::vector<int>{1, 2, i});
        if (sum != (rank() == root ? 3 + i : 0))
            ++wrong;
    }
    EXPECT_EQ(wrong, 0);
}

} // namespace
