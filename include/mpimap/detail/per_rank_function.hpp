#pragma once

// What per_rank gives: a function that is made where it runs.

#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <mpimap/detail/function_copy.hpp>

namespace mpimap::detail {

template <typename Factory>
struct per_rank_function {
    Factory factory;
};
template <typename F>
inline constexpr bool has_own_shipping<per_rank_function<F>> = true;

template <typename Factory>
struct function_copy<per_rank_function<Factory>> {
    static constexpr bool supported = function_copy<Factory>::supported;
    using made = std::decay_t<decltype(std::invoke(std::declval<function_copy<Factory>&>().get()))>;

    static void write(writer& out, const per_rank_function<Factory>& f) {
        function_copy<Factory>::write(out, f.factory);
    }
    void read(reader& in) { factory_.read(in); }
    /// The function itself, made at the first call; a factory that threw is not asked again.
    [[nodiscard]] made& get() {
        if (failed_)
            std::rethrow_exception(failed_);
        if (!made_) {
            try {
                made_.reset(new made(std::invoke(factory_.get())));
            } catch (...) {
                failed_ = std::current_exception();
                throw;
            }
        }
        return *made_;
    }

  private:
    function_copy<Factory> factory_;
    std::unique_ptr<made> made_;
    std::exception_ptr failed_;
};

} // namespace mpimap::detail
