// An exception in any phase of a call, on any rank, ends the call with the same error on every rank, and the
// next call on the same communicator works.

#include "fault.hpp"

#include <bit>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include "deadline.hpp"

namespace faults {
namespace {

using mpimap_test::comm;
using mpimap_test::rank;
using mpimap_test::size;

enum class mode { stop, collect, try_map };
constexpr mode modes[] = {mode::stop, mode::collect, mode::try_map};
const char* name(mode m) {
    return m == mode::stop ? "stop" : m == mode::collect ? "collect" : "try_map";
}

/// What a call did on this rank.
struct outcome {
    bool threw = false;
    std::string text;
    std::size_t failed = 0;
    std::size_t items = 0;
    std::vector<mpimap::task_error> errors;
    std::vector<std::optional<cargo>> values; // of try_map on the root: none where an item failed

    /// All that must be the same on every rank.
    [[nodiscard]] std::string common() const {
        std::ostringstream os;
        os << threw << text << '|' << failed << '|' << items;
        for (std::size_t i = 0; i < std::min<std::size_t>(64, errors.size()); ++i) {
            const mpimap::task_error& e = errors[i];
            os << '|' << e.index() << ' ' << e.rank() << ' ' << e.host() << ' ' << e.type() << ' ' << e.what()
               << ' ' << e.arguments();
        }
        return std::move(os).str();
    }
};

template <typename Call>
outcome outcome_of(const Call& call) {
    outcome o;
    try {
        call(o);
    } catch (const mpimap::map_error& e) {
        o.threw = true;
        o.text = e.what();
        o.failed = e.failed();
        o.items = e.items();
        o.errors = e.errors();
    } catch (const std::exception& e) {
        ADD_FAILURE() << "not a map_error: " << e.what();
        o.threw = true;
        o.text = e.what();
    } catch (...) {
        ADD_FAILURE() << "not a map_error, not even a std::exception";
        o.threw = true;
    }
    return o;
}

std::size_t item_count() {
    return 8 * static_cast<std::size_t>(size());
}

template <typename F>
outcome run(mode m, mpimap::options o, const F& f, const cargo_range& range, const fault& what) {
    const cargo constant(role::constant, constant_number, what);
    return outcome_of([&](outcome& result) {
        if (m == mode::try_map) {
            auto all = mpimap::mpi_try_map(comm(), o, f, range, mpimap::broadcast(constant));
            for (auto& r : all) {
                if (r.has_value()) {
                    result.values.emplace_back(*r);
                } else {
                    result.values.emplace_back();
                    result.errors.push_back(r.error());
                }
            }
        } else {
            o.on_error = m == mode::stop ? mpimap::on_error::stop : mpimap::on_error::collect;
            const auto all = mpimap::mpi_map(comm(), o, f, range, mpimap::broadcast(constant));
            for (const cargo& c : all)
                result.values.emplace_back(c);
        }
    });
}

/// Throws again and looks at the type.
void expect_rethrown(const mpimap::task_error& e, const fault& f) {
    std::string got;
    try {
        e.rethrow();
    } catch (const mpimap::nested_call&) {
        got = "mpimap::nested_call";
    } catch (const mpimap::remote_error& r) {
        EXPECT_EQ(std::string(r.what()), type_of(f) + ": " + text_of(f));
        got = type_of(f); // right, unless a standard type
        EXPECT_TRUE(f.what == thrown::number || f.what == thrown::own || f.what == thrown::text) << r.what();
    } catch (const std::out_of_range& r) {
        EXPECT_EQ(std::string(r.what()), text_of(f));
        got = "std::out_of_range";
    } catch (const std::bad_alloc&) {
        got = "std::bad_alloc";
    } catch (const std::runtime_error& r) {
        EXPECT_EQ(std::string(r.what()), text_of(f));
        got = "std::runtime_error";
    }
    EXPECT_EQ(got, type_of(f));
}

std::string this_host() {
    char text[256] = {};
    gethostname(text, sizeof text - 1);
    return text;
}

class exceptions : public testing::Test {
  protected:
    static void SetUpTestSuite() { board_ = std::make_unique<board>(comm()); }
    static void TearDownTestSuite() { board_.reset(); }

