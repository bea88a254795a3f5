// What the engine says between ranks: headers, failures, functions, parts of a reduction.

#include "subject.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <mpimap/detail/code_token.hpp>
#include <mpimap/detail/kernel_descriptor.hpp>
#include <mpimap/detail/reduction.hpp>
#include <mpimap/grid.hpp>

#include "call/verdict.hpp"
#include "wire/messages.hpp"

namespace damaged {
namespace {

using namespace mpimap::detail;

/// A token that is read at all is the one that was written: what else there is must not be called.
template <typename Pointer>
subject code(std::string name, Pointer original, bool data_member, bool member_function) {
    writer out;
    write_code_pointer(out, static_cast<const void*>(&original), sizeof original, data_member,
                       member_function);
    const auto read = [=](const message& m) {
        const auto copy = with_reader(m, [&](reader& in) {
            Pointer p = nullptr;
            read_code_pointer(in, static_cast<void*>(&p), sizeof p, data_member, member_function);
            return p;
        });
        if (copy != original)
            throw std::logic_error("a pointer to other code was read");
    };
    return {std::move(name), sent(out), read};
}

double twice(double x) {
    return 2 * x;
}
struct model {
    double offset = 1;
    virtual ~model() = default;
    virtual double energy(double x) { return x + offset; }
    double plain(double x) const { return x - offset; }
};

struct no_kernel final : kernel {
    explicit no_kernel(place) {}
    void read_bounds(reader&) override {}
    [[nodiscard]] std::size_t parts() const override { return 0; }
    std::shared_ptr<void> read_part(std::size_t, reader&) override { return nullptr; }
    void use_part(std::size_t, std::shared_ptr<void>) override {}
    std::unique_ptr<chunk> read_chunk(item_range, std::size_t, reader&, std::size_t&, failures&) override {
        return nullptr;
    }
};

wire::message some_header(std::size_t kind) {
    const call_number call{7};
    wire::longest_items longest;
    longest.note(4, 0.1);
    switch (kind) {
    case 0:
        return wire::ready{call, true};
    case 1:
        return wire::chunk{call, {3, 5}, wire::return_policy::may_return, 2, 0.5};
    case 2:
        return wire::results{call, {3, 4},  wire::progress::finished, 1,        0.25,
                             1e-6, longest, {1, 2, 3, 4, 5, 6, 7, 8}, {"node7"}};
    case 3:
        return wire::failed{call, 2};
    case 4:
        return wire::end{call, wire::outcome::failed};
    default:
        return wire::part{part_number{9}};
    }
}

subject header(std::size_t kind, const wire::frame& framing) {
    buffer bytes;
    wire::encode(framing, some_header(kind), bytes);
    message m;
    m.body.assign(bytes.data(), bytes.data() + bytes.size());
    const std::size_t follows = framing.whole ? 8 * framing.span_count + framing.body_size : 0;
    m.body.resize(m.body.size() + follows);
    const auto read = [](const message& damaged) {
        wire::frame f;
        wire::message what;
        const std::size_t n = wire::decode(damaged.body.data(), damaged.body.size(), f, what);
        if (n > damaged.body.size() || f.body_size > f.bytes)
            throw std::logic_error("a header that is longer than its message");
        if (f.whole && n + 8 * f.span_count + f.body_size != damaged.body.size())
            throw std::logic_error("a content that is longer than its message");
    };
    return {"header " + std::to_string(kind), m, read};
}

failures some_failures() {
    failures all;
    for (std::size_t i = 0; i < 3; ++i) {
        failure f;
        f.index = i;
        f.what = "no convergence";
        f.type = "std::runtime_error";
        f.arguments = "(1, 2)";
        all.push_back(f);
    }
    return all;
}

struct adding {
    struct sum {
        double operator()(double a, double b) const { return a + b; }
    };
    sum operation_;
    sum& operation() { return operation_; }
};

/// Results of a chunk: either they are refused, or the tree gets its value.
subject reduction() {
    constexpr std::size_t items = 3000;
    adding::sum op;
    folded_results<double, adding::sum> part({0, items}, items, false, &op);
    for (std::size_t i = 0; i < items; ++i)
        part.invoke(i, [i] { return static_cast<double>(i); });
    outgoing results;
    failures failed;
    part.write(0, items, results, failed, 1);
    const auto read = [](const message& m) {
        with_reader(m, [](reader& in) {
            const auto function = std::make_shared<adding>();
            reduction_tree<double, adding> tree(items, false, function);
            failures refused;
            std::function<void()> complete;
            tree.read({0, items}, in, refused, 0, complete);
            if (!refused.empty())
                throw std::runtime_error(refused.front().what);
            complete();
            return 0;
        });
    };
    return {"parts of a reduction", sent(results.out), read};
}

/// The axes of a grid: either they are refused, or each item gets its values.
subject axes() {
    using text_axis = axis_argument<const std::vector<std::string>>;
    using index_axis = axis_argument<index_argument>;
    const std::vector<std::string> texts{"argon", "", std::string(100, 'x')};
    auto [text, index] = mpimap::grid(texts, mpimap::indices(5, 9)).axes();
    root_argument<text_axis> texts_here(text);
    root_argument<index_axis> indices_here(index);
    writer out;
    texts_here.write_bounds(out);
    indices_here.write_bounds(out);
    texts_here.write(out);
    const auto read = [](const message& m) {
        with_reader(m, [](reader& in) {
            served_argument<text_axis> texts_there;
            served_argument<index_axis> indices_there;
            texts_there.read_bounds(in);
            indices_there.read_bounds(in);
            texts_there.read(in);
            auto text_at = texts_there.cursor({}, 0, 0);
            auto index_at = indices_there.cursor({}, 0, 0);
            writer again;
            for (std::size_t i = 0; i < 12; ++i, text_at.next(), index_at.next()) {
                write_value(again, *text_at);
                write_value(again, *index_at);
            }
            return 0;
        });
    };
    return {"axes of a grid", sent(out), read, sizeof(std::string)};
}

} // namespace

std::vector<subject> engine_messages() {
    std::vector<subject> all;
    for (std::size_t kind = 0; kind < 6; ++kind) {
        all.push_back(header(kind, {episode_number{9}, 100, 2, 100'100, false}));
        all.push_back(header(kind, {episode_number{9}, 24, 0, 24, true}));
    }
    all.push_back(code("function", &twice, false, false));
    all.push_back(code("virtual member function", &model::energy, false, true));
    all.push_back(code("member function", &model::plain, false, true));
    all.push_back(code("data member", &model::offset, true, false));
    {
        writer out;
        write_descriptor(out, descriptor_of<no_kernel>);
        all.push_back({"kernel", sent(out), [](const message& m) {
                           const kernel_descriptor* const d =
                               with_reader(m, [](reader& in) { return &read_descriptor(in); });
                           if (d != &descriptor_of<no_kernel>)
                               throw std::logic_error("another kernel was read");
                       }});
    }
    {
        writer out;
        write_failures(out, some_failures());
        all.push_back({"failures", sent(out),
                       [](const message& m) {
                           const failures f = with_reader(m, [](reader& in) { return read_failures(in); });
                           writer again;
                           write_failures(again, f);
                       },
                       sizeof(failure) / 16});
    }
    {
        std::vector<mpimap::task_error> errors;
        for (const failure& f : some_failures())
            errors.emplace_back(f);
        writer out;
        write_map_error(out,
                        mpimap::map_error(std::move(errors), 3, 100, "three of 100 items failed", {97, {}}));
        all.push_back({"map_error", sent(out),
                       [](const message& m) {
                           const auto e = with_reader(m, [](reader& in) { return read_map_error(in); });
                           writer again;
                           write_map_error(again, e);
                       },
                       sizeof(mpimap::task_error)});
    }
    all.push_back(reduction());
    all.push_back(axes());
    return all;
}

} // namespace damaged
