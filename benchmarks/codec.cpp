// Encoding and decoding in memory: mpimap's codec beside memcpy, a hand-written packer and Boost.MPI's packed
// archives. One rank; "warm" reuses buffer and target, "fresh" allocates both each time as a program does
// that receives a message.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>
#include <boost/mpi/datatype.hpp>
#include <boost/mpi/packed_iarchive.hpp>
#include <boost/mpi/packed_oarchive.hpp>

#include <mpimap/mpimap.hpp>
#include <mpimap/serialization.hpp>

#include "comparison.hpp"

namespace {

using mpimap::detail::read_value;
using mpimap::detail::reader;
using mpimap::detail::write_value;
using mpimap::detail::writer;
using packed = boost::mpi::packed_oarchive::buffer_type;

// ---------------------------------------------------------------- what is encoded

struct particle {
    std::array<double, 3> position;
    double mass;
    std::int64_t id;
};
/// The same for Boost, as most people write it ...
struct boost_particle {
    double x, y, z, mass;
    std::int64_t id;
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& x& y& z& mass& id;
    }
};
/// ... and as an expert does: an MPI datatype, no tracking, no versions.
struct tuned_particle : boost_particle {
    template <typename Archive>
    void serialize(Archive& ar, unsigned int version) {
        boost_particle::serialize(ar, version);
    }
};
static_assert(sizeof(particle) == sizeof(boost_particle) && sizeof(particle) == sizeof(tuned_particle));

struct record {
    std::string name;
    std::vector<double> weights;
    int id = 0;
    bool operator==(const record&) const = default;
};
struct boost_record : record {
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& name& weights& id;
    }
};

} // namespace

BOOST_IS_MPI_DATATYPE(tuned_particle)
BOOST_IS_BITWISE_SERIALIZABLE(tuned_particle)
BOOST_CLASS_IMPLEMENTATION(tuned_particle, boost::serialization::object_serializable)
BOOST_CLASS_TRACKING(tuned_particle, boost::serialization::track_never)

namespace {

// ---------------------------------------------------------------- a packer written by hand

class packer {
  public:
    void put(const void* data, std::size_t size) {
        const auto* first = static_cast<const char*>(data);
        bytes_.insert(bytes_.end(), first, first + size);
    }
    template <typename T>
        requires std::is_trivially_copyable_v<T>
    void put(const T& value) { put(&value, sizeof value); }
    void put(const std::string& s) {
        put(s.size());
        put(s.data(), s.size());
    }
    void put(const record& r) {
        put(r.name);
        put(r.weights);
        put(r.id);
    }
    template <typename T>
    void put(const std::vector<T>& v) {
        put(v.size());
        if constexpr (std::is_trivially_copyable_v<T>) {
            put(v.data(), v.size() * sizeof(T));
        } else {
            for (const T& e : v)
                put(e);
        }
    }
    [[nodiscard]] std::vector<char>& bytes() { return bytes_; }

  private:
    std::vector<char> bytes_;
};

class unpacker {
  public:
    explicit unpacker(const char* at) : at_(at) {}
    void get(void* data, std::size_t size) {
        std::memcpy(data, at_, size);
        at_ += size;
    }
    template <typename T>
        requires std::is_trivially_copyable_v<T>
    void get(T& value) { get(&value, sizeof value); }
    void get(std::string& s) {
        const std::size_t n = length();
        s.assign(at_, n);
        at_ += n;
    }
    void get(record& r) {
        get(r.name);
        get(r.weights);
        get(r.id);
    }
    template <typename T>
    void get(std::vector<T>& v) {
        v.resize(length());
        if constexpr (std::is_trivially_copyable_v<T>) {
            if (!v.empty())
                get(v.data(), v.size() * sizeof(T));
        } else {
            for (T& e : v)
                get(e);
        }
    }

