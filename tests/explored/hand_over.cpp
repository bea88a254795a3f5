// The hand-over between the main thread and its helper, and between a program and its deputy: their own
// sources, under every schedule within the bounds of the explorer. One of both has the engine at a time,
// nobody serves behind the end, an item that lasts is served, nobody waits for ever.

#include <chrono>
#include <cstddef>
#include <vector>

#include "driver/deputy.hpp"
#include "driver/helper.hpp"
#include "explored_threads.hpp"

namespace {

using explored::expect;
using mpimap::detail::deputy;
using mpimap::detail::helper;
using mpimap::detail::mpi_turn;

/// What both threads may touch, one at a time.
struct engine {
    bool taken = false;
    bool gone = false;
    bool lent = false; // an item runs, or the program is away
    int served = 0;
    int left = 0;

    void touch() {
        expect(!taken, "both are in the engine");
        taken = true;
        explored::point("is in the engine");
        expect(taken, "both are in the engine");
        taken = false;
    }
    void serve() {
        expect(!gone, "the engine is served when it is gone");
        expect(lent, "the engine is served between items");
        touch();
        ++served;
    }
    deputy::next_turn serve_some() {
        serve();
        left = left > 0 ? left - 1 : 0;
        return left == 0 ? deputy::next_turn() : std::chrono::microseconds(1);
    }
    void wait_for_service() {
        explored::wait_until([this, before = served] { return served != before; });
    }
};

// ---------------------------------------------------------------- the helper

/// A call: engaged from its first item to its end.
class call {
  public:
    call(helper& h, engine& e) : helper_(h), engine_(e) {
        helper_.engage([&e] { e.serve(); });
        helper_.mutex.lock();
    }
    ~call() {
        engine_.touch();
        helper_.mutex.unlock();
        helper_.disengage();
        engine_.gone = true;
    }
    call(const call&) = delete;
    call& operator=(const call&) = delete;
    template <typename Item>
    void run(bool long_items, const Item& item) {
        engine_.touch();
        engine_.lent = true;
        {
            const helper::user_code outside(helper_, {1e-3, long_items});
            item();
        }
        engine_.lent = false;
    }

  private:
    helper& helper_;
    engine& engine_;
};

void an_item_that_lasts(bool long_items) {
    helper h;
    engine e;
    call c(h, e);
    c.run(long_items, [&e] {
        explored::point("computes");
        e.wait_for_service();
    });
}
void items_one_after_the_other() {
    helper h;
    engine e;
    call c(h, e);
    c.run(true, [] {});
    c.run(false, [] {});
    c.run(true, [] {});
}
void a_turn() {
    helper h;
    engine e;
    call c(h, e);
    c.run(true, [&e] {
        {
            const mpi_turn alone;
            e.touch();
            const mpi_turn nested;
            e.touch();
        }
        e.wait_for_service();
    });
}
void a_call_behind_a_call() {
    helper h;
    for (int i = 0; i < 2; ++i) {
        engine e;
        call c(h, e);
        c.run(true, [] {});
    }
}
void a_call_in_an_item() {
    helper outer;
    engine of_outer;
    call c(outer, of_outer);
    c.run(true, [&of_outer] {
        const mpi_turn alone;
        helper inner;
        engine of_inner;
        {
            call d(inner, of_inner);
            d.run(true, [&of_inner] { of_inner.wait_for_service(); });
        }
        of_outer.touch();
    });
}
void nothing_but_an_end() {
    const helper h;
}
void an_end_without_items() {
    helper h;
    engine e;
    h.engage([&e] { e.serve(); });
    h.disengage();
    e.gone = true;
}

// ---------------------------------------------------------------- the deputy

/// A pool: the program is in it while a visit lives.
struct pool {
    engine e;
    deputy away{[this] { return e.serve_some(); },
                [this] {
                    explored::point("looks what is left");
                    return e.left != 0;
                }};
    pool() { e.lent = true; }
    ~pool() {
        away.end();
        e.gone = true;
    }
};
class visit {
  public:
    explicit visit(pool& p) : pool_(p) { pool_.away.enter(); }
    ~visit() {
        pool_.e.touch();
        pool_.away.leave();
    }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;

