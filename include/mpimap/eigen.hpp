#pragma once

// Eigen's matrices and what is made of them as arguments, results and constants: include this beside
// mpimap.hpp, of which it is no part. Eigen 3.4 or later, nothing of it is linked.
//
//     const auto inverse = [](const Eigen::MatrixXd& m) -> Eigen::MatrixXd { return m.inverse(); };
//     std::vector<Eigen::MatrixXd> inverses = mpimap::mpi_map(world, inverse, matrices);
//
// A matrix of numbers travels as std::vector does: from where it is to where it goes, without a copy if it is
// large; of a size that is known at compile time as its bytes, so that a vector of them goes in one piece.
// Sparse matrices arrive compressed, and are copied into the message and out of it. Expressions, views and
// references (a + b, m.col(0), Map, Ref) are refused: mpimap[M20].

#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <Eigen/SparseCore>

#include <mpimap/codec.hpp>
#include <mpimap/detail/stream.hpp>
#include <mpimap/errors.hpp>

namespace mpimap {
namespace detail {

// ---------------------------------------------------------------- what is what

/// Matrices and arrays with memory of their own.
template <typename T>
inline constexpr bool is_eigen_dense = false;
template <typename S, int R, int C, int O, int MaxR, int MaxC>
inline constexpr bool is_eigen_dense<Eigen::Matrix<S, R, C, O, MaxR, MaxC>> = true;
template <typename S, int R, int C, int O, int MaxR, int MaxC>
inline constexpr bool is_eigen_dense<Eigen::Array<S, R, C, O, MaxR, MaxC>> = true;
template <typename T>
concept eigen_dense = is_eigen_dense<T>;

template <typename T>
inline constexpr bool is_eigen_sparse = false;
template <typename S, int O, typename I>
inline constexpr bool is_eigen_sparse<Eigen::SparseMatrix<S, O, I>> = true;
template <typename S, int O, typename I>
inline constexpr bool is_eigen_sparse<Eigen::SparseVector<S, O, I>> = true;

/// What the parts of a type are, all of them dense or numbers.
template <typename T>
struct eigen_parts {
    static constexpr bool known = false;
};
struct known_parts {
    static constexpr bool known = true;
    static constexpr bool permutes = false;
};
template <typename S, int O>
struct eigen_parts<Eigen::Quaternion<S, O>> : known_parts {
    static auto of(auto& q) { return std::tie(q.coeffs()); }
};
template <typename S>
struct eigen_parts<Eigen::AngleAxis<S>> : known_parts {
    static auto of(auto& r) { return std::tie(r.axis(), r.angle()); }
};
template <typename S>
struct eigen_parts<Eigen::Rotation2D<S>> : known_parts {
    static auto of(auto& r) { return std::tie(r.angle()); }
};
template <typename S>
struct eigen_parts<Eigen::UniformScaling<S>> : known_parts {
    static auto of(auto& s) { return std::tie(s.factor()); }
};
template <typename S, int Dim>
struct eigen_parts<Eigen::Translation<S, Dim>> : known_parts {
    static auto of(auto& t) { return std::tie(t.vector()); }
};
template <typename S, int Dim, int Mode, int O>
struct eigen_parts<Eigen::Transform<S, Dim, Mode, O>> : known_parts {
    static auto of(auto& t) { return std::tie(t.matrix()); }
};
template <typename S, int Dim>
struct eigen_parts<Eigen::AlignedBox<S, Dim>> : known_parts {
    static auto of(auto& b) { return std::tie((b.min)(), (b.max)()); }
};
template <typename S, int Dim, int O>
struct eigen_parts<Eigen::Hyperplane<S, Dim, O>> : known_parts {
    static auto of(auto& h) { return std::tie(h.coeffs()); }
};
template <typename S, int Dim, int O>
struct eigen_parts<Eigen::ParametrizedLine<S, Dim, O>> : known_parts {
    static auto of(auto& l) { return std::tie(l.origin(), l.direction()); }
};
template <typename S, int N, int MaxN>
struct eigen_parts<Eigen::DiagonalMatrix<S, N, MaxN>> : known_parts {
    static auto of(auto& d) { return std::tie(d.diagonal()); }
};
struct indices_only : known_parts {
    static constexpr bool permutes = true;
    static auto of(auto& p) { return std::tie(p.indices()); }
};
template <int N, int MaxN, typename I>
struct eigen_parts<Eigen::PermutationMatrix<N, MaxN, I>> : indices_only {};
template <int N, int MaxN, typename I>
struct eigen_parts<Eigen::Transpositions<N, MaxN, I>> : indices_only {};

template <typename T>
concept eigen_in_parts = eigen_parts<T>::known;

/// Eigen's unsupported tensors and all that is computed with them. Their header is heavy, and not included:
/// they are known by what they have.
template <typename T>
concept eigen_tensor_or_expression = requires {
    Eigen::internal::traits<T>::NumDimensions;
};
template <typename T>
inline constexpr bool is_eigen_tensor = false;
template <template <typename, int, int, typename> typename Tensor, typename S, int N, int O, typename I>
inline constexpr bool is_eigen_tensor<Tensor<S, N, O, I>> = eigen_tensor_or_expression<Tensor<S, N, O, I>>;
template <typename T>
concept eigen_tensor = is_eigen_tensor<T>;
template <typename T>
inline constexpr bool is_eigen_fixed_tensor = false;
template <template <typename, typename, int, typename> typename Tensor, typename S, typename Sizes, int O,
          typename I>
inline constexpr bool is_eigen_fixed_tensor<Tensor<S, Sizes, O, I>> =
    eigen_tensor_or_expression<Tensor<S, Sizes, O, I>>;
template <typename T>
concept eigen_fixed_tensor = is_eigen_fixed_tensor<T>;

/// What an Eigen type calls itself: its base is made for that.
template <typename D>
std::type_identity<D> eigen_self(const Eigen::EigenBase<D>*);
template <typename D>
std::type_identity<D> eigen_self(const Eigen::QuaternionBase<D>*);

/// Whether T is made to be evaluated into something else, or shows the memory of something else, or is
/// derived from such a class. A class that is derived from a matrix is neither, nor is a decomposition.
template <typename T>
consteval bool is_eigen_expression() {
    if constexpr (!std::is_class_v<T> || !is_complete<T>) {
        return false;
    } else if constexpr (eigen_dense<T> || is_eigen_sparse<T> || eigen_in_parts<T> || eigen_tensor<T> ||
                         eigen_fixed_tensor<T>) {
        return false;
    } else if constexpr (requires { eigen_self(static_cast<const T*>(nullptr)); }) {
        using self = typename decltype(eigen_self(static_cast<const T*>(nullptr)))::type;
        if constexpr (!std::is_same_v<self, T>) {
            return is_eigen_expression<self>();
        } else if constexpr (std::is_base_of_v<Eigen::EigenBase<T>, T>) {
            return !std::is_same_v<typename Eigen::internal::traits<T>::StorageKind, Eigen::SolverStorage>;
        } else {
            return true;
        }
    } else {
        return eigen_tensor_or_expression<T>;
    }
}
template <typename T>
inline constexpr bool is_eigen_vectorwise = false;
template <typename M, int Direction>
inline constexpr bool is_eigen_vectorwise<Eigen::VectorwiseOp<M, Direction>> = true;

} // namespace detail

template <typename T>
    requires(detail::is_eigen_expression<T>() || detail::is_eigen_vectorwise<T>)
inline constexpr bool is_expression<T> = true;

namespace detail {

// ---------------------------------------------------------------- how they travel

[[noreturn]] inline void refuse_eigen_message() {
    throw serialization_error("mpimap: a message has an Eigen matrix of a shape that cannot be");
}

/// A size that Eigen can count with.
[[nodiscard]] inline Eigen::Index eigen_index(std::size_t n) {
    if (n > static_cast<std::size_t>(std::numeric_limits<Eigen::Index>::max()))
        refuse_eigen_message();
    return static_cast<Eigen::Index>(n);
}

template <typename S>
void write_scalars(writer& out, const S* from, Eigen::Index n) {
    if constexpr (is_bytes<S>) {
        out.bytes(from, static_cast<std::size_t>(n) * sizeof(S));
    } else {
        for (Eigen::Index i = 0; i < n; ++i)
            write_value(out, from[i]);
    }
}
template <typename S>
void read_scalars(reader& in, S* to, Eigen::Index n) {
    if constexpr (is_bytes<S>) {
        in.bytes(static_cast<void*>(to), static_cast<std::size_t>(n) * sizeof(S));
    } else {
        for (Eigen::Index i = 0; i < n; ++i)
            read_value(in, to[i]);
    }
}

/// Rows and columns as far as they are known only at run time, and the number of coefficients; then these, as
/// they lie.
template <eigen_dense M>
struct standard_codec<M> : standard_codec_base {
    using scalar = typename M::Scalar;
    using index = Eigen::Index;
    static constexpr index rows = M::RowsAtCompileTime;
    static constexpr index cols = M::ColsAtCompileTime;
    static constexpr index size = M::SizeAtCompileTime;
    static constexpr bool is_fixed = size != Eigen::Dynamic;
    /// Then the size gives the shape.
    static constexpr bool is_vector = rows == 1 || cols == 1;
    /// On the heap, where the coefficients stay when the matrix is moved.
    static constexpr bool on_heap =
        M::MaxSizeAtCompileTime == Eigen::Dynamic && choose_encoding<scalar>() == encoding::bytes;

