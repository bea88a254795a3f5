#pragma once

#include <cstddef>
#include <vector>

#include <boost/serialization/access.hpp>
#include <boost/serialization/vector.hpp>

/// The Lomb-Scargle periodogram of a series: how well a sine wave of a given period fits it.
///
/// Unlike a Fourier transform it asks for no even spacing of the times (Scargle 1982, ApJ 263, 835).
class periodogram {
  public:
    /// What the other ranks receive their copy into.
    periodogram() = default;

    /// Throws `std::invalid_argument` if times or values are all the same, or their spread overflows.
    periodogram(std::vector<double> times, std::vector<double> values);

    /// The power at `period`, normalised by the sample variance (Scargle's equation 10): 1 on average for
    /// noise without memory, (n - 1) / 2 for a pure sine wave at n points.
    [[nodiscard]] double power(double period) const;

    /// The probability that noise without memory has a peak of this power or more anywhere in the spectrum
    /// (Scargle's equation 18, with the number of independent frequencies of Horne and Baliunas 1986, ApJ
    /// 302, 757).
    [[nodiscard]] double false_alarm_probability(double power) const;

    /// The inverse: the power that noise passes with this probability.
    [[nodiscard]] double power_of_false_alarm(double probability) const;

    /// The period of the fastest oscillation that as many evenly spaced points can show: two mean spacings.
    [[nodiscard]] double shortest_period() const { return 2 * time_span() / (size() - 1); }

    /// From the first to the last point: the slowest oscillation that the series shows once.
    [[nodiscard]] double time_span() const { return times_.back() - times_.front(); }

  private:
    friend class boost::serialization::access;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& times_;
        archive& deviations_;
        archive& variance_;
    }

    [[nodiscard]] double size() const { return static_cast<double>(times_.size()); }
    [[nodiscard]] double independent_frequencies() const;

    std::vector<double> times_; // ascending, from the middle of the series: small phases are precise phases
    std::vector<double> deviations_; // values less their mean
    double variance_ = 0;
};

/// `count` periods from `longest` down to, not including, `shortest`, equidistant in frequency.
///
/// In frequency all peaks of a spectrum have one width, about 1 / time span, so equal steps sample them all
/// alike. Equal steps in period would step over the narrow peaks at short periods and spend most of the work
/// on the few wide ones. The shortest period is left out because the power may jump there: evenly spaced
/// points show no sine of it.
[[nodiscard]] std::vector<double> trial_periods(double shortest, double longest, std::size_t count);

struct peak {
    double period;
    double power;
};

/// The local maxima of a spectrum, strongest first. The ends of the range are none: the maximum may lie
/// beyond.
[[nodiscard]] std::vector<peak> local_maxima(const std::vector<double>& periods,
                                             const std::vector<double>& powers);
