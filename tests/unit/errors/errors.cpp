// What travels of an exception, and what is thrown again from it.

#include <mpimap/errors.hpp>

#include <any>
#include <cstddef>
#include <exception>
#include <functional>
#include <ios>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include <boost/archive/archive_exception.hpp>
#include <gtest/gtest.h>

#include <call/verdict.hpp>

#include "unit/mpimap/round_trip.hpp"

namespace {

using mpimap::map_error;
using mpimap::remote_error;
using mpimap::task_error;
using mpimap::detail::current_failure;
using mpimap::detail::failure;

class own_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

template <typename Throw>
failure described(const Throw& thrown) {
    try {
        thrown();
    } catch (...) {
        return current_failure(7, 3);
    }
    return {};
}

/// What comes of an exception that is described, sent and thrown again.
template <typename Expected, typename E>
void expect_same_type(const E& thrown, const std::string& type) {
    const failure f = described([&thrown] { throw thrown; });
    EXPECT_EQ(f.type, type);
    EXPECT_EQ(f.what, thrown.what());
    const task_error sent(wire::round_trip(f));
    try {
        sent.rethrow();
    } catch (const std::exception& again) {
        EXPECT_EQ(typeid(again).name(), typeid(Expected).name()) << type;
        EXPECT_STREQ(again.what(), thrown.what());
    }
}

template <typename E>
void expect_text_type(const std::string& type) {
    expect_same_type<E>(E("the text of it"), type);
}

failure failed_item(std::size_t index, const std::string& what, const std::string& arguments = {}) {
    failure f;
    f.index = index;
    f.rank = 2;
    f.host = "node7";
    f.type = "std::runtime_error";
    f.what = what;
    f.arguments = arguments;
    return f;
}

std::string text_of(const std::vector<failure>& failures, std::size_t failed, std::size_t items) {
    std::vector<task_error> errors;
    for (const failure& f : failures)
        errors.emplace_back(f);
    return map_error(std::move(errors), failed, items).what();
}

} // namespace

TEST(errors, standard_types_with_a_text_come_back_as_they_are) {
    expect_text_type<std::logic_error>("std::logic_error");
    expect_text_type<std::invalid_argument>("std::invalid_argument");
    expect_text_type<std::domain_error>("std::domain_error");
    expect_text_type<std::length_error>("std::length_error");
    expect_text_type<std::out_of_range>("std::out_of_range");
    expect_text_type<std::runtime_error>("std::runtime_error");
    expect_text_type<std::range_error>("std::range_error");
    expect_text_type<std::overflow_error>("std::overflow_error");
    expect_text_type<std::underflow_error>("std::underflow_error");
    expect_text_type<mpimap::serialization_error>("mpimap::serialization_error");
    expect_text_type<mpimap::nested_call>("mpimap::nested_call");
}

TEST(errors, standard_types_with_a_text_of_their_own) {
    expect_same_type<std::bad_alloc>(std::bad_alloc(), "std::bad_alloc");
    expect_same_type<std::bad_cast>(std::bad_cast(), "std::bad_cast");
    expect_same_type<std::bad_typeid>(std::bad_typeid(), "std::bad_typeid");
    expect_same_type<std::bad_function_call>(std::bad_function_call(), "std::bad_function_call");
    expect_same_type<std::bad_optional_access>(std::bad_optional_access(), "std::bad_optional_access");
    expect_same_type<std::bad_variant_access>(std::bad_variant_access(), "std::bad_variant_access");
    expect_same_type<std::bad_any_cast>(std::bad_any_cast(), "std::bad_any_cast");
}

TEST(errors, exceptions_of_the_library_itself_throw_the_same_type) {
    std::vector<double> v;
    EXPECT_THROW(task_error(described([&v] { (void)v.at(3); })).rethrow(), std::out_of_range);
    EXPECT_THROW(task_error(described([] { (void)std::stod("no number"); })).rethrow(),
                 std::invalid_argument);
}

TEST(errors, all_else_becomes_a_remote_error_that_names_it) {
    const failure f = described([] { throw own_error("lost"); });
    EXPECT_NE(f.type.find("own_error"), std::string::npos);
    EXPECT_EQ(f.what, "lost");
    try {
        task_error(wire::round_trip(f)).rethrow();
    } catch (const remote_error& e) {
        EXPECT_EQ(std::string(e.what()), f.type + ": lost");
    }
    // Derived from a standard type, but not it: the derived type is what counts.
    EXPECT_THROW(task_error(described([] { throw std::ios_base::failure("disk"); })).rethrow(), remote_error);
    EXPECT_THROW(task_error(described([] { throw std::system_error(std::error_code()); })).rethrow(),
                 remote_error);
    EXPECT_THROW(task_error(described([] { throw std::bad_array_new_length(); })).rethrow(), remote_error);
}

