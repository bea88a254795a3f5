#pragma once

#include <array>

/// The Oregonator: five steps that carry the oscillations of the Belousov-Zhabotinsky reaction (R. J. Field,
/// R. M. Noyes, J. Chem. Phys. 60, 1877, 1974), with their rate constants at 25 C and 0.06 mol/l of bromate.
/// Two numbers were left open by them and are what is varied here: f, how many bromide ions a reduced pair of
/// cerium ions sets free, and k5, the rate at which it does, in 1/s.
///
/// The state is bromous acid, bromide and cerium(IV), in the units of that paper.
namespace oregonator {

using state = std::array<double, 3>;

struct accuracy {
    double tolerance = 1e-6; ///< relative, of a step
    int cycles = 50;         ///< until when it must be clear what becomes of a start
};

/// The state in which nothing changes any more.
[[nodiscard]] state steady(double f, double k5);

/// Whether small deviations from the steady state die out: positive, or grow: negative (the last determinant
/// of Hurwitz' criterion, as a part of the sum of its two terms).
[[nodiscard]] double stability(double f, double k5);

/// The period of the oscillations, in seconds, into which the reaction falls when it begins at `start`; 0 if
/// it comes to rest. Throws std::runtime_error if neither is clear after so many cycles.
[[nodiscard]] double period(double f, double k5, const state& start, const accuracy& wanted = {});

} // namespace oregonator