  private:
    pool& pool_;
};

void a_program_that_is_away(int left) {
    pool p;
    {
        const visit here(p);
        p.e.left = left;
    }
    explored::wait_until([&p, left] { return p.e.served == left; });
    const visit here(p);
    p.e.touch();
}
void a_program_that_comes_and_goes() {
    pool p;
    for (int i = 0; i < 3; ++i) {
        const visit here(p);
        p.e.left = 2;
        const visit nested(p);
    }
}
/// It goes at last, and what it leaves is seen to, though the deputy has gone to sleep.
void a_program_that_stays_inside() {
    pool p;
    int served = 0;
    {
        const visit here(p);
        p.e.left = 1;
    }
    {
        const visit here(p);
        explored::point("stays");
        explored::point("stays");
        served = p.e.served;
        p.e.left = 1;
    }
    explored::wait_until([&p, served] { return p.e.served != served; });
}
void an_end_at_any_time() {
    pool p;
    {
        const visit here(p);
        p.e.left = 5;
    }
    const visit here(p);
    p.away.end();
    p.e.touch();
}
void an_end_from_elsewhere() {
    pool p;
    {
        const visit here(p);
        p.e.left = 5;
    }
    const std::size_t other = explored::start([&p] { p.away.end(); });
    explored::wait_until([other] { return explored::ended(other); });
    p.e.gone = true;
    const visit here(p);
}
void an_end_while_away() {
    pool p;
    const visit here(p);
    p.e.left = 5;
}

// ---------------------------------------------------------------- both

/// The helper answers while the program is inside and runs an item, the deputy when it is away.
void an_item_and_an_absence() {
    helper h;
    pool p;
    {
        const visit here(p);
        p.e.left = 1;
        p.e.lent = false;
        h.engage([&p] { p.e.serve(); });
        h.mutex.lock();
        p.e.lent = true;
        {
            const helper::user_code outside(h, {1e-3, true});
            p.e.wait_for_service();
        }
        p.e.lent = false;
        p.e.touch();
        h.mutex.unlock();
        h.disengage();
        p.e.lent = true;
    }
    explored::wait_until([&p] { return p.e.left == 0; });
}

} // namespace

const std::vector<explored::scene> explored::scenes = {
    {"helper", "an item that lasts", {3, 4}, [] { an_item_that_lasts(true); }},
    {"helper", "an item that lasts among short ones", {3, 4}, [] { an_item_that_lasts(false); }},
    {"helper", "items one after the other", {3, 4}, items_one_after_the_other},
    {"helper", "a turn in MPI", {3, 3}, a_turn},
    {"helper", "a call behind a call", {3, 4}, a_call_behind_a_call},
    {"helper", "a call in an item", {2, 2}, a_call_in_an_item},
    {"helper", "nothing but an end", {4, 4}, nothing_but_an_end},
    {"helper", "an end without items", {4, 4}, an_end_without_items},
    {"deputy", "a program that is away", {5, 5}, [] { a_program_that_is_away(1); }},
    {"deputy", "a program that is away for longer", {5, 5}, [] { a_program_that_is_away(2); }},
    {"deputy", "a program that comes and goes", {4, 5}, a_program_that_comes_and_goes},
    {"deputy", "a program that stays inside", {5, 5}, a_program_that_stays_inside},
    {"deputy", "an end at any time", {5, 5}, an_end_at_any_time},
    {"deputy", "an end from elsewhere", {5, 5}, an_end_from_elsewhere},
    {"deputy", "an end while away", {5, 5}, an_end_while_away},
    {"both", "an item and an absence", {2, 3}, an_item_and_an_absence},
};
