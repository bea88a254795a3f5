// Members as functions: of the items, of bound objects, through pointers to a base.

#include <mpimap/mpimap.hpp>
#include <mpimap/serialization.hpp>

#include <cmath>
#include <functional>
#include <memory>
#include <string>

#include <boost/serialization/access.hpp>

#include "roots_state.hpp"

namespace functions_test {

TEST(methods, member_pointers) {
    const std::vector<point> points = {{3, 4}, {6, 8}, {0, 0}, {5, 12}};
    for_each_root([&](int root) {
        const mpimap::options o{.root = root};
        expect_on_root<std::vector<double>>(root, mpi_map(comm(), o, &point::norm, points), {5, 10, 0, 13});
        expect_on_root<std::vector<double>>(root, mpi_map(comm(), o, &point::norm_noexcept, points),
                                            {5, 10, 0, 13});
        expect_on_root<std::vector<double>>(
            root, mpi_map(comm(), o, &point::scaled, points, std::vector<double>{1, 2, 3, 4}),
            {7, 28, 0, 68});
        expect_on_root<std::vector<point>>(root, mpi_map(comm(), o, &point::mirrored, points),
                                           {{-3, -4}, {-6, -8}, {0, 0}, {-5, -12}});
        expect_on_root<std::vector<double>>(root, mpi_map(comm(), o, &point::y, points), {4, 8, 0, 12});
    });
}

class model {
  public:
    model() = default;
    explicit model(double c) : coefficients_{c, 2 * c, 3 * c}, name_("model") {}
    double energy(double x) const {
        return coefficients_.at(0) + coefficients_.at(1) * x + coefficients_.at(2) * x * x;
    }
    double energy_noexcept(double x) const noexcept { return energy(x); }
    double count_up(double x) {
        coefficients_[0] += 0.0 * x;
        return energy(x) + static_cast<double>(name_.size());
    }

    std::vector<double> map_by_this() const {
        return mpi_map(comm(), mpimap::bind_front<&model::energy>(this), arguments);
    }
    std::vector<double> map_by_value() const {
        return mpi_map(comm(), mpimap::bind_front<&model::energy>(*this), arguments);
    }
    std::vector<double> map_by_pointer_value() const {
        return mpi_map(comm(), mpimap::bind_front(&model::energy, this), arguments);
    }

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& coefficients_& name_;
    }
    std::vector<double> coefficients_;
    std::string name_;
};

TEST(methods, methods_bound_to_objects_pointers_and_references) {
    const model right(2.0);
    const model wrong(-77.0);
    const auto pick = [&](bool r) -> const model& { return r ? right : wrong; };
    expect_roots_state([&](bool r) { return mpimap::bind_front<&model::energy>(pick(r)); });
    expect_roots_state([&](bool r) { return mpimap::bind_front(&model::energy, pick(r)); });
    expect_roots_state([&](bool r) { return mpimap::bind_front<&model::energy>(&pick(r)); });
    expect_roots_state([&](bool r) { return mpimap::bind_front(&model::energy, &pick(r)); });
    expect_roots_state([&](bool r) { return mpimap::bind_front<&model::energy>(std::cref(pick(r))); });
    expect_roots_state([&](bool r) { return mpimap::bind_front(&model::energy, std::cref(pick(r))); });
    expect_roots_state(
        [&](bool r) { return mpimap::bind_front<&model::energy>(std::make_shared<model>(pick(r))); });
    expect_roots_state(
        [&](bool r) { return mpimap::bind_front(&model::energy, std::make_shared<const model>(pick(r))); });
    expect_roots_state([&](bool r) { return mpimap::bind_front<&model::energy_noexcept>(pick(r)); });
    expect_roots_state([&](bool r) { return mpimap::bind_front(&model::energy_noexcept, pick(r)); });
}

TEST(methods, non_const_methods_change_a_copy) {
    model right(2.0);
    model wrong(-77.0);
    const auto pick = [&](bool r) -> model& { return r ? right : wrong; };
    expect_roots_state([&](bool r) { return mpimap::bind_front<&model::count_up>(pick(r)); });
    expect_roots_state([&](bool r) { return mpimap::bind_front(&model::count_up, &pick(r)); });
    expect_roots_state([&](bool r) { return mpimap::bind_front(&model::count_up, std::ref(pick(r))); });

    point p{.x = 10, .y = 0};
    const std::vector<double> ones(static_cast<std::size_t>(size()), 1.0);
    for_each_root([&](int root) {
        p.x = rank() == root ? 10 : 999;
        const mpimap::options o{.root = root, .schedule = mpimap::schedule::static_};
        const std::vector<double> eleven(ones.size(), 11.0);
        expect_on_root(root, mpi_map(comm(), o, mpimap::bind_front(&point::moved, &p), ones), eleven);
        expect_on_root(root, mpi_map(comm(), o, mpimap::bind_front<&point::moved>(std::ref(p)), ones),
                       eleven);
        expect_on_root(root, mpi_map(comm(), o, mpimap::bind_front<&point::moved>(p), ones), eleven);
        expect_on_root(
            root, mpi_map(comm(), o, mpimap::bind_front<&point::moved>(std::make_shared<point>(p)), ones),
            eleven);
        EXPECT_EQ(p.x, rank() == root ? 10 : 999);
    });
}

