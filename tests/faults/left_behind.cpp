// Nothing is left of a call or a pool, however it ended and whoever freed its communicator: MPI gives the
// number of a duplicate that is freed to other communicators, the user's or the next call's, and what came
// late would be theirs.

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <numeric>
#include <optional>
#include <stop_token>

#include <malloc.h>

#include <boost/serialization/access.hpp>

#include "deadline.hpp"
#include "pool_test.hpp"
#include "stray_watch.hpp"

namespace faults {
namespace {

using namespace mpimap_test;
using mpimap::pool;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

using block = std::vector<double>;

// ---------------------------------------------------------------- what is under way

enum class load { tiny, arguments, results, constant, both_ways };
constexpr load loads[] = {load::tiny, load::arguments, load::results, load::constant, load::both_ways};
const char* name(load l) {
    static constexpr const char* names[] = {"many tiny chunks", "large arguments", "large results",
                                            "a large constant", "large both ways"};
    return names[static_cast<std::size_t>(l)];
}

constexpr std::size_t large = 20'000; // values: beyond all eager limits, and three pieces of 64 KiB

struct work {
    load how;
    int round; // that no result may be taken for one of another round
    block operator()(const block& x, const block& constant) const {
        return block(how == load::results || how == load::both_ways ? large : 1,
                     x.back() + constant.back() + round);
    }
};

std::size_t items(load l) {
    const auto ranks = static_cast<std::size_t>(size());
    return l == load::tiny ? 40 * ranks : 5 * ranks;
}
block argument(load l, std::size_t i) {
    return block(l == load::arguments || l == load::both_ways ? large : 2, static_cast<double>(i));
}
std::vector<block> arguments(load l) {
    std::vector<block> all;
    for (std::size_t i = 0; i < items(l); ++i)
        all.push_back(argument(l, i));
    return all;
}
block constant(load l) {
    return block(l == load::constant ? 2 * large : 1, 0.25);
}
block result(load l, std::size_t i, int round) {
    return work{l, round}(argument(l, i), constant(l));
}

struct of_the_program : std::runtime_error {
    of_the_program() : std::runtime_error("of the program") {}
};
struct of_an_item : std::runtime_error {
    of_an_item() : std::runtime_error("of an item") {}
};

/// Travels in one piece of memory, by Boost.Serialization.
struct archived {
    block values;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        std::size_t n = values.size();
        archive& n;
        values.resize(n);
        for (double& x : values)
            archive& x;
    }
};

/// A function that one rank of comm() cannot read.
struct unreadable {
    int where = 0;
    block ballast;
    double operator()(const block& x) const { return x.back(); }
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& where;
        if (Archive::is_loading::value && where == rank())
            throw of_an_item();
        std::size_t n = ballast.size();
        archive& n;
        ballast.resize(n);
        for (double& x : ballast)
            archive& x;
    }
};

// ---------------------------------------------------------------- rounds

/// What a round leaves behind, of all that may live on.
std::list<std::pair<int, std::shared_ptr<void>>> kept;

template <typename T>
void keep(int round, T&& what) {
    kept.emplace_back(round, std::make_shared<std::decay_t<T>>(std::forward<T>(what)));
}

struct round_of {
    int number;
    load how;
    int root;
    MPI_Comm comm; // MPI_COMM_NULL when the round has freed it itself

    [[nodiscard]] work function() const { return {how, number}; }
    [[nodiscard]] mpimap::options options() const {
        mpimap::options o;
        if (how == load::tiny)
            o.chunk = 1;
        return o;
    }
};

/// Takes a few results.
template <typename View>
void take(View& view, int n) {
    auto at = view.begin();
    for (; n > 0 && at != view.end(); --n)
        ++at;
}

/// Some time for messages to get under way, other than the last round's.
void wait_a_little(const round_of& r) {
    if (r.number % 4 != 0)
        std::this_thread::sleep_for(std::chrono::microseconds(r.number * 37 % 700));
}

/// The root leaves the pool by an exception, with `start(pool)` in flight.
template <typename Start>
void leave_by_exception(const round_of& r, const Start& start) {
    try {
        pool p(r.comm, {.root = r.root});
        if (p) {
            start(p);
            throw of_the_program();
        }
    } catch (const of_the_program&) {
    }
}

// Calls in flight, and what their scope does next.

