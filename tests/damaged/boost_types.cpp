// Types with a serialize function: graphs, polymorphic pointers, Boost's own containers.

#include <mpimap/serialization.hpp>

#include "subject.hpp"

#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/serialization/base_object.hpp>
#include <boost/serialization/export.hpp>
#include <boost/serialization/list.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/shared_ptr.hpp>
#include <boost/serialization/unique_ptr.hpp>
#include <boost/serialization/vector.hpp>
#include <boost/serialization/weak_ptr.hpp>

namespace damaged_types {

struct particle {
    double mass = 1;
    std::string kind = "electron";
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& mass;
        ar& kind;
    }
};

/// Writes nothing but what Boost and we write of it.
struct unit {
    template <typename Archive>
    void serialize(Archive&, unsigned) {}
};

struct shape {
    virtual ~shape() = default;
    virtual double area() const { return 0; }
    int id = 0;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& id;
    }
};
struct circle : shape {
    double radius = 2;
    double area() const override { return radius * radius; }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& boost::serialization::base_object<shape>(*this);
        ar& radius;
    }
};
struct polygon : shape {
    std::vector<double> edges;
    double area() const override { return edges.empty() ? 0 : edges.back(); }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& boost::serialization::base_object<shape>(*this);
        ar& edges;
    }
};

/// A list that knows both ways.
struct link {
    int value = 0;
    std::shared_ptr<link> next;
    std::weak_ptr<link> before;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& value;
        ar& next;
        ar& before;
    }
};

struct household {
    std::vector<particle> all;
    std::list<std::string> names;
    std::map<std::string, std::vector<particle>> by_name;
    std::unordered_map<int, std::string> table;
    std::vector<double> numbers;
    std::wstring wide;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& all& names& by_name& table& numbers& wide;
    }
};

std::shared_ptr<link> chain(int n) {
    const auto first = std::make_shared<link>();
    std::shared_ptr<link> last = first;
    for (int i = 1; i < n; ++i) {
        last->next = std::make_shared<link>();
        last->next->value = i;
        last->next->before = last;
        last = last->next;
    }
    return first;
}

} // namespace damaged_types

BOOST_CLASS_EXPORT(damaged_types::shape)
BOOST_CLASS_EXPORT(damaged_types::circle)
BOOST_CLASS_EXPORT(damaged_types::polygon)

namespace damaged {

using namespace damaged_types;

std::vector<subject> boost_types() {
    std::vector<std::shared_ptr<shape>> shapes{std::make_shared<circle>(), std::make_shared<polygon>(),
                                               nullptr, std::make_shared<shape>()};
    shapes.push_back(shapes.front());
    std::vector<std::unique_ptr<shape>> owned;
    owned.push_back(std::make_unique<polygon>());
    owned.push_back(std::make_unique<circle>());
    household h;
    h.all.resize(5);
    h.names = {"one", "two"};
    h.by_name["a"].resize(2);
    h.table = {{1, "x"}, {2, "y"}};
    h.numbers = {1, 2, 3};
    h.wide = L"wide";
    std::vector<subject> all;
    all.push_back(value("class with serialize", particle()));
    all.push_back(value("classes", std::vector<particle>(10)));
    all.push_back(value("classes that write nothing", std::vector<unit>(10)));
    all.push_back(value("list of such", std::list<unit>(10)));
    all.push_back(value("shapes that are shared", shapes));
    all.push_back(value("shapes that are owned", std::as_const(owned)));
    all.push_back(value("a list that knows both ways", chain(12)));
    all.push_back(value("containers inside", h));
    return all;
}

} // namespace damaged
