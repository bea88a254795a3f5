#include "periodogram.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>
#include <stdexcept>
#include <utility>

periodogram::periodogram(std::vector<double> times, std::vector<double> values)
    : times_(std::move(times)), deviations_(std::move(values)) {
    if (times_.empty() || times_.size() != deviations_.size() || !std::ranges::is_sorted(times_)) {
        throw std::invalid_argument("a periodogram wants as many values as times, in the order of time");
    }
    const auto [smallest, largest] = std::ranges::minmax(deviations_);
    if (times_.front() == times_.back()) {
        throw std::invalid_argument("all points have the same time: there is no period to find");
    }
    if (smallest == largest) {
        throw std::invalid_argument("all values are the same: there is no period to find");
    }

    const double middle = times_.front() / 2 + times_.back() / 2;
    for (double& time : times_) {
        time -= middle;
    }
    const double mean = std::accumulate(deviations_.begin(), deviations_.end(), 0.0) / size();
    for (double& deviation : deviations_) {
        deviation -= mean;
    }
    variance_ =
        std::inner_product(deviations_.begin(), deviations_.end(), deviations_.begin(), 0.0) / (size() - 1);
    if (!std::isnormal(variance_) || !std::isnormal(time_span())) {
        throw std::invalid_argument("the spread of times or values leaves the range of double precision");
    }
}

double periodogram::power(double period) const {
    const double omega = 2 * std::numbers::pi / period;

    double sine_sum = 0;
    double cosine_sum = 0;
    for (const double time : times_) {
        sine_sum += std::sin(2 * omega * time);
        cosine_sum += std::cos(2 * omega * time);
    }
    // omega * tau: with this phase the sine and the cosine at the points are orthogonal.
    const double phase = std::atan2(sine_sum, cosine_sum) / 2;

    double value_cosine = 0;
    double cosine_cosine = 0;
    double value_sine = 0;
    double sine_sine = 0;
    for (std::size_t i = 0; i < times_.size(); ++i) {
        const double angle = omega * times_[i] - phase;
        const double cosine = std::cos(angle);
        const double sine = std::sin(angle);
        value_cosine += deviations_[i] * cosine;
        cosine_cosine += cosine * cosine;
        value_sine += deviations_[i] * sine;
        sine_sine += sine * sine;
    }

    // At the shortest period of evenly spaced points the sine is zero at all of them; what is left is
    // rounding, and its quotient would be noise of any size.
    const double rounding = size() * std::numeric_limits<double>::epsilon();
    const double cosine_part = cosine_cosine > rounding ? value_cosine * value_cosine / cosine_cosine : 0.0;
    const double sine_part = sine_sine > rounding ? value_sine * value_sine / sine_sine : 0.0;
    return (cosine_part + sine_part) / (2 * variance_);
}

double periodogram::independent_frequencies() const {
    // A fit to simulations of 10 points and more; below that it would fall under one.
    return std::max(1.0, -6.362 + 1.193 * size() + 0.00098 * size() * size());
}

double periodogram::false_alarm_probability(double power) const {
    // 1 - (1 - exp(-power))^m, which would round to zero from a power of about 40 on.
    return -std::expm1(independent_frequencies() * std::log1p(-std::exp(-power)));
}

double periodogram::power_of_false_alarm(double probability) const {
    return -std::log(-std::expm1(std::log1p(-probability) / independent_frequencies()));
}

std::vector<double> trial_periods(double shortest, double longest, std::size_t count) {
    const double lowest = 1 / longest;
    const double step = (1 / shortest - lowest) / static_cast<double>(count);
    std::vector<double> periods(count);
    for (std::size_t i = 0; i < count; ++i) {
        periods[i] = 1 / (lowest + step * static_cast<double>(i));
    }
    return periods;
}

std::vector<peak> local_maxima(const std::vector<double>& periods, const std::vector<double>& powers) {
    std::vector<peak> peaks;
    for (std::size_t i = 1; i + 1 < powers.size(); ++i) {
        if (powers[i] > powers[i - 1] && powers[i] >= powers[i + 1]) {
            peaks.push_back({periods[i], powers[i]});
        }
    }
    std::ranges::stable_sort(peaks, std::ranges::greater{}, &peak::power);
    return peaks;
}
