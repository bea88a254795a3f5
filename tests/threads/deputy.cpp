// The hand-over between a program that comes and goes and its deputy, for the thread sanitizer: what both
// touch is plain memory. Nothing here waits for a time to pass, only for what the other thread does; a hang
// is ctest's to end.

#include "driver/deputy.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "expect.hpp"

namespace {

using mpimap::detail::deputy;
using namespace std::chrono_literals;

/// What the engine is to both threads: whoever has the turn may touch it.
struct engine {
    long touched = 0;
    int left = 0; // to be done in the program's absence
    bool gone = false;
    std::atomic<long> served{0};

    deputy::next_turn serve() {
        expect(!gone, "the deputy serves after its end");
        ++touched;
        ++served;
        if (left > 0)
            --left;
        return left == 0 ? deputy::next_turn() : 20us;
    }
};

struct pool {
    engine e;
    deputy away{[this] { return e.serve(); }, [this] { return e.left != 0; }};
};

void serves_while_the_program_is_away() {
    pool p;
    long own = 0;
    for (int i = 0; i < 30; ++i) {
        p.away.enter();
        p.e.left = 3;
        ++p.e.touched;
        ++own;
        const long before = p.e.served;
        p.away.leave();
        while (p.e.served < before + 3)
            let_others();
    }
    p.away.enter();
    expect(p.e.touched == p.e.served + own, "something was touched by both threads at once");
    p.away.leave();
}

/// In and out all the time, with pauses in which it may begin.
void comes_at_all_times() {
    pool p;
    long own = 0;
    for (int i = 0; i < 30'000; ++i) {
        p.away.enter();
        p.away.enter(); // a function that calls another
        p.e.left = i % 50;
        ++p.e.touched;
        ++own;
        p.away.leave();
        ++p.e.touched;
        ++own;
        const long before = p.e.served;
        p.away.leave();
        while (i % 1000 == 999 && p.e.served == before)
            let_others();
    }
    p.away.enter();
    expect(p.e.touched == p.e.served + own, "something was touched by both threads at once");
    p.away.leave();
}

void ends() {
    for (int i = 0; i < 200; ++i)
        pool(); // never wanted
    for (int i = 0; i < 200; ++i) {
        const auto p = std::make_unique<pool>();
        p->away.enter();
        p->e.left = 1000;
        p->away.leave();
        while (i % 20 == 0 && p->e.served == 0)
            let_others();
        if (i % 3 == 0)
            p->away.enter();
        if (i % 2 == 0) {
            std::thread([&p] { p->away.end(); }).join(); // as from MPI_Finalize
        } else {
            p->away.end();
        }
        p->e.gone = true;
        p->away.enter();
        p->away.leave();
    }
}

} // namespace

int main() {
    serves_while_the_program_is_away();
    comes_at_all_times();
    ends();
    return 0;
}
