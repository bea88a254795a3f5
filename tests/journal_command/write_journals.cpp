// Writes journals as programs leave them, into a folder: write_journals FOLDER.
//
// write_journals many FILE RECORDS: one with so many records of one item each.
// write_journals growing FILE: adds a record every few milliseconds, in pieces, until it is killed.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <mpimap/codec.hpp>
#include <mpimap/errors.hpp>

#include "call/verdict.hpp"
#include "journal/contents.hpp"
#include "journal/entry.hpp"
#include "journal/record.hpp"
#include "journal/words.hpp"

namespace {

using namespace mpimap::detail;
using namespace mpimap::detail::journal;

constexpr std::uint64_t number = 0x1234'5678'9abc'def0;
constexpr double began = 1.7e9;
constexpr const char* text_type =
    "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";

/// How results of one chunk are encoded.
using encode = std::function<void(writer&)>;

template <typename T>
encode numbers(std::vector<T> all) {
    return [all = std::move(all)](writer& out) {
        out.heap(all.data(), all.size() * sizeof(T));
        out.own_spans();
    };
}
encode texts(std::vector<std::string> all) {
    return [all = std::move(all)](writer& out) {
        for (const std::string& text : all) {
            write_value(out, true);
            write_value(out, text);
        }
        out.own_spans();
    };
}

failure thrown(std::size_t index, int rank, const std::string& type, const std::string& text) {
    failure f;
    f.index = index;
    f.rank = rank;
    f.host = "node" + std::to_string(rank);
    f.type = type;
    f.what = text;
    f.arguments = std::to_string(index) + ", 0.5";
    f.seconds = 1.25;
    f.attempt = 2;
    f.attempts = 3;
    f.seed = 42;
    return f;
}

/// A file that programs write.
class file {
  public:
    file& run(double at, std::uint64_t ranks = 3) {
        const run_info info{number, at, ranks, 77, "login<1>", "4711"};
        append(bytes_, info);
        append(bytes_, info);
        now_ = at;
        return *this;
    }
    file& call(std::uint64_t call, const call_info& info) {
        append(bytes_, number, call, info);
        return *this;
    }
    /// With the same calls.
    file& goes_on_behind(const file& before) {
        sums_ = before.sums_;
        return *this;
    }
    file& sums(std::uint64_t call, std::size_t items) {
        std::vector<block_sum> all;
        for (std::size_t left = items; left != 0; left -= std::min(left, items_per_block))
            all.push_back({std::min(left, items_per_block), 7});
        append(bytes_, number, call, 0, all);
        sums_[call] = all;
        return *this;
    }
    file& results(std::uint64_t call, item_range items, const encode& encoder, ran how = {}) {
        now_ += how.seconds;
        how.ended = now_;
        writer out;
        encoder(out);
        buffer content;
        append(content, how);
        append(content, encoded_of(out));
        return record({kind::results, call, items}, content);
    }
    file& singles(std::uint64_t call, item_range items, const std::vector<encode>& each, ran how) {
        how.ended = now_ += how.seconds;
        buffer content;
        append(content, how);
        for (std::size_t i = 0; i < items.count; ++i) {
            writer out;
            each[i](out);
            append(content, single{100 + i, encoded_of(out)});
        }
        return record({kind::singles, call, items}, content);
    }
    file& failed(std::uint64_t call, const failure& f) {
        writer out;
        write_failures(out, {f});
        buffer content;
        append_number(content, now_);
        append(content, encoded_of(out));
        return record({kind::failures, call, {static_cast<std::size_t>(f.index), 1}}, content);
    }
    file& begins(std::uint64_t call, item_range items, std::uint64_t rank) {
        buffer content;
        append_word(content, rank);
        append_number(content, now_);
        return record({kind::handed_out, call, items}, content);
    }
    file& ended(std::uint64_t call, std::size_t items) {
        return record({kind::finished, call, {0, items}}, buffer());
    }
    file& end() { return record({kind::end}, buffer()); }
    file& record(journal::record what, const buffer& content) {
        if (const auto sums = sums_.find(what.call); sums != sums_.end() && what.items.count != 0)
            what.arguments = arguments_of(what.items, sums->second);
        append(bytes_, number, what, content.data(), content.size());
        return *this;
    }

    [[nodiscard]] buffer& bytes() noexcept { return bytes_; }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
    void save(const std::string& path) const {
        std::ofstream out(path, std::ios::binary);
        out.write(reinterpret_cast<const char*>(bytes_.data()), static_cast<std::streamsize>(bytes_.size()));
        if (!out.flush())
            throw std::runtime_error(path + " cannot be written");
    }