  private:
    std::size_t length() {
        std::size_t n = 0;
        get(n);
        return n;
    }
    const char* at_;
};

// ---------------------------------------------------------------- the comparisons

using benchmark::better;

/// Times of candidates that each run `rounds` times per turn, in seconds per round.
std::vector<double> per_round(const boost::mpi::communicator& self,
                              std::vector<benchmark::candidate> candidates, int rounds) {
    for (auto& c : candidates) {
        c = [one = std::move(c), rounds] {
            for (int i = 0; i < rounds; ++i)
                one();
        };
    }
    auto times = benchmark::take_turns(self, candidates, 15);
    for (double& t : times)
        t /= rounds;
    return times;
}

std::string detail_of(double ours, double other) {
    return benchmark::seconds_text(ours) + " / " + benchmark::seconds_text(other);
}

template <typename T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

bool failed = false;
void check(bool right, const char* what) {
    if (right)
        return;
    std::fprintf(stderr, "%s: the results differ\n", what);
    failed = true;
}

/// A vector of plain elements, through the body of a message and as a span of memory, beside two memcpys.
template <typename T>
void contiguous(const boost::mpi::communicator& self, const std::string& name, const std::vector<T>& in,
                int rounds) {
    const std::size_t size = in.size() * sizeof(T);
    std::vector<T> warm(in.size());
    std::vector<T> copied(in.size());
    writer out;
    auto buffer = std::make_unique_for_overwrite<std::byte[]>(size);
    {
        const auto times = per_round(self,
                                     {[&] {
                                          std::memcpy(buffer.get(), in.data(), size);
                                          std::memcpy(static_cast<void*>(copied.data()), buffer.get(), size);
                                      },
                                      [&] {
                                          out.rewind({0, 0});
                                          {
                                              const writer::copy_scope whole(out);
                                              write_value(out, in);
                                          }
                                          reader from(out.body().data(), out.body().size());
                                          const reader::copy_scope whole(from);
                                          read_value(from, warm);
                                      }},
                                     rounds);
        check(same_bytes(warm, in) && same_bytes(copied, in), name.c_str());
        benchmark::print_row(self, "B7", name + ", in the body, warm: time / 2 memcpy", times[1] / times[0],
                             better::below, 1.3, detail_of(times[1], times[0]));
    }
    {
        const auto times = per_round(self,
                                     {[&] {
                                          auto fresh_buffer =
                                              std::make_unique_for_overwrite<std::byte[]>(size);
                                          std::memcpy(fresh_buffer.get(), in.data(), size);
                                          const T* begin = reinterpret_cast<const T*>(fresh_buffer.get());
                                          copied = std::vector<T>(begin, begin + in.size());
                                      },
                                      [&] {
                                          writer fresh_out;
                                          {
                                              const writer::copy_scope whole(fresh_out);
                                              write_value(fresh_out, in);
                                          }
                                          reader from(fresh_out.body().data(), fresh_out.body().size());
                                          const reader::copy_scope whole(from);
                                          std::vector<T> fresh;
                                          read_value(from, fresh);
                                          warm = std::move(fresh);
                                      }},
                                     rounds);
        check(same_bytes(warm, in) && same_bytes(copied, in), name.c_str());
        const std::string what = name + ", in the body, fresh: time / 2 memcpy";
        const std::string detail = detail_of(times[1], times[0]);
        if (size < mpimap::detail::span_threshold) {
            benchmark::print_row(self, "B7", what, times[1] / times[0], better::below, 1.3, detail);
        } else { // so large an array goes there only inside of a map's key
            benchmark::print_figure(self, "B7", what, times[1] / times[0], detail);
        }
    }
    if (size < mpimap::detail::span_threshold)
        return;
    // Nothing is copied but by MPI, for which one memcpy stands in here.
    const auto times = per_round(
        self,
        {[&] { copied = std::vector<T>(in); },
         [&] {
             writer by_span;
             write_value(by_span, in);
             std::vector<std::uint64_t> sizes;
             for (const auto& span : by_span.spans())
                 sizes.push_back(span.size);
             reader from(by_span.body().data(), by_span.body().size(), sizes.data(), sizes.size());
             std::vector<T> fresh;
             read_value(from, fresh);
             for (std::size_t i = 0; i < sizes.size(); ++i) {
                 std::memcpy(from.targets()[i].data, by_span.spans()[i].data, by_span.spans()[i].size);
             }
             warm = std::move(fresh);
         }},
        rounds);
    check(same_bytes(warm, in) && same_bytes(copied, in), name.c_str());
    benchmark::print_row(self, "B7", name + ", as a span, fresh: time / copied vector", times[1] / times[0],
                         better::below, 1.3, detail_of(times[1], times[0]));
}

/// Both directions through a packed archive of Boost's.
template <typename T>
void through_boost(const std::vector<T>& in, std::vector<T>& out) {
    packed bytes;
    {
        boost::mpi::packed_oarchive ar(MPI_COMM_SELF, bytes);
        ar << in;
    }
    boost::mpi::packed_iarchive ar(MPI_COMM_SELF, bytes);
    ar >> out;
}

template <typename T>
std::vector<T> as(const std::vector<particle>& particles) {
    std::vector<T> same(particles.size());
    std::memcpy(static_cast<void*>(same.data()), static_cast<const void*>(particles.data()),
                particles.size() * sizeof(T));
    return same;
}

void structs(const boost::mpi::communicator& self, const std::vector<particle>& in, int rounds) {
    const auto usual = as<boost_particle>(in);
    const auto tuned = as<tuned_particle>(in);
    std::vector<particle> ours;
    std::vector<boost_particle> usual_out;
    std::vector<tuned_particle> tuned_out;
    const auto times = per_round(self,
                                 {[&] {
                                      writer out;
                                      const writer::copy_scope whole_out(out);
                                      write_value(out, in);
                                      reader from(out.body().data(), out.body().size());
                                      const reader::copy_scope whole(from);
                                      ours = {};
                                      read_value(from, ours);
                                  },
                                  [&] {
                                      usual_out = {};
                                      through_boost(usual, usual_out);
                                  },
                                  [&] {
                                      tuned_out = {};
                                      through_boost(tuned, tuned_out);
                                  }},
                                 rounds);
    check(same_bytes(ours, in) && same_bytes(as<boost_particle>(ours), usual_out) &&
              same_bytes(as<tuned_particle>(ours), tuned_out),
          "structs");
    const std::string what = std::to_string(in.size()) + " plain structs: Boost packed / time";
    benchmark::print_row(self, "B7", what, times[1] / times[0], better::above, 25,
                         detail_of(times[1], times[0]));
    benchmark::print_figure(self, "B7", what + ", tuned traits", times[2] / times[0],
                            detail_of(times[2], times[0]));
}

/// Writing and reading apart, beside Boost's packed archives and the packer above. `BoostIn` is the same for
/// Boost.
template <typename T, typename BoostT>
void element_by_element(const boost::mpi::communicator& self, const std::string& name,
                        const std::vector<T>& in, const std::vector<BoostT>& boost_in, int rounds) {
    writer out;
    packer by_hand;
    packed bytes;
    const auto write = per_round(self,
                                 {[&] {
                                      out = writer();
                                      write_value(out, in);
                                  },
                                  [&] {
                                      bytes = packed();
                                      boost::mpi::packed_oarchive ar(MPI_COMM_SELF, bytes);
                                      ar << boost_in;
                                  },
                                  [&] {
                                      by_hand = packer();
                                      if constexpr (requires { by_hand.put(in); })
                                          by_hand.put(in);
                                  }},
                                 rounds);
    std::vector<T> ours;
    std::vector<BoostT> boost_out;
    std::vector<T> hand_out;
    const auto read = per_round(self,
                                {[&] {
                                     ours = {};
                                     reader from(out.body().data(), out.body().size());
                                     read_value(from, ours);
                                 },
                                 [&] {
                                     boost_out = {};
                                     boost::mpi::packed_iarchive ar(MPI_COMM_SELF, bytes);
                                     ar >> boost_out;
                                 },
                                 [&] {
                                     hand_out = {};
                                     unpacker from(by_hand.bytes().data());
                                     if constexpr (requires { from.get(hand_out); })
                                         from.get(hand_out);
                                 }},
                                rounds);
    const bool has_hand = requires {
        by_hand.put(in);
    };
    check(ours == in && boost_out == boost_in && (!has_hand || hand_out == in), name.c_str());
    const auto detail = [&](const std::vector<double>& t) {
        return detail_of(t[0], t[1]) + (has_hand ? "; by hand " + benchmark::seconds_text(t[2]) : "");
    };
    benchmark::print_row(self, "B8", name + ": write, time / Boost packed", write[0] / write[1],
                         better::below, 0.5, detail(write));
    benchmark::print_row(self, "B8", name + ": read, time / Boost packed", read[0] / read[1], better::below,
                         1.5, detail(read));
}

} // namespace

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    const boost::mpi::communicator self(MPI_COMM_SELF, boost::mpi::comm_attach);

    std::vector<double> small(4096); // 32 KiB: below what becomes a span
    std::iota(small.begin(), small.end(), 0.0);
    std::vector<double> large(4 * 1024 * 1024); // 32 MiB
    std::iota(large.begin(), large.end(), 0.0);
    contiguous(self, "vector<double>, 32 KiB", small, 300);
    contiguous(self, "vector<double>, 32 MiB", large, 1);

    std::vector<particle> particles(100'000);
    for (std::size_t i = 0; i < particles.size(); ++i) {
        const auto x = static_cast<double>(i);
        particles[i] = {{x, x / 2, x / 3}, 1, static_cast<std::int64_t>(i)};
    }
    const std::vector<particle> few(particles.begin(), particles.begin() + 1000);
    contiguous(self, "column of 1000 structs", few, 300);
    contiguous(self, "column of 100000 structs", particles, 3);
    structs(self, few, 100);
    structs(self, particles, 1);

    constexpr std::size_t n = 20'000;
    std::vector<std::string> strings;
    std::vector<std::vector<double>> nested;
    std::vector<record> records;
    std::vector<boost_record> boost_records;
    for (std::size_t i = 0; i < n; ++i) {
        strings.emplace_back(5 + i % 40, static_cast<char>('a' + i % 26));
        nested.emplace_back(1 + i % 20, static_cast<double>(i));
        records.push_back({strings.back(), nested.back(), static_cast<int>(i)});
        boost_records.push_back({records.back()});
    }
    element_by_element(self, "20000 strings", strings, strings, 5);
    element_by_element(self, "20000 vector<double>", nested, nested, 5);
    element_by_element(self, "20000 structs with string and vector", records, boost_records, 5);
    // The type has a `serialize`: Boost's machinery, over mpimap's archive.
    element_by_element(self, "20000 structs with serialize", boost_records, boost_records, 5);
    return failed ? 1 : 0;
}
