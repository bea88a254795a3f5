#pragma once

// submit: single calls of one function are the items of one call that grows.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mpimap/detail/content.hpp>
#include <mpimap/detail/examine_call.hpp>
#include <mpimap/detail/numbered.hpp>
#include <mpimap/detail/pool_core.hpp>
#include <mpimap/detail/random_key.hpp>
#include <mpimap/detail/stream_call.hpp>
#include <mpimap/errors.hpp>
#include <mpimap/function.hpp>
#include <mpimap/future.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

/// What tells functions apart that are submitted: their state as it travels. Not for pointers: what those are
/// elsewhere takes long to find out.
template <typename F>
writer identity_of(const F& f) {
    writer identity;
    if constexpr (choose_shipping<F>() == shipping::pointer) {
        identity.bytes(std::addressof(f), sizeof f);
    } else if constexpr (choose_shipping<F>() != shipping::type) {
        function_copy<F>::write(identity, f);
    }
    return identity;
}

/// All submissions of one function, state and all.
class submissions {
  public:
    submissions(const kernel_descriptor* d, writer identity)
        : descriptor_(d), identity_(std::move(identity)) {
        identity_.own_spans();
    }
    virtual ~submissions() = default;
    submissions(const submissions&) = delete;
    submissions& operator=(const submissions&) = delete;

    [[nodiscard]] bool are_of(const kernel_descriptor* d, const writer& identity) const {
        return descriptor_ == d && identity_.same(identity);
    }
    [[nodiscard]] content key() const { return content_of(identity_, descriptor_); }
    /// Nothing is in flight.
    [[nodiscard]] virtual bool idle() = 0;
    /// There can be no more: the function could not be read.
    [[nodiscard]] virtual bool dead() = 0;

  private:
    const kernel_descriptor* descriptor_;
    writer identity_;
};

/// The functions that a pool has been given by submit.
class submitted_functions {
  public:
    submitted_functions(const std::optional<std::uint64_t>& seed, std::string stream)
        : seed_(seed), stream_(std::move(stream)) {}

    /// The number of the submission that is made now, whatever its function: from 0.
    [[nodiscard]] std::uint64_t next_number();
    /// That of the random streams of all of them; there with the first number.
    [[nodiscard]] const std::optional<random_key>& key() const noexcept { return key_; }

    /// Null where the function is new.
    [[nodiscard]] std::shared_ptr<submissions> find(const kernel_descriptor* d, const writer& identity);
    /// Forgets, now and then, those of which nothing is in flight.
    void add(std::shared_ptr<submissions> fresh);

  private:
    std::optional<std::uint64_t> seed_;
    std::string stream_;
    std::optional<random_key> key_;
    std::uint64_t made_ = 0;
    std::shared_ptr<submissions> last_; // most likely the next one's, too
    std::map<content, std::shared_ptr<submissions>> all_;
    std::size_t sweep_at_ = 16;
};

/// Whether running an item may change what the function does for the next one on that rank.
template <typename F, typename... Ts>
inline constexpr bool may_change =
    !(choose_shipping<F>() == shipping::type || choose_shipping<F>() == shipping::pointer ||
      outlives_calls<F> || (!binds_variable<F> && std::is_invocable_v<const F&, const Ts&...>));

template <typename F, typename R, typename... Ts>
struct submission_stream {
    using type = stream_call<F, R, items_of<Ts>...>;
};
template <typename F, typename R, typename... Ts>
    requires(takes_task<callable_of<F>, Ts...>)
struct submission_stream<F, R, Ts...> {
    using type = stream_call<numbered<F>, R, items_of<item_number>, items_of<Ts>...>;
};

/// One call that grows.
template <typename F, typename R, typename... Ts>
class submissions_of : public submissions, public std::enable_shared_from_this<submissions_of<F, R, Ts...>> {
  public:
    using stream = typename submission_stream<F, R, Ts...>::type;
    static const kernel_descriptor* kernel() { return &descriptor_of<typename stream::served>; }

    submissions_of(std::shared_ptr<pool_core> pool, F f, writer identity,
                   const std::optional<random_key>& key)
        : submissions(kernel(), std::move(identity)), pool_(std::move(pool)), job_(make_job(std::move(f))) {
        job_->set_facts({.root = pool_->rank(), .key = key});
        options o;
        if (key)
            o.seed = key->seed;
        if (may_change<F, Ts...>)
            o.chunk = 1;
        call_settings how;
        how.descriptor = kernel();
        how.fresh_function = may_change<F, Ts...>;
        how.keep = job_;
        call_ = pool_->start(*job_, o, how);
    }