  private:
    buffer bytes_;
    std::map<std::uint64_t, std::vector<block_sum>> sums_; // of calls
    double now_ = 0;
};

ran of_rank(std::uint64_t rank, double seconds) {
    return {.rank = rank, .seconds = seconds};
}
ran measured(std::uint64_t rank, double seconds, std::uint64_t item, double longest) {
    ran how = of_rank(rank, seconds);
    how.longest.note(item, longest);
    return how;
}

/// Ten items in two chunks, and a call of texts.
void write_closed(const std::string& folder) {
    file f;
    f.run(began).call(1, {"double model::energy(double)", false, 0xabc, "double", 42}).sums(1, 10);
    f.begins(1, {0, 5}, 1).begins(1, {5, 5}, 2);
    f.results(1, {5, 5}, numbers<double>({1e300, -0.0, 1.0 / 3, 1e-7, 123456789}), of_rank(2, 2));
    f.results(1, {0, 5}, numbers<double>({0, 0.1, 2.5, 1e22, 5e-324}), measured(1, 3, 2, 2));
    f.ended(1, 10);
    f.call(2, {"name(int)", true, 0, text_type}).sums(2, 5);
    const std::vector<std::string> five{"plain", "with, comma", "with \"quotes\"", "two\nlines", ""};
    f.results(2, {0, 5}, texts(five), of_rank(0, 1));
    f.ended(2, 5).end().save(folder + "/closed.mpimap");
}

/// Killed, come back to, and killed again. Of items 10 to 19 two failed, one of which was done later.
void write_killed(const std::string& folder) {
    const call_info info{"int <lambda(int)>::operator()(int) const", false, 1, "int"};
    file f;
    f.run(began).call(1, info).sums(1, 100);
    f.begins(1, {0, 10}, 0).begins(1, {10, 10}, 1).begins(1, {20, 10}, 2);
    f.results(1, {0, 10}, numbers<int>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), of_rank(0, 10));
    ran how = of_rank(1, 8);
    how.without = {13, 17};
    f.results(1, {10, 10}, numbers<int>({10, 11, 12, -1, 14, 15, 16, -1, 18, 19}), how);
    f.failed(1,
             thrown(13, 1, "std::domain_error",
                    "thirteen, \"unlucky\" <b>\x1b[31m\x1b[0m; caused by std::invalid_argument: no\nmore"));
    f.failed(1, thrown(17, 1, "std::runtime_error", "seventeen"));
    f.run(began + 86400, 2).call(1, info).sums(1, 100);
    f.begins(1, {17, 1}, 0).begins(1, {20, 10}, 1);
    f.results(1, {17, 1}, numbers<int>({17}), of_rank(0, 0.5));
    f.begins(1, {30, 10}, 0).begins(1, {40, 10}, 0);
    f.results(1, {30, 10}, numbers<int>({30, 31, 32, 33, 34, 35, 36, 37, 38, 39}), of_rank(0, 4));
    f.results(1, {99, 1}, numbers<int>({99}), of_rank(1, 1));
    const std::size_t whole = f.size();
    f.results(1, {50, 10}, numbers<int>(std::vector<int>(10)), of_rank(0, 1));
    f.bytes().resize(whole + 70); // the header, and the beginning
    f.save(folder + "/killed.mpimap");
}

/// A record of results with a wrong bit, and one behind it.
void write_damaged(const std::string& folder) {
    file f;
    f.run(began).call(1, {"long f(long)", false, 1, "long"}).sums(1, 20);
    const std::size_t first = f.size();
    f.results(1, {0, 10}, numbers<long>(std::vector<long>(10, 5)), of_rank(0, 1));
    const std::size_t second = f.size();
    f.results(1, {10, 10}, numbers<long>(std::vector<long>(10, 6)), of_rank(1, 1));
    f.end().bytes().data()[first + 100] ^= std::byte{4};
    f.save(folder + "/damaged.mpimap");
    std::printf("damaged %zu %zu\n", first, second - 1);
}