    static consteval encoding chosen() {
        constexpr encoding e = choose_encoding<scalar>();
        if constexpr (e == encoding::bytes && is_fixed && size != 0) {
            return sizeof(M) == static_cast<std::size_t>(size) * sizeof(scalar) ? encoding::bytes
                                                                                : encoding::standard;
        } else {
            return e == encoding::none ? encoding::none : encoding::standard;
        }
    }
    static consteval std::size_t least() {
        if constexpr (is_fixed) {
            return static_cast<std::size_t>(size) * least_size<scalar>();
        } else {
            return (is_vector ? 1 : 3) * sizeof(std::uint64_t);
        }
    }
    static void write(writer& out, const M& m) {
        if constexpr (!is_fixed) {
            if constexpr (!is_vector) {
                out.length(static_cast<std::size_t>(m.rows()));
                out.length(static_cast<std::size_t>(m.cols()));
            }
            out.count(static_cast<std::size_t>(m.size()), on_heap ? sizeof(scalar) : least_size<scalar>());
        }
        if constexpr (on_heap) {
            out.heap(m.data(), static_cast<std::size_t>(m.size()) * sizeof(scalar));
        } else {
            write_scalars(out, m.data(), m.size());
        }
    }
    static void read(reader& in, M& m) {
        if constexpr (!is_fixed)
            read_shape(in, m);
        if constexpr (on_heap) {
            in.heap(static_cast<void*>(m.data()), static_cast<std::size_t>(m.size()) * sizeof(scalar));
        } else {
            read_scalars(in, m.data(), m.size());
        }
    }

