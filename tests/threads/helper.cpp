// The helper thread's hand-over with the main thread, for the thread sanitizer: what both touch is plain
// memory. Nothing here waits for a time to pass, only for what the other thread does; a hang is ctest's to
// end.

#include "driver/helper.hpp"

#include <atomic>
#include <memory>

#include "expect.hpp"

namespace {

using mpimap::detail::helper;
using mpimap::detail::mpi_turn;
using mpimap::detail::nap_length;

constexpr nap_length short_naps{20e-6, true};

/// What the engine is to both threads: whoever has the mutex may touch it.
struct engine {
    int touched = 0;
    bool gone = false;
    std::atomic<int> served{0};
    void serve() {
        expect(!gone, "the helper serves after disengage()");
        ++touched;
        ++served;
    }
};

/// Long items, in each of which the helper comes by; between them the engine is the main thread's.
void serves_while_items_run() {
    helper h;
    engine e;
    h.engage([&e] { e.serve(); });
    h.mutex.lock();
    for (int item = 0; item < 50; ++item) {
        {
            const helper::user_code outside(h, short_naps);
            const int before = e.served;
            while (e.served == before)
                let_others();
        }
        ++e.touched;
    }
    const int served = e.served;
    expect(e.touched == served + 50, "something was touched by both threads at once");
    h.mutex.unlock();
    h.disengage();
    e.gone = true;
}

/// Items that are over before the helper has looked twice, with naps for short ones.
void short_items() {
    helper h;
    engine e;
    h.engage([&e] { e.serve(); });
    h.mutex.lock();
    for (int item = 0; item < 20'000; ++item) {
        { const helper::user_code outside(h, {1e-6, item % 2 == 0}); }
        ++e.touched;
    }
    h.mutex.unlock();
    h.disengage();
    e.gone = true;
    expect(e.touched == e.served + 20'000, "something was touched by both threads at once");
}

/// Calls that come and go: nothing of one is touched when it is over.
void engaged_again_and_again() {
    helper h;
    for (int call = 0; call < 2'000; ++call) {
        auto e = std::make_unique<engine>();
        h.engage([&e] { e->serve(); });
        h.mutex.lock();
        {
            const helper::user_code outside(h, short_naps);
            if (call % 100 == 0) {
                while (e->served == 0)
                    let_others();
            }
        }
        ++e->touched;
        h.mutex.unlock();
        h.disengage();
        e->gone = true;
    }
}

/// An item uses the library, where the helper of its own call is to stay out.
void turns() {
    helper h;
    engine e;
    h.engage([&e] { e.serve(); });
    h.mutex.lock();
    for (int item = 0; item < 200; ++item) {
        const helper::user_code outside(h, short_naps);
        {
            const mpi_turn alone;
            ++e.touched; // the item has the engine to itself
            const mpi_turn nested;
            ++e.touched;
        }
        if (item % 20 == 0) {
            const int before = e.served;
            while (e.served == before)
                let_others();
        }
    }
    h.mutex.unlock();
    h.disengage();
    expect(e.touched == e.served + 400, "something was touched by both threads at once");
}

/// An item makes a call on another communicator, which has a helper of its own.
void one_in_the_other() {
    helper outer;
    helper inner;
    engine of_outer;
    engine of_inner;
    outer.engage([&of_outer] { of_outer.serve(); });
    outer.mutex.lock();
    for (int item = 0; item < 50; ++item) {
        const helper::user_code outside(outer, short_naps);
        const mpi_turn alone;
        inner.engage([&of_inner] { of_inner.serve(); });
        inner.mutex.lock();
        {
            const helper::user_code further_out(inner, short_naps);
            while (of_inner.served == item)
                let_others();
        }
        ++of_outer.touched;
        inner.mutex.unlock();
        inner.disengage();
        of_inner.served = item + 1;
    }
    outer.mutex.unlock();
    outer.disengage();
    expect(of_outer.touched == of_outer.served + 50, "something was touched by both threads at once");
}

/// Without ever having served, and engaged.
void ends() {
    for (int i = 0; i < 200; ++i)
        const helper h;
    const auto engaged = std::make_unique<helper>();
    engaged->engage([] {});
    engaged->disengage();
}

} // namespace

int main() {
    serves_while_items_run();
    short_items();
    engaged_again_and_again();
    turns();
    one_in_the_other();
    ends();
    return 0;
}