/// Whole records that say something strange: of a call that there is not, with too few results, of no items.
void write_strange(const std::string& folder) {
    file f;
    f.run(began).call(1, {"long f(long)", false, 1, "long"}).sums(1, 20);
    f.results(1, {0, 10}, numbers<long>(std::vector<long>(10, 5)), of_rank(0, 1));
    std::printf("strange %zu", f.size());
    f.results(7, {0, 1}, numbers<long>({1}), of_rank(0, 1));
    std::printf(" %zu", f.size());
    f.results(1, {10, 10}, numbers<long>(std::vector<long>(9, 6)), of_rank(1, 1));
    std::printf(" %zu\n", f.size());
    f.record({static_cast<kind>(77), 1, {0, 1}}, buffer());
    f.end().save(folder + "/strange.mpimap");
}

/// A call whose items come one by one: of another argument item 2 is something else, and 3 fails.
void write_growing(const std::string& folder) {
    const call_info info{"text of(int)", false, 1, text_type};
    file f;
    f.run(began).call(1, info);
    f.begins(1, {0, 2}, 1).begins(1, {2, 2}, 2).begins(1, {4, 2}, 1);
    f.singles(1, {2, 2}, {texts({"old two"}), texts({"old three"})}, of_rank(2, 1));
    f.singles(1, {0, 2}, {texts({"zero"}), texts({"one"})}, measured(1, 3, 1, 2.5));
    f.run(began + 100).call(1, info);
    f.begins(1, {2, 1}, 1).begins(1, {3, 1}, 2).begins(1, {7, 2}, 2);
    f.failed(1, thrown(3, 2, "std::bad_alloc", "std::bad_alloc"));
    f.singles(1, {2, 1}, {texts({"new two"})}, of_rank(1, 0.25));
    f.singles(1, {8, 1}, {texts({"eight"})}, of_rank(1, 0.25));
    f.call(2, {"double g(int)", false, 1, "double"});
    f.singles(2, {0, 2}, {numbers<double>({0.5}), numbers<double>({1.5})}, of_rank(1, 1));
    f.call(3, {"void h(int)", false, 1, "void"});
    f.singles(3, {0, 2}, {[](writer&) {}, [](writer&) {}}, of_rank(1, 1));
    f.ended(3, 2).save(folder + "/growing.mpimap");
}

/// Results that do not lie in the body, and types of all kinds.
void write_large(const std::string& folder) {
    file f;
    f.run(began).call(1, {"double f(int)", false, 1, "double"}).sums(1, 10000);
    std::vector<double> all(10000);
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = static_cast<double>(i) / 8;
    f.results(1, {0, 10000}, numbers(all), of_rank(0, 1)).ended(1, 10000);
    f.call(2, {"text f(int)", false, 1, text_type}).sums(2, 4);
    f.results(2, {0, 4}, texts({"a", std::string(70000, 'b'), "c", std::string(65536, 'd')}), of_rank(0, 1));
    f.ended(2, 4);
    f.call(3, {"plus", false, 1, "reduction of double"}).sums(3, 100);
    f.results(3, {0, 50}, numbers<double>({3.5}), of_rank(0, 1)).ended(3, 100);
    f.call(4, {"flag", false, 1, "bool"}).sums(4, 2);
    f.results(4, {0, 2}, numbers<unsigned char>({1, 0}), of_rank(0, 1)).ended(4, 2);
    f.call(5, {"byte", false, 1, "unsigned char"}).sums(5, 2);
    f.results(5, {0, 2}, numbers<unsigned char>({255, 7}), of_rank(0, 1)).ended(5, 2);
    f.call(6, {"wide", false, 1, "unsigned long"}).sums(6, 1);
    f.results(6, {0, 1}, numbers<unsigned long>({~0UL}), of_rank(0, 1)).ended(6, 1);
    f.call(7, {"matrix", false, 1, "matrix"}).sums(7, 2);
    f.results(7, {0, 2}, numbers<double>({1, 2, 3, 4}), of_rank(0, 1)).ended(7, 2);
    f.end().save(folder + "/large.mpimap");
}

/// What could not be synced went on in another file, where some of it is again.
void write_two_files(const std::string& folder) {
    const call_info info{"short f(short)", false, 1, "short"};
    file f;
    f.run(began).call(1, info).sums(1, 4);
    f.results(1, {0, 2}, numbers<short>({-1, -2}), of_rank(0, 1));
    f.save(folder + "/two.mpimap");
    file g;
    g.goes_on_behind(f).run(began).results(1, {0, 2}, numbers<short>({-1, -2}), of_rank(0, 1));
    g.results(1, {2, 2}, numbers<short>({-3, -4}), of_rank(0, 1)).ended(1, 4).end();
    g.save(folder + "/two.mpimap.1");
    f.save(folder + "/half.mpimap");
    std::ofstream(folder + "/half.mpimap.1")
        << "something else, which is longer than the header of a record is\n";
}

