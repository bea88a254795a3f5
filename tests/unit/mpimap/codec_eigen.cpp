// Eigen's matrices on their way. Built where Eigen is there.

#include <mpimap/eigen.hpp>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <unsupported/Eigen/CXX11/Tensor>

#include <boost/serialization/access.hpp>
#include <gtest/gtest.h>

#include <mpimap/detail/pointer_scan.hpp>
#include <mpimap/mpimap.hpp>

#include "unit/mpimap/round_trip.hpp"

// ---------------------------------------------------------------- a scalar of the user's

namespace {

/// A number that knows where it comes from: no bytes.
struct traced {
    double value = 0;
    std::string from = {};
    friend bool operator==(const traced&, const traced&) = default;
};

/// One with a serialize function.
class counted {
  public:
    counted() = default;
    counted(int n) : n_(n) {}
    friend bool operator==(const counted&, const counted&) = default;

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& n_;
    }
    int n_ = 0;
};

} // namespace

template <>
struct Eigen::NumTraits<traced> : Eigen::GenericNumTraits<traced> {
    enum { RequireInitialization = 1 };
};
template <>
struct Eigen::NumTraits<counted> : Eigen::GenericNumTraits<counted> {
    enum { RequireInitialization = 1 };
};

namespace {

using mpimap::encoding;
using mpimap::encoding_of;

template <typename M>
M counting(Eigen::Index rows, Eigen::Index cols) {
    M m(rows, cols);
    for (Eigen::Index i = 0; i < m.size(); ++i)
        m.data()[i] = typename M::Scalar(static_cast<typename M::RealScalar>(i + 1));
    return m;
}

template <typename M>
bool same(const M& a, const M& b) {
    if (a.rows() != b.rows() || a.cols() != b.cols())
        return false;
    for (Eigen::Index i = 0; i < a.size(); ++i) {
        if (!(a.data()[i] == b.data()[i]))
            return false;
    }
    return true;
}

template <typename M>
void expect_travels(const M& m) {
    EXPECT_TRUE(same(wire::round_trip(m), m)) << m.rows() << " x " << m.cols();
}

template <typename T>
void expect_truncations_refused(const T& value) {
    const wire::message m = wire::encode(value);
    ASSERT_FALSE(m.body.empty());
    EXPECT_EQ(wire::refused_truncations<T>(m), m.body.size());
}

/// A message of lengths and nothing behind them, but for some bytes.
template <typename T>
void expect_refused(std::vector<std::uint64_t> lengths, std::size_t bytes = 64) {
    mpimap::detail::writer out;
    for (const std::uint64_t n : lengths)
        out.bytes(&n, sizeof n);
    const std::vector<std::byte> rest(bytes);
    out.bytes(rest.data(), rest.size());
    EXPECT_THROW((void)wire::decode<T>(wire::message(out)), mpimap::serialization_error);
}

/// Each word of a message replaced by what nobody means: either a value comes out, or the exception.
template <typename T>
void expect_no_harm(const T& value) {
    const wire::message whole = wire::encode(value);
    const std::int64_t wrong[] = {-1,
                                  1,
                                  1000,
                                  std::int64_t{1} << 31,
                                  std::int64_t{1} << 32,
                                  std::int64_t{1} << 61,
                                  std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::min()};
    for (std::size_t at = 0; at + 8 <= whole.body.size(); at += 4) {
        for (const std::int64_t w : wrong) {
            wire::message damaged = whole;
            std::memcpy(damaged.body.data() + at, &w, sizeof w);
            try {
                (void)wire::decode<T>(damaged);
            } catch (const mpimap::serialization_error&) {
            } catch (const std::logic_error&) { // by wire: something was left
            }
        }
    }
}

Eigen::SparseMatrix<double> sparse(Eigen::Index rows, Eigen::Index cols) {
    Eigen::SparseMatrix<double> m(rows, cols);
    for (Eigen::Index j = 0; j < cols; ++j) {
        for (Eigen::Index i = j % 3; i < rows; i += 3)
            m.insert(i, j) = static_cast<double>(i + 10 * j);
    }
    return m;
}

template <typename M>
bool same_sparse(const M& a, const M& b) {
    return a.rows() == b.rows() && a.cols() == b.cols() && a.nonZeros() == b.nonZeros() &&
           Eigen::MatrixX<typename M::Scalar>(a) == Eigen::MatrixX<typename M::Scalar>(b);
}

} // namespace

