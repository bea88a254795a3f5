// An exception in any phase of a pool's call, on any rank, reaches the root with all that is known of it, and
// the pool goes on; one that leaves the pool's scope while calls are in flight lets all ranks go.

#include "fault.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>

#include "deadline.hpp"
#include "pool_test.hpp"

namespace faults {
namespace {

using mpimap::pool;
using mpimap_test::comm;
using mpimap_test::rank;
using mpimap_test::size;

enum class kind { map, try_map, amap, imap, uimap, submit };
constexpr kind kinds[] = {kind::map, kind::try_map, kind::amap, kind::imap, kind::uimap, kind::submit};
const char* name(kind k) {
    static constexpr const char* names[] = {"map", "try_map", "amap", "imap", "uimap", "submit"};
    return names[static_cast<std::size_t>(k)];
}
bool is_lazy(kind k) {
    return k == kind::imap || k == kind::uimap;
}

std::size_t item_count() {
    return 8 * static_cast<std::size_t>(size());
}

/// What a call gave to the root.
struct outcome {
    bool threw = false;
    std::string text;
    std::size_t failed = 0;
    std::size_t items = 0;
    std::vector<mpimap::task_error> errors;
    std::map<std::size_t, cargo> values;
    std::vector<std::exception_ptr> of_futures; // that failed
};

template <typename F>
void make_call(pool& p, kind k, const mpimap::options& o, const F& f, const cargo_range& range,
               const cargo& constant, outcome& result) {
    const auto keep_all = [&result](const std::vector<cargo>& all) {
        for (const cargo& c : all)
            result.values.emplace(result.values.size(), c);
    };
    switch (k) {
    case kind::map:
        keep_all(p.map(o, f, range, mpimap::broadcast(constant)));
        break;
    case kind::amap:
        keep_all(p.amap(o, f, range, mpimap::broadcast(constant)).get());
        break;
    case kind::try_map: {
        std::size_t i = 0;
        for (const auto& r : p.try_map(o, f, range, mpimap::broadcast(constant))) {
            if (r.has_value()) {
                result.values.emplace(i, *r);
            } else {
                result.errors.push_back(r.error());
            }
            ++i;
        }
        break;
    }
    case kind::imap:
        for (const cargo& c : p.imap(o, f, range, mpimap::broadcast(constant))) {
            const std::size_t i = (c.number() - constant_number) / 3;
            EXPECT_TRUE(result.values.empty() || result.values.rbegin()->first < i) << "not in order: " << i;
            result.values.emplace(i, c);
        }
        break;
    case kind::uimap:
        for (const auto& [i, c] : p.uimap(o, f, range, mpimap::broadcast(constant)))
            EXPECT_TRUE(result.values.emplace(i, c).second) << "twice: " << i;
        break;
    case kind::submit: {
        std::vector<mpimap::future<cargo>> all;
        for (const cargo& c : range)
            all.push_back(p.submit(f, c, constant));
        for (std::size_t i = 0; i < all.size(); ++i) {
            try {
                result.values.emplace(i, all[i].get());
            } catch (...) {
                result.of_futures.push_back(std::current_exception());
            }
        }
        break;
    }
    }
}

template <typename F>
outcome run(pool& p, kind k, const mpimap::options& o, const F& f, const fault& what) {
    outcome result;
    const cargo constant(role::constant, constant_number, what);
    const cargo_range range(item_count(), what);
    try {
        make_call(p, k, o, f, range, constant, result);
    } catch (const mpimap::map_error& e) {
        result.threw = true;
        result.text = e.what();
        result.failed = e.failed();
        result.items = e.items();
        result.errors = e.errors();
    } catch (const std::exception& e) {
        ADD_FAILURE() << "not a map_error: " << e.what();
        result.threw = true;
        result.text = e.what();
    } catch (...) {
        ADD_FAILURE() << "not a map_error, not even a std::exception";
        result.threw = true;
    }
    return result;
}

/// Throws again and looks at the type.
template <typename Rethrow>
void expect_rethrown(const Rethrow& rethrow, const fault& f) {
    std::string got;
    try {
        rethrow();
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

/// What is to come of a fault.
struct expectation {
    enum class what { success, items, whole } happens = what::success;
    std::uint64_t ranks = 0; // that may have failed
    bool certain = true;
};

class pool_exceptions : public testing::Test {
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

    static expectation expect_of(const fault& f, kind k, which w, bool is_static, int root) {
        using enum expectation::what;
        const std::uint64_t workers = f.ranks & ~bit(root);
        const std::uint64_t on_root = f.ranks & bit(root);
        const bool lazy = is_lazy(k);
        const bool all_had_items = is_static || board::here().open();
        const expectation none;
        switch (f.at) {
        case phase::function_save:
            return on_root != 0 ? expectation{whole, on_root} : none;
        case phase::broadcast_save:
            return on_root != 0 ? expectation{whole, on_root} : none;
        case phase::range_begin:
            return on_root != 0 ? expectation{lazy ? items : whole, on_root} : none;
        case phase::range_count: // nobody steps onto the first element
            return on_root != 0 && w != which::first ? expectation{lazy ? items : whole, on_root} : none;
        case phase::function_load: // the root reads its own copy, and before the others
            return {lazy && on_root == 0 ? items : whole, on_root != 0 ? on_root : workers};
        case phase::broadcast_load:
            return workers != 0 ? expectation{lazy ? items : whole, workers} : none;
        case phase::range_step: // lazy maps walk once
            return on_root != 0 && w != which::first && !lazy ? expectation{items, on_root} : none;
        case phase::range_dereference:
            return {items, bit(root)};
        case phase::argument_save: // the root may run the marked items itself
            return {items, bit(root), is_static && workers != 0};
        case phase::argument_load:
        case phase::result_save:
            return workers != 0 ? expectation{items, workers, all_had_items} : none;
        case phase::result_load:
            return workers != 0 ? expectation{items, bit(root), all_had_items} : none;
        default:
            return {items, f.ranks, all_had_items};
        }
    }

    static void expect_error(const mpimap::task_error& e, const fault& f, std::uint64_t ranks) {
        EXPECT_EQ(e.type(), type_of(f));
        if (f.at != phase::nested_call) {
            EXPECT_EQ(e.what(), text_of(f));
        }
        EXPECT_EQ(e.host(), this_host());
        EXPECT_TRUE(e.rank() >= 0 && e.rank() < size() && (ranks & bit(e.rank())) != 0)
            << "rank " << e.rank();
        expect_rethrown([&e] { e.rethrow(); }, f);
    }

    static void expect_values(const outcome& o) {
        for (const auto& [i, value] : o.values)
            EXPECT_EQ(value.number(), 3 * i + constant_number);
    }

    static void expect_success(const outcome& o) {
        EXPECT_FALSE(o.threw) << o.text;
        EXPECT_TRUE(o.errors.empty());
        EXPECT_TRUE(o.of_futures.empty());
        EXPECT_EQ(o.values.size(), item_count());
        expect_values(o);
        for (std::size_t i = 0; i < item_count(); ++i)
            EXPECT_EQ(board::here().runs(i), 1) << "item " << i;
    }

    static void expect_outcome(const outcome& o, const expectation& to_come, const fault& f, kind k,
                               mpimap::on_error on_error) {
        using enum expectation::what;
        if (to_come.happens == success) {
            expect_success(o);
            return;
        }
        expect_values(o);
        if (k == kind::submit) {
            // What could not be sent at all is thrown by submit itself.
            if (to_come.certain) {
                EXPECT_TRUE(o.threw || !o.of_futures.empty());
            }
            for (const std::exception_ptr& e : o.of_futures)
                expect_rethrown([&e] { std::rethrow_exception(e); }, f);
            for (const mpimap::task_error& e : o.errors)
                expect_error(e, f, to_come.ranks);
            if (!o.threw) {
                EXPECT_EQ(o.values.size() + o.of_futures.size(), item_count());
            }
            return;
        }
        for (const mpimap::task_error& e : o.errors)
            expect_error(e, f, to_come.ranks);
        if (to_come.happens == whole) {
            EXPECT_TRUE(o.threw);
            EXPECT_TRUE(o.values.empty());
            EXPECT_GE(o.failed, 1U);
            EXPECT_EQ(o.errors.size(), o.failed);
            EXPECT_EQ(o.text.rfind("mpimap: the call failed", 0), 0U) << o.text;
            for (const mpimap::task_error& e : o.errors)
                EXPECT_EQ(e.index(), mpimap::task_error::no_item);
            return;
        }
        if (to_come.certain) {
            EXPECT_TRUE(o.threw || !o.errors.empty());
        }
        if (k == kind::try_map) {
            EXPECT_FALSE(o.threw) << o.text;
            EXPECT_EQ(o.values.size() + o.errors.size(), item_count());
        } else if (!o.threw) {
            EXPECT_EQ(o.values.size(), item_count());
        } else {
            EXPECT_GE(o.failed, 1U);
            EXPECT_EQ(o.errors.size(), o.failed);
            EXPECT_NE(o.text.find(type_of(f)), std::string::npos) << o.text;
            if (!is_lazy(k)) {
                EXPECT_EQ(o.items, item_count());
            } else if (on_error == mpimap::on_error::stop) {
                EXPECT_EQ(o.failed, 1U);
                if (k == kind::imap && !o.errors.empty()) {
                    // In its place: all before it were good.
                    EXPECT_EQ(o.values.size(), o.errors.front().index());
                }
            } else if (f.at != phase::range_begin && f.at != phase::range_count &&
                       f.at != phase::range_dereference && f.at != phase::function_load &&
                       f.at != phase::broadcast_load) {
                EXPECT_EQ(o.values.size() + o.failed, item_count());
            }
        }
        std::set<std::size_t> failed;
        for (const mpimap::task_error& e : o.errors) {
            EXPECT_LT(e.index(), item_count());
            EXPECT_TRUE(failed.insert(e.index()).second) << "twice: " << e.index();
            EXPECT_FALSE(o.values.contains(e.index()));
            if (f.at == phase::range_dereference || f.at == phase::argument_save) {
                EXPECT_TRUE(f.marks(e.index())) << e.index();
            }
            if (f.at == phase::call) {
                EXPECT_EQ(e.arguments(), "argument " + std::to_string(e.index()) + ", constant " +
                                             std::to_string(constant_number));
            }
        }
    }

    template <typename F>
    static void check(phase at, const schedule_case& s, which w, kind k, mpimap::on_error on_error) {
        const int root = next_root();
        const fault f = make_fault(at, w);
        const std::string text = std::string(faults::name(at)) + ", " + name(k) + ", " + s.name + ", " +
                                 name(w) + ", " + (on_error == mpimap::on_error::stop ? "stop" : "collect") +
                                 ", root " + std::to_string(root) + ", throws " + type_of(f);
        SCOPED_TRACE(text);
        const deadline limit(text);
        board::here().start(comm(), root);
        pool p(comm(), {.root = root});
        if (!p)
            return;
        mpimap::options o = s.options;
        o.on_error = on_error;
        const outcome got = [&] {
            if constexpr (std::is_same_v<F, factory>) {
                return run(p, k, o, mpimap::per_rank(factory{f}), f);
            } else {
                return run(p, k, o, F(f), f);
            }
        }();
        const bool is_static = o.schedule == mpimap::schedule::static_;
        ++calls_;
        sure_calls_ += is_static || board::here().open() ? 1 : 0;
        expect_outcome(got, expect_of(f, k, w, is_static, root), f, k, on_error);
        // The next calls, one of which sends the same types again.
        mpimap_test::expect_usable(p);
        // Ranks run what they have in order: behind this nothing of the call is left anywhere.
        p.for_each(
            {.schedule = mpimap::schedule::static_}, [](std::size_t) {},
            mpimap::indices(static_cast<std::size_t>(size())));
        board::here().reset();
        const fault nothing;
        expect_success(run(p, k, o, function(nothing), nothing));
    }

    /// With the schedules that hand out on demand a rank may come too late for any item, but rarely.
    static void expect_mostly_sure() {
        if (calls_ != 0) { // counted where the root was
            EXPECT_GE(2 * sure_calls_, calls_);
        }
    }

    template <typename F = function>
    static void check_all(phase at) {
        calls_ = sure_calls_ = 0;
        for (const kind k : kinds) {
            for (const schedule_case& s : schedules) {
                if (is_lazy(k) && s.options.schedule == mpimap::schedule::static_)
                    continue;
                if (k == kind::submit &&
                    (&s != &schedules[0] || at == phase::range_begin || at == phase::range_count ||
                     at == phase::range_step || at == phase::range_dereference ||
                     at == phase::broadcast_save || at == phase::broadcast_load))
                    continue; // nothing of that
                if (at == phase::result_move && k != kind::map && k != kind::amap)
                    continue; // the reader's own move throws
                for (const which w : choices) {
                    if (size() == 1 && w != which::first)
                        continue;
                    check<F>(at, s, w, k, mpimap::on_error::stop);
                    if (k != kind::submit && k != kind::try_map)
                        check<F>(at, s, w, k, mpimap::on_error::collect);
                }
            }
        }
    }

  private:
    static inline std::unique_ptr<board> board_;
    static inline int calls_ = 0;
    static inline int sure_calls_ = 0; // in which every rank had an item
};

TEST_F(pool_exceptions, function_cannot_be_written) {
    check_all(phase::function_save);
}
TEST_F(pool_exceptions, function_cannot_be_read) {
    check_all(phase::function_load);
}
TEST_F(pool_exceptions, constant_cannot_be_written) {
    check_all(phase::broadcast_save);
}
TEST_F(pool_exceptions, constant_cannot_be_read) {
    check_all(phase::broadcast_load);
}
TEST_F(pool_exceptions, range_does_not_begin) {
    check_all(phase::range_begin);
}
TEST_F(pool_exceptions, range_cannot_be_counted) {
    check_all(phase::range_count);
}
TEST_F(pool_exceptions, range_cannot_be_walked_again) {
    check_all(phase::range_step);
}
TEST_F(pool_exceptions, element_cannot_be_dereferenced) {
    check_all(phase::range_dereference);
}
TEST_F(pool_exceptions, argument_cannot_be_written) {
    check_all(phase::argument_save);
}
TEST_F(pool_exceptions, argument_cannot_be_read) {
    check_all(phase::argument_load);
    expect_mostly_sure();
}
TEST_F(pool_exceptions, factory_throws) {
    check_all<factory>(phase::factory);
    expect_mostly_sure();
}
TEST_F(pool_exceptions, call_throws) {
    check_all(phase::call);
    expect_mostly_sure();
}
TEST_F(pool_exceptions, printing_the_arguments_throws_too) {
    check_all(phase::print);
    expect_mostly_sure();
}
TEST_F(pool_exceptions, item_calls_back) {
    check_all(phase::nested_call);
    expect_mostly_sure();
}
TEST_F(pool_exceptions, destructor_calls_back_while_unwinding) {
    check_all(phase::unwinding);
    expect_mostly_sure();
}
TEST_F(pool_exceptions, result_cannot_be_moved) {
    check_all(phase::result_move);
    expect_mostly_sure();
}
TEST_F(pool_exceptions, result_cannot_be_written) {
    check_all(phase::result_save);
    expect_mostly_sure();
}
TEST_F(pool_exceptions, result_cannot_be_read) {
    check_all(phase::result_load);
    expect_mostly_sure();
}

} // namespace
} // namespace faults
