// Built twice, as two programs that mpirun starts side by side: refused on every rank at the first call.

#include "modules.hpp"

#include <string>

namespace {

template <typename Call>
void expect_refused(const Call& call) {
    std::string text;
    try {
        call();
    } catch (const mpimap::mismatched_call& e) {
        text = e.what();
    }
    CHECK(text.find("same program") != std::string::npos);
    CHECK(text.find("test_module_program_1") != std::string::npos);
    CHECK(text.find("test_module_program_2") != std::string::npos);
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment environment(argc, argv);
    const auto number = [](int x) { return x + PROGRAM; };
    expect_refused([] { const mpimap::pool p(MPI_COMM_WORLD); });
    expect_refused([&] { (void)mpimap::mpi_map(MPI_COMM_WORLD, number, std::vector<int>{1, 2, 3}); });
    // Among themselves the ranks of one program may call.
    MPI_Comm same = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, PROGRAM, 0, &same);
    if (mpimap::pool p(same); p)
        CHECK(p.map(number, std::vector<int>{0}) == std::vector<int>{PROGRAM});
    MPI_Comm_free(&same);
    return 0;
}