  private:
    static void read_shape(reader& in, M& m) {
        index r = rows;
        index c = cols;
        if constexpr (!is_vector) {
            r = eigen_index(in.length(0));
            c = eigen_index(in.length(0));
        }
        const index n =
            eigen_index(on_heap ? in.heap_length(sizeof(scalar)) : in.count(least_size<scalar>()));
        if constexpr (is_vector) {
            (rows == Eigen::Dynamic ? r : c) = n;
        } else {
            // Divided, since the product of what is in a damaged message may overflow.
            const bool fits = r == 0 || c == 0 ? n == 0 : n % r == 0 && n / r == c;
            if (!fits || (rows != Eigen::Dynamic && r != rows) || (cols != Eigen::Dynamic && c != cols))
                refuse_eigen_message();
        }
        if ((M::MaxRowsAtCompileTime != Eigen::Dynamic && r > M::MaxRowsAtCompileTime) ||
            (M::MaxColsAtCompileTime != Eigen::Dynamic && c > M::MaxColsAtCompileTime))
            refuse_eigen_message();
        m.resize(r, c);
    }
};

/// The parts one after the other, or the bytes of the whole where that is all there is. Never received later:
/// Eigen 3.4 copies some of these where they should move, and what is inside does not stay where it is.
template <eigen_in_parts T>
struct standard_codec<T> : standard_codec_base {
    using parts = decltype(eigen_parts<T>::of(std::declval<T&>()));
    template <template <typename...> typename Parts, typename... Ps>
    static consteval encoding choose(std::type_identity<Parts<Ps&...>>) {
        constexpr encoding e = bytes_if_all_bytes<Ps...>();
        // Indices are looked at when they are read: whoever permutes by them relies on them.
        if (e == encoding::bytes && (eigen_parts<T>::permutes || sizeof(T) != (sizeof(Ps) + ...)))
            return encoding::standard;
        return e;
    }
    template <template <typename...> typename Parts, typename... Ps>
    static consteval std::size_t sum_of_least(std::type_identity<Parts<Ps&...>>) {
        return (least_size<Ps>() + ...);
    }
    static consteval encoding chosen() { return choose(std::type_identity<parts>{}); }
    static consteval std::size_t least() { return sum_of_least(std::type_identity<parts>{}); }
    static void write(writer& out, const T& value) {
        const writer::copy_scope whole(out);
        std::apply([&out](const auto&... part) { (write_value(out, part), ...); },
                   eigen_parts<T>::of(const_cast<T&>(value))); // some show a const one's parts as copies
    }
    static void read(reader& in, T& value) {
        const reader::copy_scope whole(in);
        std::apply([&in](auto&... part) { (read_value(in, part), ...); }, eigen_parts<T>::of(value));
        if constexpr (eigen_parts<T>::permutes) {
            auto& to = value.indices();
            for (Eigen::Index i = 0; i < to.size(); ++i) {
                if (to[i] < 0 || to[i] >= to.size()) {
                    value.setIdentity();
                    refuse_eigen_message();
                }
            }
        }
    }
};

/// The places at which inner vectors begin, the indices in them, the values, as in a compressed matrix. Never
/// received later, for the same reason.
template <typename S, int O, typename I>
struct standard_codec<Eigen::SparseMatrix<S, O, I>> : standard_codec_base {
    using matrix = Eigen::SparseMatrix<S, O, I>;
    static consteval encoding chosen() { return all_encodable<S>(); }
    static consteval std::size_t least() { return 3 * sizeof(std::uint64_t) + sizeof(I); }
    static void write(writer& out, const matrix& m) {
        const writer::copy_scope whole(out);
        const Eigen::Index n = m.nonZeros();
        out.length(static_cast<std::size_t>(m.outerSize()));
        out.length(static_cast<std::size_t>(m.innerSize()));
        out.length(static_cast<std::size_t>(n));
        const I* const begins = m.outerIndexPtr();
        if (m.isCompressed()) {
            out.bytes(begins, (static_cast<std::size_t>(m.outerSize()) + 1) * sizeof(I));
            write_scalars(out, m.innerIndexPtr(), n);
            write_scalars(out, m.valuePtr(), n);
            return;
        }
        const I* const counts = m.innerNonZeroPtr();
        I at = 0;
        for (Eigen::Index j = 0; j < m.outerSize(); ++j) {
            out.bytes(&at, sizeof at);
            at = static_cast<I>(at + counts[j]);
        }
        out.bytes(&at, sizeof at);
        for (Eigen::Index j = 0; j < m.outerSize(); ++j)
            write_scalars(out, m.innerIndexPtr() + begins[j], counts[j]);
        for (Eigen::Index j = 0; j < m.outerSize(); ++j)
            write_scalars(out, m.valuePtr() + begins[j], counts[j]);
    }
    static void read(reader& in, matrix& m) {
        const reader::copy_scope whole(in);
        const Eigen::Index outer = eigen_index(in.length(sizeof(I)));
        const Eigen::Index inner = eigen_index(in.length(0));
        const Eigen::Index n = eigen_index(in.length(sizeof(I) + least_size<S>()));
        // Room is made for what is in the message, and for nothing else.
        if ((static_cast<std::size_t>(outer) + 1) * sizeof(I) > in.left() ||
            n > std::numeric_limits<I>::max())
            refuse_eigen_message();
        m.resize(matrix::IsRowMajor ? outer : inner, matrix::IsRowMajor ? inner : outer);
        m.resizeNonZeros(n);
        in.bytes(m.outerIndexPtr(), (static_cast<std::size_t>(outer) + 1) * sizeof(I));
        read_scalars(in, m.innerIndexPtr(), n);
        read_scalars(in, m.valuePtr(), n);
        if (!is_valid(m, n)) {
            m.resize(0, 0);
            refuse_eigen_message();
        }
    }

