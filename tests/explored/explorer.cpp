#include <algorithm>

#include "explored_threads.hpp"

namespace explored {
namespace {

/// Who went on where several could.
struct choice {
    std::size_t taken = 0;
    std::size_t among = 1;
};

struct explored_thread {
    std::unique_ptr<simulated::fiber> body;
    std::function<bool()> may_go;
    std::function<bool()> woken; // of one that naps
    const char* doing = "begins";
    bool naps = false;
};

struct run {
    run(const bounds& b, std::vector<choice>& t) : within(b), trail(t) {}
    const bounds& within;
    std::vector<choice>& trail;
    std::size_t step = 0; // of the trail
    std::vector<explored_thread> threads;
    std::size_t running = 0;
    int interruptions = 0;
    int naps = 0;
    int naps_without_progress = 0;
    std::vector<std::pair<std::size_t, const char*>> steps;
    bool over = false;
    std::string wrong;

    [[nodiscard]] bool has_ended(std::size_t i) const { return threads[i].body->ended(); }
    [[nodiscard]] bool can_go(std::size_t i) const {
        return !has_ended(i) && (!threads[i].may_go || threads[i].may_go());
    }
    /// Whether the time alone would let it go on.
    [[nodiscard]] bool would_end_a_nap(std::size_t i) const { return threads[i].naps && !threads[i].woken(); }
    bool pick();
};

run* now = nullptr;

/// Who goes on. False where nobody can.
bool run::pick() {
    constexpr int longest_wait = 50;
    std::vector<std::size_t> can;
    std::vector<std::size_t> by_time;
    for (std::size_t k = 0; k < threads.size(); ++k) {
        const std::size_t i = (running + k) % threads.size(); // the one that runs first
        if (can_go(i))
            (would_end_a_nap(i) ? by_time : can).push_back(i);
    }
    const bool goes_on = !can.empty() && can.front() == running;
    if (goes_on && interruptions == within.interruptions)
        can.resize(1);
    const bool others = !can.empty();
    if (!others && !by_time.empty()) {
        can.push_back(by_time.front() == running ? by_time.back() : by_time.front()); // they take turns
    } else if (naps < within.naps && (!goes_on || interruptions < within.interruptions)) {
        can.insert(can.end(), by_time.begin(), by_time.end());
    }
    if (can.empty())
        return false;
    std::size_t chosen = 0;
    if (can.size() > 1) {
        if (step == trail.size())
            trail.push_back({0, can.size()});
        chosen = trail[step++].taken;
    }
    const std::size_t next = can[chosen];
    if (would_end_a_nap(next)) {
        naps += others ? 1 : 0;
        if (!others && ++naps_without_progress > longest_wait)
            return false;
    } else if (next == 0) {
        naps_without_progress = 0;
    }
    interruptions += goes_on && next != running ? 1 : 0;
    running = next;
    steps.emplace_back(next, threads[next].doing);
    return true;
}

void leave_unless_chosen(std::size_t me) {
    if (!now->over && !now->pick()) {
        now->over = true;
        now->wrong = "nobody goes on, or what is waited for does not come";
    }
    if (now->over || now->running != me)
        now->threads[me].body->leave();
}

void once(const bounds& b, std::vector<choice>& trail, const std::function<void()>& program) {
    run r(b, trail);
    now = &r;
    (void)start(program);
    r.steps.clear();
    while (!r.over) {
        r.threads[r.running].body->resume();
        if (!r.over && r.has_ended(r.running)) {
            bool all = true;
            for (std::size_t i = 0; i < r.threads.size(); ++i)
                all = all && r.has_ended(i);
            if (all)
                break;
            if (!r.pick()) {
                r.over = true;
                r.wrong = "nobody goes on";
            }
        }
    }
    now = nullptr;
    if (r.wrong.empty())
        return;
    mistake found{r.wrong, {}};
    for (const auto& [thread, what] : r.steps)
        found.steps.push_back((thread == 0 ? "program: " : "thread " + std::to_string(thread) + ": ") + what);
    throw found;
}

} // namespace

std::size_t explore(const bounds& b, const std::function<void()>& program) {
    std::vector<choice> trail;
    std::size_t runs = 0;
    while (true) {
        once(b, trail, program);
        ++runs;
        while (!trail.empty() && trail.back().taken + 1 == trail.back().among)
            trail.pop_back();
        if (trail.empty())
            return runs;
        ++trail.back().taken;
    }
}

void point(const char* what, const std::function<bool()>& may_go) {
    const std::size_t me = now->running;
    now->threads[me].doing = what;
    now->threads[me].may_go = may_go;
    leave_unless_chosen(me);
    now->threads[me].may_go = {};
}

void nap(const std::function<bool()>& may_go, const std::function<bool()>& woken) {
    const std::size_t me = now->running;
    explored_thread& t = now->threads[me];
    t.doing = "ends a nap";
    t.may_go = may_go;
    t.woken = woken;
    t.naps = true;
    leave_unless_chosen(me);
    now->threads[me].naps = false;
    now->threads[me].woken = {};
    now->threads[me].may_go = {};
}

void expect(bool good, const char* what) {
    if (good || now->over)
        return;
    now->over = true;
    now->wrong = what;
    now->threads[now->running].body->leave();
}

std::size_t start(std::function<void()> body) {
    explored_thread fresh;
    fresh.body = std::make_unique<simulated::fiber>(std::move(body));
    now->threads.push_back(std::move(fresh));
    return now->threads.size() - 1;
}

bool ended(std::size_t thread) {
    return now->has_ended(thread);
}

} // namespace explored