// ---------------------------------------------------------------- dense

TEST(codec_eigen, fixed_sizes_are_bytes) {
    static_assert(encoding_of<Eigen::Matrix3d> == encoding::bytes);
    static_assert(encoding_of<Eigen::Vector4f> == encoding::bytes);
    static_assert(encoding_of<Eigen::Array<std::complex<double>, 2, 3>> == encoding::bytes);
    static_assert(encoding_of<Eigen::Matrix<int, 5, 3, Eigen::RowMajor>> == encoding::bytes);
    static_assert(encoding_of<std::array<Eigen::Vector3d, 4>> == encoding::bytes);
    static_assert(encoding_of<Eigen::MatrixXd> == encoding::standard);
    static_assert(!mpimap::detail::is_searched<Eigen::Matrix3d>);
    static_assert(!mpimap::detail::is_searched<std::vector<Eigen::Quaterniond>>);
    static_assert(!mpimap::detail::runs_user_code<Eigen::MatrixXd>());
    static_assert(!mpimap::detail::uses_boost<Eigen::MatrixXd>());
    expect_travels(counting<Eigen::Matrix3d>(3, 3));
    expect_travels(counting<Eigen::Matrix4f>(4, 4));
    expect_travels(counting<Eigen::Matrix<int, 5, 3, Eigen::RowMajor>>(5, 3));
    expect_travels(counting<Eigen::Array<std::complex<float>, 2, 3>>(2, 3));
    expect_travels(Eigen::Vector4d(1, 2, 3, 4));
    expect_travels(Eigen::RowVector2i(1, 2));
    expect_travels(Eigen::Matrix<double, 0, 3>());
    expect_travels(Eigen::Matrix<bool, 1, 2>(true, false));
    EXPECT_EQ(wire::encode(Eigen::Matrix3d::Identity().eval()).body.size(), sizeof(double) * 9);
    expect_truncations_refused(counting<Eigen::Matrix3d>(3, 3));
}

TEST(codec_eigen, dynamic_sizes) {
    for (const auto& [r, c] : {std::pair(0, 0), {0, 5}, {5, 0}, {1, 1}, {3, 7}, {100, 3}, {120, 150}}) {
        expect_travels(counting<Eigen::MatrixXd>(r, c));
        expect_travels(counting<Eigen::MatrixXf>(r, c));
        expect_travels(counting<Eigen::MatrixXcd>(r, c));
        expect_travels(counting<Eigen::ArrayXXi>(r, c));
        expect_travels(
            counting<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(r, c));
        expect_travels(
            counting<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::DontAlign>>(r, c));
    }
    for (const Eigen::Index n : {0, 1, 10, 20000}) {
        expect_travels(counting<Eigen::VectorXd>(n, 1));
        expect_travels(counting<Eigen::RowVectorXf>(1, n));
        expect_travels(counting<Eigen::ArrayXd>(n, 1));
        expect_travels(counting<Eigen::Matrix3Xd>(3, n));
        expect_travels(counting<Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor>>(n, 3));
        expect_travels(counting<Eigen::Matrix<double, Eigen::Dynamic, 0>>(n, 0));
        expect_travels(counting<Eigen::VectorX<Eigen::half>>(n, 1));
    }
}

TEST(codec_eigen, sizes_with_a_limit_are_inside) {
    using small = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, 4, 4>;
    using short_vector = Eigen::Matrix<float, Eigen::Dynamic, 1, 0, 5, 1>;
    using long_one = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, 10000, 1>;
    using half_limited = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, 3, Eigen::Dynamic>;
    for (const auto& [r, c] : {std::pair(0, 0), {4, 4}, {2, 3}, {0, 3}, {4, 0}})
        expect_travels(counting<small>(r, c));
    expect_travels(counting<short_vector>(3, 1));
    expect_travels(counting<half_limited>(2, 9000));
    // It moves with the object: never received later.
    const std::vector<long_one> many(3, counting<long_one>(10000, 1));
    EXPECT_TRUE(wire::encode(many).spans.empty());
    const auto came = wire::round_trip(std::deque<long_one>(many.begin(), many.end()));
    for (const long_one& m : came)
        EXPECT_TRUE(same(m, many[0]));
    expect_refused<small>({5, 1, 5});
    expect_refused<small>({1, 5, 5});
    expect_refused<short_vector>({6});
    expect_refused<half_limited>({4, 1, 4});
    expect_truncations_refused(counting<small>(2, 2));
}