    [[nodiscard]] bool idle() override { return call_->done(); }
    [[nodiscard]] bool dead() override { return job_->dead().has_value(); }

    /// The caller is in the pool.
    template <typename... Xs>
    std::shared_ptr<promised<R>> add([[maybe_unused]] std::uint64_t number, Xs&&... xs) {
        const std::size_t i = job_->items_there().end();
        const auto append = [this](auto&&... given) {
            std::tuple<decltype(given)...> all(std::forward<decltype(given)>(given)...);
            job_->append([&all](auto k) -> decltype(auto) { return std::get<k()>(std::move(all)); });
        };
        if constexpr (is_numbered) {
            append(item_number{number}, std::forward<Xs>(xs)...);
        } else {
            append(std::forward<Xs>(xs)...);
        }
        call_->extend_and_nudge();
        return std::make_shared<one>(this->shared_from_this(), i);
    }

  private:
    static constexpr bool is_numbered = takes_task<callable_of<F>, Ts...>;

    std::shared_ptr<stream> make_job(F f) const {
        const place where{pool_->rank(), pool_->size()};
        if constexpr (is_numbered) {
            return std::make_shared<stream>(where, numbered<F>{std::move(f)}, may_change<F, Ts...>,
                                            items_of<item_number>(), items_of<Ts>()...);
        } else {
            return std::make_shared<stream>(where, std::move(f), may_change<F, Ts...>, items_of<Ts>()...);
        }
    }

    class one : public promised<R> {
      public:
        one(std::shared_ptr<submissions_of> all, std::size_t i) : all_(std::move(all)), i_(i) {}
        ~one() override {
            if (!taken_ && !cancelled_)
                all_->pool_->on_own_thread([all = all_, i = i_] { all->job_->disown(i); });
        }
        one(const one&) = delete;
        one& operator=(const one&) = delete;

        void check_thread() const override { all_->pool_->check_thread(); }
        bool ready() override {
            check_thread();
            if (!settled())
                all_->pool_->poll();
            return settled() || all_->call_->done(); // given up
        }
        void wait() override {
            check_thread();
            if (!settled())
                all_->call_->wait([this] { return settled(); });
        }
        bool wait_for(std::chrono::nanoseconds time) override {
            check_thread();
            return settled() || all_->call_->wait_for(time, [this] { return settled(); });
        }
        void cancel() override {
            check_thread();
            const in_pool here(*all_->pool_);
            if (settled() || !all_->call_->withdraw(i_))
                return;
            cancelled_ = true;
            all_->job_->withdrawn(i_);
        }
        R get() override {
            const in_pool here(*all_->pool_);
            wait();
            if (cancelled_)
                throw cancelled("mpimap: the call was cancelled before it had started");
            if (!settled())
                all_->call_->check();
            stream& job = *all_->job_;
            taken_ = true;
            if (job.items_there().state(i_) == item_state::done) {
                return job.items_there().take(i_);
            }
            const failure* const known = job.failed(i_);
            if (known == nullptr || known->outcome != failure_kind::threw)
                throw cancelled("mpimap: the pool was left before the item had run");
            const failure why = *known;
            job.disown(i_);
            task_error(why).rethrow();
        }

      private:
        [[nodiscard]] bool settled() const {
            return cancelled_ || !is_waiting(all_->job_->items_there().state(i_)) || all_->job_->dead();
        }
        std::shared_ptr<submissions_of> all_;
        std::size_t i_;
        bool taken_ = false;
        bool cancelled_ = false;
    };

    std::shared_ptr<pool_core> pool_;
    std::shared_ptr<stream> job_;
    std::unique_ptr<pool_call> call_;
};

/// The first problem of a submission of F, kept of a G.
template <typename F, typename G, typename... Ts>
consteval auto find_submit_problem() {
    if constexpr (is_options<F> ||
                  ((traits_of<Ts>::is_broadcast || traits_of<Ts>::is_grid || is_options<Ts>) || ...)) {
        return finding<problem::submitted_no_value, F>{};
    } else if constexpr (!is_none<function_finding<F>>) {
        return function_finding<F>{};
    } else {
        constexpr auto in_arguments = examine_elements<Ts...>();
        if constexpr (!is_none<decltype(in_arguments)>) {
            return in_arguments;
        } else if constexpr (!fits<callable_of<F>, Ts...>) {
            return finding<problem::function_does_not_fit, F, at::function>{};
        } else {
            using R = result_of<callable_of<F>, Ts...>;
            if constexpr (std::is_void_v<R>) {
                return keeping_finding<F, G>{};
            } else {
                return first_of(keeping_finding<F, G>{}, examine_value<for_results, R, at::result>());
            }
        }
    }
}

} // namespace mpimap::detail
