// Programs that are told to end, or whose time is over.
//
// drained WAY ITEMS [NAME=VALUE...]
//
//   journal=FILE deadline=S margin=S schedule=NAME   options
//   nap=MS        items take so many milliseconds
//   endless=I     this item never ends
//   late=MS       rank 1 comes so much later to the first call, and to the end
//   lag=MS        all ranks do, behind the first call
//   costs=1       item i takes nap * (i + 1), and is said to
//   fails=I       this item throws; collect=1: all others are to be run
//   attempts=N    options::attempts; throws=N: items throw on the first N ranks
//   crash=I       this item aborts its rank
//   nested=1      each item makes a call of its own
//   root=R        options::root
//   log=FILE      each rank adds a line to FILE.PROCESS when it is in main, for each item, and at the end,
//   with the
//                 time in nanoseconds since 1970

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/mpi/communicator.hpp>
#include <mpi.h>
#include <unistd.h>

#include <mpimap/mpimap.hpp>

namespace {

std::map<std::string, std::string> settings;
std::string setting(const std::string& name) {
    const auto at = settings.find(name);
    return at == settings.end() ? "" : at->second;
}
double number(const std::string& name, double otherwise = 0) {
    const std::string text = setting(name);
    return text.empty() ? otherwise : std::stod(text);
}
bool is_one(std::size_t item, const std::string& name) {
    return setting(name) == std::to_string(item);
}
void sleep_ms(double ms) {
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(ms));
}
void log_line(const std::string& line) {
    if (!setting("log").empty())
        std::ofstream(setting("log") + "." + std::to_string(getpid()), std::ios::app)
            << line << " at " << std::chrono::system_clock::now().time_since_epoch().count() << std::endl;
}
int world_rank() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

mpimap::options options() {
    mpimap::options o;
    o.journal = setting("journal");
    if (!setting("deadline").empty())
        o.deadline = std::chrono::system_clock::now() +
                     std::chrono::milliseconds(static_cast<long>(number("deadline") * 1e3));
    if (!setting("margin").empty())
        o.margin = std::chrono::duration<double>(number("margin"));
    if (setting("schedule") == "static")
        o.schedule = mpimap::schedule::static_;
    if (number("collect") > 0)
        o.on_error = mpimap::on_error::collect;
    o.attempts = static_cast<std::size_t>(number("attempts", 1));
    o.root = static_cast<int>(number("root"));
    if (setting("keep") == "1")
        o.journal_failures = mpimap::journal_failures::keep;
    return o;
}

/// What has come: a sum that each item changes.
std::uint64_t answer(std::size_t item) {
    return (item + 1) * 0x9e3779b97f4a7c15U;
}
double nap(std::size_t) {
    sleep_ms(number("nap") / 4);
    return 0.25;
}

std::uint64_t work(std::size_t item) {
    log_line("item " + std::to_string(item));
    if (is_one(item, "crash"))
        std::abort();
    if (world_rank() < static_cast<int>(number("throws"))) {
        sleep_ms(number("nap"));
        throw std::runtime_error("not at once");
    }
    if (!setting("nested").empty()) {
        const std::vector<double> quarters = mpimap::mpi_map(MPI_COMM_SELF, nap, std::vector<std::size_t>(4));
        return answer(item) + (std::accumulate(quarters.begin(), quarters.end(), 0.0) == 1 ? 0 : 1);
    }
    if (is_one(item, "endless")) {
        while (true)
            sleep_ms(100);
    }
    sleep_ms(number("nap") * (setting("costs").empty() ? 1 : static_cast<double>(item + 1)));
    if (is_one(item, "fails"))
        throw std::runtime_error("this one fails");
    log_line("ended " + std::to_string(item));
    return answer(item);
}

std::uint64_t sum_of(const std::vector<std::uint64_t>& all) {
    return std::accumulate(all.begin(), all.end(), std::uint64_t{0},
                           [](std::uint64_t sum, std::uint64_t x) { return (sum ^ x) * 0x100000001b3U; });
}
void print(const char* what, std::uint64_t value) {
    std::printf("%s %llu\n", what, static_cast<unsigned long long>(value));
    std::fflush(stdout);
}

void late() {
    if (world_rank() == 1)
        sleep_ms(number("late"));
}

void tell(const mpimap::interrupted& e) {
    std::printf("interrupted on rank %d by %d: %zu done, %zu ranges\n", world_rank(), e.signal(), e.done(),
                e.completed().size());
    std::fflush(stdout);
}