TEST(codec_eigen, large_ones_go_without_a_copy) {
    const auto m = counting<Eigen::MatrixXd>(100, 100);
    mpimap::detail::writer out;
    mpimap::detail::write_value(out, m);
    ASSERT_EQ(out.spans().size(), 1U);
    EXPECT_EQ(static_cast<const void*>(out.spans()[0].data), m.data());
    EXPECT_EQ(out.body().size(), 24U);
    EXPECT_EQ(wire::encode(counting<Eigen::VectorXd>(10, 1)).body.size(), 88U);
    // Read into what is there, of the same size: no new memory.
    const wire::message message(out);
    Eigen::MatrixXd to(100, 100);
    const double* const memory = to.data();
    wire::with_reader(message, [&](mpimap::detail::reader& in) {
        mpimap::detail::read_value(in, to);
        return 0;
    });
    EXPECT_EQ(to.data(), memory);
    EXPECT_TRUE(same(to, m));
}

TEST(codec_eigen, scalars_of_the_user) {
    using texts = Eigen::Matrix<traced, Eigen::Dynamic, Eigen::Dynamic>;
    texts m(2, 3);
    for (Eigen::Index i = 0; i < m.size(); ++i)
        m.data()[i] = traced{double(i), std::string(static_cast<std::size_t>(i) * 40000, 'x')};
    expect_travels(m);
    expect_travels(texts(0, 4));
    Eigen::Matrix<traced, 2, 2> fixed;
    fixed << traced{1, "a"}, traced{2, "b"}, traced{3, "c"}, traced{4, "d"};
    static_assert(encoding_of<Eigen::Matrix<traced, 2, 2>> == encoding::standard);
    expect_travels(fixed);
    expect_truncations_refused(fixed);
    expect_truncations_refused(Eigen::Matrix<traced, Eigen::Dynamic, 1>(fixed.col(0)));

    using counts = Eigen::Matrix<counted, Eigen::Dynamic, 1>;
    static_assert(mpimap::detail::uses_boost<counts>() && mpimap::detail::runs_user_code<counts>());
    counts c(3);
    c << counted(1), counted(2), counted(3);
    expect_travels(c);
    using counted_turn = Eigen::Quaternion<counted>;
    static_assert(mpimap::detail::uses_boost<counted_turn>() &&
                  mpimap::detail::runs_user_code<counted_turn>());
    const counted_turn q(1, 2, 3, 4);
    EXPECT_TRUE(same(wire::round_trip(q).coeffs(), q.coeffs()));
    static_assert(!mpimap::encodable<Eigen::Matrix<int*, 2, 2>>);
}

TEST(codec_eigen, in_containers_and_structs) {
    struct state {
        int id = 0;
        Eigen::MatrixXd m;
        Eigen::Vector3d position;
        std::string name;
        Eigen::Quaterniond q;
    };
    static_assert(encoding_of<state> == encoding::aggregate);
    const state s{7, counting<Eigen::MatrixXd>(100, 200), {1, 2, 3}, "seven", {1, 2, 3, 4}};
    const state t = wire::round_trip(s);
    EXPECT_EQ(t.id, 7);
    EXPECT_TRUE(same(t.m, s.m));
    EXPECT_EQ(t.position, s.position);
    EXPECT_EQ(t.name, s.name);
    EXPECT_EQ(t.q.coeffs(), s.q.coeffs());

    std::vector<Eigen::MatrixXd> v;
    for (int n = 0; n < 200; n += 23)
        v.push_back(counting<Eigen::MatrixXd>(n, n));
    EXPECT_EQ(wire::round_trip(v), v);
    EXPECT_EQ(wire::round_trip(std::list<Eigen::MatrixXd>(v.begin(), v.end())),
              std::list<Eigen::MatrixXd>(v.begin(), v.end()));
    const std::map<std::string, Eigen::MatrixXd> map{{"a", v[1]}, {"b", v[8]}};
    EXPECT_EQ(wire::round_trip(map), map);
    const std::optional<Eigen::MatrixXd> o = v[8];
    EXPECT_EQ(wire::round_trip(o), o);
    const std::tuple<int, Eigen::MatrixXd, Eigen::Matrix2d> tuple{1, v[8], Eigen::Matrix2d::Identity()};
    EXPECT_EQ(wire::round_trip(tuple), tuple);
    const std::variant<int, Eigen::MatrixXd> variant = v[8];
    EXPECT_EQ(wire::round_trip(variant), variant);
    EXPECT_EQ(*wire::round_trip(std::make_shared<Eigen::MatrixXd>(v[8])), v[8]);
    using pairs = std::vector<std::pair<int, Eigen::Vector4d>>;
    const pairs p{{1, Eigen::Vector4d(1, 2, 3, 4)}, {2, Eigen::Vector4d(5, 6, 7, 8)}};
    EXPECT_EQ(wire::round_trip(p), p);
}

