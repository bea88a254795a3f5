// A sweep over three axes in one call: how many catch an epidemic, by illness, contacts per day and share of
// the vaccinated. The values of the axes travel once, and of an item nothing but its index;
// mpimap::grid_shape finds its place in the result. Writes all points to a CSV file and draws those of one
// illness.

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/mpi/communicator.hpp>

#include <mpimap/mpimap.hpp>

#include "check.hpp"

struct illness {
    std::string name;
    double days; // for which one is infectious
};

// The share of all people who catch it: an SIR model (Kermack, McKendrick 1927) from one case in 10,000, by
// classical Runge-Kutta steps of a fifth of a day, until hardly anybody is ill.
double caught(const illness& what, double contacts, double vaccinated) {
    struct state {
        double susceptible;
        double infected;
    };
    const auto change = [&](const state& s) {
        const double fresh = contacts * s.susceptible * s.infected;
        return state{-fresh, fresh - s.infected / what.days};
    };
    const auto after = [](const state& s, double time, const state& rate) {
        return state{s.susceptible + time * rate.susceptible, s.infected + time * rate.infected};
    };
    constexpr double step = 0.2;
    constexpr double first_cases = 1e-4;
    const state begin{1 - vaccinated - first_cases, first_cases};
    state now = begin;
    while (now.infected > 1e-9) {
        const state k1 = change(now);
        const state k2 = change(after(now, step / 2, k1));
        const state k3 = change(after(now, step / 2, k2));
        const state k4 = change(after(now, step, k3));
        now.susceptible +=
            step / 6 * (k1.susceptible + 2 * k2.susceptible + 2 * k3.susceptible + k4.susceptible);
        now.infected += step / 6 * (k1.infected + 2 * k2.infected + 2 * k3.infected + k4.infected);
    }
    return begin.susceptible + begin.infected - now.susceptible;
}

std::vector<double> evenly(double first, double last, std::size_t n) {
    std::vector<double> all(n);
    for (std::size_t i = 0; i < n; ++i)
        all[i] = first + (last - first) * static_cast<double>(i) / static_cast<double>(n - 1);
    return all;
}

const std::vector<illness> illnesses = {{"influenza", 4}, {"mumps", 7}, {"rubella", 10}};
const std::vector<double> contacts = evenly(0.1, 0.9, 41);
const std::vector<double> vaccinated = evenly(0, 0.9, 46);
const mpimap::grid_shape shape(illnesses.size(), contacts.size(), vaccinated.size());

void write_csv(const std::vector<double>& shares, const std::string& file) {
    std::ofstream out(file);
    out << "illness,contacts,vaccinated,caught\n";
    for (std::size_t point = 0; point < shares.size(); ++point) {
        const auto [i, c, v] = shape.indices(point);
        out << illnesses[i].name << ',' << contacts[c] << ',' << vaccinated[v] << ',' << shares[point]
            << '\n';
    }
    if (!out.flush())
        throw std::runtime_error("cannot write " + file);
}

// Of one illness, with the line where each case causes another one: 1 - vaccinated = 1 / (contacts days).
void draw(const std::vector<double>& shares, std::size_t i, const std::string& file) {
    FILE* const gnuplot = popen("gnuplot", "w");
    if (gnuplot == nullptr)
        throw std::runtime_error("gnuplot cannot be started");
    std::fprintf(gnuplot,
                 "set terminal pngcairo size 900,700 font 'sans,14'\nset output '%s'\n"
                 "set title '%s: the share that catches it'\n"
                 "set xlabel 'contacts per day'\nset ylabel 'vaccinated'\n"
                 "set xrange [%g:%g]\nset yrange [%g:%g]\nset palette defined (0 '#f7f4ee', 0.5 '#e8a04c', 1 "
                 "'#8c2d1a')\n"
                 "plot '-' using 1:2:3 with image notitle, 1 - 1 / (x * %g) with lines linewidth 3 "
                 "linecolor '#1f5f9a' title 'herd immunity above'\n",
                 file.c_str(), illnesses[i].name.c_str(), contacts.front(), contacts.back(),
                 vaccinated.front(), vaccinated.back(), illnesses[i].days);
    for (std::size_t c = 0; c < contacts.size(); ++c) {
        for (std::size_t v = 0; v < vaccinated.size(); ++v)
            std::fprintf(gnuplot, "%g %g %g\n", contacts[c], vaccinated[v], shares[shape.index(i, c, v)]);
    }
    std::fprintf(gnuplot, "e\n");
    if (pclose(gnuplot) != 0)
        throw std::runtime_error("gnuplot failed to draw " + file);
}

int main(int argc, char** argv) {
    mpimap::environment env(argc, argv);
    boost::mpi::communicator world;
    const std::string name = argc > 1 ? argv[1] : "grid_sweep";

    std::vector<double> shares(world.rank() == 0 ? shape.size() : 0);
    mpimap::mpi_map_into(world, caught, shares, mpimap::grid(illnesses, contacts, vaccinated));

    if (world.rank() == 0) {
        write_csv(shares, name + ".csv");
        std::cout << shape.size() << " points are in " << name << ".csv\n";
        constexpr std::size_t mumps = 1;
        if (std::system("command -v gnuplot >/dev/null 2>&1") == 0) {
            draw(shares, mumps, name + ".png");
            std::cout << "those of mumps are drawn in " << name << ".png\n";
        } else {
            std::cout << "no picture: gnuplot is not installed\n";
        }
        // Who is susceptible at the end has had contact with all that were ever ill: s = s0 exp(-R0 caught).
        for (std::size_t point = 0; point < shares.size(); point += 97) {
            const auto [i, c, v] = shape.indices(point);
            const double begin = 1 - vaccinated[v];
            const double end = (begin - 1e-4) * std::exp(-contacts[c] * illnesses[i].days * shares[point]);
            check(std::abs(begin - end - shares[point]) < 1e-6, "the final size of an epidemic");
        }
        check(shares[shape.index(mumps, 0, 0)] < 0.01 && shares[shape.index(mumps, 40, 0)] > 0.99,
              "few contacts end it, many let nobody off");
    }
}