template <typename Next>
void with_amap(pool& p, const round_of& r, const Next& next) {
    auto later = p.amap(r.options(), r.function(), arguments(r.how), mpimap::broadcast(constant(r.how)));
    wait_a_little(r);
    (void)later.ready();
    next(later);
}
template <typename Next>
void with_imap(pool& p, const round_of& r, const Next& next) {
    auto view = p.imap(r.options(), r.function(), arguments(r.how), mpimap::broadcast(constant(r.how)));
    take(view, r.number % 3);
    next(view);
}
template <typename Next>
void with_uimap(pool& p, const round_of& r, const Next& next) {
    auto view = p.uimap(r.options(), r.function(), arguments(r.how), mpimap::broadcast(constant(r.how)));
    take(view, r.number % 3);
    next(view);
}
template <typename Next>
void with_submissions(pool& p, const round_of& r, const Next& next) {
    std::vector<mpimap::future<block>> all;
    for (block& x : arguments(r.how))
        all.push_back(p.submit(r.function(), std::move(x), constant(r.how)));
    wait_a_little(r);
    (void)all.front().ready();
    next(all);
}
template <typename Next>
void with_shared_value(pool& p, const round_of& r, const Next& next) {
    const auto table = p.share(constant(load::constant));
    auto later = p.amap(r.options(), r.function(), arguments(r.how), table);
    wait_a_little(r);
    (void)later.ready();
    next(later);
}
template <typename Next>
void with_several(pool& p, const round_of& r, const Next& next) {
    with_amap(p, r, [&](auto&) {
        with_imap(p, r, [&](auto&) {
            with_submissions(p, r,
                             [&](auto&) { with_shared_value(p, r, [&](auto& later) { next(later); }); });
        });
    });
}

struct throw_it {
    template <typename T>
    void operator()(T&) const {
        throw of_the_program();
    }
};
/// The communicator is freed with the pool open; then an exception, or the end of the scope.
struct free_it {
    round_of& r;
    bool leave;
    template <typename T>
    void operator()(T&) const {
        MPI_Comm_free(&r.comm);
        if (leave)
            throw of_the_program();
    }
};

/// An item of a collective call throws: which depends on the round.
template <typename Call>
void expect_failed_call(const Call& call) {
    try {
        call();
        ADD_FAILURE() << "no exception";
    } catch (const mpimap::error&) {
    }
}

auto failing(const round_of& r) {
    return [n = static_cast<double>(r.number % 5), f = r.function()](const block& x) {
        if (x.back() == n)
            throw of_an_item();
        return f(x, x);
    };
}

struct way {
    const char* name;
    void (*go)(round_of&);
};