TEST(codec_eigen, vectors_of_aligned_ones) {
    // At an odd place of the message, short ones and ones that come by themselves.
    for (const std::size_t n : {0U, 1U, 3U, 5000U}) {
        std::vector<Eigen::Vector4d> v(n);
        std::vector<Eigen::Matrix4f, Eigen::aligned_allocator<Eigen::Matrix4f>> w(n);
        for (std::size_t i = 0; i < n; ++i) {
            v[i].setConstant(double(i));
            w[i].setConstant(float(i));
        }
        const auto [c, a, b] = wire::round_trip(std::tuple('x', v, w));
        EXPECT_EQ(a, v);
        EXPECT_TRUE(b == w);
        for (const Eigen::Vector4d& x : a)
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&x) % alignof(Eigen::Vector4d), 0U);
    }
    const std::optional<Eigen::Matrix4d> o = Eigen::Matrix4d::Identity();
    EXPECT_EQ(std::get<1>(wire::round_trip(std::tuple('x', o))), o);
    EXPECT_EQ(*wire::round_trip(std::make_unique<Eigen::Matrix4d>(*o)), *o);
}

TEST(codec_eigen, damaged_messages) {
    using matrix = Eigen::MatrixXd;
    const std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
    expect_refused<matrix>({max, 1, 1});
    expect_refused<matrix>({1, max, 1});
    expect_refused<matrix>({max, max, 1});
    expect_refused<matrix>({0, max, 0});
    expect_refused<matrix>({max, 0, 0});
    expect_refused<matrix>({2, 2, 5});
    expect_refused<matrix>({2, 2, 0});
    expect_refused<matrix>({0, 2, 2});
    expect_refused<matrix>({std::uint64_t{1} << 32, std::uint64_t{1} << 32, 0}); // a product that overflows
    expect_refused<matrix>({std::uint64_t{1} << 20, std::uint64_t{1} << 20, std::uint64_t{1} << 40});
    expect_refused<matrix>({3, 3, 9}); // 72 bytes of 64
    expect_refused<Eigen::VectorXd>({9});
    expect_refused<Eigen::VectorXd>({max});
    expect_refused<Eigen::VectorXd>({std::uint64_t{1} << 61});
    expect_refused<Eigen::VectorXd>({std::uint64_t{1} << 30});
    expect_refused<Eigen::Matrix3Xd>({2, 2, 4});
    expect_refused<Eigen::Matrix<traced, Eigen::Dynamic, Eigen::Dynamic>>({1000000, 1000000, 1000000000000});
    expect_truncations_refused(counting<matrix>(2, 3));
    expect_truncations_refused(counting<Eigen::ArrayXf>(3, 1));
    expect_no_harm(counting<matrix>(2, 3));
    expect_no_harm(sparse(4, 5));
    expect_no_harm(Eigen::SparseMatrix<double, Eigen::RowMajor>(sparse(4, 5)));
    expect_no_harm(Eigen::SparseVector<double>(sparse(9, 1).col(0)));
    // A large one that should come by itself, and another does.
    wire::message m = wire::encode(counting<matrix>(100, 100));
    m.spans[0].resize(80008);
    EXPECT_THROW((void)wire::decode<matrix>(m), mpimap::serialization_error);
    m.spans.clear();
    EXPECT_THROW((void)wire::decode<matrix>(m), mpimap::serialization_error);
}

