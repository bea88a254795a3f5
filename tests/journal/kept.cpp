// Programs that keep their results in a journal: each makes one map, or several, and prints what came of it
// and how many items it has run.
//
// kept PROGRAM ITEMS [NAME=VALUE...]
//
//   journal=FILE key=TEXT seed=N schedule=NAME chunk=N attempts=N sync=record failures=keep full=stop
//   kill=I,...    the rank that runs one of these items is killed
//   throw=I,...   these items throw
//   crash=I,...   these abort the program
//   hang=I,...    these never end; timeout=S: item_timeout
//   change=I,...  these items have other arguments
//   nap=US        items take so many microseconds
//   holds=N       what the function holds
//   before=N      so many other calls come first
//   calls=N       so many calls, one after the other
//   quota=N       no file may be longer, once MPI has begun
//   log=FILE      each rank writes into FILE.PROCESS which item has ended when, in nanoseconds

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <boost/mpi/collectives.hpp>
#include <boost/mpi/communicator.hpp>
#include <boost/mpi/operations.hpp>
#include <boost/serialization/string.hpp>

#include <mpimap/mpimap.hpp>

namespace {

std::map<std::string, std::string> settings;
std::string setting(const std::string& name) {
    const auto at = settings.find(name);
    return at == settings.end() ? "" : at->second;
}
std::uint64_t number(const std::string& name, std::uint64_t otherwise = 0) {
    const std::string text = setting(name);
    return text.empty() ? otherwise : std::stoull(text);
}
std::vector<std::size_t> list(const std::string& name) {
    std::vector<std::size_t> all;
    std::istringstream in(setting(name));
    for (std::string one; std::getline(in, one, ',');)
        all.push_back(std::stoull(one));
    return all;
}

mpimap::options options() {
    mpimap::options o;
    o.journal = setting("journal");
    o.journal_key = setting("key");
    if (!setting("seed").empty())
        o.seed = number("seed");
    const std::map<std::string, mpimap::schedule> schedules{{"static", mpimap::schedule::static_},
                                                            {"dynamic", mpimap::schedule::dynamic},
                                                            {"guided", mpimap::schedule::guided},
                                                            {"factoring", mpimap::schedule::factoring},
                                                            {"", mpimap::schedule::automatic}};
    o.schedule = schedules.at(setting("schedule"));
    if (!setting("chunk").empty())
        o.chunk = number("chunk");
    o.attempts = number("attempts", 1);
    if (setting("sync") == "record")
        o.journal_sync = mpimap::journal_sync::every_record;
    if (setting("failures") == "keep")
        o.journal_failures = mpimap::journal_failures::keep;
    if (setting("full") == "stop")
        o.journal_full = mpimap::journal_full::stop;
    o.item_timeout = std::chrono::duration<double>(static_cast<double>(number("timeout")));
    if (!setting("collect").empty())
        o.on_error = mpimap::on_error::collect;
    return o;
}

std::uint64_t runs = 0; // of items, on this rank

/// What all items do besides.
void begin_item(double x) {
    static const std::vector<std::size_t> kills = list("kill");
    static const std::vector<std::size_t> throws = list("throw");
    static const std::uint64_t nap = number("nap");
    static const std::vector<std::size_t> crashes = list("crash");
    static const std::vector<std::size_t> hangs = list("hang");
    ++runs;
    if (nap != 0)
        std::this_thread::sleep_for(std::chrono::microseconds(nap));
    const auto item = static_cast<std::size_t>(x);
    if (std::find(kills.begin(), kills.end(), item) != kills.end())
        kill(getpid(), SIGKILL);
    if (std::find(crashes.begin(), crashes.end(), item) != crashes.end())
        std::abort();
    while (std::find(hangs.begin(), hangs.end(), item) != hangs.end())
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (std::find(throws.begin(), throws.end(), item) != throws.end())
        throw std::domain_error("no such luck");
    static std::FILE* const log =
        setting("log").empty() ? nullptr
                               : std::fopen((setting("log") + "." + std::to_string(getpid())).c_str(), "a");
    if (log == nullptr)
        return;
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    std::fprintf(log, "%zu %lld%09ld\n", item, static_cast<long long>(now.tv_sec), now.tv_nsec);
    std::fflush(log);
}

struct scale {
    double by = 0;
    double operator()(double x) const {
        begin_item(x);
        return by * x + 1 / (x + 0.1);
    }
};
double half(double x) {
    begin_item(x);
    return x / 2;
}
double third(double x) {
    begin_item(x);
    return x / 3;
}

class hash {
  public:
    void add(const void* bytes, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i)
            sum_ = (sum_ ^ static_cast<const unsigned char*>(bytes)[i]) * 1099511628211ULL;
    }
    void add(double x) { add(&x, sizeof x); }
    void add(const std::string& s) {
        add(static_cast<double>(s.size()));
        add(s.data(), s.size());
    }
    void add(const std::vector<double>& v) {
        add(static_cast<double>(v.size()));
        add(v.data(), v.size() * sizeof(double));
    }
    template <typename T>
    void add_all(const T& all) {
        for (const auto& one : all)
            add(one);
    }
    [[nodiscard]] std::uint64_t value() const { return sum_; }

