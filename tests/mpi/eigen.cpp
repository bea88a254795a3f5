// Eigen's matrices as arguments, results, constants and state. Built where Eigen is there.

#include <mpimap/eigen.hpp>
#include <mpimap/mpimap.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <boost/serialization/access.hpp>

#include "mpi_test.hpp"
#include "pool_test.hpp"

using namespace mpimap_test;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::Vector3d;
using Eigen::VectorXd;
using mpimap::mpi_map;
using mpimap::mpi_map_reduce;

namespace {

MatrixXd filled(int n, int rows = 0) {
    MatrixXd m(rows == 0 ? n : rows, n);
    for (Index i = 0; i < m.size(); ++i)
        m.data()[i] = static_cast<double>(i % 7 + n);
    return m;
}

/// Of sizes from nothing to what is sent without a copy.
std::vector<MatrixXd> matrices() {
    std::vector<MatrixXd> all;
    for (int n = 0; n < 12; ++n)
        all.push_back(filled(n, n / 2));
    all.push_back(filled(100));
    all.push_back(filled(1));
    all.push_back(filled(150));
    return all;
}

constexpr auto transposed = [](const MatrixXd& m) -> MatrixXd { return m.transpose(); };

Eigen::SparseMatrix<double> tridiagonal(int n) {
    Eigen::SparseMatrix<double> a(n, n);
    for (int i = 0; i < n; ++i) {
        a.insert(i, i) = 4;
        if (i > 0)
            a.insert(i, i - 1) = -1;
        if (i + 1 < n)
            a.insert(i, i + 1) = -1;
    }
    return a;
}

/// Eigen's own sum asks for a coefficient at least.
double total(const Eigen::SparseMatrix<double>& a) {
    return a.size() == 0 ? 0 : a.sum();
}

template <typename F, typename Range>
void expect_serial(const F& f, const Range& range) {
    using result = std::decay_t<decltype(f(*std::ranges::begin(range)))>;
    std::vector<result> expected;
    for (const auto& x : range)
        expected.push_back(f(x));
    for (const int root : {0, other_root()}) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            expect_on_root(root, mpi_map(comm(), o, f, range), expected);
        });
    }
}

} // namespace

// ---------------------------------------------------------------- arguments and results

TEST(eigen, dense_matrices_there_and_back) {
    expect_serial(transposed, matrices());
    expect_serial([](const MatrixXd& m) { return m.sum(); }, matrices());
    const auto all = matrices();
    expect_serial(transposed, std::list<MatrixXd>(all.begin(), all.end()));
}

TEST(eigen, views_of_the_argument_are_for_the_function) {
    // What it takes may be what Eigen offers for parameters.
    expect_serial([](const Eigen::Ref<const MatrixXd>& m) { return m.sum(); }, matrices());
    const auto norm = []<typename D>(const Eigen::MatrixBase<D>& m) { return m.norm(); };
    expect_serial(norm, matrices());
}

TEST(eigen, fixed_sizes_there_and_back) {
    std::vector<Vector3d> points;
    std::vector<Eigen::Matrix4d> aligned;
    for (int i = 0; i < 1000; ++i) {
        points.emplace_back(i, 2 * i, 3 * i);
        aligned.push_back(Eigen::Matrix4d::Constant(i));
    }
    expect_serial([](const Vector3d& p) -> Vector3d { return p.cross(Vector3d::UnitX()); }, points);
    expect_serial([](const Eigen::Matrix4d& m) -> Eigen::Matrix4d { return m * m; }, aligned);
    expect_serial([](const Vector3d& p) { return Eigen::Vector4f(p.homogeneous().cast<float>()); }, points);
    expect_serial([](const Vector3d& p) { return std::pair(p.x(), Eigen::Vector4d(p.homogeneous())); },
                  points);

    std::vector<Eigen::Quaterniond> turns;
    for (int i = 0; i < 100; ++i)
        turns.emplace_back(Eigen::AngleAxisd(0.1 * i, Vector3d::UnitZ()));
    const auto got = mpi_map(
        comm(), [](const Eigen::Quaterniond& q) { return q * q; }, turns);
    for (std::size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(got[i].coeffs(), (turns[i] * turns[i]).coeffs());
}

TEST(eigen, vectors_and_columns_are_ranges) {
    const VectorXd v = VectorXd::LinSpaced(100, 0, 1);
    expect_serial([](double x) { return 2 * x; }, v);
    const MatrixXd m = filled(30, 20);
    std::vector<double> norms;
    for (Index i = 0; i < m.cols(); ++i)
        norms.push_back(m.col(i).norm());
    expect_on_root(0,
                   mpi_map(
                       comm(), [](const VectorXd& x) { return x.norm(); }, m.colwise()),
                   norms);
    VectorXd out = VectorXd::Constant(100, -1);
    mpimap::mpi_map_into(
        comm(), [](double x) { return 3 * x; }, out, v);
    EXPECT_EQ(out, rank() == 0 ? VectorXd(3 * v) : VectorXd(VectorXd::Constant(100, -1)));
}

TEST(eigen, results_into_matrices_of_the_caller) {
    const std::vector<int> sizes = count_to(60);
    std::vector<MatrixXd> out(sizes.size());
    mpimap::mpi_map_into(
        comm(), [](int n) { return filled(n); }, out, sizes);
    for (std::size_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out[i], rank() == 0 ? filled(sizes[i]) : MatrixXd());
}

TEST(eigen, sparse_matrices_there_and_back) {
    const std::vector<int> sizes{0, 1, 2, 10, 100, 3000};
    const auto got = mpi_map(comm(), {.results = mpimap::results::everywhere}, tridiagonal, sizes);
    ASSERT_EQ(got.size(), sizes.size());
    const auto sums = mpi_map(
        comm(), {.results = mpimap::results::everywhere},
        [](const Eigen::SparseMatrix<double>& a) { return a.isCompressed() ? total(a) : -1; }, got);
    for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_TRUE(got[i].isCompressed() || size() == 1);
        EXPECT_EQ(got[i].nonZeros(), tridiagonal(sizes[i]).nonZeros());
        EXPECT_EQ(total(got[i]), total(tridiagonal(sizes[i])));
        EXPECT_EQ(sums[i], got[i].isCompressed() ? total(got[i]) : -1);
    }
}

