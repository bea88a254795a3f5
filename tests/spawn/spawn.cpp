// A program that is started by hand and makes its own ranks: `spawn CASE ...`. Every rank runs main from the
// start, so each case does nothing but what leads to the pool until it has one.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <mpi.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mpimap/mpimap.hpp>

#include "../faults/deadline.hpp"

namespace {

bool spawn_fails = false;

void check(bool condition, const std::string& what) {
    if (!condition)
        throw std::logic_error("this does not hold: " + what);
}

std::vector<int> count_to(int n) {
    std::vector<int> all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

int process_of_item(int) {
    return static_cast<int>(getpid());
}

/// One item on each rank.
const mpimap::options one_each{.schedule = mpimap::schedule::static_, .chunk = 1};

/// The processes of the pool, by rank.
std::vector<int> processes(mpimap::pool& pool) {
    return pool.map(one_each, process_of_item, count_to(pool.size()));
}

/// Whether it runs; not what is left until somebody asks for its exit code.
bool runs(int process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string text;
    std::getline(file, text); // of a process that ends meanwhile there is nothing to be read
    const std::size_t name_ends = text.rfind(')');
    return name_ends != std::string::npos && name_ends + 2 < text.size() && text[name_ends + 2] != 'Z';
}

void expect_gone(const std::vector<int>& all) {
    // Until the time limit of the test.
    for (const int p : all) {
        while (p != getpid() && runs(p))
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

template <typename Exception = mpimap::invalid_argument, typename Call>
void expect_error(const Call& call, const std::string& text) {
    try {
        call();
    } catch (const Exception& e) {
        check(std::string(e.what()).find(text) != std::string::npos, std::string(e.what()) + " says " + text);
        return;
    }
    check(false, "an exception that says " + text);
}

/// A file that all ranks know.
std::string file_for(const char* what) {
    return std::string("spawn_test_") + what + ".txt";
}
void append(const std::string& file, const std::string& text) {
    std::ofstream(file, std::ios::app) << text << std::endl;
}
std::vector<int> numbers_in(const std::string& file) {
    std::ifstream in(file);
    return {std::istream_iterator<int>(in), {}};
}

// ---------------------------------------------------------------- what a pool does

struct counter {
    int items = 0;
    int operator()(int x) {
        ++items;
        return -x;
    }
    int operator()(mpimap::finishing) const { return items; }
};
counter make_counter() {
    return {};
}

int set_ups = 0;

void everything(int size) {
    mpimap::pool pool(mpimap::spawn{size}, {.set_up = [] { ++set_ups; }});
    check(static_cast<bool>(pool) && pool.rank() == 0 && pool.size() == size, "rank and size");
    const std::vector<int> all = processes(pool);
    check(all.front() == getpid() && std::set<int>(all.begin(), all.end()).size() == all.size(),
          "each rank is a process");
    for (const int n : pool.map(
             one_each, [](int) { return set_ups; }, count_to(size)))
        check(n == 1, "the set-up runs once on every rank");

    const std::vector<int> xs = count_to(1000);
    const auto triple = [](int x) { return 3 * x; };
    std::vector<int> expected;
    std::transform(xs.begin(), xs.end(), std::back_inserter(expected), triple);
    check(pool.map(triple, xs) == expected, "map");
    std::vector<int> lazy;
    for (const int r : pool.imap(triple, xs))
        lazy.push_back(r);
    check(lazy == expected, "imap");
    std::vector<int> unordered(xs.size());
    for (const auto& [i, r] : pool.uimap(triple, xs))
        unordered[i] = r;
    check(unordered == expected, "uimap");
    auto later = pool.amap(triple, xs);
    auto one = pool.submit(triple, 14);
    check(one.get() == 42 && later.get() == expected, "submit and amap");
    const int sum = pool.map_reduce(std::plus<>{}, 0, triple, xs);
    check(sum == 3 * 999 * 500, "map_reduce");

    const std::vector<double> table(300'000, 1.5); // in several pieces
    const auto shared = pool.share(table);
    for (const double s :
         pool.map([](const std::vector<double>&t, int i) { return t.at(299'999) * i; }, shared, count_to(20)))
        check(std::fmod(s, 1.5) == 0, "share");
    for (const auto& back : pool.map(
             one_each, [](std::vector<double> v) { return v; }, std::vector<std::vector<double>>(8, table)))
        check(back == table, "large arguments and results");

    const auto fails = [](int x) -> int { return x == 7 ? throw std::domain_error("of item 7") : x; };
    try {
        (void)pool.map(fails, xs);
        check(false, "map throws what an item throws");
    } catch (const mpimap::map_error& e) {
        check(e.errors().front().index() == 7, "which item threw");
    }
    const auto tried = pool.try_map(fails, count_to(10));
    check(!tried[7] && tried[9] && *tried[9] == 9, "try_map");

    const auto counts = mpimap::per_rank(make_counter);
    (void)pool.map(counts, xs);
    const std::vector<int> items = pool.finish(counts);
    check(std::accumulate(items.begin(), items.end(), 0) == 1000, "per_rank and finish");
    check(!pool, "finish closes");
    expect_gone({all.begin() + 1, all.end()});
}

// ---------------------------------------------------------------- one after the other

void again() {
    std::set<int> seen;
    std::vector<int> latest;
    for (int round = 0; round < 4; ++round) {
        mpimap::pool pool(mpimap::spawn{3});
        latest = processes(pool);
        for (std::size_t i = 1; i < latest.size(); ++i)
            check(seen.insert(latest[i]).second, "new processes");
        if (round % 2 == 0)
            pool.close();
    }
    expect_gone({seen.begin(), seen.end()});
    // Of two that are open, each has its own.
    mpimap::pool a(mpimap::spawn{2});
    mpimap::pool b(mpimap::spawn{3});
    check(a.size() == 2 && b.size() == 3, "sizes");
    check(processes(a)[1] != processes(b)[1], "own processes");
}

void left_by_exception() {
    std::vector<int> all;
    for (int round = 0; round < 3; ++round) {
        try {
            mpimap::pool pool(mpimap::spawn{3});
            const auto now = processes(pool);
            all.insert(all.end(), now.begin(), now.end());
            const auto later = pool.amap(
                one_each,
                [](int) {
                    std::this_thread::sleep_for(std::chrono::milliseconds(300));
                    return std::vector<double>(200'000);
                },
                count_to(12));
            if (round == 1)
                (void)later.wait_for(std::chrono::milliseconds(1));
            throw std::runtime_error("of the program");
        } catch (const std::runtime_error&) {
        }
    }
    mpimap::pool next(mpimap::spawn{3});
    const std::vector<int> xs = count_to(1000);
    do {
        check(next.map([](int x) { return x; }, xs) == xs, "the next one works");
    } while (std::any_of(all.begin(), all.end(), [](int p) { return p != getpid() && runs(p); }));
}

/// A long item is finished, but the program does not wait for it until MPI ends.
void left_with_long_item() {
    const std::string file = file_for("long_item");
    std::vector<int> all;
    try {
        mpimap::pool pool(mpimap::spawn{2});
        std::remove(file.c_str());
        all = processes(pool);
        const auto later = pool.amap(
            one_each,
            [](int i) {
                if (i == 1) {
                    while (!std::ifstream(file_for("long_item")))
                        std::this_thread::sleep_for(std::chrono::milliseconds(5));
                }
                return i;
            },
            count_to(2));
        (void)later.wait_for(std::chrono::milliseconds(50));
        throw std::runtime_error("of the program");
    } catch (const std::runtime_error&) {
    }
    append(file, "go on");
    {
        mpimap::pool next(mpimap::spawn{2});
        check(processes(next).size() == 2, "the next one works");
    }
    MPI_Finalize();
    expect_gone(all);
}

/// Nobody closes it: MPI_Finalize waits for the item that runs.
std::optional<mpimap::pool> never_closed;
void open_at_the_end() {
    const std::string file = file_for("open");
    never_closed.emplace(mpimap::spawn{2});
    std::remove(file.c_str());
    const std::vector<int> both = processes(*never_closed);
    const auto later = never_closed->amap(
        one_each,
        [name = both.back()](int i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(i == 1 ? 500 : 0));
            if (i == 1)
                append(file_for("open"), std::to_string(name));
            return i;
        },
        count_to(2));
    (void)later.wait_for(std::chrono::milliseconds(1));
    MPI_Finalize();
    expect_gone({both.back()});
}

// ---------------------------------------------------------------- what main sees

void behind() {
    const std::string file = file_for("behind");
    struct local {
        std::string name;
        ~local() { append(name, std::to_string(getpid())); }
    };
    std::remove(file.c_str());
    {
        const local destroyed{file};
        mpimap::pool pool(mpimap::spawn{4});
        append(file, std::to_string(getpid()));
        check(processes(pool).size() == 4, "four");
    }
    check(numbers_in(file) == std::vector<int>(2, static_cast<int>(getpid())), "one process goes on");
}

std::vector<std::string> arguments;
std::string directory;

void same_arguments() {
    const auto expected = arguments;
    check(arguments.size() > 3, "arguments are given");
    if (chdir("/") != 0)
        return;
    mpimap::pool pool(mpimap::spawn{3});
    for (const auto& there : pool.map(
             one_each, [](int) { return arguments; }, count_to(3)))
        check(there == expected, "the same arguments");
    for (const auto& there : pool.map(
             one_each, [](int) { return directory; }, count_to(3)))
        check(there == directory, "started in the same directory");
    // What else an item starts is no rank.
    for (const int there : pool.map(
             one_each, [](int) { return std::getenv("MPIMAP_SPAWNED_BY") != nullptr ? 1 : 0; }, count_to(3)))
        check(there == 0, "nothing of it in the environment");
}

/// Run with a file of some lines as standard input.
void standard_input() {
    MPI_Comm parent = MPI_COMM_NULL;
    MPI_Comm_get_parent(&parent);
    std::string line;
    if (parent != MPI_COMM_NULL)
        check(!std::getline(std::cin, line), "empty on the other ranks");
    mpimap::pool pool(mpimap::spawn{3});
    check(processes(pool).size() == 3, "three");
    int lines = 0;
    while (std::getline(std::cin, line))
        lines += line == std::to_string(lines) ? 1 : 0;
    check(lines == 20'000, "all lines are the program's");
}

void numbers() {
    for (const int n : {0, -1, 1025, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()})
        expect_error([n] { const mpimap::pool p(mpimap::spawn{n}); }, "not a number of ranks from 1 to 1024");
    expect_error([] { const mpimap::pool p(mpimap::spawn{std::size_t(-1)}); }, "not a number of ranks");
    expect_error([] { const mpimap::pool p(mpimap::spawn{(1LL << 32) + 2}); }, "not a number of ranks");
    expect_error([] { const mpimap::pool p(mpimap::spawn{2}, {.root = 1}); }, "root");
    for (const char* text : {"", " ", "four", "0", "-2", "4x", "4 ", "2.5", "1025", "99999999999999999999"}) {
        setenv("MPIMAP_RANKS", text, 1);
        expect_error([] { const mpimap::pool p(mpimap::spawn{2}); },
                     std::string("'") + text + "' in MPIMAP_RANKS");
    }
    unsetenv("MPIMAP_RANKS");
    check(mpimap::pool(mpimap::spawn{1u}).size() == 1, "what was refused leaves nothing behind");
}

void variable() {
    mpimap::pool pool(mpimap::spawn{2}); // MPIMAP_RANKS is 3
    check(pool.size() == 3 && processes(pool).size() == 3, "MPIMAP_RANKS");
}

void cannot_spawn() {
    spawn_fails = true;
    expect_error<mpimap::mpi_error>([] { const mpimap::pool p(mpimap::spawn{2}); },
                                    "use mpimap::pool pool(world)");
    spawn_fails = false;
    mpimap::pool pool(mpimap::spawn{2});
    check(processes(pool).size() == 2, "the next time it works");
}

void bad_options() {
    expect_error([] { const mpimap::pool p(mpimap::spawn{3}, {.window = std::size_t(-1)}); }, "window");
    const mpimap::pool pool(mpimap::spawn{1}); // not the first: no rank comes here
    check(pool.size() == 1, "the program goes on");
}

void broken() {
    const auto sets_up = [] {
        int size = 0;
        MPI_Comm_size(MPI_COMM_WORLD, &size);
        if (size == 2) // not on the root, which is alone in its world
            throw std::runtime_error("of the set-up");
    };
    mpimap::pool pool(mpimap::spawn{3}, {.set_up = sets_up});
    expect_error<mpimap::broken_pool>([&] { (void)processes(pool); }, "of the set-up");
}

void nested() {
    mpimap::pool pool(mpimap::spawn{2});
    const auto spawns = [](int i) {
        if (i == 0)
            return std::string();
        try {
            const mpimap::pool p(mpimap::spawn{2});
        } catch (const mpimap::nested_call& e) {
            return std::string(e.what());
        }
        return std::string("no exception");
    };
    check(pool.map(one_each, spawns, count_to(2)).back().find("spawns none") != std::string::npos,
          "a spawned rank spawns none");
    // The root may, in an item and beside it.
    const auto at_root = [](int i) { return i == 0 ? mpimap::pool(mpimap::spawn{2}).size() : 2; };
    check(pool.map(one_each, at_root, count_to(2)) == std::vector<int>{2, 2}, "the root may");
}

// ---------------------------------------------------------------- ends that nobody wants

/// On one rank, or on the last one. For the programs that end in the cases below.
bool is_last_rank() {
    MPI_Comm parent = MPI_COMM_NULL;
    MPI_Comm_get_parent(&parent);
    int rank = 0;
    int size = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    return parent != MPI_COMM_NULL && rank == size - 1;
}

void crash() {
    mpimap::pool pool(mpimap::spawn{3});
    (void)pool.map(
        one_each,
        [](int i) {
            if (i == 2)
                std::raise(SIGKILL);
            return i;
        },
        count_to(3));
    std::cout << "behind the barrier\n";
}

void left_main() {
    if (is_last_rank())
        return;
    const mpimap::pool pool(mpimap::spawn{3});
    std::cout << "behind the barrier\n";
}

void uncaught() {
    const mpimap::pool pool(mpimap::spawn{3});
    throw std::runtime_error("of the program");
}

/// Ranks that run an endless item, and a program that says which they are.
void busy_for_ever(bool throws) {
    mpimap::pool pool(mpimap::spawn{3}, {.root_computes = false});
    for (const int p : pool.map(
             {.schedule = mpimap::schedule::dynamic, .chunk = 1},
             [](int) {
                 std::this_thread::sleep_for(std::chrono::milliseconds(200));
                 return static_cast<int>(getpid());
             },
             count_to(2)))
        append(arguments.back(), std::to_string(p));
    auto never = pool.amap(
        [](int i) -> int {
            for (std::atomic<int> x = i;; ++x) {
            }
        },
        count_to(2));
    (void)never.wait_for(std::chrono::milliseconds(50));
    append(arguments.back(), "0"); // that is all
    if (throws)
        throw std::runtime_error("of the program");
    while (true)
        pause();
}

/// Runs this program as `how`, kills it if it does not end by itself, and waits until its ranks are gone.
void program_dies(const char* how, bool by_signal) {
    const std::string file = file_for(how);
    std::remove(file.c_str());
    const pid_t program = fork();
    if (program == 0) {
        execl("/proc/self/exe", "spawn", how, file.c_str(), static_cast<char*>(nullptr));
        _exit(127);
    }
    std::vector<int> ranks;
    while ((ranks = numbers_in(file)).empty() || ranks.back() != 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (by_signal)
        kill(program, SIGKILL);
    int status = 0;
    check(waitpid(program, &status, 0) == program && status != 0, "the program has failed");
    ranks.pop_back();
    check(!by_signal || !ranks.empty(), "it had ranks");
    expect_gone(ranks);
}

void launched() {
    expect_error([] { const mpimap::pool p(mpimap::spawn{2}); }, "use mpimap::pool pool(world)");
    mpimap::pool pool(MPI_COMM_WORLD);
    if (pool)
        check(processes(pool).size() == static_cast<std::size_t>(pool.size()), "pool(world)");
}

} // namespace

extern "C" int MPI_Comm_spawn(const char* command, char* argv[], int n, MPI_Info info, int root,
                              MPI_Comm comm, MPI_Comm* others, int codes[]) {
    if (spawn_fails)
        return MPI_ERR_SPAWN;
    return PMPI_Comm_spawn(command, argv, n, info, root, comm, others, codes);
}

int main(int argc, char** argv) {
    arguments.assign(argv + 1, argv + argc);
    char here[4096] = {};
    directory = getcwd(here, sizeof here - 1) != nullptr ? here : "";
    const std::string which = argc > 1 ? argv[1] : "";
    const faults::deadline limit(which, 30);
    // Without MPI in this process.
    if (which == "with_input") {
        // Lines come to standard input through a pipe, more than it holds.
        int ends[2] = {};
        check(pipe(ends) == 0, "a pipe");
        const pid_t program = fork();
        if (program == 0) {
            dup2(ends[0], STDIN_FILENO);
            close(ends[0]);
            close(ends[1]);
            execl("/proc/self/exe", "spawn", "standard_input", static_cast<char*>(nullptr));
            _exit(127);
        }
        close(ends[0]);
        for (int i = 0; i < 20'000; ++i) {
            const std::string line = std::to_string(i) + "\n";
            check(write(ends[1], line.data(), line.size()) == static_cast<ssize_t>(line.size()), "written");
        }
        close(ends[1]);
        int status = 0;
        return waitpid(program, &status, 0) == program && status == 0 ? 0 : 1;
    }
    if (which == "killed" || which == "killed_by_exception") {
        program_dies(which == "killed" ? "busy" : "busy_throws", which == "killed");
        return 0;
    }
    if (which == "before_mpi" && std::getenv("MPIMAP_SPAWNED_BY") == nullptr &&
        std::getenv("OMPI_COMM_WORLD_RANK") != nullptr)
        return 0; // a spawned rank
    if (which == "no_mpi") {
        expect_error([] { const mpimap::pool p(mpimap::spawn{2}); }, "MPI is not initialised");
        return 0;
    }
    const mpimap::environment environment(argc, argv);
    const std::map<std::string, std::function<void()>> cases{
        {"everything", [] { everything(std::atoi(arguments.at(1).c_str())); }},
        {"again", again},
        {"left_by_exception", left_by_exception},
        {"left_with_long_item", left_with_long_item},
        {"open_at_the_end", open_at_the_end},
        {"behind", behind},
        {"same_arguments", same_arguments},
        {"standard_input", standard_input},
        {"numbers", numbers},
        {"variable", variable},
        {"cannot_spawn", cannot_spawn},
        {"bad_options", bad_options},
        {"broken", broken},
        {"nested", nested},
        {"crash", crash},
        {"left_main", left_main},
        {"before_mpi", left_main},
        {"uncaught", uncaught},
        {"busy", [] { busy_for_ever(false); }},
        {"busy_throws", [] { busy_for_ever(true); }},
        {"launched", launched},
    };
    const auto found = cases.find(which);
    if (found == cases.end()) {
        std::fprintf(stderr, "what is %s?\n", which.c_str());
        return 2;
    }
    found->second();
    return 0;
}