const way ways[] = {
    {"an exception, amap",
     [](round_of& r) { leave_by_exception(r, [&](pool& p) { with_amap(p, r, throw_it()); }); }},
    {"an exception, imap",
     [](round_of& r) { leave_by_exception(r, [&](pool& p) { with_imap(p, r, throw_it()); }); }},
    {"an exception, uimap",
     [](round_of& r) { leave_by_exception(r, [&](pool& p) { with_uimap(p, r, throw_it()); }); }},
    {"an exception, submit",
     [](round_of& r) { leave_by_exception(r, [&](pool& p) { with_submissions(p, r, throw_it()); }); }},
    {"an exception, share",
     [](round_of& r) { leave_by_exception(r, [&](pool& p) { with_shared_value(p, r, throw_it()); }); }},
    {"an exception, several calls",
     [](round_of& r) { leave_by_exception(r, [&](pool& p) { with_several(p, r, throw_it()); }); }},
    {"an exception, values that are copied on their way",
     [](round_of& r) {
         leave_by_exception(r, [&](pool& p) {
             std::vector<archived> xs;
             for (block& x : arguments(r.how))
                 xs.push_back({std::move(x)});
             const auto later = p.amap(
                 r.options(),
                 [f = r.function()](const archived& x) { return archived{f(x.values, x.values)}; }, xs);
             wait_a_little(r);
             (void)later.ready();
             throw of_the_program();
         });
     }},
    {"an exception, nothing in flight", [](round_of& r) { leave_by_exception(r, [](pool&) {}); }},
    {"an exception, calls that were let go",
     [](round_of& r) {
         leave_by_exception(r, [&](pool& p) {
             with_amap(p, r, [](auto&) {});
             with_uimap(p, r, [](auto&) {});
         });
     }},
    {"futures that live on",
     [](round_of& r) {
         leave_by_exception(r, [&](pool& p) {
             with_amap(p, r, [&](auto& later) { keep(r.number, std::move(later)); });
             with_submissions(p, r, [&](auto& all) { keep(r.number, std::move(all)); });
             keep(r.number, p.share(constant(r.how)));
         });
     }},
    {"lazy ranges that live on",
     [](round_of& r) {
         leave_by_exception(r, [&](pool& p) {
             with_imap(p, r, [&](auto& view) { keep(r.number, std::move(view)); });
             with_uimap(p, r, [&](auto& view) { keep(r.number, std::move(view)); });
         });
     }},
    {"futures of a pool that was closed",
     [](round_of& r) {
         if (pool p(r.comm, {.root = r.root}); p)
             with_amap(p, r, [&](auto& later) { keep(r.number, std::move(later)); });
     }},
    {"a loop over imap is left, close",
     [](round_of& r) {
         if (pool p(r.comm, {.root = r.root}); p) {
             with_imap(p, r, [](auto&) {});
             p.close();
         }
     }},
    {"a loop over uimap is left, close",
     [](round_of& r) {
         if (pool p(r.comm, {.root = r.root}); p) {
             with_uimap(p, r, [](auto&) {});
             p.close();
         }
     }},
    {"cancel, close",
     [](round_of& r) {
         if (pool p(r.comm, {.root = r.root}); p) {
             with_amap(p, r, [](auto& later) { later.cancel(); });
             with_submissions(p, r, [](auto& all) {
                 for (auto& one : all)
                     one.cancel();
             });
             p.close();
         }
     }},
    {"cancel, an exception",
     [](round_of& r) {
         leave_by_exception(r, [&](pool& p) {
             with_amap(p, r, [](auto& later) {
                 later.cancel();
                 throw of_the_program();
             });
         });
     }},
    {"a stop, close",
     [](round_of& r) {
         if (pool p(r.comm, {.root = r.root}); p) {
             std::stop_source stop;
             mpimap::options o = r.options();
             o.stop = stop.get_token();
             auto later = p.amap(o, r.function(), arguments(r.how), mpimap::broadcast(constant(r.how)));
             wait_a_little(r);
             stop.request_stop();
         }
     }},
    {"a stop of a lazy map, an exception",
     [](round_of& r) {
         leave_by_exception(r, [&](pool& p) {
             std::stop_source stop;
             mpimap::options o = r.options();
             o.stop = stop.get_token();
             auto view = p.uimap(o, r.function(), arguments(r.how), mpimap::broadcast(constant(r.how)));
             try {
                 take(view, 1);
                 stop.request_stop();
                 take(view, 5);
             } catch (const mpimap::cancelled&) {
             }
         });
     }},
    {"the set-up fails on the root",
     [](round_of& r) {
         const auto set_up = [&r] {
             if (comm().size() == 1 || r.root == r.number % 2)
                 throw of_an_item();
         };
         try {
             if (pool p(r.comm, {.root = r.root, .set_up = set_up}); p)
                 with_amap(p, r, [](auto&) {});
         } catch (const mpimap::broken_pool&) {
         }
     }},
    {"the set-up fails on one rank",
     [](round_of& r) {
         int here = 0;
         MPI_Comm_rank(r.comm, &here);
         const auto set_up = [&r, here] {
             if (here == (r.root + 1) % size())
                 throw of_an_item();
         };
         try {
             if (pool p(r.comm, {.root = r.root, .set_up = set_up}); p) {
                 with_imap(p, r, [](auto&) {});
                 ADD_FAILURE() << "the pool is not broken";
             }
         } catch (const mpimap::broken_pool&) {
         }
     }},
    {"an item throws, the exception leaves the pool",
     [](round_of& r) {
         try {
             if (pool p(r.comm, {.root = r.root}); p) {
                 (void)p.map(r.options(), failing(r), arguments(r.how));
                 ADD_FAILURE() << "no exception";
             }
         } catch (const mpimap::map_error&) {
         }
     }},
    {"items throw and nobody asks",
     [](round_of& r) {
         if (pool p(r.comm, {.root = r.root}); p)
             (void)p.amap(r.options(), failing(r), arguments(r.how)).ready();
     }},
    {"an item of mpi_map throws",
     [](round_of& r) {
         mpimap::options o = r.options();
         o.root = r.root;
         expect_failed_call([&] { (void)mpimap::mpi_map(r.comm, o, failing(r), arguments(r.how)); });
     }},
    {"items of mpi_try_map throw",
     [](round_of& r) {
         mpimap::options o = r.options();
         o.root = r.root;
         (void)mpimap::mpi_try_map(r.comm, o, failing(r), arguments(r.how));
     }},
    {"an item of mpi_map_reduce throws",
     [](round_of& r) {
         mpimap::options o = r.options();
         o.root = r.root;
         expect_failed_call([&] {
             (void)mpimap::mpi_map_reduce(
                 r.comm, o, [](const block& a, const block&) { return a; }, block(), failing(r),
                 arguments(r.how));
         });
     }},
    {"one rank cannot read the function",
     [](round_of& r) {
         mpimap::options o = r.options();
         o.root = r.root;
         const unreadable f{r.number % size(), constant(r.how)};
         expect_failed_call([&] { (void)mpimap::mpi_map(r.comm, o, f, arguments(r.how)); });
     }},
    {"the lengths differ",
     [](round_of& r) {
         const std::vector<double> few(2);
         expect_failed_call([&] {
             (void)mpimap::mpi_map(
                 r.comm, {.root = r.root}, [](const block& x, double y) { return x.back() + y; },
                 arguments(r.how), few);
         });
     }},
    {"mpi_map is stopped",
     [](round_of& r) {
         std::stop_source stop;
         mpimap::options o = r.options();
         o.root = r.root;
         o.stop = stop.get_token();
         if (r.number % 2 == 0)
             stop.request_stop();
         std::jthread later([&stop] { stop.request_stop(); });
         try {
             (void)mpimap::mpi_map(r.comm, o, r.function(), arguments(r.how),
                                   mpimap::broadcast(constant(r.how)));
         } catch (const mpimap::cancelled&) {
         }
     }},
    {"freed with the pool open, an exception",
     [](round_of& r) { leave_by_exception(r, [&](pool& p) {
                           with_several(p, r, free_it{r, true});
                       }); }},
    {"freed with the pool open, close",
     [](round_of& r) {
         if (pool p(r.comm, {.root = r.root}); p)
             with_amap(p, r, free_it{r, false});
     }},
    {"freed by a destructor as the exception passes, behind the pool",
     [](round_of& r) {
         try {
             const boost::mpi::communicator owner(std::exchange(r.comm, MPI_COMM_NULL),
                                                  boost::mpi::comm_take_ownership);
             if (pool p(owner, {.root = r.root}); p)
                 with_several(p, r, throw_it());
         } catch (const of_the_program&) {
         }
     }},
    {"freed by a destructor as the exception passes, before the pool",
     [](round_of& r) {
         try {
             boost::mpi::communicator owner(std::exchange(r.comm, MPI_COMM_NULL),
                                            boost::mpi::comm_take_ownership);
             pool p(owner, {.root = r.root});
             const boost::mpi::communicator last = std::exchange(owner, {});
             if (p)
                 with_uimap(p, r, throw_it());
         } catch (const of_the_program&) {
         }
     }},
    {"an item of another rank still runs",
     [](round_of& r) {
         leave_by_exception(r, [&](pool& p) {
             auto later = p.amap(
                 {.schedule = mpimap::schedule::dynamic, .chunk = 1},
                 [f = r.function()](const block& x) {
                     rest(3);
                     return f(x, x);
                 },
                 arguments(r.how));
             rest(1);
             (void)later.ready();
             if (r.number % 2 == 0)
                 MPI_Comm_free(&r.comm);
             throw of_the_program();
         });
     }},
};