TEST(eigen, an_item_that_throws_names_its_matrix) {
    const std::vector<Eigen::Matrix2d> ms(3, Eigen::Matrix2d::Identity());
    const auto fail = [](const Eigen::Matrix2d& m) -> double {
        throw std::domain_error(m(0, 0) == 1 ? "singular" : "another");
    };
    const std::string text = text_of<mpimap::map_error>([&] { (void)mpi_map(comm(), fail, ms); });
    EXPECT_CONTAINS(text, "singular");
    EXPECT_CONTAINS(text, "1 0\n0 1");
    const auto each = mpimap::mpi_try_map(
        comm(),
        [](const MatrixXd& m) -> MatrixXd { return m.size() == 0 ? throw std::domain_error("no") : m; },
        matrices());
    for (std::size_t i = 0; i < each.size(); ++i)
        EXPECT_EQ(each[i].has_value(), matrices()[i].size() != 0);
}

// ---------------------------------------------------------------- constants and state

TEST(eigen, constants) {
    for (const int n : {3, 200}) {
        const MatrixXd a = filled(n);
        const VectorXd x = VectorXd::LinSpaced(n, 0, 1);
        const std::vector<int> is = count_to(40);
        std::vector<double> expected;
        for (const int i : is)
            expected.push_back((a * x)(i % n));
        const auto at = [](const MatrixXd& m, const VectorXd& v, int i) { return (m * v)(i % m.rows()); };
        expect_on_root(0, mpi_map(comm(), at, mpimap::broadcast(a), mpimap::broadcast(x), is), expected);
        expect_on_root(0, mpi_map(comm(), mpimap::bind_front(at, a, x), is), expected);
    }
    const Eigen::SparseMatrix<double> s = tridiagonal(50);
    const auto entry = [](const Eigen::SparseMatrix<double>& m, int i) { return m.coeff(i, i) - i; };
    std::vector<double> expected;
    for (const int i : count_to(50))
        expected.push_back(4 - i);
    expect_on_root(0, mpi_map(comm(), entry, mpimap::broadcast(s), count_to(50)), expected);
}

namespace {

struct body {
    std::string name;
    Vector3d position;
    Eigen::Quaterniond turn;
    MatrixXd inertia;
    std::map<int, VectorXd> history;
};
struct model {
    MatrixXd a;
    Vector3d b;
    double operator()(double x) const { return a.sum() * x + b.sum(); }
};

class kept {
  public:
    kept() = default;
    explicit kept(int n) : a_(filled(n)), s_(tridiagonal(n)) {}
    [[nodiscard]] double sum() const { return a_.sum() + total(s_) + b_.sum(); }

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& a_& b_& s_;
    }
    MatrixXd a_;
    Vector3d b_ = Vector3d(1, 2, 3);
    Eigen::SparseMatrix<double> s_;
};

} // namespace

TEST(eigen, members) {
    std::vector<body> bodies;
    for (int i = 0; i < 30; ++i) {
        bodies.push_back({"body " + std::to_string(i),
                          {1.0 * i, 0, 1},
                          Eigen::Quaterniond(1, 0, i, 0),
                          filled(i == 20 ? 120 : 3),
                          {{i, VectorXd::Constant(4, i)}}});
    }
    const auto moved = [](const body& b) {
        body c = b;
        c.position += Vector3d::Ones();
        c.inertia *= 2;
        return c;
    };
    const auto got = mpi_map(comm(), {.root = other_root()}, moved, bodies);
    for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i].name, bodies[i].name);
        EXPECT_EQ(got[i].position, moved(bodies[i]).position);
        EXPECT_EQ(got[i].turn.coeffs(), bodies[i].turn.coeffs());
        EXPECT_EQ(got[i].inertia, moved(bodies[i]).inertia);
        EXPECT_EQ(got[i].history, bodies[i].history);
    }

    const std::vector<double> xs{1, 2, 3, 4, 5, 6, 7};
    const model m{filled(100), {1, 2, 3}};
    std::vector<double> expected;
    for (const double x : xs)
        expected.push_back(m(x));
    expect_on_root(0, mpi_map(comm(), m, xs), expected);

    std::vector<kept> ks;
    std::vector<double> sums;
    for (int n = 0; n < 110; n += 27)
        sums.push_back(ks.emplace_back(n).sum());
    expect_on_root(0, mpi_map(comm(), &kept::sum, ks), sums);
    const auto again = mpi_map(
        comm(), [](int n) { return kept(n); }, std::vector<int>{0, 27, 54, 81, 108});
    for (std::size_t i = 0; i < again.size(); ++i)
        EXPECT_EQ(again[i].sum(), sums[i]);
}