  private:
    std::uint64_t sum_ = 14695981039346656037ULL;
};

using boost::mpi::communicator;

/// What comes of a program on the root.
using program = std::function<void(const communicator&, const std::vector<double>&, hash&)>;

void map(const communicator& world, const std::vector<double>& xs, hash& h) {
    for (std::uint64_t n = number("calls", 1); n != 0; --n)
        h.add_all(mpimap::mpi_map(world, options(), scale{static_cast<double>(number("holds"))}, xs));
}
void pointer(const communicator& world, const std::vector<double>& xs, hash& h) {
    h.add_all(mpimap::mpi_map(world, options(), setting("other").empty() ? &half : &third, xs));
}
void strings(const communicator& world, const std::vector<double>& xs, hash& h) {
    h.add_all(mpimap::mpi_map(
        world, options(),
        [](double x) {
            begin_item(x);
            return std::string(static_cast<std::size_t>(x) % 50, 'a') + std::to_string(x);
        },
        xs));
}
/// Results that are sent from where they are.
void vectors(const communicator& world, const std::vector<double>& xs, hash& h) {
    h.add_all(mpimap::mpi_map(
        world, options(),
        [](double x) {
            begin_item(x);
            std::vector<double> all(static_cast<std::size_t>(x) % 3 == 0 ? 10000 : 3, x);
            std::iota(all.begin(), all.end(), x);
            return all;
        },
        xs));
}
void everywhere(const communicator& world, const std::vector<double>& xs, hash& h) {
    mpimap::options o = options();
    o.results = mpimap::results::everywhere;
    h.add_all(mpimap::mpi_map(world, o, scale{2}, xs));
}
void into(const communicator& world, const std::vector<double>& xs, hash& h) {
    std::vector<double> all(xs.size(), -1);
    mpimap::mpi_map_into(world, options(), scale{2}, all, xs);
    h.add_all(all);
    std::vector<std::string> texts(xs.size());
    mpimap::mpi_map_into(
        world, options(),
        [](double x) {
            begin_item(x);
            return std::to_string(x);
        },
        texts, xs);
    h.add_all(texts);
}
void for_each(const communicator& world, const std::vector<double>& xs, hash&) {
    mpimap::mpi_for_each(world, options(), begin_item, xs);
}
void try_map(const communicator& world, const std::vector<double>& xs, hash& h) {
    std::size_t failed = 0;
    for (const auto& r : mpimap::mpi_try_map(world, options(), scale{2}, xs)) {
        failed += r ? 0 : 1;
        h.add(r ? *r : -1.0);
    }
    if (world.rank() == 0)
        std::printf("failed %zu\n", failed);
}
/// The sum depends on how it is made, to the last bit.
void reduce(const communicator& world, const std::vector<double>& xs, hash& h) {
    h.add(mpimap::mpi_map_reduce(world, options(), std::plus<>(), 0.1, scale{2}, xs));
}
void texts_reduced(const communicator& world, const std::vector<double>& xs, hash& h) {
    h.add(mpimap::mpi_map_reduce(
        world, options(), [](const std::string& a, const std::string& b) { return a + b; }, std::string("<"),
        [](double x) {
            begin_item(x);
            return std::to_string(static_cast<int>(x)) + ',';
        },
        xs));
}
/// Values that are sent from where they are, and are combined there.
void vectors_reduced(const communicator& world, const std::vector<double>& xs, hash& h) {
    h.add(mpimap::mpi_map_reduce(
        world, options(),
        [](const std::vector<double>& a, std::vector<double> b) {
            for (std::size_t i = 0; i < a.size(); ++i)
                b[i] += a[i];
            return b;
        },
        std::vector<double>(10000),
        [](double x) {
            begin_item(x);
            return std::vector<double>(10000, x + 0.1);
        },
        xs));
}
void streams(const communicator& world, const std::vector<double>& xs, hash& h) {
    mpimap::options o = options();
    o.seed = number("seed", 42);
    h.add_all(mpimap::mpi_map(
        world, o,
        [](mpimap::task t, double x) {
            begin_item(x);
            return static_cast<double>(t.random()() >> 11U) + x;
        },
        xs));
}
void broadcasted(const communicator& world, const std::vector<double>& xs, hash& h) {
    const double y = static_cast<double>(number("holds"));
    h.add_all(mpimap::mpi_map(
        world, options(),
        [](double x, std::size_t i, double z) {
            begin_item(x);
            return x * z + static_cast<double>(i);
        },
        xs, mpimap::indices(xs.size()), mpimap::broadcast(y)));
}
void grid(const communicator& world, const std::vector<double>& xs, hash& h) {
    h.add_all(mpimap::mpi_map(
        world, options(),
        [](double x, int y) {
            begin_item(x);
            return x * y;
        },
        mpimap::grid(xs, std::vector<int>{1, 2, 3})));
}
/// Arguments that are known when they come.
void pool(const communicator& world, const std::vector<double>& xs, hash& h) {
    mpimap::pool p(world);
    if (!p)
        return;
    h.add_all(p.map(options(), scale{2}, xs));
    auto later = p.amap(options(), scale{3}, xs);
    h.add_all(later.get());
}
void imap(const communicator& world, const std::vector<double>& xs, hash& h) {
    mpimap::pool p(world);
    if (!p)
        return;
    for (const double y : p.imap(options(), scale{2}, xs))
        h.add(y);
}
void imap_texts(const communicator& world, const std::vector<double>& xs, hash& h) {
    mpimap::pool p(world);
    if (!p)
        return;
    const auto text = [](double x) {
        begin_item(x);
        return std::vector<std::string>(3, std::to_string(x));
    };
    for (const auto& y : p.imap(options(), text, xs))
        h.add_all(y);
}
void uimap(const communicator& world, const std::vector<double>& xs, hash& h) {
    mpimap::pool p(world);
    if (!p)
        return;
    std::vector<double> all(xs.size());
    for (const auto& [i, y] : p.uimap(options(), scale{2}, xs))
        all[i] = y;
    h.add_all(all);
}
/// Generations: each begins with what came of the one before.
void generations(const communicator& world, const std::vector<double>& xs, hash& h) {
    std::vector<double> now = xs;
    for (int i = 0; i < 5; ++i) {
        mpimap::options o = options();
        o.results = mpimap::results::everywhere;
        now = mpimap::mpi_map(
            world, o,
            [](double x) {
                begin_item(x);
                return x + 0.25;
            },
            now);
    }
    h.add_all(now);
}