/// A communicator of the user's own, of all ranks of comm(): a duplicate, a duplicate of one, or all ranks
/// split by one colour, in reverse.
MPI_Comm communicator_for(int round) {
    MPI_Comm fresh = MPI_COMM_NULL;
    if (round % 3 == 0) {
        MPI_Comm_dup(comm(), &fresh);
    } else if (round % 3 == 1) {
        MPI_Comm first = MPI_COMM_NULL;
        MPI_Comm_dup(comm(), &first);
        MPI_Comm_dup(first, &fresh);
        MPI_Comm_free(&first);
    } else {
        MPI_Comm_split(comm(), 0, -rank(), &fresh);
    }
    return fresh;
}

/// Looks for messages on communicators that nobody has used.
void expect_nothing_arrives(const std::array<MPI_Comm, 3>& fresh) {
    MPI_Barrier(comm());
    constexpr int looks = 10;
    for (int look = 0; look < looks; ++look) {
        for (const MPI_Comm c : fresh) {
            int there = 0;
            MPI_Status status;
            MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, c, &there, &status);
            if (there == 0)
                continue;
            int bytes = 0;
            MPI_Get_count(&status, MPI_BYTE, &bytes);
            ADD_FAILURE() << "a message of " << bytes << " bytes, with tag " << status.MPI_TAG
                          << " from rank " << status.MPI_SOURCE << ", on a communicator that nobody has used";
            return;
        }
    }
}

