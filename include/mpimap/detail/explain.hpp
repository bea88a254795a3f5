#pragma once

// Every text with which the compiler answers a mistake in a call: number, cause, remedy. docs/errors.md has a
// section for each.

#include <exception>

#include <mpimap/detail/finding.hpp>

namespace mpimap::detail {

/// Stops the compiler with the text of a problem. Beside it the compiler prints which type has it and where.
template <problem P, typename Culprit, typename... Where>
consteval bool explain(finding<P, Culprit, Where...>) {
    static_assert(
        P != problem::argument_is_no_range,
        "mpimap[M01]: an argument after the function, or an axis of a grid, is not a range that can be "
        "read twice (an argument of imap and uimap: not a range that can be read). "
        "Pass ranges (vectors, lists, views of them), broadcast(x) for one value that all items "
        "share, or indices(n) for the numbers 0 to n-1.");
    static_assert(P != problem::function_cannot_be_sent,
                  "mpimap[M02]: the function cannot be sent to other ranks: a lambda captures by reference "
                  "or captures something that is not plain bytes (a string, a vector), or the state of a "
                  "class has no serialize. Pass the value as broadcast(x), bind it with "
                  "mpimap::bind_front, or use a struct with members that can be sent; an object behind a "
                  "pointer to a polymorphic base needs serialize and a virtual destructor there.");
    static_assert(P != problem::function_hidden_in_wrapper,
                  "mpimap[M03]: std::function and std::bind hide what they hold and cannot be sent. "
                  "Pass the function itself, a lambda, or mpimap::bind_front.");
    static_assert(
        P != problem::function_does_not_fit,
        "mpimap[M04]: the function cannot be called with one element of each range (submit: with the "
        "values). The order is "
        "communicator, options, function, ranges; the function takes one parameter per range (per axis of a "
        "grid, per part of the tuple in mpi_starmap), by value or by const reference.");
    static_assert(P != problem::elements_refer_elsewhere,
                  "mpimap[M05]: the elements are, or contain, pointers, references, views or iterators, "
                  "which mean nothing on another rank. Send the values themselves: std::string for "
                  "string_view and texts in quotes, std::vector for span.");
    static_assert(P != problem::elements_cannot_be_sent,
                  "mpimap[M06]: the elements, or something inside of them, cannot be sent. Make their type a "
                  "plain struct of types that can be sent, or give it a Boost serialize function.");
    static_assert(
        P != problem::struct_cannot_be_taken_apart,
        "mpimap[M07]: a struct cannot be taken apart member by member: it has a base class, a C "
        "array, a bit-field, an anonymous union, a reference or const member, is packed, or has "
        "more than 120 members. Use std::array for a C array and a member for a base class, or give "
        "the struct a Boost serialize function.");
    static_assert(P != problem::result_refers_elsewhere,
                  "mpimap[M08]: the result is, or contains, a pointer, view or iterator, which refers to "
                  "memory of the rank that computed it. Return the value itself: std::string for "
                  "string_view, std::vector for span.");
    static_assert(P != problem::result_cannot_be_sent,
                  "mpimap[M09]: the result, or something inside of it, cannot be sent. Return a plain struct "
                  "of types that can be sent, or give its type a Boost serialize function.");
    static_assert(P != problem::no_result,
                  "mpimap[M10]: the function returns nothing, so there are no results to collect. Use "
                  "mpi_for_each (in a pool its for_each, or submit), or return a value.");
    static_assert(P != problem::no_default_constructor,
                  "mpimap[M11]: a type with a serialize function has no public default constructor, so "
                  "that there is no object to read into on the other rank. Give it one.");
    static_assert(P != problem::only_constants,
                  "mpimap[M12]: every argument is broadcast(x), so the number of items is unknown. Add "
                  "indices(n), or a range.");
    static_assert(P != problem::operation_does_not_fit,
                  "mpimap[M13]: the operation cannot combine two values of the type of init. It is called "
                  "as op(T, T) and gives a T, and the function's results convert to T.");
    static_assert(P != problem::pointer_needs_boost,
                  "mpimap[M14]: a smart pointer to a polymorphic or serializable type travels by "
                  "Boost.Serialization. Include <mpimap/serialization.hpp>, give the type a serialize "
                  "function and export derived classes with BOOST_CLASS_EXPORT.");
    static_assert(P != problem::factory_does_not_fit,
                  "mpimap[M15]: the factory of per_rank cannot be called with the arguments bound to it, or "
                  "returns nothing. It is called once on each rank and returns the function that runs the "
                  "items.");
    static_assert(P != problem::output_does_not_fit,
                  "mpimap[M16]: the results cannot be assigned to what follows the function. mpi_map_into "
                  "fills a range that is not const and can be passed over twice, with room for all of them "
                  "and elements to which they convert (a vector of that length, a span): communicator, "
                  "options, function, output, ranges.");
    static_assert(
        P != problem::submitted_no_value,
        "mpimap[M17]: submit takes a function and values, not options, broadcast(x), share(x) or grid(...). "
        "Bind the constant to the function with bind_front, or call amap with the options, the constant "
        "and a range of one element, or with the grid.");
    static_assert(P != problem::cannot_be_kept,
                  "mpimap[M18]: what cannot be copied must be moved where a call keeps it: imap, uimap, amap "
                  "and submit keep the function, imap and uimap the elements of their window. Pass "
                  "std::move(f), or use map, which reads in place.");
    static_assert(
        P != problem::inherited_serialize,
        "mpimap[M19]: a class inherits serialize from its base and would travel as that, without its "
        "own members. Give it a serialize function that sends the base (ar & "
        "boost::serialization::base_object<Base>(*this)) and its members; if there is nothing to add, "
        "set mpimap::serialized_by_base<T> to true for it.");
    static_assert(
        P != problem::expression_or_view,
        "mpimap[M20]: a result (or an argument, a constant, init, a member) is an expression or a view, such "
        "as Eigen's a + b, m.col(0), Map or Ref: it refers to matrices that are gone, or of this rank. Give "
        "the matrix: write the type of the function's result, -> Eigen::MatrixXd, or call .eval(); store an "
        "Eigen::Matrix instead of the view.");
    static_assert(
        P != problem::serialize_of_cereal,
        "mpimap[M21]: a class has the serialize of cereal, with the archive alone. Boost's has a "
        "second parameter: template <typename Archive> void serialize(Archive& ar, unsigned) { ar & x & "
        "y; }. Both may stand side by side.");
    static_assert(P != problem::options_behind_function,
                  "mpimap[M22]: the options stand behind the function. The order is communicator, options, "
                  "function, ranges: mpi_map(comm, {.chunk = 1}, f, xs).");
    static_assert(
        P != problem::reduction_out_of_order,
        "mpimap[M23]: the arguments of a reduction are in another order. It is communicator, options, "
        "operation, init, function, ranges: mpi_map_reduce(comm, std::plus<>{}, 0.0, f, xs).");
    static_assert(
        P != problem::constant_as_range,
        "mpimap[M24]: the function takes an argument as a whole and not its elements: a text is a range "
        "of characters, a vector one of numbers. Pass it as broadcast(x), the same for all items.");
    static_assert(
        P != problem::init_cuts_off,
        "mpimap[M25]: init is of a shorter type than the results, which would be cut off: the whole "
        "reduction is made in the type of init. Write 0.0 for doubles, std::size_t{0} for sizes.");
    static_assert(
        P != problem::pointer_in_wrapper,
        "mpimap[M26]: std::bind_front, std::not_fn, std::mem_fn and std::ref with a pointer inside "
        "cannot be sent: an address means nothing on another rank. Pass the function itself, a lambda, "
        "or mpimap::bind_front<&f>.");
    static_assert(
        P != problem::capture_like_a_reference,
        "mpimap[M27]: a lambda captures something that looks like a reference to the compiler: a tuple, a "
        "pair, or a class with data in its base or of mixed access. Bind the value with mpimap::bind_front, "
        "pass it as broadcast(x), or capture a plain struct.");
    static_assert(
        P != problem::program_cannot_be_called,
        "mpimap[M28]: run_main cannot call the program. It is called with (int argc, char** argv), or with "
        "nothing, and returns a status, an int, or nothing: run_main(argc, argv, program).");
    return P == problem::none;
}

/// What a call that does not compile returns, so that its one error is ours: it converts to whatever the call
/// was to give.
struct explained {
    template <typename T>
    operator T() const {
        std::terminate(); // never compiled into a program
    }
    const explained* begin() const { return this; } // it may stand in a loop
    const explained* end() const { return this; }
};

} // namespace mpimap::detail
