#pragma once

// Watches all that the library does with MPI, by standing in front of it: what is sent on its duplicates and
// what of it is received, and that no duplicate is freed before. Included by one file of a program.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <mpi.h>

namespace faults {

/// What has been seen on the duplicates that one round of a test made, on this rank.
struct traffic {
    long sent = 0;
    long received = 0;
    long duplicates = 0;
    long freed = 0;
};

class stray_watch {
  public:
    /// Duplicates that are made from now on belong to this round, the same on every rank.
    void begin_round(std::size_t round) {
        const std::lock_guard lock(mutex_);
        round_ = round;
        if (rounds_.size() <= round)
            rounds_.resize(round + 1);
    }
    [[nodiscard]] std::vector<traffic> rounds() {
        const std::lock_guard lock(mutex_);
        return rounds_;
    }
    /// Duplicates that have been made and not been freed.
    [[nodiscard]] long in_use() {
        const std::lock_guard lock(mutex_);
        return made_ - freed_;
    }
    [[nodiscard]] long made() {
        const std::lock_guard lock(mutex_);
        return made_;
    }
    /// What went wrong since the last call.
    [[nodiscard]] std::string take_faults() {
        const std::lock_guard lock(mutex_);
        return std::exchange(faults_, {});
    }

    // ------------------------------------------------------------ what MPI is asked for

    void make() {
        const std::lock_guard lock(mutex_);
        ++made_;
        expected_ = true;
    }
    /// The first that is done on a duplicate is a reduction of two words; those of retired ones, which may
    /// come between, have more.
    void reduce(MPI_Comm comm, int count) {
        const std::lock_guard lock(mutex_);
        if (count != 2 || !std::exchange(expected_, false))
            return;
        begin_round_if_none();
        duplicates_[comm] = round_;
        ++rounds_[round_].duplicates;
    }
    void send(MPI_Comm comm) {
        const std::lock_guard lock(mutex_);
        if (const auto at = duplicates_.find(comm); at != duplicates_.end())
            ++rounds_[at->second].sent;
    }
    void receive(MPI_Comm comm, MPI_Request request) {
        const std::lock_guard lock(mutex_);
        if (duplicates_.contains(comm))
            receives_[request] = comm;
    }
    void done(MPI_Request request) {
        const std::lock_guard lock(mutex_);
        const auto receive = receives_.find(request);
        if (receive == receives_.end())
            return;
        if (const auto at = duplicates_.find(receive->second); at != duplicates_.end())
            ++rounds_[at->second].received;
        receives_.erase(receive);
    }
    void cancel(MPI_Request request) {
        const std::lock_guard lock(mutex_);
        receives_.erase(request);
    }
    void free(MPI_Comm comm) {
        const std::lock_guard lock(mutex_);
        const auto at = duplicates_.find(comm);
        if (at == duplicates_.end())
            return;
        int there = 0;
        MPI_Status status;
        for (int look = 0; look < 3 && there == 0; ++look)
            PMPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &there, &status);
        if (there != 0)
            faults_ += "a duplicate is freed that a message has come to; ";
        if (std::any_of(receives_.begin(), receives_.end(),
                        [comm](const auto& receive) { return receive.second == comm; }))
            faults_ += "a duplicate is freed that is receiving; ";
        ++rounds_[at->second].freed;
        ++freed_;
        duplicates_.erase(at);
    }

  private:
    void begin_round_if_none() {
        if (rounds_.empty())
            rounds_.resize(1);
    }

    std::mutex mutex_; // a helper thread calls MPI, too
    std::size_t round_ = 0;
    std::vector<traffic> rounds_;
    std::map<MPI_Comm, std::size_t> duplicates_; // and their rounds
    std::map<MPI_Request, MPI_Comm> receives_;   // under way
    bool expected_ = false;
    long made_ = 0;
    long freed_ = 0;
    std::string faults_;
};

inline stray_watch& watch() {
    static stray_watch w;
    return w;
}

} // namespace faults

extern "C" {

int MPI_Comm_idup(MPI_Comm comm, MPI_Comm* copy, MPI_Request* request) {
    faults::watch().make();
    return PMPI_Comm_idup(comm, copy, request);
}
int MPI_Iallreduce(const void* data, void* result, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                   MPI_Request* request) {
    faults::watch().reduce(comm, count);
    return PMPI_Iallreduce(data, result, count, type, op, comm, request);
}
int MPI_Isend(const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request* request) {
    faults::watch().send(comm);
    return PMPI_Isend(data, count, type, to, tag, comm, request);
}
int MPI_Irecv(void* data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
              MPI_Request* request) {
    const int code = PMPI_Irecv(data, count, type, from, tag, comm, request);
    faults::watch().receive(comm, *request);
    return code;
}
int MPI_Test(MPI_Request* request, int* flag, MPI_Status* status) {
    const MPI_Request before = *request;
    const int code = PMPI_Test(request, flag, status);
    if (*flag != 0)
        faults::watch().done(before);
    return code;
}
int MPI_Cancel(MPI_Request* request) {
    faults::watch().cancel(*request);
    return PMPI_Cancel(request);
}
int MPI_Comm_free(MPI_Comm* comm) {
    faults::watch().free(*comm);
    return PMPI_Comm_free(comm);
}
/// At the end of the program nothing may be left.
int MPI_Finalize() {
    const int code = PMPI_Finalize();
    const long left = faults::watch().in_use();
    const std::string faults = faults::watch().take_faults();
    if (left != 0 || !faults.empty()) {
        std::fprintf(stderr, "behind MPI_Finalize: %ld duplicates are left; %s\n", left, faults.c_str());
        std::fflush(stderr);
        std::_Exit(4);
    }
    return code;
}

} // extern "C"