  private:
    /// Whether whoever goes through the matrix stays inside of it.
    static bool is_valid(const matrix& m, Eigen::Index n) {
        const I* const begins = m.outerIndexPtr();
        bool valid = begins[0] == 0 && begins[m.outerSize()] == n;
        for (Eigen::Index j = 0; j < m.outerSize(); ++j)
            valid = valid && begins[j] <= begins[j + 1];
        for (Eigen::Index k = 0; k < n; ++k)
            valid = valid && m.innerIndexPtr()[k] >= 0 && m.innerIndexPtr()[k] < m.innerSize();
        return valid;
    }
};

template <typename S, int O, typename I>
struct standard_codec<Eigen::SparseVector<S, O, I>> : standard_codec_base {
    using vector = Eigen::SparseVector<S, O, I>;
    static consteval encoding chosen() { return all_encodable<S>(); }
    static consteval std::size_t least() { return 2 * sizeof(std::uint64_t); }
    static void write(writer& out, const vector& v) {
        const writer::copy_scope whole(out);
        out.length(static_cast<std::size_t>(v.size()));
        out.length(static_cast<std::size_t>(v.nonZeros()));
        write_scalars(out, v.innerIndexPtr(), v.nonZeros());
        write_scalars(out, v.valuePtr(), v.nonZeros());
    }
    static void read(reader& in, vector& v) {
        const reader::copy_scope whole(in);
        const Eigen::Index size = eigen_index(in.length(0));
        const Eigen::Index n = eigen_index(in.length(sizeof(I) + least_size<S>()));
        v.resize(size);
        v.resizeNonZeros(n);
        read_scalars(in, v.innerIndexPtr(), n);
        read_scalars(in, v.valuePtr(), n);
        for (Eigen::Index k = 0; k < n; ++k) {
            if (v.innerIndexPtr()[k] < 0 || v.innerIndexPtr()[k] >= size) {
                v.resize(0);
                refuse_eigen_message();
            }
        }
    }
};

/// The dimensions, the number of coefficients, and these as they lie.
template <eigen_tensor T>
struct standard_codec<T> : standard_codec_base {
    using scalar = typename T::Scalar;
    static constexpr std::size_t rank = T::NumIndices;
    static consteval encoding chosen() { return all_encodable<scalar>(); }
    static consteval std::size_t least() { return (rank + 1) * sizeof(std::uint64_t); }
    static void write(writer& out, const T& t) {
        for (std::size_t i = 0; i < rank; ++i)
            out.length(static_cast<std::size_t>(t.dimensions()[i]));
        out.count(static_cast<std::size_t>(t.size()),
                  is_bytes<scalar> ? sizeof(scalar) : least_size<scalar>());
        if constexpr (is_bytes<scalar>) {
            out.heap(t.data(), static_cast<std::size_t>(t.size()) * sizeof(scalar));
        } else {
            write_scalars(out, t.data(), t.size());
        }
    }
    static void read(reader& in, T& t) {
        typename T::Dimensions shape;
        for (std::size_t i = 0; i < rank; ++i)
            shape[i] = static_cast<typename T::Index>(eigen_index(in.length(0)));
        const Eigen::Index n =
            eigen_index(is_bytes<scalar> ? in.heap_length(sizeof(scalar)) : in.count(least_size<scalar>()));
        bool empty = false;
        for (std::size_t i = 0; i < rank; ++i) {
            if (shape[i] < 0)
                refuse_eigen_message();
            empty = empty || shape[i] == 0;
        }
        Eigen::Index left = n;
        for (std::size_t i = 0; i < rank && !empty; ++i) {
            if (left % shape[i] != 0)
                refuse_eigen_message();
            left /= shape[i];
        }
        if (left != (empty ? 0 : 1))
            refuse_eigen_message();
        t.resize(shape);
        if constexpr (is_bytes<scalar>) {
            in.heap(static_cast<void*>(t.data()), static_cast<std::size_t>(n) * sizeof(scalar));
        } else {
            read_scalars(in, t.data(), n);
        }
    }
};
template <eigen_fixed_tensor T>
struct standard_codec<T> : standard_codec_base {
    using scalar = typename T::Scalar;
    static consteval encoding chosen() { return all_encodable<scalar>(); }
    static consteval std::size_t least() { return 0; }
    static void write(writer& out, const T& t) { write_scalars(out, t.data(), t.size()); }
    static void read(reader& in, T& t) { read_scalars(in, t.data(), t.size()); }
};

// ---------------------------------------------------------------- scalars that are classes of the user's

template <typename T>
concept eigen_of_scalars = eigen_dense<T> || is_eigen_sparse<T> || eigen_tensor<T> || eigen_fixed_tensor<T>;

template <eigen_of_scalars T>
struct parts_of<T> {
    using types = type_list<typename T::Scalar>;
};
/// All parts have the scalars of the first.
template <eigen_in_parts T>
struct parts_of<T> {
    using types = type_list<std::remove_cvref_t<std::tuple_element_t<0, typename standard_codec<T>::parts>>>;
};

} // namespace detail
} // namespace mpimap
