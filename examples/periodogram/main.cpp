// Which periods does a series of measurements contain? A periodogram object holds the series; its bound
// method, the Lomb-Scargle power of one period, is mapped over many trial periods on all ranks.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <boost/format.hpp>
#include <boost/mpi/collectives/broadcast.hpp>
#include <boost/mpi/communicator.hpp>
#include <boost/mpi/timer.hpp>

#include <mpimap/mpimap.hpp>

#include "periodogram.hpp"
#include "picture.hpp"
#include "two_columns.hpp"

namespace {

constexpr std::string_view help = R"(usage: periodogram [FILE.csv] [options]

Finds the periods in a series of measurements (Lomb-Scargle periodogram) on all
ranks of an MPI job, prints the strongest and draws series and spectrum.

  FILE.csv           two columns, time and value, separated by comma, semicolon,
                     tab or blanks; '#' starts a comment, a header line names
                     the columns (default: yearly sunspot numbers 1700-1988)
  --picture FILE     .png, .svg or .pdf (default: periodogram.png)
  --no-picture       print only
  --periods N        trial periods (default: 50000)
  --min P, --max P   their range, in units of the time column
                     (default: from twice the mean spacing to the time span)
  --expect P Q       fail unless the strongest period lies between P and Q
  --help             this text

example: mpirun -n 4 periodogram observations.csv --max 100
)";

struct request {
    std::filesystem::path file = MPIMAP_EXAMPLE_DATA "/sunspots_yearly.csv";
    std::filesystem::path picture = "periodogram.png"; // empty: none
    std::size_t periods = 50'000;
    std::optional<double> shortest;
    std::optional<double> longest;
    std::optional<double> expected_from;
    std::optional<double> expected_to;
    bool help = false;
};

template <class Number>
Number positive(const std::string& text, const std::string& option) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    // The negated comparison refuses what is not a number, too.
    if (error != std::errc() || end != text.data() + text.size() || !(value > 0) ||
        !std::isnormal(1 / static_cast<double>(value))) {
        throw std::invalid_argument(option + " wants a positive number, not '" + text + "'");
    }
    return value;
}

request parse(const std::vector<std::string>& words) {
    constexpr std::size_t fewest_periods = 3;
    constexpr std::size_t most_periods = 100'000'000;
    request wanted;
    bool file_given = false;
    auto word = words.begin();
    const auto next = [&](const std::string& option) -> const std::string& {
        if (word == words.end()) {
            throw std::invalid_argument(option + " wants a value after it");
        }
        return *word++;
    };
    while (word != words.end()) {
        const std::string& option = *word++;
        if (option == "--help" || option == "-h") {
            wanted.help = true;
        } else if (option == "--picture") {
            wanted.picture = next(option);
            const std::string extension = wanted.picture.extension();
            if (extension != ".png" && extension != ".svg" && extension != ".pdf") {
                throw std::invalid_argument("--picture wants a name that ends in .png, .svg or .pdf, not '" +
                                            wanted.picture.string() + "'");
            }
        } else if (option == "--no-picture") {
            wanted.picture.clear();
        } else if (option == "--periods") {
            wanted.periods = positive<std::size_t>(next(option), option);
            if (wanted.periods < fewest_periods || wanted.periods > most_periods) {
                throw std::invalid_argument("--periods wants a number from 3 to 100000000");
            }
        } else if (option == "--min") {
            wanted.shortest = positive<double>(next(option), option);
        } else if (option == "--max") {
            wanted.longest = positive<double>(next(option), option);
        } else if (option == "--expect") {
            wanted.expected_from = positive<double>(next(option), option);
            wanted.expected_to = positive<double>(next(option), option);
        } else if (option.starts_with('-') || file_given) {
            throw std::invalid_argument("what is '" + option + "'? See periodogram --help");
        } else {
            wanted.file = option;
            file_given = true;
        }
    }
    return wanted;
}

struct prepared {
    request wanted;
    series data;
    periodogram spectrum;
    std::vector<double> periods;
};

