// Items that do nothing, handed out one by one: mpimap with chunks of one beside hand-written master-worker
// loops with a window of two items per worker, for plain numbers and for a small struct that is serialized.

#include <cstdlib>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>
#include <boost/mpi/packed_iarchive.hpp>
#include <boost/mpi/packed_oarchive.hpp>
#include <boost/serialization/access.hpp>

#include <mpimap/mpimap.hpp>

#include "comparison.hpp"

namespace {

class sample {
  public:
    sample() = default;
    sample(int number, double x) : number_(number), x_(x), weight_(1) {}
    [[nodiscard]] sample moved() const {
        sample s(*this);
        s.x_ += s.weight_;
        return s;
    }
    bool operator==(const sample&) const = default;

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& number_& x_& weight_;
    }

    int number_ = 0;
    double x_ = 0;
    double weight_ = 0;
};

int work(int x) {
    return x + 1;
}
sample work(const sample& s) {
    return s.moved();
}

constexpr std::size_t window = 2;
constexpr int no_more = 1; // the tag of an order to stop

/// How a numbered value travels in the hand-written loops: as bytes ...
template <typename T>
class as_bytes {
  public:
    void put(std::size_t number, const T& value) {
        message_.number = number;
        message_.value = value;
    }
    std::size_t get(T& value, int) {
        value = message_.value;
        return message_.number;
    }
    void* data() { return &message_; }
    [[nodiscard]] int size() const { return sizeof message_; }
    [[nodiscard]] static int room() { return sizeof(message); }

  private:
    struct message {
        std::size_t number;
        T value;
    };
    message message_{};
};

/// ... or through Boost.MPI's packed archives, a buffer of its own for each message as they want it.
template <typename T>
class by_archive {
  public:
    void put(std::size_t number, const T& value) {
        bytes_.clear();
        boost::mpi::packed_oarchive ar(MPI_COMM_WORLD, bytes_);
        ar << number << value;
    }
    std::size_t get(T& value, int size) {
        bytes_.resize(static_cast<std::size_t>(size));
        boost::mpi::packed_iarchive ar(MPI_COMM_WORLD, bytes_);
        std::size_t number = 0;
        ar >> number >> value;
        return number;
    }
    void* data() {
        if (bytes_.size() < static_cast<std::size_t>(room()))
            bytes_.resize(static_cast<std::size_t>(room()));
        return bytes_.data();
    }
    [[nodiscard]] int size() const { return static_cast<int>(bytes_.size()); }
    [[nodiscard]] static int room() { return 256; }

  private:
    std::vector<char, boost::mpi::allocator<char>> bytes_;
};

template <typename Message, typename T>
void serve(MPI_Comm comm) {
    Message in;
    Message out;
    T value{};
    while (true) {
        MPI_Status status;
        MPI_Recv(in.data(), Message::room(), MPI_BYTE, 0, MPI_ANY_TAG, comm, &status);
        if (status.MPI_TAG == no_more)
            return;
        int size = 0;
        MPI_Get_count(&status, MPI_BYTE, &size);
        const std::size_t number = in.get(value, size);
        out.put(number, work(value));
        MPI_Send(out.data(), out.size(), MPI_BYTE, 0, 0, comm);
    }
}

/// The root hands out, and computes when nothing has come in if `root_computes`.
template <typename Message, typename T>
std::vector<T> master_worker(MPI_Comm comm, const std::vector<T>& xs, bool root_computes) {
    if (benchmark::rank_of(comm) != 0) {
        serve<Message, T>(comm);
        return {};
    }
    const int ranks = benchmark::size_of(comm);
    std::vector<T> ys(xs.size());
    Message in;
    Message out;
    std::size_t next = 0;
    std::size_t under_way = 0;
    const auto send_next = [&](int rank) {
        if (next == xs.size())
            return;
        out.put(next, xs[next]);
        ++next;
        ++under_way;
        MPI_Send(out.data(), out.size(), MPI_BYTE, rank, 0, comm); // small: never waits
    };
    const auto received = [&](const MPI_Status& status) {
        int size = 0;
        MPI_Get_count(&status, MPI_BYTE, &size);
        T value{};
        const std::size_t number = in.get(value, size);
        ys[number] = value;
        --under_way;
        send_next(status.MPI_SOURCE);
    };
    for (std::size_t k = 0; k < window; ++k) {
        for (int rank = 1; rank < ranks; ++rank)
            send_next(rank);
    }
    while (under_way != 0 || next != xs.size()) {
        MPI_Status status;
        if (root_computes && next != xs.size()) {
            int there = 0;
            MPI_Iprobe(MPI_ANY_SOURCE, 0, comm, &there, &status);
            if (there == 0) {
                ys[next] = work(xs[next]);
                ++next;
                continue;
            }
        }
        MPI_Recv(in.data(), Message::room(), MPI_BYTE, MPI_ANY_SOURCE, 0, comm, &status);
        received(status);
    }
    for (int rank = 1; rank < ranks; ++rank)
        MPI_Send(nullptr, 0, MPI_BYTE, rank, no_more, comm);
    return ys;
}

template <typename T, typename Message>
bool compare(const boost::mpi::communicator& world, const std::string& name, const std::vector<T>& xs,
             int repetitions) {
    const mpimap::options one_by_one{.schedule = mpimap::schedule::dynamic, .chunk = 1};
    std::vector<T> ours;
    std::vector<T> dispensed;
    std::vector<T> shared;
    std::vector<T> archived;
    std::vector<benchmark::candidate> candidates = {
        [&] { dispensed = master_worker<as_bytes<T>>(world, xs, false); },
        [&] {
            ours = mpimap::mpi_map(
                world, one_by_one, [](const T& x) { return work(x); }, xs);
        },
        [&] { shared = master_worker<as_bytes<T>>(world, xs, true); },
        [&] { archived = master_worker<Message>(world, xs, false); }};
    const auto times = benchmark::take_turns(world, candidates, repetitions);
    if (world.rank() == 0) {
        std::vector<T> expected;
        for (const T& x : xs)
            expected.push_back(work(x));
        if (ours != expected || dispensed != expected || shared != expected || archived != expected) {
            std::fprintf(stderr, "the results differ\n");
            return false;
        }
    }
    const auto n = static_cast<double>(xs.size());
    const auto each = [n](double seconds) { return benchmark::seconds_text(seconds / n); };
    const std::string what = name + ", chunk 1, " + std::to_string(world.size()) + " ranks: time / ";
    benchmark::print_row(world, "B2", what + "plain MPI", times[1] / times[0], benchmark::better::below, 1.5,
                         each(times[1]) + " / " + each(times[0]) +
                             " per item; plain, root computes: " + each(times[2]));
    if constexpr (!std::is_same_v<Message, as_bytes<T>>) {
        benchmark::print_row(world, "B2", what + "plain MPI with archives", times[1] / times[3],
                             benchmark::better::below, 1.5,
                             each(times[1]) + " / " + each(times[3]) + " per item");
    }
    return true;
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator world;
    const int n = argc > 1 ? std::atoi(argv[1]) : 50'000;
    const int repetitions = argc > 2 ? std::atoi(argv[2]) : 9;
    std::vector<int> numbers;
    std::vector<sample> samples;
    if (world.rank() == 0) {
        for (int i = 0; i < n; ++i) {
            numbers.push_back(i);
            samples.emplace_back(i, 0.5 * i);
        }
    }
    bool right = compare<int, as_bytes<int>>(world, "int to int", numbers, repetitions);
    right = compare<sample, by_archive<sample>>(world, "serialized struct", samples, repetitions) && right;
    return right ? 0 : 1;
}
