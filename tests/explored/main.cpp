// Runs the scenes:
//
//   explored_hand_over [helper | deputy | both | all [interruptions less]]

#include <cstdio>
#include <cstdlib>
#include <string>

#include "explored_threads.hpp"

using explored::bounds;
using explored::scene;

int main(int argc, char** argv) {
    const std::string of = argc > 1 ? argv[1] : "all";
    const int less = argc > 2 ? std::atoi(argv[2]) : 0;
    for (const scene& s : explored::scenes) {
        if (of != "all" && of != s.of)
            continue;
        try {
            const bounds within = {s.within.interruptions - less, s.within.naps};
            const std::size_t runs = explored::explore(within, s.program);
            std::printf("%-40s %8zu schedules\n", s.name, runs);
        } catch (const explored::mistake& m) {
            std::printf("%s: mistake: %s\n", s.name, m.text.c_str());
            for (const std::string& step : m.steps)
                std::printf("    %s\n", step.c_str());
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
