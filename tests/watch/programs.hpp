#pragma once

// What the programs of this folder have in common: one of several, chosen by its name.

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

struct named_program {
    std::string_view name;
    void (*run)(const boost::mpi::communicator&);
};

/// Runs the one that the first argument names. What a call refuses each rank prints.
inline int run_named(int argc, char** argv, std::span<const named_program> programs) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    for (const named_program& p : programs) {
        if (argc < 2 || p.name != argv[1])
            continue;
        try {
            p.run(world);
        } catch (const mpimap::invalid_argument& e) {
            std::printf("rank %d: %s\n", world.rank(), e.what());
        }
        return EXIT_SUCCESS;
    }
    std::fprintf(stderr, "no such program\n");
    return 2;
}
