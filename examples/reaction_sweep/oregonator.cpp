// The only file that includes Boost.Odeint, which takes some seconds to compile.

// Otherwise uBLAS checks what it does, in ten times the time, unless the whole program is compiled with
// NDEBUG.
#define BOOST_UBLAS_NDEBUG

#include "oregonator.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <boost/numeric/odeint/stepper/rosenbrock4.hpp>
#include <boost/numeric/odeint/stepper/rosenbrock4_controller.hpp>
#include <boost/numeric/odeint/stepper/rosenbrock4_dense_output.hpp>
#include <boost/numeric/ublas/matrix.hpp>
#include <boost/numeric/ublas/vector.hpp>

namespace oregonator {
namespace {

namespace odeint = boost::numeric::odeint;
using vector = boost::numeric::ublas::vector<double>;
using matrix = boost::numeric::ublas::matrix<double>;

// Rate constants of Field and Noyes in l/mol/s, concentrations in mol/l.
constexpr double k1 = 1.34;
constexpr double k2 = 1.6e9;
constexpr double k3 = 8e3;
constexpr double k4 = 4e7;
constexpr double bromate = 0.06;

constexpr double q = 2 * k1 * k4 / (k2 * k3);
const double s = std::sqrt(k3 / k1);
const double second = std::sqrt(k1 * k3) * bromate; // in their unit of time

struct rates {
    double f;
    double w;

    void operator()(const vector& x, vector& change, double /*time*/) const {
        change[0] = s * (x[1] - x[0] * x[1] + x[0] - q * x[0] * x[0]);
        change[1] = (f * x[2] - x[1] - x[0] * x[1]) / s;
        change[2] = w * (x[0] - x[2]);
    }
};

struct jacobian {
    double f;
    double w;

    void operator()(const vector& x, matrix& j, double /*time*/, vector& explicitly) const {
        j(0, 0) = s * (1 - x[1] - 2 * q * x[0]);
        j(0, 1) = s * (1 - x[0]);
        j(0, 2) = 0;
        j(1, 0) = -x[1] / s;
        j(1, 1) = -(1 + x[0]) / s;
        j(1, 2) = f / s;
        j(2, 0) = w;
        j(2, 1) = 0;
        j(2, 2) = -w;
        explicitly.clear();
    }
};

double far(const vector& x, const state& from) {
    double distance = 0;
    for (std::size_t i = 0; i < from.size(); ++i)
        distance = std::max(distance, std::abs(std::log(x[i] / from[i])));
    return distance;
}

} // namespace

state steady(double f, double /*k5*/) {
    const double b = 1 - q - f;
    const double x = (b + std::sqrt(b * b + 4 * q * (1 + f))) / (2 * q);
    return {x, f * x / (1 + x), x};
}

double stability(double f, double k5) {
    const state at = steady(f, k5);
    vector x(3);
    std::copy(at.begin(), at.end(), x.begin());
    vector unused(3);
    matrix j(3, 3);
    jacobian{f, k5 / second}(x, j, 0, unused);
    // lambda^3 + a lambda^2 + b lambda + c
    const double a = -(j(0, 0) + j(1, 1) + j(2, 2));
    const double b = j(0, 0) * j(1, 1) - j(0, 1) * j(1, 0) + (j(0, 0) + j(1, 1)) * j(2, 2);
    const double c = -(j(0, 0) * j(1, 1) - j(0, 1) * j(1, 0)) * j(2, 2) - j(0, 1) * j(1, 2) * j(2, 0);
    return (a * b - c) / (std::abs(a * b) + std::abs(c));
}

double period(double f, double k5, const state& start, const accuracy& wanted) {
    constexpr double still = 1e-4; // distances from the steady state are of logarithms
    constexpr double same = 1e-4;
    const double w = k5 / second;
    const state rest = steady(f, k5);
    const auto system = std::make_pair(rates{f, w}, jacobian{f, w});
    using stepper_type = odeint::rosenbrock4<double>;
    odeint::rosenbrock4_dense_output<odeint::rosenbrock4_controller<stepper_type>> stepper(
        odeint::rosenbrock4_controller<stepper_type>(1e-3 * wanted.tolerance, wanted.tolerance));

    vector x(3);
    std::copy(start.begin(), start.end(), x.begin());
    stepper.initialize(x, 0, 1e-3);

    // A cycle begins where cerium(IV) rises through its value at rest. It is over and done with when the next
    // one takes as long and goes as far.
    double begin = 0;
    double length = 0;
    double height = 0;
    double highest = 0;
    int cycle = 0;
    const double longest = wanted.cycles * second * (10 / k5 + 100);
    while (cycle <= wanted.cycles && stepper.current_time() < longest) {
        stepper.do_step(system);
        const vector& now = stepper.current_state();
        if (!(now[0] > 0 && now[1] > 0 && now[2] > 0))
            throw std::runtime_error("a concentration is negative");
        if (far(now, rest) < still && stability(f, k5) > 0)
            return 0;
        highest = std::max(highest, std::log(now[2] / rest[2]));
        if (!(stepper.previous_state()[2] < rest[2] && now[2] >= rest[2]))
            continue;
        double before = stepper.previous_time();
        double after = stepper.current_time();
        while (after - before > 1e-12 * after) {
            const double middle = (before + after) / 2;
            if (middle <= before || middle >= after)
                break;
            stepper.calc_state(middle, x);
            (x[2] < rest[2] ? before : after) = middle;
        }
        const double last_length = std::exchange(length, after - begin);
        const double last_height = std::exchange(height, highest);
        begin = after;
        highest = 0;
        if (++cycle >= 3 && std::abs(length - last_length) < same * length &&
            std::abs(height - last_height) < same * height)
            return length / second;
    }
    std::ostringstream text;
    text << "after " << wanted.cycles << " cycles it neither rests nor repeats itself";
    throw std::runtime_error(text.str());
}

} // namespace oregonator