    static fault make_fault(phase at, which w) {
        static int number = 0;
        fault f;
        f.at = at;
        f.what = static_cast<thrown>(number++ % kinds_thrown);
        f.ranks = ranks_of(w);
        const std::uint64_t last = item_count() - 1;
        f.elements[0] = w == which::last ? last : 0;
        f.elements[1] = w == which::first ? 0 : last;
        return f;
    }

    static int next_root() {
        static int number = 0;
        const int roots[] = {0, size() - 1, size() / 2};
        return roots[number++ % 3];
    }

    /// Each item-level error says what happened.
    static void expect_error(const mpimap::task_error& e, const fault& f, std::uint64_t ranks) {
        EXPECT_EQ(e.type(), type_of(f));
        if (f.at != phase::nested_call) {
            EXPECT_EQ(e.what(), text_of(f));
        }
        EXPECT_EQ(e.host(), this_host());
        EXPECT_TRUE(e.rank() >= 0 && e.rank() < size() && (ranks & bit(e.rank())) != 0)
            << "rank " << e.rank();
        expect_rethrown(e, f);
    }

    static std::string arguments_of(std::size_t item) {
        return "argument " + std::to_string(item) + ", constant " + std::to_string(constant_number);
    }

    /// The function or a constant cannot be sent, or the range cannot be counted: no item runs.
    static void expect_whole_call_failed(const outcome& o, const fault& f, std::uint64_t ranks) {
        EXPECT_TRUE(o.threw);
        EXPECT_EQ(o.failed, static_cast<std::size_t>(std::popcount(ranks)));
        EXPECT_EQ(o.errors.size(), o.failed);
        EXPECT_EQ(o.text.rfind("mpimap: the call failed", 0), 0U) << o.text;
        for (const mpimap::task_error& e : o.errors) {
            EXPECT_EQ(e.index(), mpimap::task_error::no_item);
            expect_error(e, f, ranks);
        }
    }

    static void expect_items_failed(const outcome& o, mode m, const fault& f, std::uint64_t ranks,
                                    bool certainly) {
        const bool on_root = rank() == board::here().root();
        const std::size_t n = item_count();
        if (m == mode::try_map) {
            EXPECT_FALSE(o.threw) << o.text;
            EXPECT_EQ(o.values.size(), on_root ? n : 0);
            if (certainly && on_root) {
                EXPECT_FALSE(o.errors.empty());
            }
        } else {
            if (certainly) {
                EXPECT_TRUE(o.threw);
            }
            if (o.threw) {
                EXPECT_EQ(o.items, n);
                EXPECT_GE(o.failed, 1U);
                EXPECT_EQ(o.errors.size(), on_root ? o.failed : std::min<std::size_t>(64, o.failed));
                const std::string head =
                    "mpimap: " + std::to_string(o.failed) + " of " + std::to_string(n) + " items failed";
                EXPECT_EQ(o.text.rfind(head, 0), 0U) << o.text;
                EXPECT_NE(o.text.find(type_of(f)), std::string::npos) << o.text;
            }
        }
        std::set<std::size_t> failed;
        for (const mpimap::task_error& e : o.errors) {
            expect_error(e, f, ranks);
            EXPECT_LT(e.index(), n);
            if (!failed.empty()) {
                EXPECT_GT(e.index(), *failed.rbegin()) << "not ordered";
            }
            failed.insert(e.index());
            switch (f.at) {
            case phase::range_dereference:
                EXPECT_TRUE(f.marks(e.index())) << e.index();
                EXPECT_EQ(e.arguments(), "");
                break;
            case phase::range_step:
                EXPECT_GE(e.index(), std::max<std::uint64_t>(1, f.elements[f.elements[0] == 0 ? 1 : 0]));
                break;
            case phase::argument_save:
                EXPECT_TRUE(f.marks(e.index())) << e.index();
                EXPECT_EQ(e.arguments(), arguments_of(e.index()));
                break;
            case phase::print:
                EXPECT_EQ(e.arguments(), "");
                break;
            case phase::argument_load:
            case phase::result_save:
            case phase::result_load:
                // Where the arguments are not at hand they may be missing.
                EXPECT_TRUE(e.arguments().empty() || e.arguments() == arguments_of(e.index()))
                    << e.arguments();
                break;
            default:
                EXPECT_EQ(e.arguments(), arguments_of(e.index()));
            }
        }
        if (m == mode::stop || !on_root)
            return;
        // All others ran, and nothing is lost.
        for (std::size_t i = 0; i < n; ++i) {
            if (failed.contains(i))
                continue;
            EXPECT_GE(board::here().runs(i), 1) << "item " << i;
            if (m != mode::try_map || i >= o.values.size())
                continue;
            EXPECT_TRUE(o.values[i].has_value()) << "item " << i;
            if (!o.values[i])
                continue;
            EXPECT_EQ(o.values[i]->number(), 3 * i + constant_number);
            if (f.at == phase::call || f.at == phase::result_save || f.at == phase::result_move) {
                const int where = o.values[i]->ran_on();
                EXPECT_TRUE(where == rank() || !f.on(where)) << "item " << i << " did not fail on " << where;
            }
        }
    }

