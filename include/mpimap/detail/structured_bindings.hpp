#pragma once

// Structured bindings for any number of members up to most_members: the language wants their names written
// out.

#include <cstddef>

namespace mpimap::detail {

template <std::size_t N>
struct member_number {};

inline constexpr std::size_t most_members = 120;

// MPIMAP_NAMES(t, o) is m0_0, m0_1, ...: 10 t + o names.
// clang-format off
#define MPIMAP_ONES1(m) m##0
#define MPIMAP_ONES2(m) m##0, m##1
#define MPIMAP_ONES3(m) m##0, m##1, m##2
#define MPIMAP_ONES4(m) m##0, m##1, m##2, m##3
#define MPIMAP_ONES5(m) m##0, m##1, m##2, m##3, m##4
#define MPIMAP_ONES6(m) m##0, m##1, m##2, m##3, m##4, m##5
#define MPIMAP_ONES7(m) m##0, m##1, m##2, m##3, m##4, m##5, m##6
#define MPIMAP_ONES8(m) m##0, m##1, m##2, m##3, m##4, m##5, m##6, m##7
#define MPIMAP_ONES9(m) m##0, m##1, m##2, m##3, m##4, m##5, m##6, m##7, m##8
#define MPIMAP_ONES10(m) m##0, m##1, m##2, m##3, m##4, m##5, m##6, m##7, m##8, m##9
#define MPIMAP_TENS0
#define MPIMAP_TENS1 MPIMAP_TENS0 MPIMAP_ONES10(m0_),
#define MPIMAP_TENS2 MPIMAP_TENS1 MPIMAP_ONES10(m1_),
#define MPIMAP_TENS3 MPIMAP_TENS2 MPIMAP_ONES10(m2_),
#define MPIMAP_TENS4 MPIMAP_TENS3 MPIMAP_ONES10(m3_),
#define MPIMAP_TENS5 MPIMAP_TENS4 MPIMAP_ONES10(m4_),
#define MPIMAP_TENS6 MPIMAP_TENS5 MPIMAP_ONES10(m5_),
#define MPIMAP_TENS7 MPIMAP_TENS6 MPIMAP_ONES10(m6_),
#define MPIMAP_TENS8 MPIMAP_TENS7 MPIMAP_ONES10(m7_),
#define MPIMAP_TENS9 MPIMAP_TENS8 MPIMAP_ONES10(m8_),
#define MPIMAP_TENS10 MPIMAP_TENS9 MPIMAP_ONES10(m9_),
#define MPIMAP_TENS11 MPIMAP_TENS10 MPIMAP_ONES10(m10_),
#define MPIMAP_NAMES(t, o) MPIMAP_TENS##t MPIMAP_ONES##o(m##t##_)
// clang-format on

// bind_members: visit(members...). Nothing where that does not compile: no reference refers to a bit-field,
// nor, for GCC, to a member of a packed struct.
#define MPIMAP_BIND(t, o)                                                                                    \
    template <typename T, typename Visit>                                                                    \
    constexpr auto bind_members(member_number<10 * t + o>, T& value, const Visit& visit) {                   \
        auto& [MPIMAP_NAMES(t, o)] = value;                                                                  \
        if constexpr (requires { visit(MPIMAP_NAMES(t, o)); })                                               \
            return visit(MPIMAP_NAMES(t, o));                                                                \
    }
#define MPIMAP_BIND_TEN(t)                                                                                   \
    MPIMAP_BIND(t, 1)                                                                                        \
    MPIMAP_BIND(t, 2)                                                                                        \
    MPIMAP_BIND(t, 3)                                                                                        \
    MPIMAP_BIND(t, 4)                                                                                        \
    MPIMAP_BIND(t, 5)                                                                                        \
    MPIMAP_BIND(t, 6)                                                                                        \
    MPIMAP_BIND(t, 7)                                                                                        \
    MPIMAP_BIND(t, 8)                                                                                        \
    MPIMAP_BIND(t, 9)                                                                                        \
    MPIMAP_BIND(t, 10)

MPIMAP_BIND_TEN(0)
MPIMAP_BIND_TEN(1)
MPIMAP_BIND_TEN(2)
MPIMAP_BIND_TEN(3)
MPIMAP_BIND_TEN(4)
MPIMAP_BIND_TEN(5)
MPIMAP_BIND_TEN(6)
MPIMAP_BIND_TEN(7)
MPIMAP_BIND_TEN(8)
MPIMAP_BIND_TEN(9)
MPIMAP_BIND_TEN(10)
MPIMAP_BIND_TEN(11)

#undef MPIMAP_BIND_TEN
#undef MPIMAP_BIND
#undef MPIMAP_NAMES
#undef MPIMAP_TENS0
#undef MPIMAP_TENS1
#undef MPIMAP_TENS2
#undef MPIMAP_TENS3
#undef MPIMAP_TENS4
#undef MPIMAP_TENS5
#undef MPIMAP_TENS6
#undef MPIMAP_TENS7
#undef MPIMAP_TENS8
#undef MPIMAP_TENS9
#undef MPIMAP_TENS10
#undef MPIMAP_TENS11
#undef MPIMAP_ONES1
#undef MPIMAP_ONES2
#undef MPIMAP_ONES3
#undef MPIMAP_ONES4
#undef MPIMAP_ONES5
#undef MPIMAP_ONES6
#undef MPIMAP_ONES7
#undef MPIMAP_ONES8
#undef MPIMAP_ONES9
#undef MPIMAP_ONES10

} // namespace mpimap::detail
