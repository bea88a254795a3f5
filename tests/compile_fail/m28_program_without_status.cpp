// A program for run_main that returns something else than a status.
// first build error: mpimap\[M28\]

#include <string>

#include <mpimap/mpimap.hpp>

namespace {
#ifdef MEND
void program() {}
#else
std::string program() { return "done"; }
#endif
} // namespace

int main(int argc, char** argv) {
    return mpimap::run_main(argc, argv, program);
}