/// Calls that must give their own results.
void expect_own_results(MPI_Comm fresh, int round, load l, int root) {
    const std::size_t n = items(l);
    const auto check = [&](const std::vector<block>& got) {
        ASSERT_EQ(got.size(), n);
        for (std::size_t i = 0; i < n; ++i)
            ASSERT_EQ(got[i], result(l, i, round)) << "item " << i;
    };
    mpimap::options o;
    if (l == load::tiny)
        o.chunk = 1;
    try {
        if (round % 2 == 0) {
            if (pool p(fresh, {.root = root}); p)
                check(p.map(o, work{l, round}, arguments(l), mpimap::broadcast(constant(l))));
        } else {
            o.root = root;
            const auto got =
                mpimap::mpi_map(fresh, o, work{l, round}, arguments(l), mpimap::broadcast(constant(l)));
            int here = 0;
            MPI_Comm_rank(fresh, &here);
            if (here == root)
                check(got);
        }
    } catch (const std::exception& e) {
        ADD_FAILURE() << e.what();
    }
}

int rounds_so_far = 0;

void play(const way& w, load l) {
    const int number = rounds_so_far++;
    watch().begin_round(static_cast<std::size_t>(number));
    round_of r{number, l, number % size(), communicator_for(number)};
    const std::string text = std::string(w.name) + ", " + name(l) + ", root " + std::to_string(r.root) +
                             ", round " + std::to_string(number);
    SCOPED_TRACE(text);
    const deadline limit(text);
    w.go(r);
    // One rank is late.
    if (number % 5 == 0 && rank() == number % size())
        std::this_thread::sleep_for(std::chrono::microseconds(number * 53 % 2000));
    if (r.comm != MPI_COMM_NULL)
        MPI_Comm_free(&r.comm);
    std::array<MPI_Comm, 3> fresh{};
    for (MPI_Comm& c : fresh)
        MPI_Comm_dup(comm(), &c);
    expect_nothing_arrives(fresh);
    expect_own_results(fresh[static_cast<std::size_t>(number) % fresh.size()], number, l, r.root);
    for (MPI_Comm& c : fresh)
        MPI_Comm_free(&c);
    // What lives on does so for a few rounds.
    std::erase_if(kept, [number](const auto& k) { return k.first + 3 <= number; });
    EXPECT_EQ(watch().take_faults(), "");
}

/// Until all duplicates are freed but those whose communicators live.
void expect_all_is_freed(long living) {
    const deadline limit("duplicates are never freed");
    int left = 1;
    while (left != 0) {
        // Ranks that call the library free what they can.
        (void)mpimap::mpi_map(
            MPI_COMM_SELF, [](int x) { return x; }, std::vector<int>{1});
        left = watch().in_use() > living ? 1 : 0;
        MPI_Allreduce(MPI_IN_PLACE, &left, 1, MPI_INT, MPI_SUM, comm());
    }
    EXPECT_EQ(watch().in_use(), living);
}

/// All that was sent on a duplicate was received before it was freed; `first`: the first round.
void expect_all_was_received(int first) {
    std::vector<traffic> rounds = watch().rounds();
    rounds.resize(static_cast<std::size_t>(rounds_so_far));
    std::vector<std::array<long, 4>> here;
    for (const traffic& t : rounds)
        here.push_back({t.sent, t.received, t.duplicates, t.freed});
    std::vector<std::array<long, 4>> all = here;
    MPI_Allreduce(here.data(), all.data(), static_cast<int>(4 * here.size()), MPI_LONG, MPI_SUM, comm());
    long messages = 0;
    for (std::size_t i = static_cast<std::size_t>(first); i < all.size(); ++i) {
        const auto [sent, received, duplicates, freed] = all[i];
        EXPECT_EQ(sent, received) << "round " << i;
        EXPECT_EQ(duplicates, freed) << "round " << i;
        messages += sent;
    }
    if (size() > 1) {
        EXPECT_GT(messages, static_cast<long>(all.size()) - first); // it was looked at the right ones
    }
}