const std::map<std::string, program> programs{{"map", map},
                                              {"pointer", pointer},
                                              {"strings", strings},
                                              {"vectors", vectors},
                                              {"into", into},
                                              {"everywhere", everywhere},
                                              {"for_each", for_each},
                                              {"try_map", try_map},
                                              {"reduce", reduce},
                                              {"streams", streams},
                                              {"grid", grid},
                                              {"broadcasted", broadcasted},
                                              {"pool", pool},
                                              {"imap", imap},
                                              {"uimap", uimap},
                                              {"imap_texts", imap_texts},
                                              {"generations", generations},
                                              {"texts_reduced", texts_reduced},
                                              {"vectors_reduced", vectors_reduced}};

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const communicator world;
    if (argc < 3 || programs.count(argv[1]) == 0) {
        std::fprintf(stderr, "what is %s?\n", argc < 2 ? "nothing" : argv[1]);
        return 2;
    }
    for (int i = 3; i < argc; ++i) {
        const std::string text = argv[i];
        const std::size_t equals = text.find('=');
        settings[text.substr(0, equals)] = text.substr(equals + 1);
    }
    if (const std::uint64_t quota = number("quota"); quota != 0) {
        const rlimit few{quota, quota};
        setrlimit(RLIMIT_FSIZE, &few);
    }
    std::vector<double> xs(std::stoull(argv[2]));
    std::iota(xs.begin(), xs.end(), 0);
    for (const std::size_t i : list("change"))
        xs.at(i) += 0.5;
    hash h;
    int status = 0;
    try {
        for (std::uint64_t n = number("before"); n != 0; --n)
            mpimap::mpi_for_each(
                world, [](std::size_t) {}, mpimap::indices(3));
        programs.at(argv[1])(world, xs, h);
    } catch (const mpimap::map_error& e) {
        if (world.rank() == 0)
            std::printf("map_error: %zu failed, %zu done: %s\n", e.errors().size(), e.done(), e.what());
        status = 3;
    } catch (const mpimap::error& e) {
        std::printf("rank %d: %s\n", world.rank(), e.what());
        status = 4;
    }
    std::uint64_t all = 0;
    boost::mpi::reduce(world, runs, all, std::plus<>(), 0);
    if (world.rank() == 0)
        std::printf("ran %llu\nresult %016llx\n", static_cast<unsigned long long>(all),
                    static_cast<unsigned long long>(h.value()));
    return status == 4 ? 4 : 0;
}
