// hosts N: maps a function that tells its host name, and checks that items ran on N different hosts.
#include <mpimap/mpimap.hpp>

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <set>
#include <string>

#include <unistd.h>

std::string host(std::size_t index) {
    char name[256];
    if (gethostname(name, sizeof name) != 0)
        return "?";
    return std::to_string(index) + ' ' + name;
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;
    const std::size_t expected = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1;

    // A static schedule: each rank gets its share, however quick the others are.
    const std::size_t items = 1000;
    const auto lines =
        mpimap::mpi_map(world, {.schedule = mpimap::schedule::static_}, host, mpimap::indices(items));
    if (world.rank() != 0)
        return 0;

    std::set<std::string> hosts;
    bool in_order = lines.size() == items;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string number = std::to_string(i) + ' ';
        in_order = in_order && lines[i].starts_with(number);
        hosts.insert(lines[i].substr(number.size()));
    }
    std::cout << items << " items " << (in_order ? "in order" : "out of order") << ", on " << hosts.size()
              << " host(s):";
    for (const auto& name : hosts)
        std::cout << ' ' << name;
    std::cout << '\n';
    return in_order && hosts.size() == expected ? 0 : 1;
}
