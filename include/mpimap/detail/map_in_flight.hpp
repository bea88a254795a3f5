#pragma once

// A map that the root does not wait for.

#include <chrono>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mpimap/detail/call_facts.hpp>
#include <mpimap/detail/call_ordinal.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/pool_core.hpp>
#include <mpimap/future.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

/// One operation in flight, with all that it refers to except lvalue ranges.
template <template <typename...> typename Operation, typename F, typename... Args>
class map_in_flight {
  public:
    using operation_type = Operation<F, std::remove_reference_t<Args>...>;

    map_in_flight(place where, const options& o, F f, Args&&... args)
        : f_(std::move(f)), args_(std::forward<Args>(args)...),
          root_(std::apply([&](auto&... a) { return std::make_unique<root_type>(where, o, f_, a...); },
                           args_)) {
        root_->set_facts(facts_of_call(o, next_call_ordinal(), where.rank));
        operation_.prepare(*root_, o);
    }
    [[nodiscard]] root_job& job() { return *root_; }
    [[nodiscard]] auto take() { return operation_.take(); }

  private:
    using root_type = typename operation_type::root_type;
    F f_;
    std::tuple<Args...> args_; // references to lvalues
    operation_type operation_;
    std::unique_ptr<root_type> root_;
};

template <typename Map>
using map_result = typename Map::operation_type::result;

template <typename Map>
class promised_map : public promised<map_result<Map>> {
  public:
    promised_map(std::shared_ptr<pool_core> pool, std::shared_ptr<Map> map, std::unique_ptr<pool_call> call)
        : pool_(std::move(pool)), map_(std::move(map)), call_(std::move(call)) {}
    void check_thread() const override { pool_->check_thread(); }
    bool ready() override {
        pool_->poll();
        return call_->done();
    }
    void wait() override { call_->wait(); }
    bool wait_for(std::chrono::nanoseconds time) override { return call_->wait_for(time); }
    void cancel() override { call_->cancel(); }
    map_result<Map> get() override {
        call_->wait();
        call_->finish();
        return map_->take();
    }

  private:
    std::shared_ptr<pool_core> pool_;
    std::shared_ptr<Map> map_;
    std::unique_ptr<pool_call> call_;
};

} // namespace mpimap::detail