/// Duplicates that live between tests: those of comm() and MPI_COMM_SELF. Collective.
long use_the_lasting_communicators() {
    watch().begin_round(static_cast<std::size_t>(rounds_so_far++));
    expect_next_call_works();
    (void)mpimap::mpi_map(
        MPI_COMM_SELF, [](int x) { return x; }, std::vector<int>{1});
    return 2;
}

TEST(left_behind, nothing_however_calls_and_pools_end) {
    const long living = use_the_lasting_communicators();
    const int first = rounds_so_far;
    long most = 0;
    const int passes = sanitized || size() > 2 ? 1 : 2;
    int n = 0;
    for (int pass = 0; pass < passes; ++pass) {
        for (const load l : loads) {
            for (const way& w : ways) {
                if (sanitized && ++n % 5 != 0)
                    continue;
                play(w, l);
                most = std::max(most, watch().in_use());
            }
        }
    }
    // A few of the last rounds wait for one another, and for what lived on.
    EXPECT_LT(most, 60);
    kept.clear();
    expect_all_is_freed(living);
    expect_all_was_received(first);
}

/// The same communicator again and again: what is left of one call is not taken for the next one's.
TEST(left_behind, nothing_for_the_next_call_on_the_same_communicator) {
    const long living = use_the_lasting_communicators();
    const int first = rounds_so_far;
    MPI_Comm same = MPI_COMM_NULL;
    MPI_Comm_dup(comm(), &same);
    watch().begin_round(static_cast<std::size_t>(rounds_so_far));
    int n = 0;
    for (const load l : loads) {
        for (const way& w : ways) {
            const int number = rounds_so_far++;
            if (std::string(w.name).starts_with("freed") ||
                std::string(w.name) == "an item of another rank still runs" || (sanitized && ++n % 5 != 0))
                continue;
            round_of r{number, l, number % size(), same};
            const std::string text = std::string(w.name) + ", " + name(l) + ", the same communicator";
            SCOPED_TRACE(text);
            const deadline limit(text);
            w.go(r);
            expect_own_results(same, number, l, r.root);
            std::erase_if(kept, [number](const auto& k) { return k.first + 3 <= number; });
        }
    }
    kept.clear();
    MPI_Comm_free(&same);
    expect_all_is_freed(living);
    expect_all_was_received(first);
    EXPECT_EQ(watch().take_faults(), "");
}

/// Both halves of a split at the same time, each with pools of its own, beside one of all.
TEST(left_behind, nothing_of_communicators_that_are_parts_of_one) {
    const long living = use_the_lasting_communicators();
    const int first = rounds_so_far;
    const int rounds = sanitized ? 6 : 30;
    for (int i = 0; i < rounds; ++i) {
        const int number = rounds_so_far++;
        watch().begin_round(static_cast<std::size_t>(number));
        const std::string text = "halves, round " + std::to_string(number);
        SCOPED_TRACE(text);
        const deadline limit(text);
        const load l = loads[static_cast<std::size_t>(i) % std::size(loads)];
        MPI_Comm all = communicator_for(number);
        MPI_Comm half = MPI_COMM_NULL;
        MPI_Comm_split(comm(), rank() % 2, i % 2 == 0 ? rank() : -rank(), &half);
        round_of of_half{number, l, 0, half};
        // The root of all is a root of its half, or serves there.
        round_of of_all{number, l, number % size(), all};
        leave_by_exception(of_half, [&](pool& p) { with_several(p, of_half, throw_it()); });
        leave_by_exception(of_all, [&](pool& p) { with_several(p, of_all, throw_it()); });
        leave_by_exception(of_half, [&](pool& p) { with_uimap(p, of_half, throw_it()); });
        MPI_Comm_free(i % 3 == 0 ? &half : &all);
        std::array<MPI_Comm, 3> fresh{};
        for (MPI_Comm& c : fresh)
            MPI_Comm_dup(comm(), &c);
        expect_nothing_arrives(fresh);
        expect_own_results(fresh[0], number, l, number % size());
        MPI_Comm_free(i % 3 == 0 ? &all : &half);
        expect_own_results(fresh[1], number, l, 0);
        for (MPI_Comm& c : fresh)
            MPI_Comm_free(&c);
    }
    expect_all_is_freed(living);
    expect_all_was_received(first);
    EXPECT_EQ(watch().take_faults(), "");
}

