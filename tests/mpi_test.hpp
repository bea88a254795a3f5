#pragma once

// What the suites under mpirun share. Every rank runs the same tests in the same order; a test body is
// collective over comm(). Where ranks must not part, tests use EXPECT and never ASSERT.

#include <cstddef>
#include <exception>
#include <ios>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>
#include <gtest/gtest.h>
#include <mpi.h>

#include <mpimap/errors.hpp>
#include <mpimap/options.hpp>

namespace mpimap_test {

/// The communicator under test: all ranks, or with --comm=reversed one of two halves in reverse order.
const boost::mpi::communicator& comm();

inline int rank() {
    return comm().rank();
}
inline int size() {
    return comm().size();
}
/// The root that tests use which need only one: the last rank where 0 would hide a mistake.
inline int other_root() {
    return size() - 1;
}

/// Calls `test(root)` with each rank as root.
template <typename Test>
void for_each_root(const Test& test) {
    for (int root = 0; root < size(); ++root) {
        SCOPED_TRACE("root " + std::to_string(root));
        test(root);
    }
}

struct named_options {
    std::string name;
    mpimap::options options;
};

/// Each schedule, with and without chunk sizes, for the given root.
std::vector<named_options> all_schedules(int root);

/// Calls `test(options)` with each schedule of all_schedules(root).
template <typename Test>
void for_each_schedule(int root, const Test& test) {
    for (const named_options& s : all_schedules(root)) {
        SCOPED_TRACE(s.name);
        test(s.options);
    }
}

/// What a collective call throws: the text of an Exception, and a failed test when it throws nothing or
/// another.
template <typename Exception, typename Call>
std::string text_of(const Call& call) {
    try {
        call();
    } catch (const Exception& e) {
        return e.what();
    } catch (const std::exception& e) {
        ADD_FAILURE() << "another exception: " << e.what();
        return {};
    }
    ADD_FAILURE() << "no exception";
    return {};
}

/// The same value on every rank of comm()? Collective.
bool same_everywhere(const std::string& text);

/// The sum over the ranks of comm(). Collective.
long sum_over_ranks(long value);

/// A call after which every rank must still be in step. Collective.
void expect_next_call_works(int root = 0);

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}
#define EXPECT_CONTAINS(text, part) EXPECT_PRED2(::mpimap_test::contains, text, part)

/// On the root the serial result, nothing elsewhere.
template <typename Results>
void expect_on_root(int root, const Results& got, const Results& serial) {
    if (rank() == root) {
        EXPECT_EQ(got, serial);
    } else {
        EXPECT_TRUE(got.empty());
    }
}

/// An inter-communicator between the even and the odd ranks, of which there are two at least. Collective.
inline MPI_Comm between_halves() {
    const int half = rank() % 2;
    MPI_Comm mine = MPI_COMM_NULL;
    MPI_Comm_split(comm(), half, rank(), &mine);
    MPI_Comm between = MPI_COMM_NULL;
    MPI_Intercomm_create(mine, 0, comm(), 1 - half, 1, &between);
    MPI_Comm_free(&mine);
    return between;
}

} // namespace mpimap_test
