// Reads what MPIMAP_TRACE has written: read_trace FILE [filled] < CALLS, where each line of CALLS is a call's
// number, how many items it has, and how many seconds they took. Each rank's intervals must not overlap, the
// runs of a call must be of all its items, once, and take as long as those say: longer where ranks share
// their cores, since a run is from its first item to its last. `filled`: from the beginning of a call to its
// end each rank that takes part is seen to do something, or to wait.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/property_tree/json_parser.hpp>
#include <boost/property_tree/ptree.hpp>

namespace {

using thread = std::pair<int, int>; // process, thread

struct interval {
    double begin = 0; // us
    double end = 0;
};
struct call {
    std::map<std::size_t, int> runs; // of each item
    double seconds = 0;
    std::map<thread, std::vector<interval>> of;
};

int failures = 0;
template <typename... Parts>
void check(bool holds, const Parts&... parts) {
    if (holds)
        return;
    ++failures;
    (std::cout << ... << parts) << '\n';
}

constexpr double rounding = 0.0011; // us, of a time

} // namespace

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    const bool filled = argc > 2 && std::string(argv[2]) == "filled";
    boost::property_tree::ptree json;
    boost::property_tree::read_json(argv[1], json);

    std::map<thread, std::vector<interval>> threads;
    std::map<thread, std::string> names;
    std::map<int, call> calls;
    for (const auto& [key, e] : json.get_child("traceEvents")) {
        const thread where{e.get<int>("pid"), e.get<int>("tid")};
        if (e.get<std::string>("ph") == "M") {
            if (e.get<std::string>("name") == "thread_name")
                names[where] = e.get<std::string>("args.name");
            continue;
        }
        const double begin = e.get<double>("ts");
        const double length = e.get<double>("dur");
        check(begin >= 0 && length > 0, "an event at ", begin, " us for ", length, " us");
        threads[where].push_back({begin, begin + length});
        call& c = calls[e.get<int>("args.call")];
        c.of[where].push_back({begin, begin + length});
        if (e.get<std::string>("cat") != "run")
            continue;
        c.seconds += length * 1e-6;
        const auto first = e.get<std::size_t>("args.first");
        for (std::size_t i = 0; i < e.get<std::size_t>("args.count"); ++i)
            ++c.runs[first + i];
    }

    for (auto& [where, all] : threads) {
        check(names.contains(where), "thread ", where.second, " has no name");
        std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
        for (std::size_t i = 1; i < all.size(); ++i)
            check(all[i].begin >= all[i - 1].end - 2 * rounding, names[where], ": at ", all[i].begin,
                  " us the one before has not ended, at ", all[i - 1].end);
    }

    std::size_t all_runs = 0;
    for (const auto& [number, c] : calls)
        all_runs += c.runs.size();
    check(all_runs != 0, "there are no runs");

    int number = 0;
    std::size_t items = 0;
    double seconds = 0;
    while (std::cin >> number >> items >> seconds) {
        call& c = calls[number];
        check(c.runs.size() == items, "call ", number, ": runs of ", c.runs.size(), " items of ", items);
        for (const auto& [item, runs] : c.runs)
            check(item < items && runs == 1, "call ", number, ": item ", item, ", ", runs, " runs");
        std::printf("call %d: %zu items in %.4f s, %.4f s by the trace\n", number, items, seconds, c.seconds);
        check(c.seconds >= seconds && c.seconds < seconds * 1.5 + 0.1, "call ", number, ": times differ");
        double begin = 0;
        double end = 0;
        for (const auto& [where, all] : c.of) {
            if (!filled || names[where].find("thread") != std::string::npos)
                continue;
            double sum = 0;
            interval whole = all.front();
            for (const interval& i : all) {
                sum += i.end - i.begin;
                whole = {std::min(whole.begin, i.begin), std::max(whole.end, i.end)};
            }
            const double off = 2 * rounding * static_cast<double>(all.size());
            check(std::abs(sum - (whole.end - whole.begin)) < off, "call ", number, ", ", names[where], ": ",
                  sum, " us of ", whole.end - whole.begin, " us are accounted for");
            if (begin != 0 || end != 0)
                check(std::abs(begin - whole.begin) < 1 && std::abs(end - whole.end) < 1, "call ", number,
                      ": ranks begin at ", begin, " and ", whole.begin, " us, and end at ", end, " and ",
                      whole.end);
            begin = whole.begin;
            end = whole.end;
        }
    }
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
