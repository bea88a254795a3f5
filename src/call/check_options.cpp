#include <mpimap/detail/check_options.hpp>

#include <cmath>
#include <string>

#include <mpimap/errors.hpp>

namespace mpimap::detail {
namespace {

std::string lengths_text(const std::vector<std::optional<std::size_t>>& sizes) {
    std::string text;
    for (const auto& n : sizes) {
        if (!text.empty())
            text += ", ";
        text += n ? std::to_string(*n) : "no end";
    }
    return text;
}

[[noreturn]] void throw_chunk(const std::string& why) {
    throw invalid_argument("mpimap: options::chunk " + why);
}

} // namespace

std::size_t zipped_size(const std::vector<std::optional<std::size_t>>& sizes, zip how) {
    std::optional<std::size_t> shortest;
    bool equal = true;
    for (const auto& n : sizes) {
        if (!n)
            continue;
        if (shortest && *n != *shortest)
            equal = false;
        if (!shortest || *n < *shortest)
            shortest = n;
    }
    if (!shortest) {
        throw invalid_argument(
            "mpimap: no argument has an end: give a range, indices(n) or indices(first, last)");
    }
    if (!equal && how == zip::strict) {
        throw invalid_argument("mpimap: the arguments differ in length (" + lengths_text(sizes) +
                               "); .zip = zip::shortest maps over the shortest");
    }
    return *shortest;
}

void check_options(const options& o, std::size_t items) {
    if (o.chunk) {
        if (*o.chunk == 0)
            throw_chunk("is 0");
        if (*o.chunk > static_cast<std::size_t>(-1) / 2)
            throw_chunk("is negative or larger than SIZE_MAX/2");
    }
    if (o.attempts == 0)
        throw invalid_argument("mpimap: options::attempts is 0: an item is run once at least");
    if (o.attempts > static_cast<std::size_t>(-1) / 2)
        throw invalid_argument("mpimap: options::attempts is negative or larger than SIZE_MAX/2");
    switch (o.schedule) {
    case schedule::automatic:
    case schedule::static_:
    case schedule::dynamic:
    case schedule::guided:
    case schedule::factoring:
        break;
    default:
        throw invalid_argument("mpimap: options::schedule is no schedule");
    }
    if (o.results != results::root && o.results != results::everywhere) {
        throw invalid_argument("mpimap: options::results is neither root nor everywhere");
    }
    if (o.zip != zip::strict && o.zip != zip::shortest) {
        throw invalid_argument("mpimap: options::zip is neither strict nor shortest");
    }
    if (o.on_error != on_error::stop && o.on_error != on_error::collect) {
        throw invalid_argument("mpimap: options::on_error is neither stop nor collect");
    }
    if (o.journal_sync != journal_sync::every_second && o.journal_sync != journal_sync::every_record)
        throw invalid_argument("mpimap: options::journal_sync is neither every_second nor every_record");
    if (o.journal_failures != journal_failures::run_again && o.journal_failures != journal_failures::keep)
        throw invalid_argument("mpimap: options::journal_failures is neither run_again nor keep");
    if (o.journal_full != journal_full::go_on && o.journal_full != journal_full::stop)
        throw invalid_argument("mpimap: options::journal_full is neither go_on nor stop");
    if (!(o.item_timeout.count() >= 0))
        throw invalid_argument("mpimap: options::item_timeout is negative or no number: 0 is for ever");
    if (o.margin && !(o.margin->count() >= 0 && std::isfinite(o.margin->count())))
        throw invalid_argument("mpimap: options::margin is negative, infinite or no number");
    if (o.costs.empty())
        return;
    if (o.costs.size() != items) {
        throw invalid_argument("mpimap: options::costs has " + std::to_string(o.costs.size()) +
                               " estimates for " + std::to_string(items) + " items");
    }
    for (const double c : o.costs) {
        if (!std::isfinite(c) || c < 0)
            throw invalid_argument("mpimap: options::costs has a negative or infinite one");
    }
    if (o.schedule != schedule::automatic && o.schedule != schedule::dynamic) {
        throw invalid_argument(
            "mpimap: options::costs goes with schedule::automatic or dynamic: the others fix the "
            "order in which items are handed out");
    }
}

void check_pool_options(const options& o) {
    if (o.root != 0) {
        throw invalid_argument("mpimap: options::root is for collective calls: a pool has its root from its "
                               "construction");
    }
    if (o.results == results::everywhere) {
        throw invalid_argument(
            "mpimap: results::everywhere is for collective calls: in a pool the root alone asks");
    }
}

void check_stream_options(const options& o) {
    check_pool_options(o);
    if (!o.costs.empty()) {
        throw invalid_argument("mpimap: options::costs needs all items at once: use map or amap");
    }
    if (o.schedule != schedule::automatic && o.schedule != schedule::dynamic) {
        throw invalid_argument(
            "mpimap: this schedule divides items that are all known beforehand: imap and uimap "
            "take automatic, or dynamic");
    }
    check_options(o, 0);
}

void check_no_results(const options& o) {
    if (o.results == results::everywhere) {
        throw invalid_argument("mpimap: mpi_for_each has no results: results::everywhere goes with mpi_map");
    }
}

void check_output(std::size_t room, std::size_t items, const options& o) {
    if (room < items) {
        throw invalid_argument("mpimap: mpi_map_into: the output range has room for " + std::to_string(room) +
                               " results, but there are " + std::to_string(items) + " items");
    }
    if (o.results == results::everywhere) {
        throw invalid_argument(
            "mpimap: mpi_map_into fills the root's range: results::everywhere goes with mpi_map");
    }
}

} // namespace mpimap::detail