void run(const std::string& way, std::size_t items) {
    std::vector<std::size_t> xs(items);
    std::iota(xs.begin(), xs.end(), std::size_t{0});
    const boost::mpi::communicator world;
    mpimap::options o = options();
    if (!setting("costs").empty()) {
        for (const std::size_t x : xs)
            o.costs.push_back(static_cast<double>(x + 1));
    }
    log_line("main");
    late();
    if (way == "map" || way == "twice" || way == "caught" || way == "everywhere") {
        if (way == "everywhere")
            o.results = mpimap::results::everywhere;
        try {
            const auto all = mpimap::mpi_map(world, o, work, xs);
            if (world_rank() == o.root || way == "everywhere")
                print("result", sum_of(all));
        } catch (const mpimap::interrupted& e) {
            tell(e);
            if (way != "caught")
                throw;
            return;
        }
        if (way == "twice") {
            log_line("between");
            sleep_ms(number("lag"));
            const auto more = mpimap::mpi_map(world, o, work, xs);
            if (world_rank() == 0)
                print("second", sum_of(more));
        }
    } else if (way == "try") {
        const auto all = mpimap::mpi_try_map(world, o, work, xs);
        std::size_t done = 0;
        std::size_t not_run = 0;
        for (const auto& one : all) {
            done += one.has_value() ? 1 : 0;
            not_run += !one.has_value() && one.error().kind() != mpimap::failure_kind::threw ? 1 : 0;
        }
        if (world_rank() == o.root) {
            print("done", done);
            print("not_run", not_run);
        }
        if (number("lag") > 0)
            (void)mpimap::mpi_map(world, work, xs);
    } else {
        std::optional<mpimap::pool> made;
        if (way == "spawn") {
            made.emplace(mpimap::spawn(2));
        } else {
            made.emplace(world);
        }
        mpimap::pool& pool = *made;
        if (!pool)
            return;
        std::vector<std::uint64_t> all;
        try {
            if (way == "pool" || way == "spawn") {
                all = pool.map(o, work, xs);
            } else if (way == "imap") {
                for (const std::uint64_t x : pool.imap(o, work, xs))
                    all.push_back(x);
            } else if (way == "uimap") {
                for (const auto& [index, x] : pool.uimap(o, work, xs))
                    all.push_back(x);
                std::sort(all.begin(), all.end());
            } else if (way == "try_imap") {
                std::size_t gaps = 0;
                for (const auto& x : pool.try_imap(o, work, xs)) {
                    if (x)
                        all.push_back(*x);
                    else
                        ++gaps;
                }
                print("gaps", gaps);
                if (gaps != 0)
                    (void)pool.map(work, xs);
            } else if (way == "amap") {
                all = pool.amap(o, work, xs).get();
            } else if (way == "served") { // nothing is left to be done, but the pool is open
                for (const std::size_t x : xs)
                    all.push_back(pool.submit(work, x).get());
                for (const std::uint64_t x : pool.imap(o, work, xs))
                    all.push_back(x);
                log_line("between");
                sleep_ms(number("lag"));
                pool.poll();
            } else if (way == "idle") { // nothing runs, but calls are not over
                mpimap::future<std::vector<std::uint64_t>> ready = pool.amap(o, work, xs);
                (void)pool.submit(work, std::size_t{1}).get();
                ready.wait();
                log_line("between");
                sleep_ms(number("lag"));
                all = ready.get();
            } else if (way == "dropped") { // nobody asks for what was submitted
                std::vector<mpimap::future<std::uint64_t>> to_come;
                for (const std::size_t x : xs)
                    to_come.push_back(pool.submit(work, x));
                pool.close();
                return;
            } else if (way == "submit") {
                std::vector<mpimap::future<std::uint64_t>> to_come;
                for (const std::size_t x : xs)
                    to_come.push_back(pool.submit(work, x));
                for (auto& f : to_come)
                    all.push_back(f.get());
            } else {
                throw std::invalid_argument("no way " + way);
            }
        } catch (const mpimap::interrupted& e) {
            print("got", all.size());
            tell(e);
            throw;
        }
        print("result", sum_of(all));
    }
}

volatile std::sig_atomic_t heard = 0;

} // namespace

int main(int argc, char** argv) {
    if (argc < 3)
        return 2;
    const std::string way = argv[1];
    const std::size_t items = std::stoul(argv[2]);
    for (int i = 3; i < argc; ++i) {
        const std::string text = argv[i];
        settings[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
    }
    log_line("begin");
    if (way == "environment") { // without run_main
        const mpimap::environment mpi(argc, argv, {.handle_signals = true});
        run("map", items);
        return 0;
    }
    if (way == "deaf") { // handles nothing
        const mpimap::environment mpi(argc, argv);
        run("map", items);
        return 0;
    }
    if (way == "own") // has a handler already
        std::signal(SIGUSR1, [](int) { heard = 1; });
    const int status = mpimap::run_main(argc, argv, [&] {
        run(way == "own" ? "map" : way, items);
        if (way == "own" && heard != 0)
            print("heard", 1);
        log_line("end");
        late();
    });
    return status;
}