// ---------------------------------------------------------------- sparse

TEST(codec_eigen, sparse_matrices) {
    for (const auto& [r, c] : {std::pair(0, 0), {0, 5}, {5, 0}, {1, 1}, {4, 6}, {300, 200}}) {
        Eigen::SparseMatrix<double> m = sparse(r, c);
        const Eigen::SparseMatrix<double> loose = wire::round_trip(m);
        EXPECT_TRUE(loose.isCompressed());
        EXPECT_TRUE(same_sparse(loose, m));
        m.makeCompressed();
        EXPECT_TRUE(same_sparse(wire::round_trip(m), m));
        const Eigen::SparseMatrix<float, Eigen::RowMajor, long> rows(m.cast<float>());
        EXPECT_TRUE(same_sparse(wire::round_trip(rows), rows));
        const std::vector<Eigen::SparseMatrix<double>> v{m, m};
        for (const auto& x : wire::round_trip(v))
            EXPECT_TRUE(same_sparse(x, m));
        // Copied when they are moved: what is large must be there already.
        const std::optional<Eigen::SparseMatrix<double>> o = m;
        EXPECT_TRUE(same_sparse(*wire::round_trip(o), m));
        EXPECT_TRUE(wire::encode(m).spans.empty());
        if (r < 100)
            expect_truncations_refused(m);
    }
    Eigen::SparseMatrix<double> empty_columns(5, 4);
    empty_columns.insert(2, 1) = 7;
    EXPECT_TRUE(same_sparse(wire::round_trip(empty_columns), empty_columns));
    empty_columns.reserve(Eigen::VectorXi::Constant(4, 3));
    EXPECT_FALSE(empty_columns.isCompressed());
    EXPECT_TRUE(same_sparse(wire::round_trip(empty_columns), empty_columns));
    // Into one that has something else in it.
    Eigen::SparseMatrix<double> to = sparse(7, 9);
    wire::with_reader(wire::encode(empty_columns), [&](mpimap::detail::reader& in) {
        mpimap::detail::read_value(in, to);
        return 0;
    });
    EXPECT_TRUE(same_sparse(to, empty_columns));
}

TEST(codec_eigen, sparse_scalars_and_vectors) {
    Eigen::SparseMatrix<std::complex<double>> c(3, 3);
    c.insert(1, 2) = {1, -1};
    EXPECT_TRUE(same_sparse(wire::round_trip(c), c));

    Eigen::SparseMatrix<traced> t(3, 3);
    t.insert(1, 2) = traced{1, std::string(100000, 'x')};
    const Eigen::SparseMatrix<traced> u = wire::round_trip(t);
    ASSERT_EQ(u.nonZeros(), 1);
    EXPECT_EQ(u.valuePtr()[0], (traced{1, std::string(100000, 'x')}));

    Eigen::SparseVector<double> v(1000);
    v.insert(17) = 1.5;
    v.insert(900) = 2.5;
    const Eigen::SparseVector<double> w = wire::round_trip(v);
    EXPECT_EQ(w.size(), 1000);
    EXPECT_EQ(w.nonZeros(), 2);
    EXPECT_EQ(w.coeff(900), 2.5);
    EXPECT_EQ(wire::round_trip(Eigen::SparseVector<double>(5)).size(), 5);
    expect_truncations_refused(v);
}

TEST(codec_eigen, damaged_sparse_matrices) {
    using matrix = Eigen::SparseMatrix<double>;
    const std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
    expect_refused<matrix>({max, 1, 0});
    expect_refused<matrix>({1, max, 0});
    expect_refused<matrix>({1, 1, max});
    expect_refused<matrix>({1, std::uint64_t{1} << 40, 1}); // more than its indices can tell
    expect_refused<matrix>({2, 2, 1});                      // no place where the second column begins
    expect_refused<Eigen::SparseVector<double>>({max, 0});
    expect_refused<Eigen::SparseVector<double>>({3, max});
    expect_refused<Eigen::SparseVector<double>>({0, 1});
}

// ---------------------------------------------------------------- geometry and the like

