// A program for run_main that cannot be called.
// first build error: mpimap\[M28\]

#include <cstdlib>

#include <mpimap/mpimap.hpp>

namespace {
#ifdef MEND
int program(int argc, char** argv) { return argc > 1 ? std::atoi(argv[1]) : 0; }
#else
int program(int tasks) { return tasks; }
#endif
} // namespace

int main(int argc, char** argv) {
    return mpimap::run_main(argc, argv, program);
}
