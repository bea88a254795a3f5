// What docs/what-travels.md says of Boost's own types: which header makes them travel.

#include <string>

#include <boost/serialization/split_free.hpp> // that of dates wants it and does not include it

#include <boost/array.hpp>
#include <boost/date_time/gregorian/greg_serialize.hpp>
#include <boost/date_time/gregorian/gregorian_types.hpp>
#include <boost/date_time/posix_time/posix_time_types.hpp>
#include <boost/date_time/posix_time/time_serialize.hpp>
#include <boost/dynamic_bitset.hpp>
#include <boost/dynamic_bitset/serialization.hpp>
#include <boost/multiprecision/cpp_int.hpp>
#include <boost/numeric/ublas/matrix.hpp>
#include <boost/numeric/ublas/vector.hpp>
#include <boost/optional.hpp>
#include <boost/serialization/boost_array.hpp>
#include <boost/serialization/boost_unordered_map.hpp>
#include <boost/serialization/boost_unordered_set.hpp>
#include <boost/serialization/collection_size_type.hpp>
#include <boost/serialization/optional.hpp>
#include <boost/serialization/scoped_ptr.hpp>
#include <boost/serialization/shared_ptr.hpp>
#include <boost/serialization/variant.hpp>
#include <boost/shared_ptr.hpp>
#include <boost/unordered_map.hpp>
#include <boost/unordered_set.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/variant.hpp>
#include <gtest/gtest.h>

#include <mpimap/codec.hpp>

#include "unit/mpimap/round_trip.hpp"

namespace {

using mpimap::encoding;
using mpimap::encoding_of;

struct point {
    int x = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& x;
    }
};

/// Alone, and as the member of a class with serialize.
template <typename T>
struct holder {
    T value;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& value;
    }
};
template <typename T>
void expect_travels(const T& value) {
    static_assert(encoding_of<T> != encoding::none);
    EXPECT_TRUE(wire::round_trip(value) == value);
    EXPECT_TRUE(wire::round_trip(holder<T>{value}).value == value);
}

TEST(BoostTypes, TravelWithTheHeaderOfTheirOwn) {
    expect_travels(boost::optional<std::string>("text"));
    expect_travels(boost::optional<int>());
    expect_travels(boost::variant<int, std::string>("text"));
    expect_travels(boost::array<std::string, 2>{{"a", "b"}});
    expect_travels(boost::unordered_map<int, std::string>{{1, "one"}, {2, "two"}});
    expect_travels(boost::unordered_set<int>{1, 2});
    expect_travels(boost::dynamic_bitset<>(std::string("10110")));
    expect_travels(boost::gregorian::date(2026, 11, 26));
    expect_travels(boost::posix_time::ptime(boost::gregorian::date(2026, 11, 26)));
    expect_travels(boost::multiprecision::cpp_int("123456789012345678901234567890"));
    expect_travels(boost::uuids::uuid());
    const boost::shared_ptr<point> p(new point{7});
    EXPECT_EQ(wire::round_trip(p)->x, 7);
    boost::numeric::ublas::vector<double> v(2);
    v[0] = 1;
    v[1] = 2;
    EXPECT_EQ(wire::round_trip(v)[1], 2);
    boost::numeric::ublas::matrix<double> m(2, 2, 3.0);
    EXPECT_EQ(wire::round_trip(m)(1, 1), 3.0);
}

} // namespace
