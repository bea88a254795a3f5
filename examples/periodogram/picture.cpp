#include "picture.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <ios>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include <boost/algorithm/string/replace.hpp>
#include <boost/format.hpp>

namespace {

struct point {
    double x;
    double y;
};

// gnuplot takes everything in single quotes as it is, but for the single quote.
std::string quoted(std::string text) {
    boost::replace_all(text, "'", "''");
    return "'" + text + "'";
}

std::string short_number(double value) {
    return (boost::format("%.3g") % value).str();
}

// 11.0, not 11: the zero has been measured, too.
std::string three_digits(double value) {
    const int before_point = static_cast<int>(std::floor(std::log10(value))) + 1;
    return before_point > 6 || before_point < -3
               ? short_number(value)
               : (boost::format("%." + std::to_string(std::max(3 - before_point, 0)) + "f") % value).str();
}

std::string terminal(const std::filesystem::path& file) {
    const std::string extension = file.extension();
    if (extension == ".svg") {
        return "svg size 1400,1000 dynamic enhanced background 'white' font 'sans,18'";
    }
    if (extension == ".pdf") {
        return "pdfcairo size 28cm,20cm enhanced font 'sans,14'";
    }
    return "pngcairo size 1400,1000 enhanced font 'sans,15'";
}

// More points than pixels only make gnuplot slow; the highest of each group keeps every peak.
std::vector<point> envelope(const std::vector<double>& x, const std::vector<double>& y) {
    constexpr std::size_t most = 10'000;
    const std::size_t group = y.size() / most + 1;
    std::vector<point> result;
    for (std::size_t first = 0; first < y.size(); first += group) {
        const std::size_t last = std::min(first + group, y.size());
        const auto highest = std::max_element(y.begin() + static_cast<std::ptrdiff_t>(first),
                                              y.begin() + static_cast<std::ptrdiff_t>(last));
        result.push_back({x[static_cast<std::size_t>(highest - y.begin())], *highest});
    }
    return result;
}

// 1, 2, 5, 10, ...: gnuplot alone marks powers of ten only, too few for the two or three decades of a
// spectrum.
std::string logarithmic_tics(double low, double high) {
    std::ostringstream tics;
    for (double decade = std::pow(10.0, std::floor(std::log10(low))); decade <= high; decade *= 10) {
        for (const double tic : {decade, 2 * decade, 5 * decade}) {
            if (tic >= low * 0.999 && tic <= high * 1.001) {
                tics << (tics.str().empty() ? "" : ", ") << "'" << short_number(tic) << "' " << tic;
            }
        }
    }
    return tics.str();
}

struct label {
    peak at;
    std::string alignment;
};

// Labels of neighbouring peaks would cover each other: the stronger peak has its label above it, the weaker
// one on the side that is free, or none.
std::vector<label> labels_with_room(const picture& content) {
    constexpr std::size_t most = 6;
    constexpr double label_width = 0.07; // of the axis
    const double axis = std::log(content.periods.front() / content.periods.back());
    std::vector<label> labels;
    for (const peak& candidate : content.peaks) {
        if (candidate.power <= content.significant_power || labels.size() == most) {
            break;
        }
        const auto crowded = [&](double side) {
            return std::ranges::any_of(labels, [&](const label& other) {
                const double distance = side * std::log(other.at.period / candidate.period) / axis;
                return distance >= 0 && distance < label_width;
            });
        };
        const bool on_the_left = crowded(-1);
        const bool on_the_right = crowded(1);
        if (on_the_left && on_the_right) {
            continue;
        }
        labels.push_back({candidate, on_the_right  ? "right offset -0.6,0.4"
                                     : on_the_left ? "left offset 0.6,0.4"
                                                   : "center offset 0,0.9"});
    }
    return labels;
}

// The text of the line goes to the end where the spectrum is lower.
bool text_on_the_left(const picture& content) {
    const double quarter = std::pow(content.periods.front() / content.periods.back(), 0.25);
    double left = 0;
    double right = 0;
    for (std::size_t i = 0; i < content.powers.size(); ++i) {
        if (content.periods[i] < content.periods.back() * quarter) {
            left = std::max(left, content.powers[i]);
        } else if (content.periods[i] > content.periods.front() / quarter) {
            right = std::max(right, content.powers[i]);
        }
    }
    return left <= right;
}

void write_style(std::ostream& script, const picture& content, const std::filesystem::path& file) {
    const bool found = !content.peaks.empty() && content.peaks.front().power > content.significant_power;
    const std::string title =
        content.data.value_name + (found ? ": strongest period " + three_digits(content.peaks.front().period)
                                         : ": no period stands out");
    script << "set terminal " << terminal(file) << "\n"
           << "set output " << quoted(file.string()) << "\n"
           << "set multiplot layout 2,1 title " << quoted(title)
           << " noenhanced font ',22' textcolor '#1c252d' offset 0,-0.3\n"
           << "set border 3 linecolor '#5f6b76' linewidth 1.2\n"
           << "set tics nomirror out scale 0.6 textcolor '#3a444d'\n"
           << "set grid xtics ytics linetype 1 linecolor '#e4e8ec' linewidth 1\n"
           << "set style fill transparent solid 0.28 noborder\n"
           << "set lmargin 10\nset rmargin 4\nunset key\n";
}

void write_series(std::ostream& script, const picture& content) {
    const auto [lowest, highest] = std::ranges::minmax(content.data.values);
    // An area from zero shows amounts; values far from zero, or of both signs, would be flat or upside down.
    const bool amounts = lowest >= 0 && lowest < highest / 2;
    script << "$series << end_of_data\n";
    for (std::size_t i = 0; i < content.data.times.size(); ++i) {
        script << content.data.times[i] << ' ' << content.data.values[i] << '\n';
    }
    script << "end_of_data\n"
           << "set xlabel " << quoted(content.data.time_name) << " noenhanced\n"
           << "set ylabel " << quoted(content.data.value_name) << " noenhanced\n"
           << "set format x '%.10g'\n"
           << "set xrange [" << content.data.times.front() << ":" << content.data.times.back() << "]\n"
           << "set yrange [" << (amounts ? "0" : "*") << ":*]\n"
           << "plot $series using 1:2 with filledcurves x1 linecolor '#e8871e', "
           << "$series using 1:2 with lines linewidth 1.8 linecolor '#c4650a'\n";
}

void write_spectrum(std::ostream& script, const picture& content) {
    const double longest = content.periods.front();
    const double shortest = content.periods.back();
    const double highest = std::max(*std::ranges::max_element(content.powers), content.significant_power);

    script << "$spectrum << end_of_data\n";
    for (const auto& [period, power] : envelope(content.periods, content.powers)) {
        script << period << ' ' << power << '\n';
    }
    script << "end_of_data\n";

    script << "set logscale x\n"
           << "set xlabel " << quoted("period (" + content.data.time_name + ")") << " noenhanced\n"
           << "set ylabel 'normalised power'\n"
           << "set xrange [" << 0.999 * shortest << ":" << longest << "]\n" // with the tic at the end
           << "set yrange [0:" << 1.18 * highest << "]\n";
    if (longest / shortest >= 5) {
        script << "set xtics (" << logarithmic_tics(shortest, longest) << ")\n";
    } else {
        script << "unset logscale x\nset xtics autofreq\n";
    }

    const bool left = text_on_the_left(content);
    script << "set arrow from graph 0, first " << content.significant_power << " to graph 1, first "
           << content.significant_power << " nohead dashtype 2 linewidth 1.5 linecolor '#8a94a0'\n"
           << "set label '1 % false-alarm probability' at graph " << (left ? 0.005 : 0.995) << ", first "
           << content.significant_power << (left ? " left" : " right")
           << " offset 0,0.6 font ',13' textcolor '#6a7480'\n";
    bool strongest = true;
    for (const auto& [at, alignment] : labels_with_room(content)) {
        script << "set label '" << (strongest ? "{/:Bold=20 " : "") << three_digits(at.period)
               << (strongest ? "}" : "") << "' at first " << at.period << ", " << at.power << ' ' << alignment
               << " textcolor '#123f66' point pointtype 7 pointsize " << (strongest ? 1.1 : 0.7)
               << " linecolor '#123f66'\n";
        strongest = false;
    }
    script << "plot $spectrum using 1:2 with filledcurves x1 linecolor '#2f7fc1', "
           << "$spectrum using 1:2 with lines linewidth 1.8 linecolor '#1f5f9a'\n"
           << "unset multiplot\nset output\n";
}

// gnuplot that ends early breaks the pipe, and the signal of a broken pipe would end the whole job.
class broken_pipes_ignored {
  public:
    broken_pipes_ignored() = default;
    ~broken_pipes_ignored() { std::signal(SIGPIPE, before_); }
    broken_pipes_ignored(const broken_pipes_ignored&) = delete;
    broken_pipes_ignored& operator=(const broken_pipes_ignored&) = delete;

  private:
    void (*before_)(int) = std::signal(SIGPIPE, SIG_IGN);
};

} // namespace

void draw(const picture& content, const std::filesystem::path& file) {
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) {
        throw std::runtime_error("gnuplot is not installed (Debian: gnuplot-nox)");
    }
    if (!std::ofstream(file, std::ios::app)) {
        throw std::runtime_error("cannot write " + file.string() + ": " +
                                 std::generic_category().message(errno));
    }
    std::ostringstream script;
    script.precision(12);
    write_style(script, content, file);
    write_series(script, content);
    write_spectrum(script, content);

    const broken_pipes_ignored guard;
    FILE* const gnuplot = popen("gnuplot", "w");
    if (gnuplot == nullptr) {
        throw std::runtime_error("gnuplot cannot be started");
    }
    const std::string text = script.str();
    const bool written = std::fwrite(text.data(), 1, text.size(), gnuplot) == text.size();
    if (pclose(gnuplot) != 0 || !written) {
        throw std::runtime_error("gnuplot failed to draw " + file.string());
    }
}
