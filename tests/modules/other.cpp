// Built twice, as two programs that mpirun starts side by side: refused on every rank at the first call. They
// differ in one constant and in what the linker was told.

#include "modules.hpp"

#include <string>

namespace {

/// What the text says of a rank: "rank 1 runs /folder/name (build id 0a1b)".
bool says(const std::string& text, int rank, const std::string& name, const std::string& id) {
    const std::size_t begin = text.find("rank " + std::to_string(rank) + " runs /");
    const std::string end =
        "/" + name + (id == "none" ? " (no build id)" : " (build id " + id.substr(2) + ")");
    const std::size_t there = text.find(end);
    return begin != std::string::npos && there != std::string::npos && begin < there &&
           text.find(", rank", begin) >= there;
}

/// `expected`: the beginning of the programs' names, and their build ids.
template <typename Call>
void expect_refused(char** expected, const Call& call) {
    std::string text;
    try {
        call();
    } catch (const mpimap::mismatched_call& e) {
        text = e.what();
    }
    CHECK(text.find("same program") != std::string::npos);
    CHECK(says(text, 0, expected[0] + std::string("1"), expected[1]));
    CHECK(says(text, 1, expected[0] + std::string("2"), expected[2]));
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment environment(argc, argv);
    const auto number = [](int x) { return x + PROGRAM; };
    CHECK(argc == 4);
    expect_refused(argv + 1, [] { const mpimap::pool p(MPI_COMM_WORLD); });
    expect_refused(argv + 1, [&] {
        (void)mpimap::mpi_map(MPI_COMM_WORLD, number, std::vector<int>{1, 2, 3});
    });
    // Among themselves the ranks of one program may call.
    MPI_Comm same = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, PROGRAM, 0, &same);
    if (mpimap::pool p(same); p)
        CHECK(p.map(number, std::vector<int>{0}) == std::vector<int>{PROGRAM});
    MPI_Comm_free(&same);
    return 0;
}