TEST(codec_eigen, geometry) {
    using namespace Eigen;
    static_assert(encoding_of<Quaterniond> == encoding::bytes);
    static_assert(encoding_of<AngleAxisf> == encoding::bytes);
    static_assert(encoding_of<Rotation2Dd> == encoding::bytes);
    static_assert(encoding_of<Translation3d> == encoding::bytes);
    static_assert(encoding_of<Isometry3d> == encoding::bytes);
    static_assert(encoding_of<AffineCompact2f> == encoding::bytes);
    static_assert(encoding_of<UniformScaling<double>> == encoding::bytes);
    static_assert(encoding_of<AlignedBox3d> == encoding::bytes);
    static_assert(encoding_of<Hyperplane<double, 3>> == encoding::bytes);
    static_assert(encoding_of<ParametrizedLine<double, 3>> == encoding::bytes);
    static_assert(encoding_of<DiagonalMatrix<double, 3>> == encoding::bytes);

    const Quaterniond q(1, 2, 3, 4);
    EXPECT_EQ(wire::round_trip(q).coeffs(), q.coeffs());
    const std::vector<Quaterniond> qs(5000, q);
    EXPECT_EQ(wire::round_trip(qs).back().coeffs(), q.coeffs());
    const AngleAxisf a(0.5F, Vector3f::UnitY());
    EXPECT_EQ(wire::round_trip(a).angle(), a.angle());
    EXPECT_EQ(wire::round_trip(a).axis(), a.axis());
    EXPECT_EQ(wire::round_trip(Rotation2Dd(0.25)).angle(), 0.25);
    EXPECT_EQ(wire::round_trip(UniformScaling<double>(2)).factor(), 2);
    EXPECT_EQ(wire::round_trip(Translation3d(1, 2, 3)).vector(), Vector3d(1, 2, 3));
    const Isometry3d i = Translation3d(1, 2, 3) * Isometry3d(AngleAxisd(1, Vector3d::UnitZ()));
    EXPECT_EQ(wire::round_trip(i).matrix(), i.matrix());
    const AlignedBox3d b(Vector3d(0, 1, 2), Vector3d(3, 4, 5));
    EXPECT_EQ((wire::round_trip(b).min)(), (b.min)());
    EXPECT_EQ((wire::round_trip(b).max)(), (b.max)());
    const AlignedBox<double, Dynamic> d(VectorXd::Zero(7), VectorXd::Ones(7));
    EXPECT_EQ((wire::round_trip(d).max)(), (d.max)());
    EXPECT_EQ((wire::round_trip(AlignedBox<double, Dynamic>()).dim()), (AlignedBox<double, Dynamic>().dim()));
    const Hyperplane<double, 3> h(Vector3d::UnitX(), 4);
    EXPECT_EQ(wire::round_trip(h).coeffs(), h.coeffs());
    const ParametrizedLine<double, Dynamic> l(VectorXd::Zero(4), VectorXd::Unit(4, 1));
    EXPECT_EQ(wire::round_trip(l).direction(), l.direction());
    expect_truncations_refused(q);
    expect_truncations_refused(d);
}

TEST(codec_eigen, diagonals_and_permutations) {
    using namespace Eigen;
    const DiagonalMatrix<double, 3> d(1, 2, 3);
    EXPECT_EQ(wire::round_trip(d).diagonal(), d.diagonal());
    const DiagonalMatrix<double, Dynamic> e(VectorXd::LinSpaced(20000, 0, 1));
    EXPECT_EQ(wire::round_trip(e).diagonal(), e.diagonal());
    PermutationMatrix<3> p(Vector3i(2, 0, 1));
    EXPECT_EQ(wire::round_trip(p).indices(), p.indices());
    PermutationMatrix<Dynamic> q(10);
    q.setIdentity();
    q.applyTranspositionOnTheRight(2, 5);
    EXPECT_EQ(wire::round_trip(q).indices(), q.indices());
    Transpositions<Dynamic> t(VectorXi::Constant(3, 2));
    EXPECT_EQ(wire::round_trip(t).indices(), t.indices());
    // One that leads out of the vector that it permutes.
    wire::message m = wire::encode(p);
    const int wrong = 3;
    std::memcpy(m.body.data(), &wrong, sizeof wrong);
    EXPECT_THROW((void)wire::decode<PermutationMatrix<3>>(m), mpimap::serialization_error);
    expect_no_harm(q);
    expect_no_harm(DiagonalMatrix<double, Dynamic>(VectorXd::Ones(3)));
    expect_truncations_refused(q);
}