/// Frees, wherever it is let go of, a communicator of one rank that the library has used.
class owner {
  public:
    owner() = default;
    explicit owner(int number) : number_(number) {
        MPI_Comm mine = MPI_COMM_NULL;
        MPI_Comm_dup(MPI_COMM_SELF, &mine);
        comm_ = std::shared_ptr<MPI_Comm>(new MPI_Comm(mine), [](MPI_Comm* c) {
            MPI_Comm_free(c);
            delete c;
        });
        (void)mpimap::mpi_map(
            mine, [](int x) { return x; }, std::vector<int>{number});
        ballast_.assign(large, number);
    }
    [[nodiscard]] int number() const { return number_; }
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        std::size_t n = ballast_.size();
        archive& number_& n;
        ballast_.resize(n);
        for (double& x : ballast_)
            archive& x;
    }

  private:
    int number_ = 0;
    std::shared_ptr<MPI_Comm> comm_;
    block ballast_;
};

TEST(left_behind, nothing_where_messages_keep_what_frees_communicators) {
    const long living = use_the_lasting_communicators();
    const int first = rounds_so_far;
    const int rounds = sanitized ? 5 : 20;
    for (int i = 0; i < rounds; ++i) {
        const int number = rounds_so_far++;
        watch().begin_round(static_cast<std::size_t>(number));
        const deadline limit("arguments that free communicators, round " + std::to_string(number));
        round_of r{number, load::tiny, number % size(), communicator_for(number)};
        leave_by_exception(r, [&](pool& p) {
            std::vector<owner> xs;
            for (int x = 0; x < 3 * size(); ++x)
                xs.emplace_back(x);
            const auto later = p.amap(
                {.chunk = 1}, [](const owner& x) { return x.number(); }, std::move(xs));
            wait_a_little(r);
            (void)later.ready();
            throw of_the_program();
        });
        MPI_Comm_free(&r.comm);
        const std::vector<int> got = mpimap::mpi_map(
            comm(), {.results = mpimap::results::everywhere}, [](int x) { return -x; },
            std::vector<int>{number, number});
        EXPECT_EQ(got, (std::vector<int>{-number, -number}));
    }
    expect_all_is_freed(living);
    expect_all_was_received(first);
    EXPECT_EQ(watch().take_faults(), "");
}

/// Bytes that this process has from malloc; nothing where a sanitizer has replaced that.
std::size_t bytes_in_use() {
    const struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

TEST(left_behind, no_memory) {
    const long living = use_the_lasting_communicators();
    constexpr std::size_t mebibyte = 1024 * 1024 / sizeof(double);
    const int rounds = sanitized ? 20 : size() > 5 ? 100 : 200;
    const int warm_up = rounds / 10;
    std::size_t before = 0;
    for (int i = 0; i < rounds; ++i) {
        const int number = rounds_so_far++;
        watch().begin_round(static_cast<std::size_t>(number));
        const deadline limit("mebibytes in flight, round " + std::to_string(number));
        if (i == warm_up)
            before = bytes_in_use();
        MPI_Comm c = communicator_for(number);
        try {
            pool p(c, {.root = number % size()});
            if (p) {
                const std::vector<block> xs(static_cast<std::size_t>(size()) + 2, block(mebibyte, 1.0));
                const auto later = p.amap(
                    {.chunk = 1}, [](const block& x) { return x; }, xs);
                (void)later.ready();
                throw of_the_program();
            }
        } catch (const of_the_program&) {
        }
        MPI_Comm_free(&c);
    }
    // What is still under way is that of a few rounds.
    const std::size_t after = bytes_in_use();
    const auto bound = before + 20 * (static_cast<std::size_t>(size()) + 2) * mebibyte * sizeof(double);
    EXPECT_LE(after, bound) << "before " << before;
    expect_all_is_freed(living);
    EXPECT_LE(bytes_in_use(), before + 16 * 1024 * 1024);
}

} // namespace
} // namespace faults