prepared prepare(const std::vector<std::string>& words) {
    prepared all;
    all.wanted = parse(words);
    if (all.wanted.help) {
        return all;
    }
    all.data = read_two_columns(all.wanted.file);
    try {
        all.spectrum = periodogram(all.data.times, all.data.values);
    } catch (const std::invalid_argument& problem) {
        throw std::invalid_argument(all.wanted.file.string() + ": " + problem.what());
    }
    const double shortest = all.wanted.shortest.value_or(all.spectrum.shortest_period());
    const double longest = all.wanted.longest.value_or(all.spectrum.time_span());
    if (shortest >= longest) {
        throw std::invalid_argument(
            (boost::format("the shortest period, %g, is not below the longest, %g: set "
                           "--min and --max") %
             shortest % longest)
                .str());
    }
    all.periods = trial_periods(shortest, longest, all.wanted.periods);
    return all;
}

void print(const prepared& all, const std::vector<peak>& peaks, int ranks, double seconds) {
    constexpr std::size_t most = 8;
    std::cout << boost::format("%s: %d points from %s %.10g to %.10g\n") %
                     all.wanted.file.filename().string() % all.data.times.size() % all.data.time_name %
                     all.data.times.front() % all.data.times.back()
              << boost::format("%d trial periods from %.4g to %.4g on %d %s in %.2f s\n\n") %
                     all.periods.size() % all.periods.back() % all.periods.front() % ranks %
                     (ranks == 1 ? "rank" : "ranks") % seconds
              << boost::format("%14s %10s %26s\n") % "period" % "power" % "false-alarm probability";
    for (std::size_t i = 0; i < std::min(peaks.size(), most); ++i) {
        std::cout << boost::format("%14.5g %10.2f %26.1e\n") % peaks[i].period % peaks[i].power %
                         all.spectrum.false_alarm_probability(peaks[i].power);
    }
    if (peaks.empty()) {
        std::cout << "no peak between these periods\n";
    } else {
        std::cout << boost::format("\nstrongest period: %.4g (%s)\n") % peaks.front().period %
                         all.data.time_name;
    }
}

void draw(const prepared& all, const std::vector<double>& powers, const std::vector<peak>& peaks) {
    const std::filesystem::path& file = all.wanted.picture;
    try {
        draw(picture{.data = all.data,
                     .periods = all.periods,
                     .powers = powers,
                     .peaks = peaks,
                     .significant_power = all.spectrum.power_of_false_alarm(0.01)},
             file);
        std::cout << "picture: " << file.string() << '\n';
    } catch (const std::runtime_error& problem) {
        std::cerr << "periodogram: no picture: " << problem.what() << '\n';
    }
}

bool as_expected(const request& wanted, const std::vector<peak>& peaks) {
    return !wanted.expected_from || (!peaks.empty() && peaks.front().period >= *wanted.expected_from &&
                                     peaks.front().period <= *wanted.expected_to);
}

} // namespace

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;
    const bool root = world.rank() == 0;

    // Only the root looks at command line and file, so there is one message; all ranks learn how that went
    // before any of them enters the map, so none waits for a root that has given up.
    prepared all;
    bool failed = false;
    bool done = false;
    if (root) {
        try {
            all = prepare({argv + 1, argv + argc});
            done = all.wanted.help;
            std::cout << (done ? help : "");
        } catch (const std::exception& problem) {
            std::cerr << "periodogram: " << problem.what() << '\n';
            failed = true;
        }
    }
    boost::mpi::broadcast(world, failed, 0);
    boost::mpi::broadcast(world, done, 0);
    if (failed || done) {
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
    }

    const boost::mpi::timer clock;
    const std::vector<double> powers =
        mpimap::mpi_map(world, mpimap::bind_front<&periodogram::power>(all.spectrum), all.periods);

    if (root) {
        const double seconds = clock.elapsed();
        const std::vector<peak> peaks = local_maxima(all.periods, powers);
        print(all, peaks, world.size(), seconds);
        if (!all.wanted.picture.empty()) {
            draw(all, powers, peaks);
        }
        failed = !as_expected(all.wanted, peaks);
        if (failed) {
            std::cerr << "periodogram: the strongest period is not the expected one\n";
        }
    }
    boost::mpi::broadcast(world, failed, 0);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