TEST(methods, a_class_maps_over_its_own_method) {
    const model m(rank() == 0 ? 4.0 : -1.0);
    std::vector<double> serial;
    for (const double x : arguments)
        serial.push_back(model(4.0).energy(x));
    expect_on_root(0, m.map_by_this(), serial);
    expect_on_root(0, m.map_by_value(), serial);
    expect_on_root(0, m.map_by_pointer_value(), serial);
}

struct shape {
    virtual ~shape() = default;
    virtual double area(double scale) const = 0;
    virtual double sides() const { return 0; }
    template <typename Archive>
    void serialize(Archive&, unsigned int) {}
};
struct square : shape {
    double side = 0;
    std::string label;
    square() = default;
    explicit square(double s) : side(s), label("square") {}
    double area(double scale) const override {
        return scale * side * side + static_cast<double>(label.size());
    }
    double sides() const override { return 4; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& boost::serialization::base_object<shape>(*this);
        ar& side& label;
    }
};
struct circle : shape {
    double radius = 0;
    circle() = default;
    explicit circle(double r) : radius(r) {}
    double area(double scale) const override { return 3 * scale * radius * radius; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned int) {
        ar& boost::serialization::base_object<shape>(*this);
        ar& radius;
    }
};

TEST(methods, virtual_methods_keep_the_dynamic_type) {
    const square right(3.0);
    const circle wrong(5.0);
    const auto pick = [&](bool r) -> const shape& {
        return r ? static_cast<const shape&>(right) : static_cast<const shape&>(wrong);
    };
    const auto shared = [](bool r) -> std::shared_ptr<shape> {
        return r ? std::shared_ptr<shape>(std::make_shared<square>(3.0)) : std::make_shared<circle>(5.0);
    };
    expect_roots_state([&](bool r) { return mpimap::bind_front<&shape::area>(&pick(r)); });
    expect_roots_state([&](bool r) { return mpimap::bind_front(&shape::area, &pick(r)); });
    expect_roots_state([&](bool r) { return mpimap::bind_front<&shape::area>(std::cref(pick(r))); });
    expect_roots_state([&](bool r) { return mpimap::bind_front<&shape::area>(shared(r)); });
    expect_roots_state([&](bool r) { return mpimap::bind_front(&shape::area, shared(r)); });
    expect_roots_state([&](bool r) { return mpimap::bind_front(&shape::area, r ? right : square(1.0)); });
    // The other way round: a circle on the root.
    expect_roots_state([&](bool r) { return mpimap::bind_front<&shape::area>(shared(!r)); });
    const std::vector<std::shared_ptr<shape>> shapes = {std::make_shared<square>(1.0),
                                                        std::make_shared<circle>(1.0)};
    expect_on_root<std::vector<double>>(0, mpi_map(comm(), &shape::sides, shapes), {4, 0});
}

struct not_exported : shape {
    double area(double) const override { return 1; }
};

TEST(methods, a_type_that_was_not_exported_is_an_error_on_every_rank) {
    const not_exported n;
    const shape& s = n;
    const std::string text = text_of<mpimap::map_error>(
        [&] { (void)mpi_map(comm(), mpimap::bind_front<&shape::area>(&s), arguments); });
    EXPECT_CONTAINS(text, "BOOST_CLASS_EXPORT");
    EXPECT_TRUE(same_everywhere(text));
    expect_next_call_works();
}

TEST(methods, an_object_that_is_null_is_refused_on_every_rank) {
    for_each_root([](int root) {
        const mpimap::options o{.root = root};
        const model m(2.0);
        const square s(3.0);
        const bool here = rank() == root;
        const auto refused = [&](const auto& f) {
            const std::string text =
                text_of<mpimap::invalid_argument>([&] { (void)mpi_map(comm(), o, f, arguments); });
            EXPECT_CONTAINS(text, "null pointer");
            EXPECT_TRUE(same_everywhere(text));
            expect_next_call_works(root);
        };
        refused(mpimap::bind_front(&model::energy, here ? nullptr : &m));
        refused(mpimap::bind_front<&model::energy>(here ? nullptr : &m));
        refused(mpimap::bind_front<&shape::area>(here ? nullptr : static_cast<const shape*>(&s)));
        refused(mpimap::bind_front<&model::energy>(here ? nullptr : std::make_shared<model>(m)));
        refused(mpimap::bind_front(&shape::area, here ? nullptr : std::shared_ptr<shape>(new square(s))));
        // An argument may be null, as anywhere.
        const auto or_one = [](const model* p, double x) { return p == nullptr ? 1.0 : p->energy(x); };
        const std::vector<double> ones(arguments.size(), 1.0);
        expect_on_root(root, mpi_map(comm(), o, mpimap::bind_front(or_one, here ? nullptr : &m), arguments),
                       ones);
    });
}

TEST(methods, changed_state_is_seen_by_the_next_call) {
    point p{1, 1};
    for (int i = 0; i < 10; ++i) {
        p.y = i;
        expect_on_root<std::vector<double>>(
            0, mpi_map(comm(), mpimap::bind_front<&point::scaled>(&p), std::vector<double>{1, 2}),
            {1.0 + i, 2.0 + 2 * i});
    }
}

} // namespace functions_test

BOOST_CLASS_EXPORT(functions_test::square)
BOOST_CLASS_EXPORT(functions_test::circle)
