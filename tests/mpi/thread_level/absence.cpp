// MPI at MPI_THREAD_MULTIPLE: calls in flight go on while the root's program computes, and calls nothing of
// the pool. What happens elsewhere the program hears from messages of its own: it computes until the items
// that it waits for have run, and only a minute without them is a failure.
//
//   absence             all kinds of calls
//   absence finalize    MPI ends while a pool is open and its program elsewhere

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <ranges>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <mpimap/mpimap.hpp>
#include <mpimap/serialization.hpp>

#include "check.hpp"

namespace {

// ---------------------------------------------------------------- what the program sees of other ranks

MPI_Comm reports = MPI_COMM_NULL;
int the_root = 0;
int here = 0;
std::atomic<long> sent = 0; // reports of this rank
long heard = 0;             // on the root
std::atomic<long> own = 0;  // items that the root has run

/// Each item begins with it.
void report() {
    if (here == the_root) {
        ++own;
        return;
    }
    MPI_Send(nullptr, 0, MPI_BYTE, the_root, 0, reports);
    ++sent;
}
void hear() {
    while (true) {
        int there = 0;
        MPI_Iprobe(MPI_ANY_SOURCE, 0, reports, &there, MPI_STATUS_IGNORE);
        if (there == 0)
            return;
        MPI_Recv(nullptr, 0, MPI_BYTE, MPI_ANY_SOURCE, 0, reports, MPI_STATUS_IGNORE);
        ++heard;
    }
}

/// Computes until so many items have run.
void compute_until(checks& check, long items, const char* what) {
    const auto begin = std::chrono::steady_clock::now();
    volatile double x = 1;
    while (heard + own < items) {
        for (int i = 0; i < 20'000; ++i)
            x = x * 0.999999 + 1e-6;
        hear();
        if (std::chrono::steady_clock::now() - begin > std::chrono::minutes(1)) {
            check.that(false, (std::string(what) + ": " + std::to_string(heard + own) + " of " +
                               std::to_string(items) + " items have run in a minute")
                                  .c_str());
            return;
        }
    }
}
void compute_for(std::chrono::microseconds time) {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < time) {
    }
}

/// A pool on every rank of `comm`, whose root runs `program`. Afterwards no report is under way. Collective
/// over the world.
template <typename Program>
void with_pool(checks& check, MPI_Comm comm, mpimap::pool_options o, const char* what,
               const Program& program) {
    if (comm != MPI_COMM_NULL) {
        mpimap::pool pool(comm, std::move(o));
        try {
            if (pool)
                program(pool);
        } catch (const std::exception& e) {
            check.that(false, (std::string(what) + " throws: " + e.what()).c_str());
        }
    }
    long mine = sent.exchange(0);
    long all = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    while (here == the_root && heard < all)
        hear();
    heard = 0;
    own = 0;
}
template <typename Program>
void with_pool(checks& check, const char* what, const Program& program) {
    with_pool(check, MPI_COMM_WORLD, {.root = the_root}, what, program);
}

// ---------------------------------------------------------------- items

int triple(int x) {
    report();
    return 3 * x;
}
int fails_at_17(int x) {
    report();
    if (x == 17)
        throw std::runtime_error("item 17");
    return x;
}
std::vector<double> table(int x) {
    report();
    return std::vector<double>(static_cast<std::size_t>(20'000 + x), x);
}

std::vector<int> count_to(int n) {
    std::vector<int> all(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i)
        all[static_cast<std::size_t>(i)] = i;
    return all;
}
std::vector<int> tripled(const std::vector<int>& xs) {
    std::vector<int> all;
    for (const int x : xs)
        all.push_back(3 * x);
    return all;
}

std::thread::id main_thread;
std::atomic<long> on_other_threads = 0;

/// Code of the user's, all of which belongs on the main thread.
class watched {
  public:
    watched() = default;
    explicit watched(int x) : x_(x) {}
    watched(const watched& other) : x_(other.x_) { look(); }
    watched& operator=(const watched& other) {
        look();
        x_ = other.x_;
        return *this;
    }
    ~watched() { look(); }
    [[nodiscard]] int x() const { return x_; }

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& a, unsigned) {
        look();
        a& x_;
    }
    static void look() { on_other_threads += std::this_thread::get_id() == main_thread ? 0 : 1; }
    int x_ = 0;
};
watched watched_result(int x) {
    report();
    return watched(3 * x);
}
int watched_argument(const watched& w) {
    report();
    return 3 * w.x();
}

template <typename Exception, typename Call>
bool throws(const Call& call) {
    try {
        call();
    } catch (const Exception&) {
        return true;
    }
    return false;
}

// ---------------------------------------------------------------- scenes

constexpr int many = 1000;

void single_calls(checks& check) {
    with_pool(check, "submit", [&](mpimap::pool& pool) {
        for (int round = 0; round < 3; ++round) {
            std::vector<mpimap::future<int>> all;
            for (int x = 0; x < many; ++x)
                all.push_back(pool.submit(triple, x));
            compute_until(check, (round + 1) * many, "submit");
            bool good = true;
            for (int x = 0; x < many; ++x)
                good = all[static_cast<std::size_t>(x)].get() == 3 * x && good;
            check.that(good, "results of submit");
        }
    });
    with_pool(check, "submit, items that throw", [&](mpimap::pool& pool) {
        std::vector<mpimap::future<int>> all;
        for (int x = 0; x < 40; ++x)
            all.push_back(pool.submit(fails_at_17, x));
        compute_until(check, 40, "submit, items that throw");
        for (int x = 0; x < 40; ++x) {
            auto& one = all[static_cast<std::size_t>(x)];
            check.that(x == 17 ? throws<std::runtime_error>([&] { (void)one.get(); }) : one.get() == x,
                       "a result, or what the item threw");
        }
    });
    with_pool(check, "submit, futures let go of", [&](mpimap::pool& pool) {
        for (int x = 0; x < many; ++x)
            (void)pool.submit(triple, x);
        compute_until(check, many, "submit, futures let go of");
        auto later = pool.submit(triple, 1);
        compute_until(check, many + 1, "submit, after that");
        check.that(later.ready() || later.get() == 3, "the next call");
    });
}

void whole_maps(checks& check) {
    const std::vector<int> xs = count_to(many);
    with_pool(check, "amap", [&](mpimap::pool& pool) {
        auto by_time = pool.amap(triple, xs);
        auto one_by_one = pool.amap({.chunk = 1}, triple, count_to(300));
        compute_until(check, many + 300, "amap");
        check.that(by_time.get() == tripled(xs), "results of amap");
        check.that(one_by_one.get() == tripled(count_to(300)), "results of amap, chunks of 1");
    });
    with_pool(check, "amap, large results and arguments", [&](mpimap::pool& pool) {
        auto results = pool.amap(table, count_to(60));
        auto sums = pool.amap(
            [](const std::vector<double>& v) {
                report();
                return v.front() * static_cast<double>(v.size());
            },
            std::vector<std::vector<double>>(60, std::vector<double>(20'000, 0.5)));
        compute_until(check, 120, "amap, large results and arguments");
        const auto tables = results.get();
        bool good = tables.size() == 60;
        for (std::size_t i = 0; good && i < tables.size(); ++i)
            good = tables[i].size() == 20'000 + i && tables[i].back() == static_cast<double>(i);
        check.that(good, "large results");
        check.that(sums.get() == std::vector<double>(60, 10'000), "sums of large arguments");
    });
    with_pool(check, "amap, an item that throws", [&](mpimap::pool& pool) {
        auto all = pool.amap({.on_error = mpimap::on_error::collect}, fails_at_17, count_to(100));
        compute_until(check, 100, "amap, an item that throws");
        check.that(throws<mpimap::map_error>([&] { (void)all.get(); }), "its map_error");
        auto again =
            pool.amap({.on_error = mpimap::on_error::collect, .attempts = 2}, fails_at_17, count_to(100));
        compute_until(check, 200, "amap, an item that throws and may be tried again");
        check.that(throws<mpimap::map_error>([&] { (void)again.get(); }), "its map_error, too");
        auto stops = pool.amap(fails_at_17, count_to(18));
        compute_until(check, 201, "amap that ends with the first failure");
        check.that(throws<mpimap::map_error>([&] { (void)stops.get(); }), "its map_error as well");
        check.that(pool.map(triple, xs) == tripled(xs), "the next call");
    });
}

void lazy_maps(checks& check) {
    const auto go_through = [&](const char* what, mpimap::pool& pool, auto lazy) {
        long read = 0;
        auto input = std::views::iota(0, 2000) | std::views::transform([&read](int x) {
                         ++read;
                         return x;
                     });
        int steps = 0;
        long sum = 0;
        for (const auto& y : lazy(pool, input)) {
            if (steps++ % 100 == 0)
                compute_until(check, read, what);
            if constexpr (requires { y.value; }) {
                sum += y.value;
            } else {
                sum += y;
            }
        }
        check.that(steps == 2000 && sum == 3L * 1999 * 1000, what);
    };
    with_pool(check, MPI_COMM_WORLD, {.root = the_root, .window = 300}, "lazy maps", [&](mpimap::pool& pool) {
        go_through("imap", pool, [](auto& p, auto& input) { return p.imap(triple, input); });
    });
    with_pool(check, MPI_COMM_WORLD, {.root = the_root, .window = 300}, "lazy maps", [&](mpimap::pool& pool) {
        go_through("uimap", pool, [](auto& p, auto& input) { return p.uimap({.chunk = 1}, triple, input); });
    });
    with_pool(check, "imap, left early", [&](mpimap::pool& pool) {
        for (const int y : pool.imap(triple, mpimap::indices())) {
            compute_for(std::chrono::milliseconds(5));
            if (y >= 30)
                break;
        }
        check.that(pool.map(triple, count_to(10)) == tripled(count_to(10)), "the next call");
    });
}

void code_of_the_users(checks& check) {
    with_pool(check, "code of the user's", [&](mpimap::pool& pool) {
        auto results = pool.amap({.chunk = 1}, watched_result, count_to(200));
        compute_until(check, 200, "results with code of the user's");
        std::vector<watched> values = results.get();
        bool good = values.size() == 200;
        for (int x = 0; good && x < 200; ++x)
            good = values[static_cast<std::size_t>(x)].x() == 3 * x;
        check.that(good, "results with code of the user's");
        // What has been encoded goes on; whoever wants more waits for the program.
        auto arguments = pool.amap(watched_argument, values);
        std::vector<mpimap::future<int>> single;
        for (const watched& w : values)
            single.push_back(pool.submit(watched_argument, w));
        compute_until(check, 201, "arguments with code of the user's");
        check.that(arguments.get().back() == 9 * 199, "arguments with code of the user's");
        for (auto& one : single)
            (void)one.get();
        // Let go of while on their way.
        for (int round = 0; round < 20; ++round) {
            auto dropped = pool.amap({.chunk = 1}, watched_result, count_to(100));
            auto others = pool.amap({.chunk = 1}, watched_argument, std::vector<watched>(values));
            compute_for(std::chrono::microseconds(300 * round));
        }
    });
    check.that(on_other_threads == 0, "code of the user's runs on the main thread");
}

void ends(checks& check) {
    std::optional<mpimap::future<std::vector<int>>> whole;
    std::vector<mpimap::future<int>> single;
    with_pool(check, "close", [&](mpimap::pool& pool) {
        whole = pool.amap({.chunk = 1}, triple, count_to(500));
        for (int x = 0; x < 500; ++x)
            single.push_back(pool.submit(triple, x));
        compute_until(check, 100, "close");
        pool.close();
        compute_for(std::chrono::milliseconds(3));
        check.that(whole->get() == tripled(count_to(500)), "a future of a closed pool");
        bool good = true;
        for (int x = 0; x < 500; ++x)
            good = single[static_cast<std::size_t>(x)].get() == 3 * x && good;
        check.that(good, "futures of a closed pool");
    });
    for (const bool later : {false, true}) {
        whole.reset();
        single.clear();
        if (here == the_root) {
            try {
                mpimap::pool pool(MPI_COMM_WORLD, {.root = the_root});
                whole = pool.amap({.chunk = 1}, triple, count_to(1'000'000));
                for (int x = 0; x < 100; ++x)
                    single.push_back(pool.submit(triple, x));
                compute_until(check, later ? 200 : 1, "a pool that is left");
                throw std::runtime_error("leaves the pool");
            } catch (const std::runtime_error&) {
                compute_for(std::chrono::milliseconds(3));
            }
            check.that(throws<mpimap::cancelled>([&] { (void)whole->get(); }), "what is left is cancelled");
            single.clear();
        }
        // The others, and their reports.
        with_pool(check, here == the_root ? MPI_COMM_NULL : MPI_COMM_WORLD, {.root = the_root},
                  "a pool that is left", [](mpimap::pool&) {});
    }
    with_pool(check, "cancel", [&](mpimap::pool& pool) {
        auto long_one = pool.amap({.chunk = 1}, triple, count_to(1'000'000));
        compute_until(check, 100, "cancel");
        long_one.cancel();
        compute_for(std::chrono::milliseconds(2));
        check.that(throws<mpimap::cancelled>([&] { (void)long_one.get(); }), "cancelled");

        std::stop_source source;
        auto stopped = pool.amap({.chunk = 1, .stop = source.get_token()}, triple, count_to(1'000'000));
        compute_until(check, heard + own + 100, "a stop");
        source.request_stop();
        compute_for(std::chrono::milliseconds(5)); // the deputy hears of it first
        check.that(throws<mpimap::cancelled>([&] { (void)stopped.get(); }), "stopped");

        // Another thread lets go of what is under way.
        auto dropped = pool.amap({.chunk = 1}, triple, count_to(1'000'000));
        std::vector<mpimap::future<int>> few;
        for (int x = 0; x < 100; ++x)
            few.push_back(pool.submit(triple, x));
        auto value = pool.share(count_to(1000));
        compute_until(check, heard + own + 100, "another thread");
        std::thread([a = std::move(dropped), b = std::move(few), c = std::move(value)]() mutable {}).join();
        compute_for(std::chrono::milliseconds(3));
        check.that(pool.map(triple, count_to(100)) == tripled(count_to(100)), "the next call");
    });
}

/// The ranks but the root in two parts, with the root in both.
void several_communicators(checks& check) {
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const auto part = [&](bool mine) {
        MPI_Comm comm = MPI_COMM_NULL;
        MPI_Comm_split(MPI_COMM_WORLD, mine ? 0 : MPI_UNDEFINED, here == the_root ? 0 : 1, &comm);
        return comm;
    };
    const bool lower = (here + size - the_root) % size <= size / 2;
    MPI_Comm left = part(here == the_root || lower);
    MPI_Comm right = part(here == the_root || !lower);
    int others_right = 0;
    if (right != MPI_COMM_NULL)
        MPI_Comm_size(right, &others_right);
    --others_right;

    if (here == the_root) {
        mpimap::pool a(left);
        mpimap::pool b(right);
        std::vector<mpimap::future<int>> single;
        for (int x = 0; x < many; ++x)
            single.push_back(a.submit(triple, x));
        auto whole = b.amap({.chunk = 1}, triple, count_to(300));
        auto lazy = a.imap(triple, count_to(100));
        compute_until(check, others_right == 0 ? many : many + 300, "two pools");
        int next = 0;
        for (const int y : lazy)
            check.that(y == 3 * next++, "imap beside another pool");
        check.that(whole.get() == tripled(count_to(300)), "amap beside another pool");
        bool good = true;
        for (int x = 0; x < many; ++x)
            good = single[static_cast<std::size_t>(x)].get() == 3 * x && good;
        check.that(good, "submit beside another pool");
        b.close();
    } else {
        const mpimap::pool pool(lower ? left : right);
    }
    with_pool(check, MPI_COMM_NULL, {}, "", [](mpimap::pool&) {}); // takes the reports

    // Collective calls of some ranks while the others run items of a pool.
    const auto map_on_the_right = [&] {
        const std::vector<int> ys = mpimap::mpi_map(
            right, [](int x) { return 3 * x; }, count_to(2000));
        check.that(ys == (here == the_root ? tripled(count_to(2000)) : std::vector<int>()),
                   "a collective call in between");
    };
    if (here == the_root) {
        mpimap::pool pool(left);
        std::vector<mpimap::future<int>> single;
        for (int round = 0; round < 10; ++round) {
            for (int x = 0; x < 100; ++x)
                single.push_back(pool.submit(triple, x));
            map_on_the_right();
            compute_until(check, (round + 1) * 100, "collective calls in between");
            map_on_the_right();
        }
        for (std::size_t i = 0; i < single.size(); ++i)
            check.that(single[i].get() == static_cast<int>(3 * (i % 100)), "what was submitted before");
    } else if (lower) {
        const mpimap::pool pool(left);
    } else {
        for (int round = 0; round < 20; ++round)
            map_on_the_right();
    }
    with_pool(check, MPI_COMM_NULL, {}, "", [](mpimap::pool&) {});
    if (left != MPI_COMM_NULL)
        MPI_Comm_free(&left);
    if (right != MPI_COMM_NULL)
        MPI_Comm_free(&right);
}

/// The program comes and goes at all times.
void all_sorts(checks& check) {
    with_pool(check, "all sorts", [&](mpimap::pool& pool) {
        std::mt19937 random(7);
        std::vector<std::pair<int, mpimap::future<int>>> single;
        std::vector<std::pair<int, mpimap::future<std::vector<int>>>> whole;
        for (int round = 0; round < 400; ++round) {
            const int n = static_cast<int>(random() % 50);
            switch (random() % 8) {
            case 0:
                whole.emplace_back(n, pool.amap(triple, count_to(n)));
                break;
            case 1:
                if (!whole.empty()) {
                    check.that(whole.back().second.get() == tripled(count_to(whole.back().first)), "amap");
                    whole.pop_back();
                }
                break;
            case 2:
                if (!single.empty()) {
                    check.that(single.back().second.get() == 3 * single.back().first, "submit");
                    single.pop_back();
                }
                break;
            case 3:
                if (!single.empty())
                    single.erase(single.begin());
                if (!whole.empty() && n % 4 == 0)
                    whole.erase(whole.begin());
                break;
            case 4:
                check.that(pool.map(triple, count_to(n)) == tripled(count_to(n)), "map");
                break;
            case 5:
                pool.poll();
                break;
            default:
                for (int x = 0; x < n; ++x)
                    single.emplace_back(x, pool.submit(triple, x));
                break;
            }
            compute_for(std::chrono::microseconds(random() % 4 == 0 ? random() % 4000 : random() % 100));
        }
    });
}

void test(checks& check) {
    main_thread = std::this_thread::get_id();
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_rank(MPI_COMM_WORLD, &here);
    MPI_Comm_dup(MPI_COMM_WORLD, &reports);
    for (const int root : {0, size - 1}) {
        the_root = root;
        single_calls(check);
        whole_maps(check);
        lazy_maps(check);
        code_of_the_users(check);
        ends(check);
        several_communicators(check);
        all_sorts(check);
    }
    MPI_Comm_free(&reports);
}

/// MPI_Finalize lets the ranks of a pool go that is open, and neither waits for its calls nor meets the
/// deputy in MPI.
int finalize(int argc, char** argv) {
    int provided = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    if (provided != MPI_THREAD_MULTIPLE) {
        MPI_Finalize();
        return 77;
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &here);
    MPI_Comm_dup(MPI_COMM_WORLD, &reports);
    checks check;
    static std::unique_ptr<mpimap::pool> pool;
    static std::vector<mpimap::future<std::vector<int>>> left_over;
    pool = std::make_unique<mpimap::pool>(MPI_COMM_WORLD);
    if (*pool) {
        left_over.push_back(pool->amap({.chunk = 1}, triple, count_to(1'000'000)));
        compute_until(check, 200, "MPI_Finalize");
    }
    const int status = here != 0 || heard >= 200 ? EXIT_SUCCESS : EXIT_FAILURE;
    MPI_Finalize();
    return status;
}

} // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "finalize") == 0)
        return finalize(argc, argv);
    return run_at_thread_level(argc, argv, MPI_THREAD_MULTIPLE, test);
}