/// A call as it is seen on a page: an hour, 40 ranks, in two runs.
void write_shown(const std::string& folder) {
    constexpr std::size_t chunk = 25;
    constexpr std::size_t items = 20000;
    constexpr std::uint64_t ranks = 40;
    const call_info info{"std::vector<double> model::simulate(const parameters&, double)", false, 1,
                         "std::vector<double, std::allocator<double> >", 42};
    file f;
    std::vector<double> free_at(ranks);
    std::uint32_t random = 1;
    std::size_t first = 0;
    for (const double begin : {began, began + 90000}) {
        f.run(begin, ranks).call(1, info).sums(1, items);
        free_at.assign(ranks, begin);
        while (first < (begin == began ? items / 2 : items - 2 * chunk)) {
            std::uint64_t rank = 0;
            for (std::uint64_t r = 1; r < ranks; ++r)
                rank = free_at[r] < free_at[rank] ? r : rank;
            random = random * 1664525 + 1013904223;
            const double seconds = 40 + 60 * static_cast<double>(random >> 8U) / (1 << 24U) +
                                   (random % 61 == 0 ? 300 : 0) + static_cast<double>(rank);
            ran how = measured(rank, seconds, first + random % chunk, seconds / 4);
            how.ended = free_at[rank] += seconds;
            const std::size_t bad = first + 3;
            if (random % 40 == 0)
                how.without = {bad};
            buffer content;
            append(content, how);
            append(content, encoded());
            f.record({kind::results, 1, {first, chunk}}, content);
            if (!how.all()) {
                writer out;
                write_failures(out, {thrown(bad, static_cast<int>(rank), "model::diverged",
                                            "no convergence after 500 steps, residual 3.2e+4")});
                buffer failure;
                append_number(failure, how.ended);
                append(failure, encoded_of(out));
                f.record({kind::failures, 1, {bad, 1}}, failure);
            }
            first += chunk;
        }
    }
    f.begins(1, {items - 2 * chunk, chunk}, 3);
    f.save(folder + "/shown.mpimap");
}

void write_all(const std::string& folder) {
    write_closed(folder);
    write_killed(folder);
    write_damaged(folder);
    write_strange(folder);
    write_growing(folder);
    write_large(folder);
    write_two_files(folder);
    write_shown(folder);
    std::ofstream(folder + "/empty.mpimap").close();
    std::ofstream(folder + "/table.txt") << "index,status,seconds,rank,value\n0,done,1,0,5\n1,done,1,0,5\n";
    file fresh;
    fresh.run(began).bytes().resize(60);
    fresh.save(folder + "/fresh.mpimap");
}

/// In an order as of many ranks.
void write_many(const std::string& path, std::size_t records) {
    std::ofstream out(path, std::ios::binary);
    file f;
    const auto write = [&] {
        out.write(reinterpret_cast<const char*>(f.bytes().data()), static_cast<std::streamsize>(f.size()));
        f.bytes().clear();
    };
    f.run(began).call(1, {"double f(double)", false, 1, "double"}).sums(1, records);
    for (std::size_t i = 0; i < records; ++i) {
        const std::size_t item = i / 64 * 64 + (i * 37) % 64;
        f.results(1, {item < records ? item : i, 1}, numbers<double>({static_cast<double>(i) / 3}),
                  of_rank(i % 8, 1e-5));
        if (f.size() > 1U << 20U)
            write();
    }
    f.end();
    write();
}

[[noreturn]] void grow(const std::string& path) {
    std::ofstream out(path, std::ios::binary);
    file f;
    f.run(began).call(1, {"double f(double)", false, 1, "double"}).sums(1, 1000000);
    for (std::size_t i = 0;; ++i) {
        f.results(1, {i, 1}, numbers<double>({static_cast<double>(i)}), of_rank(i % 8, 1e-5));
        const std::size_t half = f.size() / 2;
        const auto* const bytes = reinterpret_cast<const char*>(f.bytes().data());
        out.write(bytes, static_cast<std::streamsize>(half)).flush();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        out.write(bytes + half, static_cast<std::streamsize>(f.size() - half)).flush();
        f.bytes().clear();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "many" && argc == 4) {
        write_many(argv[2], std::strtoul(argv[3], nullptr, 10));
    } else if (what == "growing" && argc == 3) {
        grow(argv[2]);
    } else if (argc == 2) {
        write_all(argv[1]);
    } else {
        return EXIT_FAILURE;
    }
}