TEST(codec_eigen, tensors) {
    using tensor = Eigen::Tensor<double, 3>;
    for (const Eigen::Index n : {0, 2, 40}) {
        tensor t(n, 3, n + 1);
        for (Eigen::Index i = 0; i < t.size(); ++i)
            t.data()[i] = double(i);
        const tensor u = wire::round_trip(std::vector<tensor>{t, t})[1];
        EXPECT_EQ(u.dimension(0), n);
        EXPECT_EQ(u.dimension(1), 3);
        EXPECT_EQ(u.dimension(2), n + 1);
        for (Eigen::Index i = 0; i < t.size(); ++i)
            EXPECT_EQ(u.data()[i], t.data()[i]);
    }
    Eigen::Tensor<int, 0> zero;
    zero() = 7;
    EXPECT_EQ(wire::round_trip(zero)(), 7);
    Eigen::Tensor<float, 2, Eigen::RowMajor, int> rows(2, 3);
    rows.setConstant(1.5F);
    rows(1, 0) = 2;
    EXPECT_EQ(wire::round_trip(rows)(1, 0), 2);
    Eigen::TensorFixedSize<double, Eigen::Sizes<2, 3>> f;
    f.setConstant(3);
    f(1, 2) = 4;
    EXPECT_EQ(wire::round_trip(f)(1, 2), 4);
    const std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
    expect_refused<tensor>({max, 1, 1, 1});
    expect_refused<tensor>({0, 0, max, 0});
    expect_refused<tensor>({2, 2, 2, 7});
    expect_refused<tensor>({0, 2, 2, 4});
    expect_refused<tensor>({std::uint64_t{1} << 32, std::uint64_t{1} << 32, 1, 0});
    expect_truncations_refused(rows);
    using sum = decltype(rows + rows);
    static_assert(mpimap::is_expression<sum> && mpimap::is_expression<Eigen::TensorMap<tensor>>);
}

// ---------------------------------------------------------------- inside of a serialize

namespace {

class filter {
  public:
    filter() = default;
    explicit filter(int n) : gain_(counting<Eigen::MatrixXd>(n, n)), bias_(1, 2, 3), sparse_(sparse(n, n)) {}
    friend bool operator==(const filter& a, const filter& b) {
        return same(a.gain_, b.gain_) && a.bias_ == b.bias_ && same_sparse(a.sparse_, b.sparse_) &&
               a.turn_.coeffs() == b.turn_.coeffs() && a.history_ == b.history_;
    }

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& gain_& bias_& sparse_& turn_& history_;
    }
    Eigen::MatrixXd gain_;
    Eigen::Vector3d bias_;
    Eigen::SparseMatrix<double> sparse_;
    Eigen::Quaterniond turn_{1, 2, 3, 4};
    std::vector<Eigen::VectorXd> history_{Eigen::VectorXd::Ones(3)};
};

} // namespace

TEST(codec_eigen, inside_of_serialize) {
    static_assert(encoding_of<filter> == encoding::boost);
    for (const int n : {0, 3, 100}) {
        const filter f(n);
        EXPECT_EQ(wire::round_trip(f), f);
    }
    expect_truncations_refused(filter(2));
}

// ---------------------------------------------------------------- what does not travel