    static void expect_success(const outcome& o) {
        EXPECT_FALSE(o.threw) << o.text;
        EXPECT_TRUE(o.errors.empty());
        if (rank() != board::here().root()) {
            EXPECT_TRUE(o.values.empty());
            return;
        }
        EXPECT_EQ(o.values.size(), item_count());
        for (std::size_t i = 0; i < o.values.size(); ++i) {
            EXPECT_TRUE(o.values[i].has_value());
            if (o.values[i]) {
                EXPECT_EQ(o.values[i]->number(), 3 * i + constant_number);
            }
            EXPECT_EQ(board::here().runs(i), 1) << "item " << i;
        }
    }

    static void expect_usable() {
        board::here().start(comm(), board::here().root());
        const fault nothing;
        expect_success(run(mode::stop, {.root = board::here().root()}, function(nothing),
                           cargo_range(item_count(), nothing), nothing));
    }

    template <typename F>
    static void check(phase at, const schedule_case& s, which w, mode m) {
        const int root = next_root();
        const fault f = make_fault(at, w);
        const std::string text = std::string(faults::name(at)) + ", " + s.name + ", " + name(w) + ", " +
                                 name(m) + ", root " + std::to_string(root) + ", throws " + type_of(f);
        SCOPED_TRACE(text);
        const deadline limit(text);
        board::here().start(comm(), root);
        mpimap::options o = s.options;
        o.root = root;
        const outcome got = [&] {
            if constexpr (std::is_same_v<F, factory>) {
                return run(m, o, mpimap::per_rank(factory{f}), cargo_range(item_count(), f), f);
            } else {
                return run(m, o, F(f), cargo_range(item_count(), f), f);
            }
        }();
        // With try_map the root alone has the errors.
        EXPECT_TRUE(
            mpimap_test::same_everywhere(m == mode::try_map && !got.threw ? "returned" : got.common()))
            << "not the same error as on rank 0: " << got.common();

        const std::uint64_t everybody = f.ranks;
        const std::uint64_t workers = f.ranks & ~bit(root);
        const std::uint64_t root_only = f.ranks & bit(root);
        const bool is_static = o.schedule == mpimap::schedule::static_;
        const bool all_had_items = is_static || board::here().open();
        ++calls_;
        sure_calls_ += all_had_items ? 1 : 0;
        switch (at) {
        case phase::function_save:
        case phase::broadcast_save:
        case phase::range_begin:
            root_only != 0 ? expect_whole_call_failed(got, f, root_only) : expect_success(got);
            break;
        case phase::range_count: // nobody steps onto the first element
            root_only != 0 && w != which::first ? expect_whole_call_failed(got, f, root_only)
                                                : expect_success(got);
            break;
        case phase::function_load:
            expect_whole_call_failed(got, f, everybody);
            break;
        case phase::broadcast_load:
            workers != 0 ? expect_whole_call_failed(got, f, workers) : expect_success(got);
            break;
        case phase::range_step:
            root_only != 0 && w != which::first ? expect_items_failed(got, m, f, bit(root), true)
                                                : expect_success(got);
            break;
        case phase::range_dereference:
            expect_items_failed(got, m, f, bit(root), true);
            break;
        case phase::argument_save: // the root may run the marked items itself
            expect_items_failed(got, m, f, bit(root), is_static && workers != 0);
            break;
        case phase::argument_load:
        case phase::result_save:
            workers != 0 ? expect_items_failed(got, m, f, workers, all_had_items) : expect_success(got);
            break;
        case phase::result_load:
            workers != 0 ? expect_items_failed(got, m, f, bit(root), all_had_items) : expect_success(got);
            break;
        default:
            expect_items_failed(got, m, f, everybody, all_had_items);
        }
        expect_usable();
    }