TEST(errors, exceptions_that_are_no_std_exception) {
    const failure text = described([] { throw std::string("just text"); });
    EXPECT_EQ(text.type, "std::string");
    EXPECT_EQ(text.what, "just text");
    const failure literal = described([] { throw "literal"; });
    EXPECT_EQ(literal.type, "const char*");
    EXPECT_EQ(literal.what, "literal");
    const failure number = described([] { throw 42; });
    EXPECT_EQ(number.type, "int");
    EXPECT_EQ(number.what, "an exception that is not derived from std::exception");
    EXPECT_THROW(task_error(number).rethrow(), remote_error);
    const failure null = described([] { throw static_cast<const char*>(nullptr); });
    EXPECT_EQ(null.what, "");
}

TEST(errors, exceptions_of_an_archive_are_serialization_errors) {
    using boost::archive::archive_exception;
    const failure f =
        described([] { throw archive_exception(archive_exception::unregistered_class, "shape"); });
    EXPECT_NE(f.what.find("BOOST_CLASS_EXPORT"), std::string::npos);
    EXPECT_THROW(task_error(f).rethrow(), mpimap::serialization_error);
    const failure g = described([] { throw archive_exception(archive_exception::input_stream_error); });
    EXPECT_THROW(task_error(g).rethrow(), mpimap::serialization_error);
}

TEST(errors, a_failure_knows_where_it_was) {
    const task_error e(described([] { throw std::runtime_error("x"); }));
    EXPECT_EQ(e.index(), 7U);
    EXPECT_EQ(e.rank(), 3);
    EXPECT_FALSE(e.host().empty());
    EXPECT_EQ(e.what(), "x");
    EXPECT_EQ(e.arguments(), "");
}

TEST(errors, the_text_of_one_failed_item) {
    EXPECT_EQ(text_of({failed_item(4, "singular matrix", "2.5, 3")}, 1, 10),
              "mpimap: 1 of 10 items failed\n"
              "  item 4 (2.5, 3) on rank 2 (node7): std::runtime_error: singular matrix");
    EXPECT_EQ(text_of({failed_item(0, "no")}, 1, 1), "mpimap: 1 of 1 item failed\n"
                                                     "  item 0 on rank 2 (node7): std::runtime_error: no");
}

TEST(errors, the_text_shows_the_first_and_counts_the_rest) {
    std::vector<failure> many;
    for (std::size_t i = 0; i < 8; ++i)
        many.push_back(failed_item(10 * i, "e" + std::to_string(i)));
    const std::string text = text_of(many, 8, 100);
    EXPECT_NE(text.find("8 of 100 items failed"), std::string::npos);
    EXPECT_NE(text.find("item 40 on"), std::string::npos);
    EXPECT_EQ(text.find("item 50 on"), std::string::npos);
    EXPECT_NE(text.find("and 3 more"), std::string::npos);
}

TEST(errors, the_text_says_how_many_are_done_where_some_have_not_run) {
    const auto text = [](std::size_t done, std::size_t items) {
        const std::vector<task_error> errors{task_error(failed_item(4, "no"))};
        const std::string all = map_error(errors, 1, items, mpimap::detail::completion(done, {})).what();
        return all.substr(0, all.find('\n'));
    };
    EXPECT_EQ(text(3, 10), "mpimap: 1 of 10 items failed, 3 are done");
    EXPECT_EQ(text(1, 10), "mpimap: 1 of 10 items failed, 1 is done");
    EXPECT_EQ(text(9, 10), "mpimap: 1 of 10 items failed"); // all have run
    EXPECT_EQ(text(0, 10), "mpimap: 1 of 10 items failed");
}

TEST(errors, what_stands_for_an_item_that_was_not_run) {
    for (const mpimap::failure_kind kind : {mpimap::failure_kind::not_run, mpimap::failure_kind::cancelled}) {
        const failure sent = mpimap::detail::stopped_failure(7, kind);
        const task_error e(wire::round_trip(sent));
        EXPECT_EQ(e.kind(), kind);
        EXPECT_EQ(e.index(), 7U);
        EXPECT_EQ(e.rank(), -1);
        EXPECT_EQ(e.type(), "mpimap::cancelled");
        EXPECT_EQ(e.what(), "the call was stopped before the item had run");
        EXPECT_THROW(e.rethrow(), mpimap::cancelled);
    }
    EXPECT_EQ(task_error(described([] { throw 1; })).kind(), mpimap::failure_kind::threw);
}