// ---------------------------------------------------------------- folds

TEST(eigen, sums_of_matrices) {
    const std::vector<int> is = count_to(1000);
    const auto outer = [](int i) -> MatrixXd {
        const VectorXd v = VectorXd::LinSpaced(20, i, i + 1);
        return v * v.transpose();
    };
    MatrixXd expected = MatrixXd::Zero(20, 20);
    for (const int i : is)
        expected += outer(i);
    const auto check = [&](const MatrixXd& got) {
        if (rank() == 0) {
            EXPECT_TRUE(got.isApprox(expected));
        } else {
            EXPECT_EQ(got, MatrixXd(MatrixXd::Zero(20, 20)));
        }
    };
    const MatrixXd zero = MatrixXd::Zero(20, 20);
    // An operation that gives an expression of its operands, one that gives matrices, one of one's own.
    check(mpi_map_reduce(comm(), std::plus<>{}, zero, outer, is));
    check(mpi_map_reduce(comm(), std::plus<MatrixXd>{}, zero, outer, is));
    check(mpi_map_reduce(
        comm(),
        [](MatrixXd a, const MatrixXd& b) -> MatrixXd {
            a += b;
            return a;
        },
        zero, outer, is));
    const Vector3d sum = mpi_map_reduce(
        comm(), {.schedule = mpimap::schedule::dynamic, .chunk = 7}, std::plus<>{}, Vector3d(0, 0, 0),
        [](int i) { return Vector3d(i, 0, 1); }, is);
    EXPECT_EQ(sum, rank() == 0 ? Vector3d(499500, 0, 1000) : Vector3d(0, 0, 0));
    const Eigen::Matrix2d product = mpi_map_reduce(
        comm(), std::multiplies<>{}, Eigen::Matrix2d(Eigen::Matrix2d::Identity()),
        [](int i) -> Eigen::Matrix2d { return Eigen::Rotation2Dd(i).toRotationMatrix(); }, count_to(100));
    EXPECT_TRUE(product.isApprox(Eigen::Rotation2Dd(rank() == 0 ? 4950 : 0).toRotationMatrix()));
    const auto sparse_sum = mpi_map_reduce(
        comm(), std::plus<>{}, Eigen::SparseMatrix<double>(30, 30), [](int) { return tridiagonal(30); }, is);
    EXPECT_EQ(total(sparse_sum), rank() == 0 ? 1000 * total(tridiagonal(30)) : 0);
}

// ---------------------------------------------------------------- pools

TEST(eigen, in_a_pool) {
    with_pool([](mpimap::pool& pool) {
        const auto all = matrices();
        EXPECT_EQ(pool.map(transposed, all), serial(transposed, all));
        const auto a = pool.share(filled(150));
        const auto times = [](const MatrixXd& m, int i) -> VectorXd { return m.col(i) * i; };
        for (int repeat = 0; repeat < 3; ++repeat) {
            const auto got = pool.map(times, a, count_to(100));
            for (int i = 0; i < 100; ++i)
                EXPECT_EQ(got[static_cast<std::size_t>(i)], VectorXd(filled(150).col(i) * i));
        }
        std::size_t i = 0;
        for (const MatrixXd& m : pool.imap(transposed, all))
            EXPECT_EQ(m, transposed(all[i++]));
        EXPECT_EQ(i, all.size());
        // Made as they are asked for, and gone then.
        i = 0;
        auto made = std::views::iota(0, 60) | std::views::transform([](int n) { return filled(n); });
        for (const double sum : pool.imap([](const MatrixXd& m) { return m.sum(); }, made))
            EXPECT_EQ(sum, filled(static_cast<int>(i++)).sum());
        for (auto [at, m] : pool.uimap(transposed, all))
            EXPECT_EQ(m, transposed(all[at]));
        auto later = pool.submit(transposed, all[12]);
        auto temporary = pool.submit(transposed, MatrixXd(all[12] + all[12]));
        EXPECT_EQ(later.get(), transposed(all[12]));
        EXPECT_EQ(temporary.get(), transposed(2 * all[12]));
        const MatrixXd zero = MatrixXd::Zero(50, 50);
        EXPECT_EQ(pool.map_reduce(
                      std::plus<>{}, zero, [](int) { return filled(50); }, count_to(300)),
                  MatrixXd(300 * filled(50)));
    });
}