    /// With the schedules that hand out on demand a rank may come too late for any item, but rarely.
    static void expect_mostly_sure() { EXPECT_GE(2 * sure_calls_, calls_); }

    template <typename F = function>
    static void check_all(phase at) {
        calls_ = sure_calls_ = 0;
        for (const schedule_case& s : schedules) {
            for (const which w : choices) {
                if (size() == 1 && w != which::first)
                    continue;
                for (const mode m : modes)
                    check<F>(at, s, w, m);
            }
        }
    }

  private:
    static inline std::unique_ptr<board> board_;
    static inline int calls_ = 0;
    static inline int sure_calls_ = 0; // in which every rank had an item
};

TEST_F(exceptions, function_cannot_be_written) {
    check_all(phase::function_save);
}
TEST_F(exceptions, function_cannot_be_read) {
    check_all(phase::function_load);
}
TEST_F(exceptions, constant_cannot_be_written) {
    check_all(phase::broadcast_save);
}
TEST_F(exceptions, constant_cannot_be_read) {
    check_all(phase::broadcast_load);
}
TEST_F(exceptions, range_does_not_begin) {
    check_all(phase::range_begin);
}
TEST_F(exceptions, range_cannot_be_counted) {
    check_all(phase::range_count);
}
TEST_F(exceptions, range_cannot_be_walked_again) {
    check_all(phase::range_step);
}
TEST_F(exceptions, element_cannot_be_dereferenced) {
    check_all(phase::range_dereference);
}
TEST_F(exceptions, argument_cannot_be_written) {
    check_all(phase::argument_save);
}
TEST_F(exceptions, argument_cannot_be_read) {
    check_all(phase::argument_load);
    expect_mostly_sure();
}
TEST_F(exceptions, factory_throws) {
    check_all<factory>(phase::factory);
    expect_mostly_sure();
}
TEST_F(exceptions, call_throws) {
    check_all(phase::call);
    expect_mostly_sure();
}
TEST_F(exceptions, printing_the_arguments_throws_too) {
    check_all(phase::print);
    expect_mostly_sure();
}
TEST_F(exceptions, item_calls_back) {
    check_all(phase::nested_call);
    expect_mostly_sure();
}
TEST_F(exceptions, destructor_calls_back_while_unwinding) {
    check_all(phase::unwinding);
    expect_mostly_sure();
}
TEST_F(exceptions, result_cannot_be_moved) {
    check_all(phase::result_move);
    expect_mostly_sure();
}
TEST_F(exceptions, result_cannot_be_written) {
    check_all(phase::result_save);
    expect_mostly_sure();
}
TEST_F(exceptions, result_cannot_be_read) {
    check_all(phase::result_load);
    expect_mostly_sure();
}

} // namespace
} // namespace faults