TEST(errors, what_is_done_reaches_other_ranks_as_a_number) {
    const mpimap::detail::completion some(5, {{0, 2}, {4, 7}});
    const map_error failed({task_error(failed_item(3, "no"))}, 1, 9, some);
    EXPECT_EQ(failed.completed().size(), 2U);
    mpimap::detail::writer out;
    mpimap::detail::write_map_error(out, failed);
    const mpimap::cancelled stopped = mpimap::detail::cancelled_after("the call was cancelled", some, 9);
    EXPECT_STREQ(stopped.what(), "mpimap: the call was cancelled: 5 of 9 items had run");
    EXPECT_EQ(stopped.completed(), failed.completed());
    mpimap::detail::write_cancelled(out, stopped);
    mpimap::detail::reader in(out.body().data(), out.body().size());
    const map_error failed_elsewhere = mpimap::detail::read_map_error(in);
    EXPECT_STREQ(failed_elsewhere.what(), failed.what());
    EXPECT_EQ(failed_elsewhere.done(), 5U);
    EXPECT_TRUE(failed_elsewhere.completed().empty());
    const mpimap::cancelled stopped_elsewhere = mpimap::detail::read_cancelled(in);
    EXPECT_STREQ(stopped_elsewhere.what(), stopped.what());
    EXPECT_EQ(stopped_elsewhere.done(), 5U);
    EXPECT_TRUE(stopped_elsewhere.completed().empty());
}

TEST(errors, the_text_of_a_failure_before_any_item) {
    const std::string text = text_of({failed_item(task_error::no_item, "no memory")}, 1, 10);
    EXPECT_EQ(text, "mpimap: the call failed\n  no item on rank 2 (node7): std::runtime_error: no memory");
}

TEST(errors, a_map_error_counts) {
    std::vector<task_error> errors{task_error(failed_item(1, "a")), task_error(failed_item(3, "b"))};
    const map_error e(errors, 5, 9);
    EXPECT_EQ(e.errors().size(), 2U);
    EXPECT_EQ(e.errors()[1].index(), 3U);
    EXPECT_EQ(e.failed(), 5U);
    EXPECT_EQ(e.items(), 9U);
    const map_error copy = e;
    EXPECT_STREQ(copy.what(), e.what());
    EXPECT_EQ(copy.errors().size(), 2U);
}

TEST(errors, every_exception_of_the_library_derives_from_error) {
    static_assert(std::is_base_of_v<std::runtime_error, mpimap::error>);
    static_assert(std::is_base_of_v<mpimap::error, mpimap::invalid_argument> &&
                  std::is_base_of_v<mpimap::error, mpimap::mismatched_call> &&
                  std::is_base_of_v<mpimap::error, mpimap::nested_call> &&
                  std::is_base_of_v<mpimap::error, mpimap::serialization_error> &&
                  std::is_base_of_v<mpimap::error, mpimap::mpi_error> &&
                  std::is_base_of_v<mpimap::error, remote_error> &&
                  std::is_base_of_v<mpimap::error, map_error>);
    EXPECT_EQ(mpimap::mpi_error("mpimap: MPI_Send", 5).code(), 5);
}

TEST(errors, a_verdict_arrives_whole_with_at_most_64_failures) {
    std::vector<task_error> errors;
    for (std::size_t i = 0; i < 100; ++i)
        errors.emplace_back(failed_item(i, std::string(2000, 'w')));
    const map_error sent(errors, 100, 1000);
    mpimap::detail::writer out;
    mpimap::detail::write_map_error(out, sent);
    const wire::message m(out);
    EXPECT_TRUE(m.spans.empty());
    const map_error got =
        wire::with_reader(m, [](mpimap::detail::reader& in) { return mpimap::detail::read_map_error(in); });
    EXPECT_STREQ(got.what(), sent.what());
    EXPECT_EQ(got.failed(), 100U);
    EXPECT_EQ(got.items(), 1000U);
    ASSERT_EQ(got.errors().size(), 64U);
    EXPECT_EQ(got.errors()[63].index(), 63U);
}

TEST(errors, failures_with_long_texts_go_in_the_body) {
    mpimap::detail::writer out;
    const mpimap::detail::failures sent{failed_item(1, std::string(100000, 'l'), "1"),
                                        failed_item(2, "short")};
    mpimap::detail::write_failures(out, sent);
    const wire::message m(out);
    EXPECT_TRUE(m.spans.empty());
    const auto got =
        wire::with_reader(m, [](mpimap::detail::reader& in) { return mpimap::detail::read_failures(in); });
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[0].what, sent[0].what);
    EXPECT_EQ(got[0].arguments, "1");
    EXPECT_EQ(got[1].index, 2U);
}
