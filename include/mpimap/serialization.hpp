#pragma once

// Boost.Serialization's support for the standard library. Not part of mpimap.hpp, since it is heavy: include
// it where smart pointers to polymorphic types travel, or to objects that others point to as well. Inside a
// `serialize`, what travels by itself outside needs no header: vectors, optional, structs without
// `serialize`.

#include <mpimap/detail/needs.hpp>

#include <boost/serialization/array.hpp>
#include <boost/serialization/base_object.hpp>
#include <boost/serialization/complex.hpp>
#include <boost/serialization/deque.hpp>
#include <boost/serialization/export.hpp>
#include <boost/serialization/forward_list.hpp>
#include <boost/serialization/list.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/set.hpp>
#include <boost/serialization/shared_ptr.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/unique_ptr.hpp>
#include <boost/serialization/unordered_map.hpp>
#include <boost/serialization/unordered_set.hpp>
#include <boost/serialization/utility.hpp>
#include <boost/serialization/vector.hpp>
#include <boost/version.hpp>

#include <mpimap/codec.hpp>
#include <mpimap/detail/archive.hpp>

#if BOOST_VERSION >= 108400
#include <boost/serialization/optional.hpp>
#include <boost/serialization/variant.hpp>
#endif