TEST(codec_eigen, expressions_and_views_do_not_travel) {
    using mpimap::encodable;
    using mpimap::is_expression;
    Eigen::MatrixXd a(2, 2);
    Eigen::Matrix3d b;
    Eigen::VectorXd v(2);
    Eigen::SparseMatrix<double> s(2, 2);
    const auto refused = [](const auto& e) {
        using type = std::remove_cvref_t<decltype(e)>;
        return is_expression<type> && !encodable<type> && !encodable<std::vector<type>> &&
               mpimap::detail::examine_value<mpimap::detail::for_elements, std::optional<type>>().what ==
                   mpimap::detail::problem::expression_or_view;
    };
    EXPECT_TRUE(refused(a + a));
    EXPECT_TRUE(refused(a * 2));
    EXPECT_TRUE(refused(a * a));
    EXPECT_TRUE(refused(b.transpose()));
    EXPECT_TRUE(refused(a.inverse()));
    EXPECT_TRUE(refused(a.lu().solve(a)));
    EXPECT_TRUE(refused(a.col(0)));
    EXPECT_TRUE(refused(b.block<2, 2>(0, 0)));
    EXPECT_TRUE(refused(a.diagonal()));
    EXPECT_TRUE(refused(a.array()));
    EXPECT_TRUE(refused(a.triangularView<Eigen::Upper>()));
    EXPECT_TRUE(refused(a.selfadjointView<Eigen::Upper>()));
    EXPECT_TRUE(refused(v.asDiagonal()));
    EXPECT_TRUE(refused(v.reshaped(1, 2)));
    EXPECT_TRUE(refused(v(Eigen::seq(0, 1))));
    EXPECT_TRUE(refused(v.homogeneous()));
    EXPECT_TRUE(refused(a.colwise()));
    EXPECT_TRUE(refused(a.householderQr().householderQ()));
    EXPECT_TRUE(refused(Eigen::MatrixXd::Zero(2, 2)));
    EXPECT_TRUE(refused(Eigen::Map<Eigen::MatrixXd>(a.data(), 2, 2)));
    EXPECT_TRUE(refused(Eigen::Map<const Eigen::VectorXd>(a.data(), 2)));
    EXPECT_TRUE(refused(Eigen::Map<Eigen::Quaterniond>(a.data())));
    EXPECT_TRUE(refused(Eigen::Ref<Eigen::MatrixXd>(a)));
    EXPECT_TRUE(refused(Eigen::Ref<const Eigen::MatrixXd>(a)));
    EXPECT_TRUE(refused(s + s));
    EXPECT_TRUE(refused(s * s));
    EXPECT_TRUE(refused(s.col(0)));
    EXPECT_TRUE(refused(s.transpose()));
    EXPECT_TRUE(refused(s.cast<float>()));
    s.makeCompressed();
    EXPECT_TRUE(refused(Eigen::Map<const Eigen::SparseMatrix<double>>(2, 2, 0, s.outerIndexPtr(),
                                                                      s.innerIndexPtr(), s.valuePtr())));

    struct own : Eigen::Matrix3d {
        using Eigen::Matrix3d::Matrix;
    };
    EXPECT_FALSE(is_expression<own> || is_expression<Eigen::PartialPivLU<Eigen::MatrixXd>> ||
                 is_expression<Eigen::MatrixXd> || is_expression<Eigen::Isometry3d> ||
                 is_expression<double> || is_expression<std::string>);
}

TEST(codec_eigen, functions_that_hold_matrices) {
    using mpimap::detail::function_finding;
    using mpimap::detail::problem;
    const auto fixed = [m = Eigen::Matrix3d()](int) { return m(0); };
    const auto dynamic = [m = Eigen::MatrixXd()](int) { return m(0); };
    const auto view = [m = Eigen::Map<Eigen::MatrixXd>(nullptr, 0, 0)](int) { return m(0); };
    EXPECT_EQ(function_finding<std::remove_const_t<decltype(fixed)>>::what, problem::function_cannot_be_sent);
    EXPECT_EQ(function_finding<std::remove_const_t<decltype(dynamic)>>::what,
              problem::function_cannot_be_sent);
    EXPECT_EQ(function_finding<std::remove_const_t<decltype(view)>>::what, problem::function_cannot_be_sent);
    struct callable {
        Eigen::MatrixXd m;
        Eigen::Matrix3d n;
        double operator()(int i) const { return m(i) + n(i); }
    };
    EXPECT_EQ(function_finding<callable>::what, problem::none);
    struct with_view {
        Eigen::Map<Eigen::MatrixXd> m;
        double operator()(int i) const { return m(i); }
    };
    EXPECT_EQ(function_finding<with_view>::what, problem::expression_or_view);
    const auto bound =
        mpimap::bind_front([](const Eigen::MatrixXd& m, int i) { return m(i); }, Eigen::MatrixXd());
    EXPECT_EQ(function_finding<std::remove_const_t<decltype(bound)>>::what, problem::none);
    Eigen::MatrixXd a;
    const auto bound_sum = mpimap::bind_front([](const Eigen::MatrixXd& m, int i) { return m(i); }, a + a);
    EXPECT_EQ(function_finding<std::remove_const_t<decltype(bound_sum)>>::what, problem::expression_or_view);
}
