// An open file, though a smart pointer owns it.
// first build error: mpimap\[M05\]

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
#ifdef MEND
    const std::vector<std::string> files{"a.txt", "b.txt"};
    const std::vector<int> r = mpimap::mpi_map(
        world,
        [](const std::string& name) {
            const std::shared_ptr<std::FILE> f(std::fopen(name.c_str(), "r"), [](std::FILE* opened) {
                if (opened != nullptr)
                    std::fclose(opened);
            });
            return f ? std::fgetc(f.get()) : -1;
        },
        files);
#else
    const std::vector<std::shared_ptr<std::FILE>> files(2);
    const std::vector<int> r = mpimap::mpi_map(
        world, [](const std::shared_ptr<std::FILE>& f) { return std::fgetc(f.get()); }, files);
#endif
    return r.size() == 2 ? 0 : 1;
}
